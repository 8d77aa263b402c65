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
from edge.trust.status.status import StatusList

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
