"""Turned and mirrored pictures, and the settings of the camera that make them upright."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.app.parts.code_readers import open_picture_readers
from edge.doctor.card_view import view_of
from edge.doctor.orientation import Lies, lies, turned
from edge.ports import Frame
from hw.camera.framing import upright
from tools.test_card import cli

EVERY = [Lies(rotate, mirror) for rotate, mirror in itertools.product((0, 90, 180, 270), (False, True))]
every = st.sampled_from(EVERY)


def apply(turn: Lies, pixels: np.ndarray) -> np.ndarray:
    """The turn as the camera makes it."""
    frame = Frame(pixels, np.zeros((1, 1, 3), np.uint8), 0)
    return upright(frame, turn.rotate, mirror=turn.mirror).luma


PIXELS = np.arange(6, dtype=np.uint8).reshape(2, 3)


@given(every, every)
def test_two_turns_are_one(first: Lies, second: Lies) -> None:
    assert np.array_equal(apply(second.after(first), PIXELS), apply(second, apply(first, PIXELS)))


@given(every)
def test_a_turn_that_is_undone_changes_nothing(turn: Lies) -> None:
    assert np.array_equal(apply(turn.undone(), apply(turn, PIXELS)), PIXELS)


def test_an_upright_picture_is_no_finding() -> None:
    assert turned(Lies(), Lies(180, mirror=True)) == []
    assert turned(None, Lies(180)) == []


@pytest.mark.parametrize(
    ("seen", "setting", "text", "settings"),
    [
        (Lies(180), Lies(), "turned by 180 degrees", "rotate = 180"),
        (Lies(90), Lies(), "turned by 90 degrees", "rotate = 270"),
        (Lies(180), Lies(180), "turned by 180 degrees", "rotate = 0"),
        (Lies(0, mirror=True), Lies(), "mirrored", "rotate = 0 and mirror = true"),
        (Lies(90, mirror=True), Lies(), "turned by 90 degrees and mirrored", "rotate = 90 and mirror = true"),
        (Lies(0, mirror=True), Lies(90, mirror=True), "mirrored", "rotate = 90 and mirror = false"),
    ],
)
def test_the_hint_names_the_settings_that_make_it_upright(
    seen: Lies, setting: Lies, text: str, settings: str
) -> None:
    (finding,) = turned(seen, setting)
    assert (finding.number, finding.text) == (25, f"the picture is {text}")
    assert finding.hint.endswith(f"set [camera] {settings}")


@given(every, every)
def test_the_settings_of_the_hint_make_every_camera_upright(hung: Lies, setting: Lies) -> None:
    """`hung`: the camera's own turn of the world, which no setting has undone yet."""
    seen = setting.after(hung)
    right = seen.undone().after(setting)
    assert right.after(hung) == Lies()


@given(every, st.floats(-20, 20), st.floats(0.1, 50))
def test_a_card_that_leans_has_the_nearest_turn(turn: Lies, lean: float, scale: float) -> None:
    angle = np.radians(turn.rotate + lean)
    across = -1 if turn.mirror else 1
    placed = np.array([[across * np.cos(angle), across * -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    assert lies(scale * placed) == turn


@pytest.mark.parametrize("turn", EVERY, ids=str)
@pytest.mark.parametrize("engine", ["zxing", "zbar"])
def test_the_test_card_shows_how_it_lies_with_each_engine(turn: Lies, engine: str) -> None:
    pytest.importorskip({"zxing": "zxingcpp", "zbar": "pyzbar.pyzbar"}[engine])
    page = np.asarray(cli.draw())[::4, ::4].copy()
    luma = apply(turn, page)
    view = view_of(luma, open_picture_readers(engine)[0].read(luma))
    assert view is not None
    assert view.lies == turn
