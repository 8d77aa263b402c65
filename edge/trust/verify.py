"""Verification of a SignedCard by FORMAT.md section 6, steps 3 to 11. Only this module makes a Card."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from edge.card import cose
from edge.card.claims import Card, CardContent, Freshness, Presentation, SignedCard, pseudonym
from edge.card.person import Person
from edge.decision import Reason
from edge.errors import Refused
from edge.trust.time.clock_slack import is_ahead
from edge.trust.time.code_window import check_floor, window
from edge.trust.time.freshness import AgeAction, Budgets, freshness

if TYPE_CHECKING:
    from datetime import datetime

    from edge.trust.scope import IssuerKey
    from edge.trust.snapshot import TrustSnapshot
    from edge.trust.status.status import StatusList


@dataclass(frozen=True, slots=True, kw_only=True)
class VerificationContext:
    """The door that verifies a code, and its state at this moment.

    `site`: the id of the door, such as "tower-1/lobby", which is also its audience; `audiences`: others.
    `jurisdiction`: the ISO 3166 code of the law at the door; None: only issuers for "*" count. `nonce`: the 8
    to 16 bytes on its screen now, if it has one; `nonce_before`: those before, which a phone may still
    answer; `nonce_needed`: a code without either is refused; `nonce_always`: also while none is shown.
    `since_sync`: the time that its clock has run without a correction. `clock`: if it is not PASS, `now` is
    only the earliest time that it can be.
    """

    site: str
    venue: str = "door"
    jurisdiction: str | None = None
    audiences: frozenset[str] = frozenset()
    nonce: bytes | None = field(default=None, repr=False)
    nonce_before: bytes | None = field(default=None, repr=False)
    nonce_needed: bool = True
    nonce_always: bool = False
    since_sync: timedelta = timedelta(0)
    budgets: Budgets = field(default_factory=Budgets)
    clock: AgeAction = AgeAction.PASS


def verify(signed: SignedCard, trust: TrustSnapshot, *, now: datetime, context: VerificationContext) -> Card:
    """The card in a code, if it passes every check at this door and time. `now`: aware UTC.

    Raises Refused with the reason of the first check that fails. The policy decides about the card's own
    scope (`Card.covers`) and about the age of the list (`Card.list_freshness`).
    """
    assert now.utcoffset() == timedelta(0), "now is aware UTC"
    claims = signed.claims
    issuer = _issuer(signed.kid, claims.issuer, trust)
    cose.check_signature(signed.card_envelope, issuer.public_key, whose="the issuer")
    _check_scope(claims, issuer, context)
    cose.check_signature(signed.presentation_envelope, claims.holder_key, whose="the holder")
    check_floor(now, trust.floor)
    _check_dates(claims, issuer, now, believed=context.clock is AgeAction.PASS)
    status = _check_status(claims, signed.kid, trust)
    _check_clock(claims, issuer, now, context)
    _check_presentation(signed.presentation, now, context)
    age = now - status.issued_at
    return Card(
        issuer=claims.issuer,
        person=Person(claims.issuer, claims.card_id if claims.subject is None else claims.subject),
        issued_at=claims.issued_at,
        not_before=claims.not_before,
        expires=claims.expires,
        card_id=claims.card_id,
        holder_key=claims.holder_key,
        status=claims.status,
        face=claims.face,
        documents=claims.documents,
        scope=claims.scope,
        assurance=claims.assurance,
        redacted=claims.redacted,
        kid=signed.kid,
        pseudonym=pseudonym(signed.kid, claims.card_id),
        presented_at=signed.presentation.presented_at,
        audience=signed.presentation.audience,
        nonce=signed.presentation.nonce,
        disclosed=tuple((told.attribute, told.value) for told in signed.presentation.disclosures),
        list_issued_at=status.issued_at,
        list_age=age,
        list_freshness=freshness(age, context.budgets) if now < status.expires else Freshness.STALE,
    )


def verify_again(card: Card, trust: TrustSnapshot, *, now: datetime, context: VerificationContext) -> None:
    """Check that a verified card still passes every check but those of its signatures and its presentation.

    `trust`: of this moment, in which the issuer may be removed, limited or over, and the card revoked. Raises
    Refused with the reason of the first check that fails.
    """
    issuer = _issuer(card.kid, card.issuer, trust)
    _check_scope(card, issuer, context)
    check_floor(now, trust.floor)
    _check_dates(card, issuer, now, believed=context.clock is AgeAction.PASS)
    _check_status(card, card.kid, trust)
    _check_clock(card, issuer, now, context)


def _issuer(kid: bytes, name: str, trust: TrustSnapshot) -> IssuerKey:
    issuer = trust.issuers.get(kid)
    if issuer is None:
        raise Refused(Reason.ISSUER_UNKNOWN, "no key with this id")
    if issuer.name != name:
        raise Refused(Reason.ISSUER_UNKNOWN, "this key belongs to another issuer")
    return issuer


def _check_scope(claims: CardContent, issuer: IssuerKey, context: VerificationContext) -> None:
    if not issuer.scope.covers(venue=context.venue, site=context.site, jurisdiction=context.jurisdiction):
        raise Refused(Reason.ISSUER_SCOPE, "the issuer's scope does not cover this door")
    if not issuer.valid_from <= claims.issued_at < issuer.valid_until:
        raise Refused(Reason.ISSUER_SCOPE, "issued outside the validity period of the key")


def _check_dates(claims: CardContent, issuer: IssuerKey, now: datetime, *, believed: bool) -> None:
    """Check the validity periods; a clock that may be behind proves only that one has ended."""
    if now >= issuer.valid_until or (believed and is_ahead(issuer.valid_from, now)):
        raise Refused(Reason.ISSUER_SCOPE, "the key is not valid now")
    if believed and is_ahead(claims.not_before, now):
        raise Refused(Reason.CARD_NOT_YET_VALID, "nbf is in the future")
    if now >= claims.expires:
        raise Refused(Reason.CARD_EXPIRED, "exp is in the past")


def _check_status(claims: CardContent, kid: bytes, trust: TrustSnapshot) -> StatusList:
    status = trust.status_lists.get((kid, claims.status.uri))
    if status is None:
        raise Refused(Reason.STATUS_UNKNOWN, "this device does not have the card's status list")
    status.check(claims.status.index)
    for document in claims.documents:
        status.check(document.index)
    return status


def _check_clock(claims: CardContent, issuer: IssuerKey, now: datetime, context: VerificationContext) -> None:
    """Check a code under a suspect clock: its age is unknown, so the site's policy decides."""
    if context.clock is AgeAction.STAFF:
        raise Refused(Reason.CLOCK_UNTRUSTED, "the clock is suspect, so the age of the code is unknown")
    if context.clock is AgeAction.STEP_UP and is_ahead(max(issuer.valid_from, claims.not_before), now):
        raise Refused(Reason.CLOCK_UNTRUSTED, "the clock is suspect, so the card may not be valid yet")


def _check_presentation(presentation: Presentation, now: datetime, context: VerificationContext) -> None:
    allowed = window(context.since_sync)
    if presentation.presented_at < now - allowed.behind:
        raise Refused(Reason.CODE_STALE, "signed before the window")
    if context.clock is AgeAction.PASS and presentation.presented_at > now + allowed.ahead:
        raise Refused(Reason.CODE_STALE, "signed after the window")
    audience = presentation.audience
    if audience is not None and audience != context.site and audience not in context.audiences:
        raise Refused(Reason.CODE_AUDIENCE, "signed for another site")
    _check_nonce(presentation.nonce, context)


def _check_nonce(nonce: bytes | None, context: VerificationContext) -> None:
    """Check the nonce. If another door asked for it, an attacker relays the code."""
    shown = [each for each in (context.nonce, context.nonce_before) if each is not None]
    if nonce is None and not (context.nonce_always or (shown and context.nonce_needed)):
        return
    if not any(hmac.compare_digest(each, nonce or b"") for each in shown):
        raise Refused(Reason.CODE_NONCE, "not the challenge that this door shows")
