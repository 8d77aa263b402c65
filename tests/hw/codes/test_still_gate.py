"""The still gate: which frames are read, and that no code is lost by it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from samples.qr_pictures import draw

from edge.app.parts.code_readers import open_live_reader
from edge.ports import Symbol
from hw.codes.cascade import Cascade
from hw.codes.still_gate import AFTER_CHANGE, AFTER_CODE, EVERY, StillGate
from hw.codes.zxing import ZxingReader

if TYPE_CHECKING:
    from edge.ports import Pixels

DOORWAY = np.full((720, 1280), 90, np.uint8)
CODE = "EC1:6BF+70790T9WJWG"


class Counts:
    """A reader that keeps the number of each frame that it was given; `finds`: whether it finds a code."""

    name = "counts"

    def __init__(self) -> None:
        self.finds = False
        self.at = 0
        self.read_at: list[int] = []

    def read(self, _: Pixels) -> tuple[Symbol, ...]:
        self.read_at.append(self.at)
        return (Symbol("A", b"A", self.name),) if self.finds else ()


def show(gate: StillGate, counts: Counts, *frames: Pixels) -> list[int]:
    """The numbers, from 0, of the frames that were read."""
    before = len(counts.read_at)
    for counts.at, frame in enumerate(frames):
        gate.read(frame)
    return counts.read_at[before:]


@pytest.fixture
def counts() -> Counts:
    return Counts()


@pytest.fixture
def gate(counts: Counts) -> StillGate:
    """A gate that has seen an empty doorway for a while, and read its latest frame."""
    gate = StillGate(counts)
    assert show(gate, counts, *[DOORWAY] * (AFTER_CHANGE + EVERY))[-1] == AFTER_CHANGE + EVERY - 1
    return gate


def with_square(shade: int, *, left: int = 600, side: int = 40) -> Pixels:
    frame = DOORWAY.copy()
    frame[300 : 300 + side, left : left + side] = shade
    return frame


def test_of_a_still_picture_the_first_frames_are_read_and_then_every_fourth(counts: Counts) -> None:
    assert show(StillGate(counts), counts, *[DOORWAY] * 14) == [0, 1, 2, 3, 7, 11]


def test_a_small_change_is_read_in_its_own_frame_and_the_next_three(gate: StillGate, counts: Counts) -> None:
    assert show(gate, counts, DOORWAY, *[with_square(120)] * 8) == [1, 2, 3, 4, 8]


def test_each_frame_of_a_moving_scene_is_read(gate: StillGate, counts: Counts) -> None:
    walk = [with_square(200, left=100 + 8 * step) for step in range(20)]
    assert show(gate, counts, *walk) == list(range(20))


def test_a_slow_change_adds_up_since_the_last_frame_that_was_read(counts: Counts) -> None:
    gate = StillGate(counts, every=1_000)
    show(gate, counts, *[DOORWAY] * AFTER_CHANGE)
    dawn = [np.full_like(DOORWAY, 90 + step) for step in range(12)]
    read = show(gate, counts, *dawn)
    assert (
        read[0] == 5
    )  # the first that differs by more than 4 levels, and no two frames differ by more than 1


def test_the_noise_of_a_camera_is_no_change(counts: Counts) -> None:
    random = np.random.default_rng(1)
    frames = [(DOORWAY + random.normal(0, 8, DOORWAY.shape)).clip(0, 255).astype(np.uint8) for _ in range(14)]
    assert show(StillGate(counts), counts, *frames) == [0, 1, 2, 3, 7, 11]


def test_with_a_code_in_view_each_frame_is_read_and_for_two_seconds_after_it(
    gate: StillGate, counts: Counts
) -> None:
    counts.finds = True
    phone = with_square(220)
    assert show(gate, counts, *[phone] * 40) == list(range(40))
    counts.finds = False  # a reflection on the phone
    assert show(gate, counts, *[phone] * (AFTER_CODE + 8)) == [
        *range(AFTER_CODE),
        AFTER_CODE + 3,
        AFTER_CODE + 7,
    ]


def test_a_camera_that_changes_its_size_is_read(gate: StillGate, counts: Counts) -> None:
    assert show(gate, counts, DOORWAY[:480, :640].copy()) == [0]


@pytest.mark.parametrize("shape", [(0, 0), (15, 300), (300, 15)])
def test_a_picture_that_is_too_small_to_compare_is_always_read(
    shape: tuple[int, int], counts: Counts
) -> None:
    assert show(StillGate(counts), counts, *[np.zeros(shape, np.uint8)] * 9) == list(range(9))


def test_with_a_code_in_view_that_is_not_read_each_frame_is_read(counts: Counts) -> None:
    suspects = iter([False] * 5 + [True] * 9 + [False] * 99)
    gate = StillGate(counts, has_suspect=lambda: next(suspects))
    read = show(gate, counts, *[DOORWAY] * 40)
    assert read[:5] == [0, 1, 2, 3, 7]
    assert read[5:] == [*range(11, 24), 27, 31, 35, 39]


@given(st.lists(st.integers(0, 9), max_size=60))
def test_whatever_is_shown_at_most_three_frames_in_a_row_are_not_read(shades: list[int]) -> None:
    counts = Counts()
    frames = [np.full((32, 32), 20 * shade, np.uint8) for shade in shades]
    read = show(StillGate(counts), counts, *frames)
    assert all(
        after - before <= EVERY for before, after in zip([-1, *read], [*read, len(frames)], strict=True)
    )
    # A frame that is not read equals the one that was read before it.
    for number in set(range(len(frames))) - set(read):
        assert shades[number] == shades[max(one for one in read if one < number)]


@pytest.mark.parametrize("contrast", [0.1, 0.2, 1.0])
@pytest.mark.parametrize("scale", [2, 3, 5])
def test_a_code_that_comes_into_a_still_picture_is_read_at_once(contrast: float, scale: int) -> None:
    symbol = draw(CODE, scale=scale)
    with_code = DOORWAY.copy()
    # As bright as the doorway on average, which is the least change that a code can make.
    shown = 90 + (symbol.astype(float) - symbol.mean()) * contrast
    with_code[200 : 200 + len(symbol), 700 : 700 + len(symbol)] = shown.clip(0, 255)
    assert [each.text for each in ZxingReader().read(with_code)] == [CODE]
    reader = open_live_reader()
    for _ in range(AFTER_CHANGE + 1):
        assert reader.read(DOORWAY) == ()
    assert [each.text for each in reader.read(with_code)] == [CODE]


class FarAway:
    """A reader that finds the code of a phone only in a picture that was enlarged."""

    name = "far away"

    def __init__(self) -> None:
        self.is_shown = False

    def read(self, luma: Pixels) -> tuple[Symbol, ...]:
        is_read = self.is_shown and luma.shape == (1440, 2560)
        return (Symbol("A", b"A", self.name),) if is_read else ()


@pytest.mark.parametrize("idle_frames", range(4, 12))
def test_a_code_that_needs_the_second_step_is_read_in_its_second_frame(idle_frames: int) -> None:
    inner = FarAway()
    gate = StillGate(Cascade(inner, second_step_every=2))
    for _ in range(idle_frames):
        assert gate.read(DOORWAY) == ()
    inner.is_shown = True
    assert len([symbol for _ in range(2) for symbol in gate.read(with_square(120))]) >= 1
