"""The colour challenge in a passage: heads and prints before a camera whose light the passage itself moves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from worlds.face_door import FaceDoor

from edge.app.demo.cast import Cast
from edge.audit.record import StopCause
from edge.decision import Deny, Reason
from edge.face.engine import FaceEngine
from edge.face.pad.colour_challenge import MAX_DELAY_MS, STEP_MS, STEPS, LampColour
from edge.passage.face.colour_session import ColourSession
from edge.passage.face.pad_rule import PadRule
from edge.ports import Pixels
from hw.sim.colour_light import SimColourLight
from hw.sim.pictures.lit import LitSpecies, lit_attack, lit_head

SHARE = 0.15
LAST_MS = STEPS * STEP_MS + MAX_DELAY_MS


class LitDoor(FaceDoor):
    """A door with a light that the simulated camera sees one frame later, and Erin with a valid card."""

    def __init__(self, folder: Path, engine: FaceEngine, cast: Cast, prompts: int = 0) -> None:
        super().__init__(folder, engine, cast)
        self.light = SimColourLight()
        numbers = np.random.default_rng(7)
        rule = PadRule(flash=True, prompts=prompts, random_below=lambda below: int(numbers.integers(below)))
        self.device = self.verifier(
            self.world.enrol("Erin"), rule, lambda: self.world.trust, light=self.light
        )

    def head(
        self, light: Callable[[int], tuple[int, int, int]] | None = None
    ) -> Iterator[tuple[Pixels, int]]:
        return lit_head(self.erin, light or (lambda _: self.light.now), frames=60, share=SHARE)

    def attack(self, species: LitSpecies) -> Iterator[tuple[Pixels, int]]:
        other = LampColour.RED, LampColour.BLUE, LampColour.GREEN, LampColour.CYAN
        return lit_attack(
            species, self.erin, lambda _: self.light.now,
            other=lambda ms: other[ms // STEP_MS % 4].value, frames=60, share=SHARE,
        )  # fmt: skip

    def visit(self, film: Iterator[tuple[Pixels, int]]) -> Reason | str | None:
        outcome = self.play(self.device, film)
        return (outcome.reason or "granted") if outcome else None

    def close(self) -> None:
        self.device.stop(StopCause.END)
        self.journal.close()


@pytest.fixture
def door(tmp_path: Path, engine: FaceEngine, cast: Cast) -> Iterator[LitDoor]:
    with ExitStack() as stack:
        yield stack.enter_context(closing(LitDoor(tmp_path, engine, cast)))


def test_a_head_that_answers_is_let_in_and_the_light_goes_out(door: LitDoor) -> None:
    assert door.visit(door.head()) == "granted"
    colours = [colour for colour in door.light.shown if colour]
    assert len(colours) == STEPS
    assert door.light.shown[-1] is None


@pytest.mark.parametrize("species", LitSpecies)
def test_an_attack_is_not_let_in(door: LitDoor, species: LitSpecies) -> None:
    assert door.visit(door.attack(species)) in (Reason.FACE_ATTACK, Reason.FACE_QUALITY)
    assert not door.door.history
    assert door.light.now == (0, 0, 0)


def test_a_head_without_the_light_is_asked_to_try_again(door: LitDoor) -> None:
    assert door.visit(door.head(lambda _: (0, 0, 0))) is Reason.FACE_QUALITY
    assert not door.door.history


def test_another_face_under_the_light_is_not_let_in(door: LitDoor) -> None:
    bea = door.subject("Bea")
    others = lit_head(bea, lambda _: door.light.now, frames=60, share=SHARE)
    film = (
        erin if number < 4 else other
        for number, (erin, other) in enumerate(zip(door.head(), others, strict=True))
    )
    assert door.visit(film) in (Reason.FACE_NO_MATCH, Reason.FACE_ATTACK, Reason.FACE_QUALITY)
    assert not door.door.history


def test_a_stop_in_the_middle_switches_the_light_off(door: LitDoor) -> None:
    assert door.visit(islice(door.head(), 12)) is None
    assert door.light.now != (0, 0, 0)
    door.device.stop(StopCause.SIGNAL)
    assert door.light.now == (0, 0, 0)


def test_a_face_that_is_lost_is_no_attack() -> None:
    session = ColourSession(lambda _: 0, 0)
    frame = np.full((480, 640, 3), 90, np.uint8)
    assert session.see(frame, None, LAST_MS - 1) is None
    assert session.see(frame, None, LAST_MS) == Deny(Reason.FACE_QUALITY)


def lit(colour: LampColour) -> Pixels:
    """A frame in which all is lit by this colour of the light, as paper that fills the picture is."""
    light = 90 + 60 * np.array(colour.value)
    return np.tile(light.astype(np.uint8), (480, 640, 1))


def watched(answers: Callable[[LampColour], LampColour], started_ms: int = 5_000) -> object:
    """The verdict on a face that answers to each colour with another one, frame by frame."""
    session = ColourSession(lambda _: 0, started_ms)
    verdict = None
    for ms in range(0, LAST_MS + 1, 50):
        assert verdict is None, "the light has not ended yet"
        tick_ms = started_ms + ms
        verdict = session.see(lit(answers(session.colour(tick_ms))), (280.0, 180.0, 360.0, 280.0), tick_ms)
    return verdict


@pytest.mark.parametrize("started_ms", [0, 5_000, 10**9])
def test_a_face_that_answers_to_other_colours_is_an_attack(started_ms: int) -> None:
    other = {LampColour.RED: LampColour.CYAN, LampColour.GREEN: LampColour.MAGENTA}
    assert watched(lambda colour: other[colour], started_ms) == Deny(Reason.FACE_ATTACK)


def test_paper_that_fills_the_picture_is_an_attack() -> None:
    assert watched(lambda colour: colour) == Deny(Reason.FACE_ATTACK)


def test_a_face_that_the_light_does_not_reach_is_no_attack() -> None:
    assert watched(lambda _: LampColour.RED) == Deny(Reason.FACE_QUALITY)


def test_the_first_colour_is_shown_until_its_time_is_over_and_the_last_one_stays() -> None:
    session = ColourSession(lambda _: 0, 5_000)
    times = [4_000, 5_000, 5_000 + STEP_MS - 1, 5_000 + STEP_MS, 5_000 + STEPS * STEP_MS, 99_000]
    red, green = LampColour.RED, LampColour.GREEN
    assert [session.colour(ms) for ms in times] == [red, red, red, green, green, green]
