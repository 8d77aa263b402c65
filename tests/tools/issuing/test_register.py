"""The register of an issuer: indexes, cards and their standing."""

from __future__ import annotations

import random
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import InputError
from tools.bench.growth.sqlite_steps import counted
from tools.issuing import card_table
from tools.issuing.register import MAX_CAPACITY, REST, TRIES, CardStanding, IndexUse, Register, RegisterEntry

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
MONTH = timedelta(days=30)


def entry(
    index: int,
    *,
    expires: datetime = NOW + MONTH,
    standing: CardStanding = CardStanding.GOOD,
    box: bytes = b"",
) -> RegisterEntry:
    return RegisterEntry(index, bytes([index % 256]) * 8, IndexUse.CARD, NOW, expires, standing, box)


def below(seed: int = 1):
    return random.Random(seed).randrange


@given(st.integers(1, 40), st.integers(0, 2**32))
def test_every_index_is_given_once_until_the_list_is_full(capacity, seed):
    register = Register(capacity)
    given_out = []
    for _ in range(capacity):
        (index,) = register.allocate(1, now=NOW, randbelow=below(seed + len(given_out)))
        register.add(entry(index))
        given_out.append(index)
    assert sorted(given_out) == list(range(capacity))
    with pytest.raises(InputError, match="indexes are in use"):
        register.allocate(1, now=NOW, randbelow=below())


def test_indexes_of_one_card_are_distinct_and_spread_over_the_list():
    found = Register(1_000).allocate(9, now=NOW, randbelow=below())
    assert len(set(found)) == 9
    assert max(found) - min(found) > 300


@pytest.mark.parametrize(("left", "wanted", "fits"), [(3, 3, True), (3, 4, False), (0, 1, False)])
def test_list_gives_all_indexes_that_a_card_needs_or_none(left, wanted, fits):
    register = Register(10, [entry(index) for index in range(10 - left)])
    if fits:
        assert sorted(register.allocate(wanted, now=NOW, randbelow=below())) == list(range(10 - left, 10))
    else:
        with pytest.raises(InputError, match=f"{wanted} more are needed"):
            register.allocate(wanted, now=NOW, randbelow=below())


@pytest.mark.parametrize(
    ("since_expiry", "free"), [(timedelta(0), False), (REST - timedelta(seconds=1), False), (REST, True)]
)
def test_index_is_reserved_for_a_time_after_its_card_expired(since_expiry, free):
    register = Register(1, [entry(0, expires=NOW - since_expiry)])
    if free:
        assert register.allocate(1, now=NOW, randbelow=below()) == (0,)
    else:
        with pytest.raises(InputError, match="1 of 1 indexes are in use"):
            register.allocate(1, now=NOW, randbelow=below())


@pytest.mark.parametrize(
    ("before", "change", "allowed"),
    [
        (CardStanding.GOOD, CardStanding.SUSPENDED, True),
        (CardStanding.GOOD, CardStanding.REVOKED, True),
        (CardStanding.SUSPENDED, CardStanding.GOOD, True),
        (CardStanding.SUSPENDED, CardStanding.REVOKED, True),
        (CardStanding.REVOKED, CardStanding.REVOKED, True),
        (CardStanding.REVOKED, CardStanding.GOOD, False),
        (CardStanding.REVOKED, CardStanding.SUSPENDED, False),
    ],
)
def test_only_revocation_is_final(before, change, allowed):
    register = Register(4, [entry(2, standing=before)])
    if allowed:
        assert register.stand(2, change).standing is change
        assert [held.standing for held in register] == [change]
    else:
        with pytest.raises(InputError, match="final"):
            register.stand(2, change)
        assert [held.standing for held in register] == [before]


def test_standing_of_an_index_without_a_card_cannot_change():
    with pytest.raises(InputError, match="no card has the index 3"):
        Register(4, [entry(2)]).stand(3, CardStanding.REVOKED)


