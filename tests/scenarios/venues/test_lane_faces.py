"""A lane that compares photographs with the real models: the face outside, and the face inside."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cache

import numpy as np
import pytest
from worlds.venues.lane import Book

from edge.app.assemble import assemble
from edge.app.authority import AuthorityParts
from edge.app.demo.cast import Cast
from edge.app.demo.world import World
from edge.app.lane_parts import LaneParts
from edge.app.loop.lane_frames import CameraPair
from edge.config import Config, DoorConfig
from edge.face.engine import FaceEngine
from edge.passage.lane.events import Side
from edge.passage.lane.machine import LaneState
from edge.passage.lane.snapshot import LaneFrames
from edge.passage.stages import Stages
from edge.policy.decide import DoorPolicy
from edge.ports import Frame, Pixels
from edge.trust.replay import ReplayMemory
from edge.trust.verify import VerificationContext
from hw.sim.lane import SimLane
from hw.sim.pictures import scene
from hw.sim.reader import SimReader
from hw.sim.signals import SimSignals

SITE = "tower-1/lane"
NOTHING = np.zeros((0, 0), np.uint8)
EMPTY = np.full((480, 640, 3), 90, np.uint8)


@pytest.fixture(scope="session")
def seen(cast: Cast) -> Callable[..., Pixels]:
    """The picture before a camera; the two cameras get different pictures of a person."""

    @cache
    def face(*names: str, camera: int = 1) -> Pixels:
        if not names:
            return EMPTY
        if len(names) == 2:
            return scene.two_visitors(*(cast.sitter(name) for name in names), seed=camera)
        return scene.visitor(cast.sitter(names[0]), seed=camera)

    face.cast = cast
    return face


# The people outside and inside, and the decisions.
PASSAGES: dict[str, tuple[tuple[str, ...], tuple[str, ...], list[str]]] = {
    "the holder at both": (("Erin",), ("Erin",), ["outer: granted", "inner: granted"]),
    "another person inside": (("Erin",), ("Bea",), ["outer: granted", "inner: lane.swapped"]),
    "two inside": (("Erin",), ("Erin", "Bea"), ["outer: granted", "inner: lane.several"]),
    "another person outside": (("Bea",), (), ["outer: face.no_match"]),
}


@pytest.mark.parametrize("case", PASSAGES)
def test_the_face_inside_must_be_the_holders_and_that_of_outside(
    case: str, engine: FaceEngine, seen: Callable[..., Pixels]
) -> None:
    outside, inside, told = PASSAGES[case]
    world = World(engine, seen.cast)
    lane, reader, book = SimLane(world.clock), SimReader(), Book([], "A")
    policy = DoorPolicy(SITE, engine.threshold.cosine)
    stages = Stages(
        VerificationContext(site=SITE, venue="lane"), policy, engine, ReplayMemory(), time.perf_counter_ns
    )
    parts = LaneParts(
        cameras=CameraPair({}),
        reader=reader,
        strikes={Side.OUTER: lane.outer, Side.INNER: lane.inner},
        signals={side: SimSignals() for side in Side},
        sensors=lane,
        clock=world.clock,
    )
    config = Config(door=DoorConfig(site=SITE, venue="lane"))
    own = AuthorityParts(trust=lambda: world.trust, journal=book, stages=stages)
    verifier = assemble(config, parts, own).verifier
    verifier.start()
    lane.approach("a person")
    shown = world.enrol("Erin").code(world.now())
    for number in range(400):
        world.clock.advance(100)
        reader.in_view = (shown,) if number == 1 else ()
        tick_ms = world.clock.tick_ms()
        before = seen(*outside) if verifier.state is LaneState.OUTSIDE else EMPTY
        within = seen(*inside, camera=2) if lane.inside else EMPTY
        verifier.see(LaneFrames(Frame(NOTHING, before, tick_ms), Frame(NOTHING, within, tick_ms)))
        if len(book.decisions) == len(told):
            break
    assert book.decisions == told
