"""The colour challenge: a near, round face answers to the drawn colours; sheets, screens and films do not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise

import numpy as np
import pytest

from edge.face.engine import FaceEngine
from edge.face.pad.colour_challenge import (
    MAX_DELAY_MS,
    MIN_LOOKS,
    STEP_MS,
    STEPS,
    ColourAnswer,
    ColourLook,
    ColourObjection,
    LampColour,
    draw_colours,
    judge_colours,
    measure_colours,
)
from edge.ports import Pixels
from hw.sim.pictures.head import FRAME_MS, Subject
from hw.sim.pictures.lit import LitSpecies, lit_attack, lit_head
from hw.sim.pictures.scene import visitor

FRAMES = STEPS * STEP_MS // FRAME_MS + 2
SHARE = 0.15  # of the light on the face: a display of 300 nits at 50 cm beside 300 lux
Film = Iterator[tuple[Pixels, int]]


def drawn(seed: int) -> tuple[LampColour, ...]:
    rng = np.random.default_rng(seed)
    return draw_colours(lambda below: int(rng.integers(below)))


def light(
    colours: tuple[LampColour, ...], delay_ms: int = 100
) -> Callable[[int], tuple[float, float, float]]:
    """The light as a frame shows it, `delay_ms` after it was asked for."""
    return lambda ms: colours[min(max(ms - delay_ms, 0) // STEP_MS, len(colours) - 1)].value


@pytest.fixture(scope="module")
def erin(engine: FaceEngine, cast) -> Subject:
    frame = visitor(cast.sitter("Erin"), seed=1)
    return Subject(frame, engine.probe(frame, engine.people(frame)[0]).landmarks.points)


def answer(engine: FaceEngine, erin: Subject, film: Film, colours: tuple[LampColour, ...]) -> ColourAnswer:
    box = engine.people(erin.photo)[0].box
    looks = [look for rgb, tick_ms in film if (look := measure_colours(rgb, box, tick_ms))]
    return judge_colours(looks, colours, 0)


def test_no_colour_is_drawn_twice_in_a_row_and_every_draw_counts() -> None:
    assert all(a is not b for seed in range(50) for a, b in pairwise(drawn(seed)))
    numbers = iter((0, 0, 4))
    assert draw_colours(lambda _: next(numbers), steps=3) == (
        LampColour.RED,
        LampColour.GREEN,
        LampColour.MAGENTA,
    )
    assert len({drawn(seed) for seed in range(200)}) == 200


@pytest.mark.parametrize("delay_ms", [0, 100, 300])
def test_a_head_answers_whatever_the_delay_of_light_and_camera(engine, erin, delay_ms: int) -> None:
    colours = drawn(1)
    film = lit_head(erin, light(colours, delay_ms), frames=FRAMES, share=SHARE)
    found = answer(engine, erin, film, colours)
    assert found.objection is None
    assert found.correlation > 0.9
    assert found.relief > 1.3


ATTACKS = {
    LitSpecies.LARGE_PRINT: {ColourObjection.NEAR},
    LitSpecies.SMALL_PRINT: {ColourObjection.FLAT},
    LitSpecies.SCREEN: {ColourObjection.FAINT},
    LitSpecies.REPLAY: {ColourObjection.FAINT, ColourObjection.OTHER},
}


@pytest.mark.parametrize("species", ATTACKS)
def test_an_attack_is_named(engine, erin, species: LitSpecies) -> None:
    for seed in range(3):
        colours, other = drawn(seed), light(drawn(seed + 100))
        film = lit_attack(species, erin, light(colours), other=other, frames=FRAMES, share=SHARE, seed=seed)
        assert answer(engine, erin, film, colours).objection in ATTACKS[species]


def test_a_light_that_does_not_reach_the_face_is_named(engine, erin) -> None:
    colours = drawn(2)
    film = lit_head(erin, light(colours), frames=FRAMES, share=0.01)
    assert answer(engine, erin, film, colours).objection is ColourObjection.FAINT


def test_a_head_under_other_colours_than_those_drawn_is_named(engine, erin) -> None:
    film = lit_head(erin, light(drawn(3)), frames=FRAMES, share=SHARE)
    assert answer(engine, erin, film, drawn(4)).objection in ATTACKS[LitSpecies.REPLAY]


def test_a_camera_that_is_later_than_allowed_is_no_answer(engine, erin) -> None:
    colours = drawn(5)
    film = lit_head(erin, light(colours, MAX_DELAY_MS + STEP_MS), frames=FRAMES, share=SHARE)
    assert answer(engine, erin, film, colours).objection is not None


@pytest.mark.parametrize("looks", [0, 1, MIN_LOOKS - 1])
def test_few_frames_are_no_answer(looks: int) -> None:
    seen = [ColourLook(np.ones((4, 2), np.float32), FRAME_MS * n) for n in range(looks)]
    assert judge_colours(seen, drawn(1), 0).objection is ColourObjection.FEW


@pytest.mark.parametrize("value", [0.0, np.nan, np.inf])
def test_a_picture_that_never_changes_or_is_no_number_is_no_answer(value: float) -> None:
    seen = [ColourLook(np.full((4, 2), value, np.float32), FRAME_MS * n) for n in range(FRAMES)]
    with np.errstate(invalid="ignore"):
        assert judge_colours(seen, drawn(1), 0).objection is not None


BOXES = {
    "a face in the middle": ((200.0, 100.0, 300.0, 220.0), True),
    "a face that fills the picture": ((0.0, 0.0, 640.0, 480.0), False),
    "a face outside of the picture": ((700.0, 500.0, 800.0, 600.0), False),
    "a face at the left edge": ((-20.0, 100.0, 80.0, 220.0), True),
}


@pytest.mark.parametrize("case", BOXES)
def test_a_frame_needs_a_face_and_something_beside_it(case: str) -> None:
    box, is_measured = BOXES[case]
    assert (measure_colours(np.full((480, 640, 3), 128, np.uint8), box, 0) is not None) is is_measured
