"""A door that asks its visitors to move: a head that follows passes, a picture does not.

The heads are rendered from one photograph (hw/sim/pictures/head.py): no film of people was at hand.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import cv2
import numpy as np
import pytest
from worlds.face_door import FaceDoor

from edge.app.demo.cast import Cast
from edge.audit.record import StopCause
from edge.decision import Reason
from edge.face.challenge import Phase, Prompt
from edge.face.engine import FaceEngine
from edge.passage.face.pad_rule import PadRule
from edge.passage.machine import PassageState
from edge.ports import Pixels
from hw.sim.pictures.head import (
    FRAME_MS,
    Move,
    Pose,
    Species,
    Subject,
    attack,
    head,
    script,
    sheet,
    wander,
)
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


DARK, CLOTH = (12, 12, 14), (170, 200, 215)


def in_dark_glasses(subject: Subject) -> Subject:
    photo, points = subject.photo.copy(), subject.landmarks[:, :2]
    width = 0.5 * float(np.hypot(*(points[454] - points[234])))
    for outer, inner in ((33, 133), (362, 263)):
        middle = [int(each) for each in (points[outer] + points[inner]) / 2]
        cv2.ellipse(photo, middle, (int(0.38 * width), int(0.26 * width)), 0, 0, 360, DARK, -1)
    return Subject(photo, subject.landmarks)


def in_a_mask(subject: Subject) -> Subject:
    photo = subject.photo.copy()
    cloth = subject.landmarks[[50, 187, 214, 210, 169, 152, 394, 430, 434, 411, 280, 5], :2]
    cv2.fillPoly(photo, [cv2.convexHull(cloth.astype(np.int32))], CLOTH)
    return Subject(photo, subject.landmarks)


def print_and_head(door: Lane, attacker: Subject, seed: int) -> Iterator[tuple[Pixels, int]]:
    """A print of the holder until the prompts begin, the attacker's head while they run, the print again."""
    sway = wander(600, seed)
    shown = [Pose(roll=float(s[0]), x=6 * float(s[3]), y=6 * float(s[4])) for s in sway]
    flat = sheet(door.erin, shown, reach=2, seed=seed)
    at_rest = [Pose(yaw=0.4 * float(s[0]), x=2 * float(s[3])) for s in sway]
    resting = head(attacker, at_rest, seed=seed)
    turns = {
        prompt.value: head(attacker, script((move,), seed=seed, rest=1), seed=seed)
        for prompt, move in ((Prompt.TURN_LEFT, Move.LEFT), (Prompt.NOD, Move.NOD))
    }
    turning = None
    for _ in range(30):
        if door.device.state is not PassageState.FACE:
            break
        yield next(flat)
    yield from [(empty(), 0)] * 4
    while words := door.signals.asked[-1]:
        turning = turns.get(words, turning)
        film = resting if words == Phase.LOOK.value else turning
        yield next(film or resting, (attacker.photo, 0))
    yield from [(empty(), 0)] * 22
    yield from flat


@pytest.mark.parametrize("covered", [in_dark_glasses, in_a_mask])
@pytest.mark.parametrize("rule", [{"prompts": 1}, {"prompts": 2, "consistency": True}], ids=["1", "2"])
def test_a_covered_head_cannot_move_in_place_of_the_print(lane, covered, rule: dict[str, object]) -> None:
    """A face that fails the quality gate is not compared, so it is never taken for the holder's."""
    door = lane(**rule)
    assert door.visit(print_and_head(door, covered(door.bea), seed=2)) in (
        Reason.FACE_QUALITY,
        Reason.FACE_ATTACK,
    )
    assert not door.door.history
