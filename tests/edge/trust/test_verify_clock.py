"""Cards under a suspect clock: only certain facts count against the card, the rest against the clock."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from worlds.trust import DAY, GATE, ISSUER, NOW, TRUST, URI, shown

from edge.card import ecard
from edge.card.claims import Card, StatusPointer
from edge.card.code import parse_code
from edge.decision import Reason
from edge.errors import Refused
from edge.trust.snapshot import TrustSnapshot
from edge.trust.time.freshness import AgeAction, AgePolicy, TrustInput
from edge.trust.time.trust_age import trust_state
from edge.trust.time.trusted_clock import ClockAnomaly, TrustedTime
from edge.trust.verify import verify

S, HOUR = timedelta(seconds=1), timedelta(hours=1)


def refusal(clock: AgeAction, *, made: timedelta = HOUR, issuer=ISSUER, **changes: object) -> Reason | None:
    """The reason against a card whose code is signed `made` after the earliest possible time."""
    trust = TrustSnapshot.of([issuer], TRUST.status_lists)
    signed = ecard.decode(parse_code(shown(NOW + made, **changes)))
    try:
        card = verify(signed, trust, now=NOW, context=replace(GATE, clock=clock))
    except Refused as refused:
        return refused.reason
    assert isinstance(card, Card)
    return None


LATER = replace(ISSUER, valid_from=NOW + HOUR)
OVER = replace(ISSUER, valid_until=NOW)

# The code and its card; the reason under a trusted clock, and under a suspect clock that steps up.
CLOCKS: dict[str, tuple[dict[str, object], Reason | None, Reason | None]] = {
    "a code from the future": ({}, Reason.CODE_STALE, None),
    "a code from now": ({"made": 0 * S}, None, None),
    "a code from the past": ({"made": -40 * S}, Reason.CODE_STALE, Reason.CODE_STALE),
    "an expired card": ({"expires": NOW}, Reason.CARD_EXPIRED, Reason.CARD_EXPIRED),
    "a revoked card": ({"status": StatusPointer(URI, 1)}, Reason.CARD_REVOKED, Reason.CARD_REVOKED),
    "a key that has ended": ({"issuer": OVER}, Reason.ISSUER_SCOPE, Reason.ISSUER_SCOPE),
    "a card that may be valid already": ({"not_before": NOW + 11 * S}, Reason.CARD_NOT_YET_VALID, Reason.CLOCK_UNTRUSTED),
    "a key that may be valid already": (
        {"issuer": LATER, "issued_at": NOW + 2 * HOUR, "not_before": NOW}, Reason.ISSUER_SCOPE, Reason.CLOCK_UNTRUSTED,
    ),
    "revoked, and perhaps not valid yet": (
        {"not_before": NOW + 11 * S, "status": StatusPointer(URI, 1)}, Reason.CARD_NOT_YET_VALID, Reason.CARD_REVOKED,
    ),
}  # fmt: skip
CERTAIN = {Reason.CARD_EXPIRED, Reason.CARD_REVOKED, Reason.ISSUER_SCOPE}


@pytest.mark.parametrize("case", CLOCKS)
def test_a_suspect_clock_is_the_reason_if_nothing_is_certain_against_the_card(case: str) -> None:
    changes, believed, steps_up = CLOCKS[case]
    assert refusal(AgeAction.PASS, **changes) is believed
    assert refusal(AgeAction.STEP_UP, **changes) is steps_up
    staff = steps_up if steps_up in CERTAIN else Reason.CLOCK_UNTRUSTED
    assert refusal(AgeAction.STAFF, **changes) is staff


@pytest.mark.parametrize("anomaly", [None, *ClockAnomaly])
@pytest.mark.parametrize("clock", [AgeAction.STEP_UP, AgeAction.STAFF])
def test_the_action_of_a_suspect_clock_is_that_of_the_site(
    anomaly: ClockAnomaly | None, clock: AgeAction
) -> None:
    standing = trust_state(TRUST, TrustedTime(NOW, anomaly), AgePolicy(clock=clock))
    assert standing.clock is (clock if anomaly else AgeAction.PASS)


def test_missing_data_has_no_age() -> None:
    standing = trust_state(TRUST, TrustedTime(NOW), AgePolicy())
    assert {part.kind for part in standing.ages} == {TrustInput.KEYS, TrustInput.STATUS, TrustInput.TIME}
    assert standing.action(TrustInput.POLICY) is AgeAction.PASS


def test_trust_is_as_old_as_its_publication() -> None:
    trust = replace(TRUST, published_at=NOW - 2 * DAY)
    ages = {part.kind: part.age for part in trust_state(trust, TrustedTime(NOW), AgePolicy()).ages}
    assert ages[TrustInput.KEYS] == 2 * DAY
    assert ages[TrustInput.STATUS] == HOUR
