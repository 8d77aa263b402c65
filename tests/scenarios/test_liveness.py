"""A door that asks its visitors to move: a head that follows passes, a picture does not.

The heads are rendered from one photograph (hw/sim/pictures/head.py): no film of people was at hand.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from worlds.face_door import FaceDoor

from edge.app.demo.cast import Cast
from edge.audit.record import StopCause
from edge.decision import Reason
from edge.face.challenge import Prompt
from edge.face.engine import FaceEngine
from edge.passage.face.pad_rule import PadRule
from edge.ports import Pixels
from hw.sim.pictures.head import FRAME_MS, Move, Species, attack, head, script
from hw.sim.pictures.scene import empty

ASKED = (Move.LEFT, Move.NOD)  # the draws of the random numbers below


class Lane(FaceDoor):
    """A door that asks for a turn to the left and a nod, and one visitor with a valid card."""

    def __init__(self, folder: Path, engine: FaceEngine, cast: Cast, **rule: object) -> None:
        super().__init__(folder, engine, cast)
        throws = iter((0, 1, 0, 1, 0, 1))  # of three prompts the first, then of the two others the second
        pad_rule = PadRule(random_below=lambda _: next(throws), **rule)  # type: ignore[arg-type]
        self.device = self.verifier(self.world.enrol("Erin"), pad_rule, lambda: self.world.trust)
        self.bea = self.subject("Bea")

    def visit(self, film: Iterable[tuple[Pixels, int]]) -> Reason | str | None:
        """Show the code, then the film; returns the outcome, or None if it was not decided."""
        outcome = self.play(self.device, film)
        return (outcome.reason or "granted") if outcome else None

    def close(self) -> None:
        self.device.stop(StopCause.END)
        self.journal.close()


@pytest.fixture
def lane(tmp_path: Path, engine: FaceEngine, cast: Cast):
    with ExitStack() as stack:
        yield lambda folder=tmp_path, **rule: stack.enter_context(closing(Lane(folder, engine, cast, **rule)))


def test_a_head_that_follows_the_prompts_is_let_in(lane) -> None:
    door = lane(prompts=2)
    assert door.visit(head(door.erin, script(ASKED, seed=2, rest=14), seed=2)) == "granted"
    words = [word for word in door.signals.asked if word]
    assert Prompt.TURN_LEFT.value in words
    assert words.index(Prompt.TURN_LEFT.value) < words.index(Prompt.NOD.value)
    assert door.signals.asked[-1] is None


@pytest.mark.parametrize("species", [Species.STILL, Species.ROTATED, Species.BENT, Species.CUT])
def test_a_picture_in_front_of_the_camera_is_not_let_in(lane, species: Species) -> None:
    door = lane(prompts=2)
    came_to = door.visit(attack(species, door.erin, ASKED, seed=3))
    assert came_to != "granted"
    assert not door.door.history


def test_a_head_that_moves_in_another_order_is_not_let_in(lane) -> None:
    door = lane(prompts=2)
    assert door.visit(head(door.erin, script(ASKED[::-1], seed=2, rest=14), seed=2)) is Reason.FACE_QUALITY
    assert not door.door.history


def test_a_still_photograph_is_an_attack_with_consistency(lane) -> None:
    door = lane(consistency=True)
    assert door.visit(attack(Species.STILL, door.erin, ASKED, seed=3)) is Reason.FACE_ATTACK


def test_a_standing_person_passes_consistency(lane) -> None:
    door = lane(consistency=True)
    assert door.visit(head(door.erin, script((), seed=4, rest=30), seed=4)) == "granted"


def test_consistency_and_prompts_work_together(lane) -> None:
    door = lane(prompts=2, consistency=True)
    assert door.visit(head(door.erin, script(ASKED, seed=2, rest=40), seed=2)) == "granted"


def test_the_person_who_moves_must_be_the_one_who_was_compared(lane, tmp_path: Path) -> None:
    honest = lane(prompts=1)
    film = list(head(honest.erin, script(ASKED[:1], seed=2, rest=14), seed=2))
    started = honest.world.clock.tick_ms()
    assert honest.visit(film) == "granted"
    granted_at = (honest.world.clock.tick_ms() - started) // FRAME_MS
    for before in (1, 4, 16):
        (folder := tmp_path / f"swap-{before}").mkdir()
        door = lane(prompts=1, folder=folder)
        assert door.visit([*film[: granted_at - before], *[(door.bea.photo, 0)] * 40]) != "granted"
        assert not door.door.history


@pytest.mark.parametrize("beyond", [2.0, 8.0])
def test_another_person_cannot_turn_in_place_of_the_photograph(lane, beyond: float) -> None:
    """The holder's picture is shown, and put aside while another person turns the head.

    Between the two no face is seen, so that no face jumps: hands pass before the lens.
    """
    door = lane(prompts=1)
    poses = script(ASKED[:1], seed=2, rest=14, peak=1.3)
    there = [number for number, pose in enumerate(poses) if abs(pose.yaw) > beyond]
    films = zip(poses, head(door.erin, poses, seed=3), head(door.bea, poses, seed=3), strict=True)
    film = [bea if there[0] <= number <= there[-1] else erin for number, (_, erin, bea) in enumerate(films)]
    for edge in (there[0], there[-1] + 1):
        film[edge - 2 : edge + 2] = [(empty(), 0)] * 4
    assert door.visit(film) is Reason.FACE_ATTACK
    assert not door.door.history
