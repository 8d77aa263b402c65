"""Coded sets, compared with a slow encoder made from STATUS.md section 3, and fuzzed with any bytes."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import UpdateRejected
from edge.trust.status import bitmap, golomb
from edge.trust.status.status import bitmap_bytes

SIZES = st.integers(1, 3_000)


@st.composite
def sets(draw: st.DrawFn) -> tuple[int, list[int]]:
    """A size, and a set of any density, spread out or in one part."""
    size = draw(SIZES)
    low, high = sorted((draw(st.integers(0, size)), draw(st.integers(0, size))))
    density = draw(st.sampled_from([0.0, 0.01, 0.2, 0.39, 0.5, 0.9, 1.0]))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    return size, (np.flatnonzero(rng.random(high - low) < density) + low).tolist()


def encoded(places: list[int], size: int) -> bytes:
    blocks = [np.array(places, np.int64)] if places else []
    return golomb.encode(blocks, count=len(places), size=size)


def decoded(data: bytes, size: int) -> list[int]:
    coded, rest = golomb.parse(memoryview(data), size)
    assert not rest
    return [place for block in coded.positions() for place in block.tolist()]


def by_the_book(places: list[int], size: int) -> bytes:
    """A slow encoder that follows STATUS.md section 3 rule by rule."""
    count = len(places)
    k = next((k for k in range(40) if count * 2**k * 20_000 >= 4_812 * (2 * size - count)), 0) if count else 0
    gaps = [place - before - 1 for before, place in zip([-1, *places], places, strict=False)]
    low = [gap >> bit & 1 for gap in gaps for bit in range(k)]
    unary = [bit for gap in gaps for bit in [0] * (gap // 2**k) + [1]]

    def packed(bits: list[int]) -> bytes:
        return sum(bit << i for i, bit in enumerate(bits)).to_bytes((len(bits) + 7) // 8, "little")

    return count.to_bytes(4) + len(packed(unary)).to_bytes(4) + packed(low) + packed(unary)


LEAST_K = {  # count, size: k, where one more in any number of the rule would give another k
    (2406, 6203): 0,
    (45, 116): 0,
    (83, 214): 1,
    (147, 379): 1,
    (16, 141): 2,
    (0, 100): 0,
}


@pytest.mark.parametrize(("case", "k"), LEAST_K.items())
def test_the_number_of_low_bits_follows_the_rule_of_the_page(case, k):
    assert golomb.parameter(*case) == k


def test_a_set_worked_out_by_hand():
    """The gaps are 1 and 0: two low bits each (1, 0, 0, 0), then two ones."""
    assert encoded([1, 2], 16) == bytes.fromhex("00000002 00000001 01 03")


@given(sets())
def test_a_set_has_the_encoding_of_the_page(case):
    size, places = case
    assert encoded(places, size) == by_the_book(places, size)


@given(sets())
def test_a_set_is_read_back_from_its_encoding(case):
    size, places = case
    assert decoded(encoded(places, size), size) == places


@given(sets(), st.integers(1, 5), st.lists(st.integers(0, 3_000), max_size=6))
def test_blocks_may_be_cut_anywhere(case, chunk_bytes, cuts):
    size, places = case
    whole = encoded(places, size)
    edges = [0, *sorted(min(cut, len(places)) for cut in cuts), len(places)]
    blocks = [np.array(places[a:b], np.int64) for a, b in pairwise(edges) if b > a]
    assert golomb.encode(blocks, count=len(places), size=size) == whole
    before = bitmap.CHUNK_BYTES
    bitmap.CHUNK_BYTES = chunk_bytes
    try:
        assert decoded(whole, size) == places
        bits = np.zeros(bitmap_bytes(size), np.uint8)
        bitmap.flip(bits, np.array(places, np.int64))
        assert [place for block in bitmap.positions(bits) for place in block.tolist()] == places
    finally:
        bitmap.CHUNK_BYTES = before


FAR = {
    "the last place of the largest list": ([2**31 - 1], 2**31),
    "its first and its last": ([0, 2**31 - 1], 2**31),
    "no positions": ([], 2**31),
    "all positions": (list(range(777)), 777),
    "the only position of a list of one": ([0], 1),
}


@pytest.mark.parametrize(("places", "size"), FAR.values(), ids=FAR)
def test_sets_at_the_limits_are_read_back(places, size):
    assert decoded(encoded(places, size), size) == places


@pytest.mark.parametrize(
    ("size", "count", "most"),
    [(10**6, 10_000, 1.01), (10**7, 100_000, 1.01), (10**8, 12_000, 1.02), (10**6, 400_000, 1.04)],
)
def test_random_sets_come_close_to_the_theoretical_minimum(size, count, most):
    places = np.unique(np.random.default_rng(4).integers(0, size, count))
    ways = math.lgamma(size + 1) - math.lgamma(places.size + 1) - math.lgamma(size - places.size + 1)
    data = golomb.encode([places], count=places.size, size=size)
    assert len(data) <= most * ways / math.log(2) / 8


@given(sets())
def test_no_set_takes_more_than_eleven_tenths_of_a_bit_a_place(case):
    size, places = case
    assert len(encoded(places, size)) <= 8 + 2 + 1.1 * size / 8


def coded(count: int, low: str, unary: str, length: int | None = None) -> bytes:
    tail = bytes.fromhex(unary)
    return (
        count.to_bytes(4) + (len(tail) if length is None else length).to_bytes(4) + bytes.fromhex(low) + tail
    )


# Of size 16, like the set worked out by hand: two low bits a gap.
BROKEN = {
    "nothing": (b"", "cut off"),
    "half a head": (bytes(7), "cut off"),
    "more positions than cards": (coded(17, "", ""), "more positions than the list has"),
    "as many positions as there are numbers": (coded(2**32 - 1, "", ""), "more positions than the list has"),
    "no low part": (coded(2, "", "03", length=1), "cut off"),
    "a unary part cut off": (coded(2, "01", "", length=1), "cut off"),
    "a unary part longer than any": (coded(2, "01", "000003"), "longer than any"),
    "a unary part of an empty set": (coded(0, "", "00"), "longer than any"),
    "bits after the low part": (coded(2, "11", "03"), "past the end of the low part"),
    "an empty byte at the end": (coded(8, "", "ff00"), "an empty byte"),
    "a one too many": (coded(2, "01", "07"), "more positions than its count"),
    "a one too few": (coded(2, "01", "01"), "fewer positions"),
    "no unary part": (coded(2, "01", ""), "fewer positions"),
    "a position past the end": (coded(2, "0f", "28"), "past the end of the list"),
}


@pytest.mark.parametrize(("data", "message"), BROKEN.values(), ids=BROKEN)
def test_a_malformed_encoding_is_rejected(data, message):
    with pytest.raises(UpdateRejected, match=message) as caught:
        decoded(data, 16)
    assert caught.value.hint


def test_a_count_that_the_bytes_cannot_hold_is_rejected_before_anything_is_allocated():
    """The set claims two thousand million positions in twelve bytes; parse checks lengths only."""
    with pytest.raises(UpdateRejected, match="cut off"):
        golomb.parse(memoryview(coded(2**31, "", "ffffffff", length=2**28)), 2**31)


@given(st.binary(max_size=80), SIZES)
def test_fuzz_any_bytes_are_one_set_or_rejected(data, size):
    try:
        parsed, rest = golomb.parse(memoryview(data), size)
        places = [place for block in parsed.positions() for place in block.tolist()]
    except UpdateRejected:
        return
    assert encoded(places, size) == data[: len(data) - len(rest)]


@given(st.integers(0, 30), st.binary(max_size=10), st.binary(max_size=10), st.integers(1, 60))
def test_fuzz_any_inside_is_one_set_or_rejected(count, low, unary, size):
    data = coded(count, low.hex(), unary.hex())
    try:
        parsed, rest = golomb.parse(memoryview(data), size)
        places = [place for block in parsed.positions() for place in block.tolist()]
    except UpdateRejected:
        return
    assert all(0 <= place < size for place in places)
    assert encoded(places, size) == data[: len(data) - len(rest)]


@given(sets(), st.data())
def test_fuzz_a_changed_byte_is_another_set_or_rejected(case, data):
    size, places = case
    changed = bytearray(encoded(places, size))
    changed[data.draw(st.integers(0, len(changed) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        coded_set, rest = golomb.parse(memoryview(changed), size)
        found = [place for block in coded_set.positions() for place in block.tolist()]
    except UpdateRejected:
        return
    assert found != places or rest
