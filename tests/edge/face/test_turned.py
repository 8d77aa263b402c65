"""Pictures that are not upright are found out, and upright ones are searched once."""

from __future__ import annotations

import numpy as np
import pytest

from edge.app.parts.code_readers import read_image
from edge.errors import InputError
from edge.face.engine import FaceEngine
from edge.face.turned import TURNS, expect_upright, turn_to_upright

PEOPLE = ("astronaut.png", "sample1.jpg", "sample3.jpg", "sample4.jpg", "sample6.jpg")


def turned(picture: np.ndarray, degrees: int) -> np.ndarray:
    """The picture, turned clockwise."""
    return np.rot90(picture, -degrees // 90).copy()


@pytest.mark.parametrize("name", PEOPLE)
def test_the_turn_that_makes_a_picture_upright_is_found(name: str, photos, engine: FaceEngine) -> None:
    picture = read_image(photos / name)
    assert turn_to_upright(engine, picture) == 0
    for degrees in TURNS:
        assert turn_to_upright(engine, turned(picture, degrees)) == 360 - degrees


def test_a_mirrored_face_is_upright(astronaut: np.ndarray, engine: FaceEngine) -> None:
    assert turn_to_upright(engine, astronaut[:, ::-1].copy()) == 0


@pytest.mark.parametrize("grey", [0, 128, 255])
def test_a_picture_without_a_face_has_no_turn(grey: int, engine: FaceEngine) -> None:
    assert turn_to_upright(engine, np.full((240, 320, 3), grey, np.uint8)) == 0


def test_a_face_that_leans_by_30_degrees_is_upright(astronaut: np.ndarray, engine: FaceEngine) -> None:
    from PIL import Image

    for lean in (-30, 30):
        assert turn_to_upright(engine, np.array(Image.fromarray(astronaut).rotate(lean))) == 0


@pytest.mark.parametrize(
    ("degrees", "lies"),
    [
        (90, "is turned by 90 degrees clockwise: on its side, its top on the right"),
        (180, "is turned by 180 degrees clockwise: upside down"),
        (270, "is turned by 270 degrees clockwise: on its side, its top on the left"),
    ],
)
def test_enrolment_says_how_a_picture_lies_and_which_setting_turns_it(
    degrees: int, lies: str, astronaut: np.ndarray, engine: FaceEngine
) -> None:
    with pytest.raises(InputError) as caught:
        engine.enrol(turned(astronaut, degrees))
    assert caught.value.message == f"the picture {lies}"
    assert caught.value.hint.endswith(f"set [camera] rotate = {360 - degrees}")


def test_an_upright_picture_raises_nothing(astronaut: np.ndarray, engine: FaceEngine) -> None:
    expect_upright(engine, astronaut)


def test_an_upright_picture_is_searched_once(
    astronaut: np.ndarray, engine: FaceEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    searched: list[tuple[int, ...]] = []
    people = engine.people
    monkeypatch.setattr(engine, "people", lambda rgb: searched.append(rgb.shape) or people(rgb))
    turn_to_upright(engine, astronaut)
    assert len(searched) == 1
