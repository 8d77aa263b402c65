"""Risk signals of a visit, their level together, and the step-ups that the level requires."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from worlds.trust import NOW, verified

from edge.card.claims import Document
from edge.card.person import Person
from edge.decision import Deny, Grant, Reason
from edge.face.engine import FaceEvidence
from edge.face.pad.fusion import Measure, fuse
from edge.policy.obligations import Factor, Obligation
from edge.policy.risk.history import MAX_CARDS, RecentPast
from edge.policy.risk.signals import RiskContext, of_card, of_face
from edge.policy.risk.table import SIGNALS, STEP_UP_ORDER, RiskLevel, RiskPolicy

CARD = verified()
POLICY = RiskPolicy()
MISS = Deny(Reason.FACE_NO_MATCH)
MINUTE = timedelta(minutes=1)
ALL = frozenset(STEP_UP_ORDER)

LEVELS: dict[str, tuple[tuple[Reason, ...], RiskLevel]] = {
    "no sign": ((), RiskLevel.NONE),
    "an ageing list, which the age policy answers": ((Reason.RISK_LIST_AGE,), RiskLevel.NONE),
    "one sign": ((Reason.RISK_HOUR,), RiskLevel.RAISED),
    "two of them": ((Reason.RISK_HOUR, Reason.RISK_NEW_KEY), RiskLevel.HIGH),
    "one high sign": ((Reason.RISK_VELOCITY,), RiskLevel.HIGH),
    "a reason that is no risk signal": ((Reason.CARD_EXPIRED,), RiskLevel.SEVERE),
}


@pytest.mark.parametrize("case", LEVELS)
def test_signs_come_to_a_level(case: str) -> None:
    signs, level = LEVELS[case]
    assert POLICY.level(signs) is level


QUIET: dict[str, tuple[tuple[int, int] | None, set[int]]] = {
    "no hours": (None, set()),
    "in one day": ((9, 12), {9, 10, 11}),
    "over midnight": ((22, 2), {22, 23, 0, 1}),
    "to midnight": ((22, 0), {22, 23}),
    "from midnight": ((0, 2), {0, 1}),
    "two equal hours are no time": ((9, 9), set()),
    "midnight twice is no time": ((0, 0), set()),
}


@pytest.mark.parametrize(("quiet", "hours"), QUIET.values(), ids=QUIET)
def test_quiet_hours_begin_with_the_first_and_end_before_the_second(
    quiet: tuple[int, int] | None, hours: set[int]
) -> None:
    policy = replace(POLICY, quiet=quiet)
    assert {hour for hour in range(24) if policy.is_quiet(hour)} == hours


STEPS: dict[str, tuple[tuple[Reason, ...], frozenset[Factor], tuple[Factor, ...]]] = {
    "nothing to ask": ((), ALL, ()),
    "raised: the lightest step-up": ((Reason.RISK_HOUR,), ALL, (Factor.CHALLENGE,)),
    "raised, without a camera": ((Reason.RISK_HOUR,), ALL - {Factor.CHALLENGE}, (Factor.NONCE,)),
    "high: two step-ups": ((Reason.RISK_VELOCITY,), ALL, (Factor.CHALLENGE, Factor.NONCE)),
    "high, but only one is possible": ((Reason.RISK_VELOCITY,), frozenset({Factor.PIN}), (Factor.STAFF,)),
    "raised, but none is possible": ((Reason.RISK_HOUR,), frozenset(), (Factor.STAFF,)),
    "a second document is not in the default order": (
        (Reason.RISK_HOUR,),
        frozenset({Factor.DOCUMENT}),
        (Factor.STAFF,),
    ),
}


@pytest.mark.parametrize("case", STEPS)
def test_a_level_requires_the_first_step_ups_that_are_possible(case: str) -> None:
    signs, able, factors = STEPS[case]
    assert tuple(asked.factor for asked in POLICY.steps(signs, able)) == factors


def test_the_reason_of_a_step_up_is_the_signal_with_the_highest_level() -> None:
    signs = (Reason.RISK_HOUR, Reason.RISK_VELOCITY)
    assert {asked.reason for asked in POLICY.steps(signs, ALL)} == {Reason.RISK_VELOCITY}


def test_a_site_may_change_the_level_of_a_signal() -> None:
    grave = replace(POLICY, levels={Reason.RISK_HOUR: RiskLevel.SEVERE})
    assert grave.steps((Reason.RISK_HOUR,), ALL) == (Obligation(Factor.STAFF, Reason.RISK_HOUR),)
    calm = replace(POLICY, levels={Reason.RISK_VELOCITY: RiskLevel.NONE})
    assert calm.steps((Reason.RISK_VELOCITY,), ALL) == ()


@given(
    st.sets(st.sampled_from(SIGNALS)),
    st.sets(st.sampled_from(SIGNALS)),
    st.sets(st.sampled_from(STEP_UP_ORDER)),
)
def test_more_signals_never_require_less(some: set[Reason], more: set[Reason], able: set[Factor]) -> None:
    def asked(signs: set[Reason]) -> tuple[Obligation, ...]:
        return POLICY.steps([sign for sign in SIGNALS if sign in signs], able)

    less, rather = asked(some), asked(some | more)
    staff = any(item.factor is Factor.STAFF for item in rather)
    assert staff or {item.factor for item in less} <= {item.factor for item in rather}


SEEN: dict[str, tuple[dict[str, object], RiskPolicy, RiskContext, tuple[Reason, ...]]] = {
    "an ordinary visit": ({}, POLICY, RiskContext(NOW), ()),
    "a clock in doubt": ({}, POLICY, RiskContext(NOW, suspect=True), (Reason.RISK_CLOCK,)),
    "an assurance below the policy's": (
        {"assurance": 1},
        replace(POLICY, assurance=2),
        RiskContext(NOW),
        (Reason.RISK_ASSURANCE,),
    ),
    "an issuer on the policy's list": (
        {},
        replace(POLICY, issuers=frozenset({"CN-GD"})),
        RiskContext(NOW),
        (Reason.RISK_ISSUER,),
    ),
    "an expired document": (
        {"documents": (Document(1, b"d" * 8, 20_000, 3),)},
        POLICY,
        RiskContext(NOW),
        (Reason.RISK_DOCUMENT,),
    ),
    "10:00 UTC is not a quiet hour": ({}, replace(POLICY, quiet=(22, 6)), RiskContext(NOW), ()),
    "the same moment is 18:00 in Macau": (
        {},
        replace(POLICY, quiet=(17, 6)),
        RiskContext(NOW, zone=ZoneInfo("Asia/Macau")),
        (Reason.RISK_HOUR,),
    ),
}


@pytest.mark.parametrize("case", SEEN)
def test_a_visit_has_the_signals_of_its_card(case: str) -> None:
    changes, policy, context, signs = SEEN[case]
    assert of_card(verified(**changes), RecentPast("tower-1/lobby"), context, policy) == signs


MIDNIGHT = NOW.replace(hour=0)
THAT_DAY = 20_619  # days from 1970-01-01 to NOW


@pytest.mark.parametrize("now", [MIDNIGHT, NOW, MIDNIGHT + timedelta(hours=23, minutes=59, seconds=59)])
@pytest.mark.parametrize(("day", "signs"), [(THAT_DAY, ()), (THAT_DAY - 1, (Reason.RISK_DOCUMENT,))])
def test_a_document_counts_to_the_end_of_its_last_day(
    now: datetime, day: int, signs: tuple[Reason, ...]
) -> None:
    card = verified(documents=(Document(1, b"d" * 8, day, 3),))
    assert of_card(card, RecentPast("tower-1/lobby"), RiskContext(now), POLICY) == signs


def test_hours_without_a_zone_are_those_of_utc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Macau")
    time.tzset()
    try:
        quiet = replace(POLICY, quiet=(10, 11))
        assert of_card(CARD, RecentPast("tower-1/lobby"), RiskContext(NOW), quiet) == (Reason.RISK_HOUR,)
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize(("wrong", "signs"), [(0, ()), (2, ()), (3, (Reason.RISK_FAILURES,))])
def test_wrong_pins_are_failures(wrong: int, signs: tuple[Reason, ...]) -> None:
    assert RiskContext(NOW).wrong_pins == 0
    context = RiskContext(NOW, wrong_pins=wrong)
    assert of_card(CARD, RecentPast("tower-1/lobby"), context, POLICY) == signs


@pytest.mark.parametrize(
    ("similarity", "signs"), [(0.45, (Reason.RISK_MARGIN,)), (0.5, ()), (0.9, ()), (None, ())]
)
def test_a_face_that_matches_by_less_than_the_margin_is_a_signal(
    similarity: float | None, signs: tuple[Reason, ...]
) -> None:
    face = FaceEvidence(1, similarity=similarity)
    assert of_face(face, 0.4, replace(POLICY, margin=0.1)) == signs
    assert of_face(face, 0.4, POLICY) == ()


@pytest.mark.parametrize(("live", "signs"), [(0.3, (Reason.RISK_MARGIN,)), (0.95, ())])
def test_a_face_that_attack_detection_nearly_refuses_is_a_signal(
    live: float, signs: tuple[Reason, ...]
) -> None:
    pad = fuse([(Measure.LIVE, live)])
    assert pad.reason is None
    face = FaceEvidence(1, similarity=0.9, pad=pad)
    assert of_face(face, 0.4, replace(POLICY, pad_margin=0.1)) == signs
    assert of_face(face, 0.4, POLICY) == ()


# -- the past ----------------------------------------------------------------------------------------------


def test_failures_count_for_the_minutes_of_the_policy() -> None:
    past = RecentPast("tower-1/lobby")
    for minute in (0, 30, 59):
        past.learn(CARD, MISS, NOW + minute * MINUTE)
    at = RiskContext(NOW + 60 * MINUTE)
    assert of_card(CARD, past, at, POLICY) == (Reason.RISK_FAILURES,)
    assert of_card(CARD, past, RiskContext(NOW + 61 * MINUTE), POLICY) == ()
    assert of_card(verified(card_id=b"card0002"), past, at, POLICY) == ()


@pytest.mark.parametrize("decision", [Grant(3_000), Deny(Reason.CODE_STALE), Deny(Reason.SCHEDULE_CLOSED)])
def test_a_refusal_for_another_cause_is_no_failure_and_a_grant_resets_the_count(
    decision: Grant | Deny,
) -> None:
    past = RecentPast("tower-1/lobby")
    past.learn(CARD, MISS, NOW)
    past.learn(CARD, decision, NOW)
    assert past.failures(CARD, NOW) == (0 if isinstance(decision, Grant) else 1)


def test_one_card_at_many_doors_is_a_signal() -> None:
    past = RecentPast("tower-1/lobby")
    elsewhere = {f"tower-{n}/lobby": NOW - n * MINUTE for n in (1, 4, 5, 9)}
    past.sightings = {CARD.pseudonym: elsewhere}
    assert past.doors(CARD, NOW - 10 * MINUTE) == 3  # this door, and two of three others
    assert of_card(CARD, past, RiskContext(NOW), POLICY) == (Reason.RISK_VELOCITY,)
    assert of_card(CARD, past, RiskContext(NOW + 2 * MINUTE), POLICY) == ()


@pytest.mark.parametrize("velocity", [2, 3, 5])
@pytest.mark.parametrize("at_ms", [0, -9 * 60_000])
def test_one_rogue_device_raises_no_signal_about_a_holder(velocity: int, at_ms: int) -> None:
    policy = replace(POLICY, velocity=velocity)
    honest = {f"tower-{n}/lobby": NOW for n in range(2, velocity)}  # with this door: one fewer than a signal
    rogue = {"rogue/door": NOW + timedelta(milliseconds=at_ms)}
    past = RecentPast("tower-1/lobby")
    past.sightings = {CARD.pseudonym: honest | rogue}
    assert of_card(CARD, past, RiskContext(NOW), policy) == ()
    past.sightings = {CARD.pseudonym: honest | rogue | {"tower-9/lobby": NOW}}
    assert of_card(CARD, past, RiskContext(NOW), policy) == (Reason.RISK_VELOCITY,), "two devices say so"


def test_a_rogue_device_that_gives_its_door_another_name_hides_no_signal() -> None:
    past = RecentPast("tower-1/lobby")
    honest = {f"tower-{n}/lobby": NOW for n in (2, 3, 4)}
    past.sightings = {CARD.pseudonym: honest | {"tower-1/lobby": NOW}}
    assert of_card(CARD, past, RiskContext(NOW), POLICY) == (Reason.RISK_VELOCITY,)


def test_a_holder_with_another_key_is_a_signal_until_a_grant() -> None:
    past = RecentPast("tower-1/lobby")
    old, new = verified(subject="abc"), replace(verified(subject="abc"), holder_key=b"n" * 32)
    past.learn(old, Grant(1), NOW)
    assert of_card(new, past, RiskContext(NOW), POLICY) == (Reason.RISK_NEW_KEY,)
    past.learn(new, MISS, NOW)
    assert past.other_key(new)
    past.learn(new, Grant(1), NOW)
    assert not past.other_key(new)


def test_a_card_without_a_subject_is_a_holder_of_its_own() -> None:
    past, other = RecentPast("tower-1/lobby"), verified(card_id=b"another1")
    past.learn(CARD, Grant(1), NOW)
    assert not past.other_key(replace(other, holder_key=b"n" * 32))
    assert past.other_key(replace(CARD, holder_key=b"n" * 32)), "this card with another key"


def test_the_subject_of_another_issuer_has_no_other_key() -> None:
    past, old = RecentPast("tower-1/lobby"), verified(subject="abc")
    past.learn(old, Grant(1), NOW)
    gym = replace(old, issuer="gym", person=Person("gym", "abc"), holder_key=b"n" * 32)
    assert not past.other_key(gym)


def test_a_card_that_is_nowhere_else_was_shown_at_one_door() -> None:
    assert RecentPast("tower-1/lobby").doors(CARD, NOW) == 1


def test_a_holder_who_comes_again_pushes_out_no_other() -> None:
    past = RecentPast("tower-1/lobby")
    people = [replace(CARD, person=Person("CN-GD", f"{number}")) for number in range(MAX_CARDS)]
    for each in people:
        past.learn(each, Grant(1), NOW)
    past.learn(people[1], Grant(1), NOW)
    assert past.other_key(replace(people[0], holder_key=b"n" * 32))


def test_the_oldest_cards_are_forgotten_above_the_limit() -> None:
    past = RecentPast("tower-1/lobby")
    first = replace(CARD, person=Person("CN-GD", "0"))
    for number in range(MAX_CARDS + 1):
        past.learn(replace(CARD, person=Person("CN-GD", f"{number}")), MISS, NOW)
    assert past.failures(first, NOW) == 0
    assert past.failures(replace(CARD, person=Person("CN-GD", f"{MAX_CARDS}")), NOW) == 1
