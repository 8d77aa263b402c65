"""A door that compares faces, with a journal on disk; its visitors are rendered heads."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
from worlds.sim_device import door_verifier

from edge.app.demo.cast import Cast
from edge.app.demo.issuer import DemoHolder
from edge.app.demo.world import SITE, World
from edge.audit.journal import Journal
from edge.face.engine import FaceEngine
from edge.passage.face.pad_rule import PadRule
from edge.passage.machine import PassageState
from edge.passage.stages import Stages
from edge.passage.verifier import PassageOutcome, Verifier
from edge.policy.decide import DoorPolicy
from edge.ports import ColourLight, Frame, Pixels
from edge.trust.replay import ReplayMemory
from edge.trust.snapshot import TrustSnapshot
from edge.trust.verify import VerificationContext
from hw.sim.door import SimDoor, Visitor
from hw.sim.pictures.head import FRAME_MS, Subject
from hw.sim.pictures.scene import visitor
from hw.sim.reader import SimReader
from hw.sim.signals import SimSignals

CODE = np.zeros((8, 8), np.uint8)


class FaceDoor:
    """One door, and Erin as its visitor."""

    def __init__(self, folder: Path, engine: FaceEngine, cast: Cast) -> None:
        self.world = World(engine, cast)
        self.door = SimDoor(self.world.clock, visitor=Visitor())
        self.signals = SimSignals()
        self.path = folder / "journal.db"
        self.journal = Journal.open(self.path, bytes(32), "lobby-1")
        self.policy = DoorPolicy(SITE, engine.threshold.cosine)
        self.erin = self.subject("Erin")

    def subject(self, name: str) -> Subject:
        """A person before the camera, for hw.sim.pictures.head to turn."""
        engine = self.world.engine
        frame = visitor(self.world.cast.sitter(name), face_share=0.34, seed=1)
        probe = engine.probe(frame, engine.people(frame)[0])
        return Subject(frame, probe.landmarks.points)

    def verifier(
        self,
        holder: DemoHolder,
        rule: PadRule,
        trust: Callable[[], TrustSnapshot],
        light: ColourLight | None = None,
    ) -> Verifier:
        """The door's verifier, with the holder's code in view."""
        reader, replay = SimReader(), ReplayMemory()
        reader.in_view = (holder.code(self.world.now()),)
        context = VerificationContext(site=SITE)
        return door_verifier(
            Stages(context, self.policy, self.world.engine, replay, time.perf_counter_ns, rule),
            reader=reader,
            strike=self.door,
            clock=self.world.clock,
            journal=self.journal,
            trust=trust,
            signals=self.signals,
            light=light,
        )

    def play(self, verifier: Verifier, film: Iterable[tuple[Pixels, int]]) -> PassageOutcome | None:
        """Show the code, then the film, until the decision."""
        outcome = verifier.see(Frame(CODE, self.erin.photo, self.world.clock.tick_ms())).outcome
        assert outcome is not None or verifier.state is PassageState.FACE
        for picture, _ in film:
            if outcome is not None:
                break
            self.world.clock.advance(FRAME_MS)
            outcome = verifier.see(Frame(CODE, picture, self.world.clock.tick_ms())).outcome
        return outcome