@given(st.dictionaries(st.integers(0, 29), st.sampled_from(CardStanding)))
def test_bitmaps_have_one_bit_for_each_card_of_that_standing(standings):
    register = Register(30, [entry(index, standing=standing) for index, standing in standings.items()])
    for wanted in (CardStanding.SUSPENDED, CardStanding.REVOKED):
        bits = int.from_bytes(register.bitmap(wanted), "little")
        assert len(register.bitmap(wanted)) == 4
        assert {index for index in range(32) if bits >> index & 1} == {
            index for index, standing in standings.items() if standing is wanted
        }


@pytest.mark.parametrize(
    ("standing", "expires", "needed"),
    [
        (CardStanding.GOOD, NOW + MONTH, True),
        (CardStanding.SUSPENDED, NOW + MONTH, True),
        (CardStanding.REVOKED, NOW + MONTH, False),
        (CardStanding.GOOD, NOW, False),
    ],
)
def test_site_gets_the_boxes_of_cards_that_may_still_open_a_door(standing, expires, needed):
    register = Register(4, [entry(1, standing=standing, expires=expires, box=b"b" * 16), entry(2)])
    assert register.boxes(NOW) == (frozenset({b"b" * 16}) if needed else frozenset())


def test_card_is_found_by_its_id_and_not_by_those_of_its_documents():
    card, paper = entry(7), RegisterEntry(3, bytes([7]) * 8, IndexUse.DOCUMENT, NOW, NOW + MONTH)
    register = Register(10, [paper, card])
    assert register.find(card.card_id) == card
    with pytest.raises(InputError, match="has this id"):
        register.find(b"unknown!")


@pytest.mark.parametrize("capacity", [-1, 0, MAX_CAPACITY + 1])
def test_impossible_capacity_is_refused(capacity):
    with pytest.raises(InputError, match=str(capacity)):
        Register(capacity)


# -- growth ------------------------------------------------------------------------------------------------------

WORK = {
    "allocate": lambda register: register.allocate(3, now=NOW, randbelow=below()),
    "add": lambda register: register.add(entry(999_999)),
    "find": lambda register: register.find(card(7)),
    "named": lambda register: register.named(card(7).hex()),
    "documents": lambda register: register.documents(card(7)),
    "label": lambda register: register.label(card(7), "guard"),
    "stand": lambda register: register.stand(7, CardStanding.SUSPENDED),
    "boxes": lambda register: register.boxes(NOW),
    "bitmap": lambda register: register.bitmap(CardStanding.REVOKED),
    "serial": lambda register: register.serial_of(b"h" * 64),
    "page": lambda register: register.page(7, 10),
}


def card(number: int) -> bytes:
    return number.to_bytes(8, "big")


def steps(size: int, work) -> int:
    """Instructions of SQLite's machine for `work` on a register of `size` cards, of which nine are revoked."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as db:
        card_table.prepare(db, b"k" * 8)
        entries = (
            RegisterEntry(
                index,
                card(index),
                IndexUse.CARD,
                NOW,
                NOW + MONTH,
                CardStanding.REVOKED if 20 < index < 30 else CardStanding.GOOD,
                b"b" * 16 if index < 5 else b"",
            )
            for index in range(size)
        )
        register = Register(1_000_000, entries, db=db)
        with counted(db) as steps:
            work(register)
    return steps.count


@pytest.mark.parametrize("name", WORK)
def test_work_on_one_card_is_equal_in_a_list_a_hundred_times_as_large(name):
    small, large = steps(100, WORK[name]), steps(10_000, WORK[name])
    assert small > 0
    assert large <= small + 20


def test_a_list_that_is_nearly_full_is_read_whole_once_for_all_cards_of_a_batch():
    register = Register(1_000, [entry(index) for index in range(990)])
    calls = []
    found = register.allocate(
        10, now=NOW, randbelow=lambda most: calls.append(most) or random.Random(len(calls)).randrange(most)
    )
    assert sorted(found) == list(range(990, 1_000))
    assert len(calls) <= TRIES + 20 * 10 + 10
