"""The contract of every CodeReader, also of the simulated one. test_codes.py has more tests of the engines."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pytest
from samples.qr_pictures import READERS, draw

from edge.ports import CodeReader, Pixels
from hw.sim.reader import SimReader

ONE, OTHER = "EC1:6BF+70790T9WJWG", "EC1:FKY*4GO0.O1CV2"
NOTHING = np.full((120, 160), 255, np.uint8)


@dataclass
class Bench:
    """A reader, and a function that makes a picture of codes for it."""

    reader: CodeReader
    show: Callable[[Sequence[str]], Pixels]


def side_by_side(texts: Sequence[str]) -> Pixels:
    """These codes in one picture, with a gap between them."""
    return np.hstack([np.pad(draw(text, scale=5), 20, constant_values=255) for text in texts] or [NOTHING])


def sim_bench() -> Bench:
    reader = SimReader()

    def show(texts: Sequence[str]) -> Pixels:
        reader.in_view = tuple(texts)
        return NOTHING

    return Bench(reader, show)


@pytest.fixture(params=["sim", *READERS])
def bench(request: pytest.FixtureRequest) -> Bench:
    return sim_bench() if request.param == "sim" else Bench(READERS[request.param](), side_by_side)


def test_without_a_code_nothing_is_found(bench: Bench) -> None:
    assert bench.reader.read(bench.show(())) == ()


def test_a_code_is_found_with_its_text_and_the_name_of_its_engine(bench: Bench) -> None:
    (symbol,) = bench.reader.read(bench.show([ONE]))
    assert (symbol.text, symbol.payload, symbol.engine) == (ONE, ONE.encode(), bench.reader.name)
    assert len(symbol.corners) in (0, 4)


def test_several_codes_are_several_symbols(bench: Bench) -> None:
    picture = bench.show([ONE, OTHER])
    assert {symbol.text for symbol in bench.reader.read(picture)} == {ONE, OTHER}


def test_a_code_that_left_the_picture_is_not_found(bench: Bench) -> None:
    assert bench.reader.read(bench.show([ONE]))
    assert bench.reader.read(bench.show(())) == ()


@pytest.mark.parametrize("shape", [(1, 1), (2, 3), (1, 400), (400, 1), (37, 41)])
def test_very_small_and_very_long_pictures_are_read(bench: Bench, shape: tuple[int, int]) -> None:
    bench.show(())
    for shade in (0, 128, 255):
        assert bench.reader.read(np.full(shape, shade, np.uint8)) == ()
