"""Blocks of QR, corrected with errors and erasures."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hw.codes.grid.reed_solomon import correct

# ISO/IEC 18004:2015, annex I: "01234567" as version 1-M
BLOCK = bytes.fromhex("10200c566180ec11ec11ec11ec11ec11" + "a524d4c1ed36c7872c55")
PARITY = 10


def spoilt(places: list[int], by: int = 0x5A) -> bytes:
    block = bytearray(BLOCK)
    for place in places:
        block[place] ^= by
    return bytes(block)


def test_the_example_of_the_standard_is_a_codeword() -> None:
    assert correct(BLOCK, PARITY) == (BLOCK, 0, 0)


@pytest.mark.parametrize(
    ("wrong", "erased", "is_read"),
    [
        ([0, 1, 2, 3, 25], [], True),
        ([0, 1, 2, 3, 4, 25], [], False),
        (list(range(10)), list(range(10)), True),
        ([0, 1, 2, 20, 21, 22, 23], [20, 21, 22, 23], True),
        ([0, 1, 2, 3, 20, 21, 22, 23], [20, 21, 22, 23], False),
        ([], [3, 4], True),
    ],
    ids=[
        "5 errors",
        "6 errors",
        "10 erasures",
        "3 errors, 4 erasures",
        "4 and 4",
        "erasures that were right",
    ],
)
def test_twice_the_errors_and_the_erasures_fit_into_the_parity(wrong, erased, is_read) -> None:
    block = correct(spoilt(wrong), PARITY, erased)
    assert (block is not None and block.content == BLOCK) == is_read


def test_a_spare_is_left() -> None:
    assert correct(spoilt([0, 1, 2, 3, 4]), PARITY, spare=2) is None
    assert correct(spoilt([0, 1, 2, 3]), PARITY, spare=2).content == BLOCK
    assert correct(BLOCK, PARITY, list(range(9)), spare=2) is None


@given(st.binary(min_size=26, max_size=26), st.lists(st.integers(0, 25), max_size=8, unique=True))
def test_fuzz_what_is_corrected_is_a_codeword_within_its_load(block: bytes, erased: list[int]) -> None:
    fixed = correct(block, PARITY, erased, spare=2)
    if fixed is not None:
        assert fixed.load <= PARITY - 2
        assert correct(fixed.content, PARITY) == (fixed.content, 0, 0)
        changed = {place for place in range(26) if block[place] != fixed.content[place]}
        assert len(changed - set(erased)) == fixed.errors


@given(st.integers(0, 2**32))
def test_fuzz_random_damage_within_the_load_gives_the_block_back(seed: int) -> None:
    dice = np.random.default_rng(seed)
    erasures = int(dice.integers(0, PARITY + 1))
    places = dice.permutation(26)[: erasures + (PARITY - erasures) // 2].tolist()
    block = correct(spoilt(places, int(dice.integers(1, 256))), PARITY, places[:erasures])
    assert block.content == BLOCK
