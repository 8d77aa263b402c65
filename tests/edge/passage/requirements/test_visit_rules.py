"""The rules of a visit besides card and face: risk signals, what the history learns, requested documents."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta, timezone, tzinfo

import pytest
from worlds.passage_site import ScriptedVenue
from worlds.trust import DAY, KID, NOW, TRUST, verified_card

from edge.card.attributes import Attribute
from edge.card.claims import Card, Document
from edge.card.documents import DisclosedDocument, DocumentType, digest, word_of
from edge.decision import Decision, Deny, Grant, Reason
from edge.errors import Refused
from edge.face.engine import FaceEvidence
from edge.passage.requirements.visit_rules import Requirements, VisitRules
from edge.policy.obligations import Factor, Obligations, Visit
from edge.policy.pin import Pin, verifier
from edge.policy.risk.history import RecentPast
from edge.policy.risk.table import RiskPolicy
from edge.request.request import Request
from edge.trust.time.freshness import AgePolicy
from edge.trust.time.trust_age import trust_state
from edge.trust.time.trusted_clock import TrustedTime

STATE = trust_state(TRUST, TrustedTime(NOW), AgePolicy())
PIN = Pin(verifier("1234", shortest=4))
NO_MATCH = Deny(Reason.FACE_NO_MATCH)


def visit(card: Card) -> Visit:
    return Visit(card, "tower-1", NOW)


def past(*decisions: Decision, card: Card | None = None) -> RecentPast:
    history = RecentPast("tower-1")
    for decision in decisions:
        history.learn(card or verified_card(), decision, NOW)
    return history


# -- risk --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("failures", "wrong_pins", "signals"),
    [
        (0, None, ()),
        (1, None, (Reason.RISK_FAILURES,)),
        (0, 0, ()),
        (0, 1, (Reason.RISK_FAILURES,)),
    ],
)
def test_failures_at_a_face_and_at_a_pin_are_a_risk_signal(
    failures: int, wrong_pins: int | None, signals: tuple[Reason, ...]
) -> None:
    """`wrong_pins`: None for a person without a PIN."""
    venue = ScriptedVenue()
    rules = VisitRules(venue=venue, risk=RiskPolicy(failures=1), history=past(*[NO_MATCH] * failures))
    if wrong_pins is not None:
        venue.obligations = Obligations(pin=PIN)
        for _ in range(wrong_pins):
            rules.pin_tries.enter(PIN, 0)
    assert rules.require(visit(verified_card()), STATE, compares=True).risk_signals == signals


CAREFUL = RiskPolicy(margin=0.1, step_ups=(Factor.DOCUMENT, Factor.PIN))
NEAR, FAR = FaceEvidence(1, similarity=0.45), FaceEvidence(1, similarity=0.9)
ONE = (Reason.RISK_MARGIN,)
AFTER_FACE: dict[str, tuple[RecentPast | None, FaceEvidence, tuple[Reason, ...], tuple[Reason, ...], int]] = {
    "close to the threshold": (past(), NEAR, (), ONE, 1),
    "far above the threshold": (past(), FAR, (), (), 0),
    "close to it, a second time": (past(), NEAR, ONE, ONE, 0),
    "close to it, after another signal": (
        past(), NEAR, (Reason.RISK_HOUR,), (Reason.RISK_HOUR, Reason.RISK_MARGIN), 1,
    ),
    "close to it, at a door without risk signals": (None, NEAR, (), (), 0),
}  # fmt: skip


@pytest.mark.parametrize("case", AFTER_FACE)
def test_a_face_close_to_the_threshold_adds_a_step_once(case: str) -> None:
    history, face, before, after, steps = AFTER_FACE[case]
    rules = VisitRules(history=history, risk=CAREFUL)
    found = rules.require_after_face(verified_card(), Requirements(risk_signals=before), face, 0.4)
    assert found.risk_signals == after
    assert len(found.obligations.required) == steps


@pytest.mark.parametrize("learns", [True, False])
def test_the_venue_and_the_history_learn_each_decision_on_record(learns: bool) -> None:
    venue, history, card = ScriptedVenue(), past(), verified_card()
    rules = VisitRules(venue=venue, history=history if learns else None)
    rules.commit(visit(card), NO_MATCH, 7)
    assert venue.settled == [(NO_MATCH, 7)]
    assert history.failures(card, NOW) == int(learns)
    rules.commit(visit(card), Grant(3_000), 8)
    assert history.failures(card, NOW) == 0


# -- documents ---------------------------------------------------------------------------------------------

KEY = b"k" * 32
TODAY = NOW.date()
PASSPORT = DisclosedDocument(DocumentType.PASSPORT, "C01X00T47", TODAY)
REF = digest(PASSPORT, card_id=bytes(8), key=KEY)
WANTED = Request(site="tower-1", purpose="a visit", documents=(DocumentType.PASSPORT,))


def with_passport(last: date, number: str | None = None) -> Card:
    told = (
        ((Attribute.DOCUMENT_TYPE, word_of(DocumentType.PASSPORT)), (Attribute.DOCUMENT_NUMBER, number))
        if number
        else ()
    )
    days = (last - date(1970, 1, 1)).days
    return verified_card(
        kid=KID, disclosed=told, documents=(Document(DocumentType.PASSPORT, REF, days, 9),)
    )  # fmt: skip


def refusal(rules: VisitRules, card: Card, at: timedelta = timedelta()) -> Reason | None:
    try:
        rules.require(replace(visit(card), now=NOW + at), STATE, compares=True)
    except Refused as refused:
        return refused.reason
    return None


@pytest.mark.parametrize(
    ("zone", "hours", "reason"),
    [
        (None, 13, None),
        (None, 14, Reason.DOCUMENT_MISSING),
        (timezone(timedelta(hours=8)), 5, None),
        (timezone(timedelta(hours=8)), 6, Reason.DOCUMENT_MISSING),
        (timezone(timedelta(hours=-8)), 21, None),
    ],
    ids=["UTC", "UTC, after midnight", "east", "east, after midnight", "west"],
)
def test_a_document_is_valid_to_the_end_of_its_last_day_at_this_place(
    zone: tzinfo | None, hours: int, reason: Reason | None
) -> None:
    assert NOW.hour == 10
    rules = VisitRules(request=WANTED, zone=zone)
    assert refusal(rules, with_passport(TODAY), timedelta(hours=hours)) == reason


@pytest.fixture
def machine_in_the_east(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine whose own time zone is eight hours ahead of UTC."""
    with monkeypatch.context() as changed:
        changed.setenv("TZ", "<+08>-8")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("machine_in_the_east")
def test_the_day_of_a_place_without_a_zone_is_that_of_utc_whatever_the_machine_has() -> None:
    rules = VisitRules(request=WANTED)
    assert refusal(rules, with_passport(TODAY), timedelta(hours=13)) is None


@pytest.mark.parametrize(
    ("keys", "number", "reason"),
    [
        ({KID: KEY}, PASSPORT.number, None),
        ({KID: KEY}, "C01X00T48", Reason.DOCUMENT_MISMATCH),
        ({KID: KEY}, None, None),
        ({}, "C01X00T48", None),
        ({b"another1": KEY}, "C01X00T48", None),
    ],
    ids=["its number", "another number", "no number", "no key", "the key of another issuer"],
)
def test_a_disclosed_number_is_compared_where_the_issuers_key_is_here(
    keys: dict[bytes, bytes], number: str | None, reason: Reason | None
) -> None:
    rules = VisitRules(request=WANTED, document_keys=keys)
    assert refusal(rules, with_passport(TODAY + DAY, number)) == reason
    assert "k" * 32 not in repr(rules)
