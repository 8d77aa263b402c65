"""Lockout: failed tries make the same card wait, a minute at most, and no other card."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from worlds.trust import URI, verified

from edge.card.claims import StatusPointer
from edge.card.person import Person
from edge.decision import Decision, Deny, Grant, Reason
from edge.passage.requirements.lockout import FORGET_MS, FREE, LONGEST_MS, MAX_CARDS, Lockout

ANN, BOB = verified(), verified(card_id=b"card0002", status=StatusPointer(URI, 3))
NO_MATCH = Deny(Reason.FACE_NO_MATCH)
RISK = Deny(Reason.RISK_LOCKED_OUT)


A_TICK = 10**9  # eleven days after the start of the board: no arithmetic may hold near zero only


def after(failures: int, start_ms: int = A_TICK) -> Lockout:
    lockout = Lockout()
    for tick_ms in range(failures):
        lockout.learn(ANN, NO_MATCH, start_ms + tick_ms, challenged=False)
    return lockout


def wait_ms(lockout: Lockout, failures: int, start_ms: int = A_TICK) -> int:
    """The time from the last of `after(failures)` until the next try is allowed."""
    last = start_ms + failures - 1
    return next(ms for ms in range(0, 2 * LONGEST_MS, 1_000) if lockout.objection(ANN, last + ms) is None)


@pytest.mark.parametrize(
    ("failures", "seconds"),
    [(0, 0), (1, 0), (2, 0), (3, 10), (4, 20), (5, 40), (6, 60), (7, 60), (5_000, 60)],
)
@pytest.mark.parametrize("start_ms", [0, A_TICK])
def test_the_wait_grows_and_ends_at_a_minute(failures: int, seconds: int, start_ms: int) -> None:
    assert wait_ms(after(failures, start_ms), failures, start_ms) == 1_000 * seconds


def test_a_card_does_not_wait_for_the_failures_of_another() -> None:
    assert after(50).objection(BOB, A_TICK + 50) is None


def test_a_grant_resets_the_count() -> None:
    lockout = after(50)
    lockout.learn(ANN, Grant(3_000), A_TICK + 50 + LONGEST_MS, challenged=True)
    assert len(lockout) == 0
    assert lockout.objection(ANN, A_TICK + 51 + LONGEST_MS) is None


@pytest.mark.parametrize("reason", [Reason.FACE_ATTACK, Reason.DEVICE_FAULT, Reason.PASSAGE_INTERRUPTED])
def test_an_attack_counts_whatever_ended_its_passage_and_until_a_grant(reason: Reason) -> None:
    lockout = Lockout()
    lockout.learn(ANN, Deny(reason), A_TICK, challenged=False, attacked=True)
    assert lockout.objection(ANN, A_TICK + 1) == RISK
    lockout.learn(ANN, NO_MATCH, A_TICK + 60_000, challenged=False)
    assert lockout.attacked(ANN, A_TICK + 60_001)
    assert not lockout.attacked(BOB, A_TICK + 60_001)
    assert not lockout.attacked(ANN, A_TICK + 60_000 + FORGET_MS)
    lockout.learn(ANN, Grant(3_000), A_TICK + 60_002, challenged=True)
    assert not lockout.attacked(ANN, A_TICK + 60_003)


def test_old_failures_are_forgotten() -> None:
    lockout = after(50)
    lockout.learn(ANN, NO_MATCH, A_TICK + 50 + FORGET_MS, challenged=False)
    assert lockout.objection(ANN, A_TICK + 51 + FORGET_MS) is None


def test_another_card_of_the_same_person_waits_too() -> None:
    lockout, other = Lockout(), replace(BOB, person=ANN.person)
    for _ in range(FREE):
        lockout.learn(ANN, NO_MATCH, A_TICK, challenged=False)
    assert lockout.objection(other, A_TICK + 1) == RISK
    gym = replace(ANN, person=replace(ANN.person, issuer="gym"))
    assert lockout.objection(gym, A_TICK + 1) is None, "another issuer's holder is another person"


def test_one_wrong_factor_counts_as_three() -> None:
    lockout = Lockout()
    lockout.learn(ANN, Deny(Reason.FACTOR_WRONG), A_TICK, challenged=False)
    assert lockout.objection(ANN, A_TICK + 9_999) == RISK
    assert lockout.objection(ANN, A_TICK + 10_000) is None


COUNTED: dict[Reason, tuple[bool, bool]] = {
    Reason.FACE_NO_MATCH: (True, True),
    Reason.FACE_ATTACK: (True, True),
    Reason.FACE_QUALITY: (False, True),
    Reason.FACE_ABSENT: (False, True),
    Reason.FACE_SEVERAL: (False, True),
    Reason.DOCUMENT_MISMATCH: (True, True),
    Reason.PASSAGE_INTERRUPTED: (False, False),
    Reason.DEVICE_FAULT: (False, False),
    Reason.RISK_LOCKED_OUT: (False, False),
}


@pytest.mark.parametrize("reason", COUNTED)
def test_the_reasons_that_count_as_a_failed_try(reason: Reason) -> None:
    for challenged, counts in zip((False, True), COUNTED[reason], strict=True):
        lockout = Lockout()
        for _ in range(FREE):
            lockout.learn(ANN, Deny(reason), A_TICK, challenged=challenged)
        assert (lockout.objection(ANN, A_TICK + 1) == RISK) is counts


def test_the_oldest_cards_are_forgotten_above_the_limit() -> None:
    lockout = Lockout()
    cards = [replace(ANN, person=Person("CN-GD", f"{number}")) for number in range(MAX_CARDS + 50)]
    for tick_ms, card in enumerate(cards):
        for _ in range(FREE):
            lockout.learn(card, NO_MATCH, tick_ms, challenged=False)
    assert len(lockout) <= MAX_CARDS + 1
    assert lockout.objection(cards[0], len(cards)) is None
    assert lockout.objection(cards[-1], len(cards)) == RISK


OUTCOMES: st.SearchStrategy[Decision] = st.sampled_from(
    [Grant(3_000), NO_MATCH, Deny(Reason.FACE_ATTACK), Deny(Reason.FACE_QUALITY)]
)


@given(st.lists(st.tuples(st.integers(0, 90_000), OUTCOMES, st.booleans()), max_size=40))
def test_a_minute_after_any_sequence_a_card_may_try_again(steps: list[tuple[int, Decision, bool]]) -> None:
    lockout, tick_ms = Lockout(), A_TICK
    for pause_ms, decision, challenged in steps:
        tick_ms += pause_ms
        lockout.learn(ANN, decision, tick_ms, challenged=challenged)
    assert lockout.objection(ANN, tick_ms + LONGEST_MS) is None


def test_a_failure_is_forgotten_after_a_quarter_of_an_hour() -> None:
    lockout = Lockout()
    lockout.learn(ANN, Deny(Reason.FACE_ATTACK), A_TICK, challenged=False)
    assert lockout.attacked(ANN, A_TICK + 899_999)
    assert not lockout.attacked(ANN, A_TICK + 900_000)
    lockout.learn(BOB, NO_MATCH, A_TICK + 900_000, challenged=False)
    assert len(lockout) == 1, "the older one is gone"


def test_a_failure_without_an_attack_is_none() -> None:
    assert not after(3).attacked(ANN, A_TICK + 3)


def test_an_attack_as_the_reason_of_the_denial_is_remembered() -> None:
    lockout = Lockout()
    lockout.learn(ANN, Deny(Reason.FACE_ATTACK), A_TICK, challenged=False)
    lockout.learn(ANN, NO_MATCH, A_TICK + 1, challenged=False)
    assert lockout.attacked(ANN, A_TICK + 2)
    assert lockout.objection(ANN, A_TICK + 2) == RISK


def test_the_longest_wait_is_a_minute_to_the_millisecond() -> None:
    lockout = after(50)
    assert lockout.objection(ANN, A_TICK + 49 + 59_999) == RISK
    assert lockout.objection(ANN, A_TICK + 49 + 60_000) is None
