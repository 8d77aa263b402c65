from __future__ import annotations

import base64
import re
import zlib
from dataclasses import replace

import pytest
from conftest import shared
from hypothesis import given
from hypothesis import strategies as st
from worlds.trust import DAY, ISSUER, LIST, NOW, SEED, URI, standing

from edge.decision import Reason
from edge.trust.status import signed_file
from edge.trust.status.status import Bitmaps, StatusList, StatusManifest, WrongList

CARDS = {
    "a card in good standing": (0, None),
    "revoked": (1, Reason.CARD_REVOKED),
    "suspended": (2, Reason.CARD_SUSPENDED),
    "the last of the list": (15, None),
    "one past the end": (16, Reason.STATUS_UNKNOWN),
    "an index far past the end": (2**32 - 1, Reason.STATUS_UNKNOWN),
    "before the beginning": (-1, Reason.STATUS_UNKNOWN),
}


@pytest.mark.parametrize(("index", "expected"), CARDS.values(), ids=CARDS)
def test_a_list_gives_the_status_of_a_card(index, expected):
    assert standing(LIST, index) is expected


def test_a_list_ends_at_its_number_of_cards_and_not_of_bits():
    status = replace(LIST, size=12)
    assert (standing(status, 11), standing(status, 12)) == (None, Reason.STATUS_UNKNOWN)


def test_revoked_and_suspended_is_revoked():
    assert standing(replace(LIST, suspended=b"\xff\xff"), 1) is Reason.CARD_REVOKED


def test_bits_count_from_the_least_significant():
    """Reads 0xb9 0xa3 of the IETF draft: 1001 1101 1100 0101, from the right of each byte."""
    status = StatusList(16, b"\xb9\xa3", b"\0\0", NOW, NOW + DAY)
    bits = [int(standing(status, index) is Reason.CARD_REVOKED) for index in range(16)]
    assert bits == [1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1]


def test_the_ietf_example_reads_the_same():
    """The draft's own compressed list is the two bytes that the test above reads."""
    text = shared("vectors", "token_status_list", "status_list_encoding_json.md").read_text()
    found = re.search(r'"lst": "([\w-]+)"', text)
    assert found
    assert zlib.decompress(base64.urlsafe_b64decode(found[1] + "==")) == b"\xb9\xa3"


@given(st.integers(1, 200), st.data())
def test_a_list_is_read_back_from_its_file(size, data):
    limit = 1 << size
    revoked, suspended = (
        data.draw(st.integers(0, limit - 1)).to_bytes((size + 7) // 8, "little") for _ in range(2)
    )
    status = StatusList(size, revoked, suspended, NOW, NOW + DAY)
    file = signed_file.encode(status, issuer="CN-GD", uri=URI, issuer_seed=SEED)
    assert signed_file.decode(file, ISSUER) == (URI, status)


@given(st.sets(st.integers(0, 99)), st.sets(st.integers(0, 99)))
def test_every_index_is_answered_from_its_own_bits(revoked, suspended):
    def bitmap(indices: set[int]) -> bytes:
        return sum(1 << index for index in indices).to_bytes(13, "little")

    status = StatusList(100, bitmap(revoked), bitmap(suspended), NOW, NOW + DAY)
    for index in range(100):
        expected = (
            Reason.CARD_REVOKED if index in revoked else Reason.CARD_SUSPENDED if index in suspended else None
        )
        assert standing(status, index) is expected


# -- bitmaps and their signed manifest ---------------------------------------------------------------------

SIZES = (1, 7, 8, 9, 15, 16, 17, 63, 64, 65, 72)


def bitmaps_with(size: int, *bits: int) -> Bitmaps:
    """Bitmaps of `size` cards with these bits set in each, also past the end."""
    bits_set = sum(1 << bit for bit in bits).to_bytes((size + 7) // 8, "little")
    return Bitmaps(size, bits_set, bits_set)


def manifest_of(bitmaps: Bitmaps) -> StatusManifest:
    return StatusManifest.of(bitmaps, serial=1, issued_at=NOW, expires=NOW + DAY)


@pytest.mark.parametrize("size", SIZES)
def test_the_last_card_of_a_list_of_any_size_may_be_revoked(size):
    bitmaps = bitmaps_with(size, size - 1)
    assert standing(manifest_of(bitmaps).check(bitmaps), size - 1) is Reason.CARD_REVOKED


@pytest.mark.parametrize("size", [size for size in SIZES if size % 8])
def test_a_bit_past_the_end_is_refused_also_if_it_is_signed(size):
    bitmaps = bitmaps_with(size, size)
    with pytest.raises(WrongList, match="bits past the end"):
        manifest_of(bitmaps).check(bitmaps)


@pytest.mark.parametrize("other", [9, 15, 8, 17])
def test_bitmaps_of_another_number_of_cards_are_refused(other):
    """Takes sizes with the same number of bytes too, whose bitmaps have the signed hash."""
    with pytest.raises(WrongList, match=f"bitmaps of {other} cards, not 16"):
        manifest_of(Bitmaps.zeroed(16)).check(Bitmaps.zeroed(other))


@pytest.mark.parametrize("length", [1, 3])
def test_bitmaps_of_another_number_of_bytes_are_refused(length):
    wrong = Bitmaps(16, bytes(length), bytes(length))
    with pytest.raises(WrongList, match=f"{length} bytes, not 2"):
        manifest_of(wrong).check(wrong)
