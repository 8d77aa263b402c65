"""The demo's issuer: its cards pass a door's checks, and its list of cards never runs out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from edge.app.demo.issuer import DemoHolder, DemoIssuer
from edge.card.claims import Card, SealedReference, TemplateReference
from edge.card.code import parse_code
from edge.card.ecard import decode
from edge.decision import Reason
from edge.errors import Refused
from edge.trust.folder import load
from edge.trust.sealed_template import unseal
from edge.trust.verify import VerificationContext, verify

NOW = datetime(2026, 11, 21, 8, 30, tzinfo=UTC)
DAY = timedelta(days=1)
TEMPLATE = TemplateReference(100, "mfn1", bytes(range(64)))


def new_issuer() -> DemoIssuer:
    return DemoIssuer("CN-GD", since=NOW - 60 * DAY, capacity=16)


def enrol(issuer: DemoIssuer, *, sealed: bool = False) -> DemoHolder:
    return issuer.enrol(
        issued_at=NOW,
        not_before=NOW,
        expires=NOW + 30 * DAY,
        face=TEMPLATE,
        sealed=sealed,
        scope=("tower-1",),
    )


def verified(holder: DemoHolder, issuer: DemoIssuer) -> Card:
    """The card, verified by a door with the issuer's latest list."""
    trust = load(issuer.publish(NOW - timedelta(hours=1), life=30 * DAY))
    return verify(
        decode(parse_code(holder.code(NOW))),
        trust,
        now=NOW,
        context=VerificationContext(site="tower-1/lobby"),
    )


def test_a_card_of_the_demo_passes_a_doors_checks() -> None:
    issuer = new_issuer()
    assert verified(enrol(issuer), issuer).face == TEMPLATE


def test_a_sealed_template_is_published_until_its_card_is_revoked() -> None:
    issuer = new_issuer()
    holder = enrol(issuer, sealed=True)
    face = verified(holder, issuer).face
    assert isinstance(face, SealedReference)
    boxes = load(issuer.publish(NOW, life=DAY)).sealed
    assert unseal(face, boxes) == TEMPLATE
    issuer.revoke(holder)
    assert not load(issuer.publish(NOW, life=DAY)).sealed


@pytest.mark.parametrize(
    ("act", "reason"), [("revoke", Reason.CARD_REVOKED), ("suspend", Reason.CARD_SUSPENDED)]
)
def test_a_door_refuses_the_card_and_no_other_from_the_next_list_on(act: str, reason: Reason) -> None:
    issuer = new_issuer()
    holder, other = enrol(issuer), enrol(issuer)
    getattr(issuer, act)(holder)
    with pytest.raises(Refused) as refused:
        verified(holder, issuer)
    assert refused.value.reason is reason
    verified(other, issuer)


def test_an_index_is_given_again_and_is_valid_in_an_earlier_list_too() -> None:
    issuer = new_issuer()
    issuer.revoke(enrol(issuer))
    for _ in range(12):
        enrol(issuer)
    trust = load(issuer.publish(NOW - timedelta(hours=1), life=30 * DAY))  # the device's last list
    for _ in range(3):
        enrol(issuer)
    again = enrol(issuer)
    assert again.index == 0
    verify(
        decode(parse_code(again.code(NOW))), trust, now=NOW, context=VerificationContext(site="tower-1/lobby")
    )
