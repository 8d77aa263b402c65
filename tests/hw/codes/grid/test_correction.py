"""Symbols corrected from soft modules: the right text or none."""

from __future__ import annotations

import numpy as np
import pytest
import zxingcpp
from samples.damaged_qr import LEVELS, damaged, random_symbol, symbol

from hw.codes.grid import standard
from hw.codes.grid.correction import corrected
from hw.codes.grid.drawing import dark_modules, picture
from hw.codes.grid.format_info import likely_formats
from hw.codes.grid.mend import first_corrected

DAMAGED = 60  # symbols of each seed; the benchmark has 10,000


def text_of(dark: np.ndarray) -> str:
    (read,) = zxingcpp.read_barcodes(picture(dark))
    return read.text


@pytest.mark.parametrize("version", [1, 2, 6, 7, 13, 14, 25, 40])
@pytest.mark.parametrize("level", LEVELS)
def test_a_clean_symbol_is_drawn_again_module_by_module(version: int, level: str) -> None:
    drawn = symbol(version, level)
    found = first_corrected([drawn.soft], version, thorough=False)
    assert (found.level, found.load, found.erasures) == (standard.LEVELS[LEVELS.index(level)], 0, 0)
    assert np.array_equal(dark_modules(found), drawn.dark)
    assert text_of(dark_modules(found)) == drawn.text


def test_a_mirrored_symbol_is_read() -> None:
    drawn = symbol(3)
    found = first_corrected([drawn.soft.T], 3, thorough=False)
    assert np.array_equal(dark_modules(found), drawn.dark)


def blotted(level: str, share: float) -> np.ndarray:
    soft = symbol(5, level).soft
    side = int(len(soft) * share)
    soft[-side:, -side:] = -0.05  # faintly dark, as a blot is
    return soft


def test_erasures_correct_a_blot_that_is_too_large_for_errors() -> None:
    soft = blotted("h", 0.55)
    (_, level, mask), *_ = likely_formats(soft, 5)
    assert corrected(soft, 5, level, mask, erasures=False) is None
    found = corrected(soft, 5, level, mask)
    assert found.erasures > 0
    assert np.array_equal(dark_modules(found), symbol(5, "h").dark)


def test_a_blot_over_most_of_the_symbol_gives_none() -> None:
    assert first_corrected([blotted("h", 0.85)], 5, thorough=True) is None


def test_the_codewords_that_were_changed_are_named() -> None:
    drawn = symbol(1, "h")
    soft = drawn.soft
    soft[-1, -1] *= -1  # the first bit of the first codeword
    found = first_corrected([soft], 1, thorough=False)
    assert np.nonzero(found.changed)[0].tolist() == [0]


@pytest.mark.parametrize("seed", range(4))
def test_damage_gives_the_right_text_or_none(seed: int) -> None:
    dice = np.random.default_rng(seed)
    read = 0
    for _ in range(DAMAGED):
        drawn = random_symbol(dice, (1, 6))
        found = first_corrected([damaged(dice, drawn)], drawn.version, thorough=True)
        if found is not None:
            assert text_of(dark_modules(found)) == drawn.text
            read += 1
    assert 5 < read < DAMAGED


@pytest.mark.parametrize("version", [1, 2, 4, 8, 13])
def test_random_modules_with_a_right_format_give_none(version: int) -> None:
    dice = np.random.default_rng(version)
    for _ in range(30):
        soft = dice.uniform(-1, 1, symbol(version).dark.shape).astype(np.float32)
        soft[:9, :9] = symbol(version, str(dice.choice(list(LEVELS)))).soft[:9, :9]
        assert first_corrected([soft], version, thorough=True) is None


def test_a_deadline_ends_the_correction() -> None:
    soft = blotted("h", 0.55)
    assert first_corrected([soft], 5, thorough=True, expired=lambda: True) is None
