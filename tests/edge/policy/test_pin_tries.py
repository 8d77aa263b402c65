"""Wrong entries at a PIN: each counts before it is compared, over restarts, and the waits grow."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.decision import Deny, Reason
from edge.errors import StorageFault
from edge.policy.pin import Pin
from edge.policy.pin_tries import (
    FREE,
    LIMIT,
    LONGEST_MS,
    MAX_BYTES,
    MAX_PINS,
    PinTries,
    decode,
    encode,
    wait_ms,
)

ANN, BOB = Pin(b"verifier of Ann"), Pin(b"verifier of Bob")
WAITS = Deny(Reason.RISK_LOCKED_OUT)
A_TICK = 10**9  # eleven days after the start of the board: no arithmetic may hold near zero only


def entered(count: int, tick_ms: int = A_TICK) -> PinTries:
    tries = PinTries()
    for _ in range(count):
        tries.enter(ANN, tick_ms)
    return tries


@pytest.mark.parametrize(
    ("count", "seconds"),
    [(0, 0), (1, 0), (2, 0), (3, 30), (4, 60), (5, 120), (9, 1_920), (10, 3_600), (11, 3_600), (49, 3_600)],
)
@pytest.mark.parametrize("tick_ms", [0, A_TICK])
def test_the_wait_grows_to_an_hour(count: int, seconds: int, tick_ms: int) -> None:
    tries = entered(count, tick_ms)
    assert wait_ms(count) == 1_000 * seconds
    assert tries.objection(ANN, tick_ms + 1_000 * seconds) is None
    if seconds:
        assert tries.objection(ANN, tick_ms + 1_000 * seconds - 1) == WAITS


def test_after_the_last_entry_only_a_new_pin_helps() -> None:
    assert entered(LIMIT - 1).objection(ANN, A_TICK + LONGEST_MS) is None
    assert entered(LIMIT).objection(ANN, A_TICK + 1_000 * LONGEST_MS) == WAITS
    assert entered(LIMIT).objection(Pin(b"a new verifier", ANN.duress), A_TICK) is None


def test_a_year_of_guesses_at_one_door_is_a_few_dozen() -> None:
    tries, tick_ms, guesses = PinTries(), A_TICK, 0
    end_ms = tick_ms + 365 * 86_400_000
    while tick_ms < end_ms:
        if tries.objection(ANN, tick_ms) is None:
            tries.enter(ANN, tick_ms)
            guesses += 1
        tick_ms += 10_000
        if guesses == LIMIT:
            break
    assert guesses == LIMIT
    assert tick_ms - A_TICK > 36 * 3_600_000, "the first fifty take more than a day and a half"
    assert tries.objection(ANN, end_ms) == WAITS


def test_the_right_pin_deletes_the_count() -> None:
    tries = entered(FREE + 2)
    tries.right(ANN)
    assert (tries.count(ANN), tries.objection(ANN, A_TICK)) == (0, None)


def test_another_pin_does_not_wait() -> None:
    tries = entered(20)
    assert tries.objection(BOB, A_TICK) is None
    tries.enter(BOB, A_TICK)
    assert (tries.count(ANN), tries.count(BOB)) == (20, 1)


def test_a_duress_pin_shares_the_count_of_its_person() -> None:
    assert entered(FREE).are_many(Pin(ANN.usual, b"verifier for duress"))


def test_the_count_is_durable_before_the_entry_returns_and_survives_a_restart() -> None:
    disk: list[bytes] = []
    tries = PinTries(keep=lambda counts: disk.append(encode(counts)))
    for number in range(1, 6):
        tries.enter(ANN, A_TICK + number)
        assert PinTries(decode(disk[-1])).count(ANN) == number
    again = PinTries(decode(disk[-1]), since_ms=7_000)
    assert again.objection(ANN, 7_000 + wait_ms(5) - 1) == WAITS, "the wait begins again"
    assert again.objection(ANN, 7_000 + wait_ms(5)) is None
    again.enter(ANN, 7_000 + wait_ms(5))
    assert again.count(ANN) == 6
    tries.right(ANN)
    assert PinTries(decode(disk[-1])).count(ANN) == 0


def test_an_entry_that_cannot_be_stored_is_a_fault_and_counts() -> None:
    def full(_: Mapping[str, int]) -> None:
        raise StorageFault("the disk is full")

    tries = PinTries(keep=full)
    with pytest.raises(StorageFault):
        tries.enter(ANN, A_TICK)
    assert tries.count(ANN) == 1


def test_the_fewest_entries_are_dropped_above_the_limit() -> None:
    tries = entered(5)
    for number in range(MAX_PINS + 10):
        tries.enter(Pin(b"%d" % number), A_TICK)
    assert tries.count(ANN) == 5
    assert tries.count(Pin(b"%d" % (MAX_PINS + 9))) == 1, "the newest stays"
    kept = encode(tries._counts)  # the file at its largest
    assert len(decode(kept)) == MAX_PINS
    assert len(kept) < MAX_BYTES


def test_of_many_pins_the_one_with_the_fewest_entries_is_dropped() -> None:
    pins = [Pin(b"%d" % number) for number in range(MAX_PINS)]
    tries = PinTries()
    for pin in pins:
        tries.enter(pin, A_TICK)
        if pin is not pins[7]:
            tries.enter(pin, A_TICK)
    tries.enter(ANN, A_TICK)
    assert [number for number, pin in enumerate(pins) if tries.count(pin) == 0] == [7]
    assert tries.count(ANN) == 1


def test_a_thief_tries_fifty_pins() -> None:
    assert entered(49).objection(ANN, A_TICK + LONGEST_MS) is None
    assert entered(50).objection(ANN, A_TICK + LONGEST_MS) == WAITS


def test_the_file_holds_no_verifier() -> None:
    disk: list[bytes] = []
    PinTries(keep=lambda counts: disk.append(encode(counts))).enter(ANN, 0)
    assert ANN.usual not in disk[0]


@given(st.binary(max_size=80) | st.sampled_from([b"[]", b'{"a":1}', b'{"' + b"0" * 32 + b'":0}', b"\xff"]))
def test_any_bytes_are_counts_or_a_fault(data: bytes) -> None:
    try:
        assert all(count > 0 for count in decode(data).values())
    except StorageFault:
        return


@given(st.lists(st.integers(0, 4_000_000), max_size=60))
def test_below_the_limit_an_hour_after_any_entries_a_holder_may_try(pauses: list[int]) -> None:
    tries, tick_ms = PinTries(), A_TICK
    for pause_ms in pauses:
        tick_ms += pause_ms
        tries.enter(ANN, tick_ms)
    allowed = tries.objection(ANN, tick_ms + LONGEST_MS) is None
    assert allowed == (len(pauses) < LIMIT)
