"""The last events: numbers without gaps, bytes of the wire, and the oldest is overwritten."""

from __future__ import annotations

import pytest
from limits import EVENTS_KEPT
from ring import EVENT_BYTES, Ring


def told(ring: Ring, number: int) -> tuple[int, int, int, int]:
    out = bytearray(b"\xa5" * (EVENT_BYTES + 2))
    ring.copy(number, out, 1)
    assert (out[0], out[-1]) == (0xA5, 0xA5)
    assert out[5] < 0xA5
    fields = (out[1:5], out[5:6], out[6:10], out[10:14])
    number, kind, tick_ms, data = (int.from_bytes(field, "little") for field in fields)
    return number, kind, tick_ms, data


def test_an_event_is_read_unchanged() -> None:
    ring = Ring()
    ring.add(7, 0x04030201, 0x08070605)
    assert told(ring, 1) == (1, 7, 0x04030201, 0x08070605)


def test_an_empty_ring_has_no_event() -> None:
    assert (Ring().oldest, Ring().next) == (1, 1)


@pytest.mark.parametrize("count", [1, 2, EVENTS_KEPT - 1, EVENTS_KEPT, EVENTS_KEPT + 1, 3 * EVENTS_KEPT + 5])
def test_the_last_events_are_kept_and_the_oldest_is_overwritten(count: int) -> None:
    ring = Ring()
    for number in range(1, count + 1):
        ring.add(number % 20, 1_000 + number, 2_000 + number)
    assert ring.next == count + 1
    assert ring.oldest == max(1, count + 1 - EVENTS_KEPT)
    for number in range(ring.oldest, ring.next):
        assert told(ring, number) == (number, number % 20, 1_000 + number, 2_000 + number)


@pytest.mark.parametrize("before", [0, 5, EVENTS_KEPT + 5])
def test_after_a_clear_there_are_no_old_events_and_numbers_continue(before: int) -> None:
    ring = Ring()
    for _ in range(before):
        ring.add(2, 1, 4_711)
    ring.forget()
    assert (ring.oldest, ring.next) == (before + 1, before + 1)
    ring.add(3, 9, 0)
    assert (ring.oldest, ring.next) == (before + 1, before + 2)
    assert told(ring, before + 1) == (before + 1, 3, 9, 0)
    for _ in range(EVENTS_KEPT):
        ring.add(3, 9, 0)
    assert ring.oldest == ring.next - EVENTS_KEPT


def test_numbers_stay_small_integers() -> None:
    ring = Ring()
    ring.next = 2**30 - 2
    ring.add(1, 0, 0)
    ring.add(1, 0, 0)
    assert ring.next == 2**30 - 1
