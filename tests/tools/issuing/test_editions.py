"""The paths in a repository from any edition of a large list to the one in force."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tuf.api.metadata import TargetFile

from edge.errors import InputError
from edge.sync.names import ListName, list_target
from edge.trust.status import delta as statusdelta
from edge.trust.status.status import Bitmaps, StatusManifest
from tools.issuing.editions import ENTRY_BYTES, REACH, SPACING, STEPS, merge, next_edition

NAME = ListName(bytes(8), bytes(4))
AT = datetime(2026, 3, 2, tzinfo=UTC)
SIZE = 300_000  # a tenth revoked: the full list has 17 kB, so that all deltas are worth their metadata


class Shelf(dict[str, bytes]):
    """The published files, by name."""

    def put(self, puts: dict[str, bytes | None]) -> None:
        self.update({name: data for name, data in puts.items() if data is not None})
        for name in [name for name, data in puts.items() if data is None]:
            del self[name]

    @property
    def deltas(self) -> dict[tuple[int, int], bytes]:
        parts = ((list_target(name), data) for name, data in self.items())
        return {(part.start, part.end): data for part, data in parts if part and part.start is not None}


def bitmaps(revoked: set[int], suspended: set[int], size: int) -> Bitmaps:
    def bits(those: set[int]) -> bytes:
        places = np.zeros(size, np.bool_)
        places[list(those)] = True
        return np.packbits(places, bitorder="little").tobytes()

    return Bitmaps(size, bits(revoked), bits(suspended))


def manifest(content: Bitmaps, serial: int) -> StatusManifest:
    return StatusManifest.of(content, serial=serial, issued_at=AT, expires=AT + timedelta(days=7))


def reached(shelf: Shelf, start: int, content: Bitmaps, goal: int) -> Bitmaps | None:
    """The bitmaps of edition `start` after the longest deltas to `goal`; None without a path."""
    writable = Bitmaps(content.size, bytearray(content.revoked), bytearray(content.suspended))
    while start < goal:
        ends = [end for begin, end in shelf.deltas if begin == start]
        if not ends:
            return None
        start = statusdelta.apply(shelf.deltas[start, max(ends)], writable, serial=start)
    return writable


def history(days: int, *, size: int = SIZE, gap: int = 1, seed: int = 1) -> list[tuple[int, Bitmaps]]:
    """Editions of a list in which a few cards change every day."""
    dice = np.random.default_rng(seed)
    revoked, suspended, editions = set(dice.integers(0, size, size // 10).tolist()), set(), []
    for day in range(days):
        revoked |= set(dice.integers(0, size, 3).tolist())
        suspended ^= set(dice.integers(0, size, 1).tolist())
        editions.append((1 + day * gap, bitmaps(revoked, suspended, size)))
    return editions


def published(editions: list[tuple[int, Bitmaps]]) -> Shelf:
    shelf, old = Shelf({"revocation/time.json": b""}), None
    for serial, content in editions:
        new = manifest(content, serial)
        shelf.put(next_edition(shelf, NAME, old, new, content))
        old = new
    return shelf


@pytest.mark.parametrize("gap", [1, 3])
def test_every_edition_of_the_last_weeks_leads_to_the_one_in_force(gap):
    editions = history(60, gap=gap)
    shelf = published(editions)
    last, content = editions[-1]
    steps = [serial for serial, _ in editions[-STEPS - 1 :]]
    for serial, before in editions:
        there = reached(shelf, serial, before, last)
        if serial in steps:
            assert there is not None, serial
        if there is not None:
            manifest(content, last).check(there)


def test_a_publication_holds_one_full_list_35_steps_and_13_longer_ways():
    editions = history(120)
    shelf = published(editions)
    last = editions[-1][0]
    ours = {name for name in shelf if name.startswith(NAME.stem)}
    steps = {(start, end) for start, end in shelf.deltas if end == start + 1}
    merged = sorted(start for start, end in shelf.deltas if end == last and start != last - 1)
    assert [name for name in ours if name.endswith(".full")] == [NAME.full(last)]
    assert steps == {(serial, serial + 1) for serial in range(last - STEPS, last)}
    assert steps | {(start, last) for start in merged} == set(shelf.deltas)
    assert 12 <= len(merged) <= 13
    assert all(b - a >= SPACING for a, b in pairwise(merged))
    assert last - merged[0] <= REACH


def test_merged_deltas_are_equal_to_new_ones():
    editions = history(50)
    shelf = published(editions)
    last, content = editions[-1]
    by_serial = dict(editions)
    for (start, end), delta in shelf.deltas.items():
        made = statusdelta.encode_delta(by_serial[start], by_serial[end], old_serial=start, new_serial=end)
        assert delta == made
    assert any(end == last and end - start > 1 for start, end in shelf.deltas)
    assert content.size == SIZE


SETS = st.lists(st.tuples(st.sets(st.integers(0, 99)), st.sets(st.integers(0, 99))), min_size=3, max_size=3)


@given(SETS)
def test_a_merged_delta_has_the_effect_of_both_deltas(sets):
    a, b, c = (bitmaps(revoked, suspended, 100) for revoked, suspended in sets)
    first = statusdelta.encode_delta(a, b, old_serial=4, new_serial=7)
    second = statusdelta.encode_delta(b, c, old_serial=7, new_serial=8)
    assert merge(first, second) == statusdelta.encode_delta(a, c, old_serial=4, new_serial=8)


@settings(max_examples=20)
@given(st.lists(st.integers(1, 30), min_size=1, max_size=40), st.integers(0, 2**32))
def test_with_missing_serials_the_newest_step_exists_and_all_paths_are_right(gaps, seed):
    editions = history(len(gaps) + 1, size=400, seed=seed)
    serials = np.cumsum([1, *gaps]).tolist()
    editions = [(serial, content) for serial, (_, content) in zip(serials, editions, strict=True)]
    shelf = published(editions)
    last, content = editions[-1]
    for serial, before in editions:
        there = reached(shelf, serial, before, last)
        if there is not None:
            manifest(content, last).check(there)
    full = shelf[NAME.full(last)]
    assert all(len(delta) < len(full) for (_, end), delta in shelf.deltas.items() if end == last)


def test_a_list_that_grew_has_no_deltas_from_before():
    shelf = published(history(10))
    old_serial, old = history(10)[-1]
    grown = bitmaps({1}, set(), SIZE + 1)
    shelf.put(next_edition(shelf, NAME, manifest(old, old_serial), manifest(grown, 11), grown))
    assert shelf.deltas == {}
    assert NAME.full(11) in shelf


def test_a_delta_that_is_no_smaller_than_the_full_list_is_left_out():
    shelf = published([(1, bitmaps(set(range(0, 5_000, 2)), set(), 5_000))])
    content = bitmaps({1, 2}, set(), 5_000)
    old = manifest(bitmaps(set(range(0, 5_000, 2)), set(), 5_000), 1)
    shelf.put(next_edition(shelf, NAME, old, manifest(content, 2), content))
    assert shelf.deltas == {}


@pytest.mark.parametrize("size", [500, 5_000, 20_000, 50_000, 100_000, SIZE])
def test_the_metadata_of_deltas_is_at_most_half_as_large_as_the_full_list(size):
    shelf = published(history(60, size=size))
    (full,) = (data for name, data in shelf.items() if name.endswith(".full"))
    assert len(shelf.deltas) == min(len(full) // (2 * ENTRY_BYTES), len(published(history(60)).deltas))


def test_the_newest_step_is_kept_before_all_others():
    last = 60
    for size in (20_000, 50_000, 100_000):
        steps = sorted(published(history(last, size=size)).deltas)
        assert steps == [(serial, serial + 1) for serial in range(last - len(steps), last)]


def test_an_entry_of_the_metadata_has_the_length_that_is_counted_for_it():
    target = TargetFile.from_data(NAME.delta(100, 101), bytes(100), ["sha256"])
    listed = json.dumps({NAME.delta(100, 101): target.to_dict()}, separators=(",", ":"))
    assert ENTRY_BYTES - 30 < len(listed) <= ENTRY_BYTES + 10


def test_an_edition_that_was_signed_again_changes_nothing():
    serial, content = history(1)[0]
    shelf = published([(serial, content)])
    assert next_edition(shelf, NAME, manifest(content, serial), manifest(content, serial), content) == {}


@pytest.mark.parametrize("serial", [4, 5])
def test_an_edition_must_be_newer(serial):
    shelf = published([(5, bitmaps({1}, set(), 100))])
    old, other = manifest(bitmaps({1}, set(), 100), 5), bitmaps({2}, set(), 100)
    with pytest.raises(InputError, match="not newer than the published edition 5"):
        next_edition(shelf, NAME, old, manifest(other, serial), other)
