"""Age of trust at a door with faces: pass, step-up, staff, card by card."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from samples.journals import read_records
from worlds.face_door import FaceDoor

from edge.app.demo.cast import Cast
from edge.app.demo.world import DAY
from edge.app.stages import door_policy
from edge.audit.record import Passage, StopCause
from edge.config import parse_config
from edge.face.challenge import Prompt
from edge.face.engine import FaceEngine
from edge.passage.face.pad_rule import PadRule
from edge.policy.decide import FaceRule
from edge.trust.site_policy import parse
from hw.sim.pictures.head import Move, head, script

WRITTEN = b"""
version = "tower-7"
issued_at = 2026-11-01T00:00:00Z
site = "tower-1"
[freshness.status]
fresh_h = 24
stale_h = 168
ageing = "step-up"
[clock]
suspect = "step-up"
"""


class Door(FaceDoor):
    """A door that compares faces and asks for no movement itself; Erin is the visitor."""

    def __init__(self, folder: Path, engine: FaceEngine, cast: Cast) -> None:
        super().__init__(folder, engine, cast)
        self.policy = replace(self.policy, can_step_up=True)
        self.written: bytes | None = WRITTEN

    def age(self, days: float) -> None:
        """Give the device lists of this age."""
        self.world.synchronise(age=days * DAY)

    def visit(self, moves: tuple[Move, ...] = (), *, face: bool = True) -> str:
        """Erin shows her code and moves like this before the camera; returns the outcome."""
        holder = self.world.enrol("Erin" if face else None)
        trust = replace(self.world.trust, policy=parse(self.written) if self.written else None)
        verifier = self.verifier(holder, PadRule(random_below=lambda _: 0), lambda: trust)
        outcome = self.play(verifier, head(self.erin, script(moves, seed=2, rest=14), seed=2))
        verifier.stop(StopCause.END)
        return (outcome.reason.value if outcome.reason else "granted") if outcome else "not decided"

    @property
    def asked(self) -> bool:
        return Prompt.TURN_LEFT.value in self.signals.asked

    def last(self) -> Passage:
        return [record for record in read_records(self.path) if isinstance(record, Passage)][-1]


@pytest.fixture
def door(tmp_path: Path, engine: FaceEngine, cast: Cast) -> Iterator[Door]:
    door = Door(tmp_path, engine, cast)
    yield door
    door.journal.close()


def test_a_month_without_a_network_step_by_step(door: Door) -> None:
    """Fresh: Erin passes. Ageing: she passes if she turns her head. Stale: staff decide."""
    told = []
    for days in (0.5, 2, 6, 8, 30):
        door.age(days)
        door.signals.asked.clear()
        told.append((days, door.visit((Move.LEFT,)), door.asked))
        ages = {part.part: part.age_s / 86_400 for part in door.last().trust}
        assert ages["status"] == pytest.approx(days, abs=0.01)
        assert door.last().policy == "tower-7"
    assert told == [
        (0.5, "granted", False),
        (2, "granted", True),
        (6, "granted", True),
        (8, "status.stale", False),
        (30, "status.stale", False),
    ]


def test_a_holder_who_does_not_move_does_not_pass_a_step_up(door: Door) -> None:
    door.age(2)
    assert door.visit() != "granted"
    assert door.asked
    assert door.door.history == []


def test_without_a_written_policy_ageing_lists_pass(door: Door) -> None:
    door.written = None
    door.age(2)
    assert (door.visit(), door.asked) == ("granted", False)


LISTS = {  # the [lists] of the device beside a policy of 24 and 168 hours; the outcome by days
    "ageing_h = 240\nstale_h = 300": {2: "granted", 6: "granted", 8: "status.stale"},
    "stale_h = 96": {2: "granted", 3: "granted", 5: "status.stale"},
    "ageing_h = 6\nstale_h = 12": {0.2: "granted", 0.4: "granted", 0.6: "status.stale"},
}


@pytest.mark.parametrize("lists", LISTS)
def test_the_device_can_make_the_ages_of_its_site_stricter_and_never_laxer(door: Door, lists: str) -> None:
    config = parse_config(f"[lists]\n{lists}".encode(), Path("door.toml"))
    door.policy = replace(door.policy, lists=door_policy(config, None).lists)
    told = {}
    for days in LISTS[lists]:
        door.age(days)
        told[days] = door.visit((Move.LEFT,))
    assert told == LISTS[lists]


def test_a_card_without_a_face_has_no_step_up(door: Door) -> None:
    door.policy = replace(door.policy, face=FaceRule.IF_BOUND)
    door.age(2)
    assert door.visit(face=False) == "status.stale"


def test_at_a_door_without_faces_a_step_up_is_a_face(door: Door) -> None:
    door.policy = replace(door.policy, face=FaceRule.NONE)
    door.age(0.5)
    assert (door.visit(), door.asked) == ("granted", False)
    door.age(2)
    assert (door.visit((Move.LEFT,)), door.asked) == ("granted", True)
    assert door.last().similarity_milli is not None


def test_an_untrusted_clock_steps_up_if_the_policy_of_the_site_says_so(door: Door) -> None:
    door.world.set_clock_back(timedelta(days=1, hours=2))  # a day before the device's list
    assert (door.visit((Move.LEFT,)), door.asked) == ("granted", True)
    assert door.last().clock == "suspect"
    door.written = WRITTEN.replace(b'suspect = "step-up"', b'suspect = "staff"')
    assert door.visit((Move.LEFT,)) == "clock.untrusted"


def test_the_policy_of_another_tower_opens_no_door(door: Door) -> None:
    door.written = WRITTEN.replace(b'"tower-1"', b'"tower-2"')
    assert door.visit((Move.LEFT,)) == "device.fault"
