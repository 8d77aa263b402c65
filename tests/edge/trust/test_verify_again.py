"""A verified card is judged again by the trust, the time and the clock of a later moment."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from worlds.trust import DAY, GATE, ISSUER, KID, LIST, NOW, TRUST, URI, refusal, verified, verified_card

from edge.card.claims import Card, Freshness, StatusPointer
from edge.decision import Reason
from edge.trust.scope import Scope
from edge.trust.snapshot import TrustSnapshot
from edge.trust.time.clock_slack import CLOCK_SLACK
from edge.trust.time.freshness import AgeAction, AgePolicy, TrustInput
from edge.trust.time.trust_age import trust_state
from edge.trust.time.trusted_clock import TrustedTime
from edge.trust.verify import VerificationContext, verify_again

S = timedelta(seconds=1)


def again(
    card: Card | None = None,
    *,
    trust: TrustSnapshot = TRUST,
    now: datetime = NOW,
    clock: AgeAction = AgeAction.PASS,
) -> Reason | None:
    context = replace(GATE, clock=clock)
    return refusal(lambda: verify_again(card or verified(NOW), trust, now=now, context=context))


def of(**changes: object) -> TrustSnapshot:
    """The trust in which the issuer has changed."""
    return TrustSnapshot.of([replace(ISSUER, **changes)], TRUST.status_lists)  # type: ignore[arg-type]


def listed(**changes: object) -> TrustSnapshot:
    return TrustSnapshot.of([ISSUER], {(KID, URI): replace(LIST, **changes)})  # type: ignore[arg-type]


NOWHERE = Scope(("*",), ("elsewhere",), ("*",))
LATER: dict[str, tuple[dict[str, object], Reason | None]] = {
    "nothing has changed": ({}, None),
    "the issuer is gone": ({"trust": of(kid=b"otherkid")}, Reason.ISSUER_UNKNOWN),
    "the key is another issuer's": ({"trust": of(name="CN-GX")}, Reason.ISSUER_UNKNOWN),
    "the issuer is limited to other doors": ({"trust": of(scope=NOWHERE)}, Reason.ISSUER_SCOPE),
    "the issuer's key is over": ({"trust": of(valid_until=NOW)}, Reason.ISSUER_SCOPE),
    "the card is revoked": ({"trust": listed(revoked=b"\xff\xff")}, Reason.CARD_REVOKED),
    "the card is suspended": ({"trust": listed(suspended=b"\xff\xff")}, Reason.CARD_SUSPENDED),
    "the list is gone": ({"trust": TrustSnapshot.of([ISSUER], {})}, Reason.STATUS_UNKNOWN),
    "the card has expired": ({"now": NOW + 30 * DAY}, Reason.CARD_EXPIRED),
    "the clock is before a signed time": (
        {"trust": listed(issued_at=NOW + CLOCK_SLACK + S)},
        Reason.CLOCK_UNTRUSTED,
    ),
    "the clock is suspect, and staff decide": ({"clock": AgeAction.STAFF}, Reason.CLOCK_UNTRUSTED),
    "the clock is suspect, and a face steps up": ({"clock": AgeAction.STEP_UP}, None),
}


@pytest.mark.parametrize(("changes", "reason"), LATER.values(), ids=LATER)
def test_a_verified_card_passes_only_while_every_check_does(
    changes: dict[str, object], reason: Reason | None
) -> None:
    assert again(**changes) is reason  # type: ignore[arg-type]


FUTURE = verified_card(
    kid=KID, issuer="CN-GD", status=StatusPointer(URI, 0), not_before=NOW, issued_at=NOW - DAY
)


@pytest.mark.parametrize("early", [CLOCK_SLACK + S, 0 * S])
def test_a_card_that_may_not_be_valid_yet_is_a_matter_of_the_clock(early: timedelta) -> None:
    now = NOW - early
    assert again(FUTURE, now=now) is (Reason.CARD_NOT_YET_VALID if early else None)
    suspect = again(FUTURE, now=now, clock=AgeAction.STEP_UP)
    assert suspect is (Reason.CLOCK_UNTRUSTED if early else None)


def test_a_challenge_is_in_no_repr() -> None:
    shown = repr(replace(GATE, nonce=b"NONCE-ONE", nonce_before=b"NONCE-TWO"))
    assert "NONCE" not in shown
    assert "tower-1/lobby" in shown


def test_a_door_is_in_step_with_its_network_unless_it_is_told_otherwise() -> None:
    assert VerificationContext(site="a").since_sync == timedelta(0)


def test_an_age_is_that_of_its_kind_and_after_a_card_that_of_its_own_list() -> None:
    trust = listed(issued_at=NOW - 3 * DAY)
    state = trust_state(trust, TrustedTime(NOW), AgePolicy())
    stale = trust_state(listed(issued_at=NOW - 8 * DAY), TrustedTime(NOW), AgePolicy())
    assert stale.action(TrustInput.STATUS) is AgeAction.STAFF
    assert stale.action(TrustInput.KEYS) is stale.action(TrustInput.POLICY) is AgeAction.PASS
    card = verified_card(list_issued_at=NOW, list_age=timedelta(days=9), list_freshness=Freshness.STALE)
    own = state.under(card)
    assert own.action(TrustInput.STATUS) is AgeAction.STAFF
    assert [part.kind for part in own.ages].count(TrustInput.STATUS) == 1
    assert {part.kind for part in own.ages} == {part.kind for part in state.ages}
