"""SignedCard to Card: every check of FORMAT.md section 6, in its order. The only place that makes a Card."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from edge.card import cose
from edge.card.claims import Card, Claims, Freshness, Presentation, SignedCard, pseudonym
from edge.decision import Reason
from edge.errors import Refused
from edge.trust.time.code_window import check_floor, window
from edge.trust.time.freshness import AgeAction, Budgets, freshness

if TYPE_CHECKING:
    from datetime import datetime

    from edge.trust.scope import IssuerKey
    from edge.trust.snapshot import TrustSnapshot
    from edge.trust.status.status import StatusList


@dataclass(frozen=True, slots=True, kw_only=True)
class VerificationContext:
    """Who is asking: one door, and what it knows at this moment.

    `site`: its id, such as "tower-1/lobby", which is also an audience it answers to. `jurisdiction`: whose
    law holds there, as ISO 3166 codes it; without one only issuers for anywhere count. `nonce`: what its
    screen shows now, 8 to 16 bytes, if it has one; `nonce_before`: what it showed until then, which a phone
    may still answer; `nonce_needed`: whether a code that answers neither is refused, or a nonce is an offer.
    `since_sync`: how long its clock has run on its own. `clock`: anything but
    PASS says that `now` is only the earliest that it can be.
    """

    site: str
    venue: str = "door"
    jurisdiction: str | None = None
    audiences: frozenset[str] = frozenset()
    nonce: bytes | None = field(default=None, repr=False)
    nonce_before: bytes | None = field(default=None, repr=False)
    nonce_needed: bool = True
    since_sync: timedelta = timedelta(0)
    budgets: Budgets = field(default_factory=Budgets)
    clock: AgeAction = AgeAction.PASS


def verify(signed: SignedCard, trust: TrustSnapshot, *, now: datetime, context: VerificationContext) -> Card:
    """The card behind a code, if all of it holds at this gate and at this moment. `now`: aware UTC.

    Raises Refused with the reason of the first check that fails. Whether the card names this door, and
    whether the age of the list will do, is left to policy: `Card.covers` and `Card.list_freshness`.
    """
    assert now.utcoffset() == timedelta(0), "now is aware UTC"
    claims = signed.claims
    issuer = _issuer(signed, trust)
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
        subject=claims.subject,
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


def _issuer(signed: SignedCard, trust: TrustSnapshot) -> IssuerKey:
    issuer = trust.issuers.get(signed.kid)
    if issuer is None:
        raise Refused(Reason.ISSUER_UNKNOWN, "no key with this id")
    if issuer.name != signed.claims.issuer:
        raise Refused(Reason.ISSUER_UNKNOWN, "this key belongs to another issuer")
    return issuer


def _check_scope(claims: Claims, issuer: IssuerKey, context: VerificationContext) -> None:
    if not issuer.scope.covers(venue=context.venue, site=context.site, jurisdiction=context.jurisdiction):
        raise Refused(Reason.ISSUER_SCOPE, "this issuer's cards are not for this place")
    if not issuer.valid_from <= claims.issued_at < issuer.valid_until:
        raise Refused(Reason.ISSUER_SCOPE, "issued outside the life of the key")


def _check_dates(claims: Claims, issuer: IssuerKey, now: datetime, *, believed: bool) -> None:
    """What is over is over by a clock that is behind, too; what has not begun may have."""
    if now >= issuer.valid_until or (believed and now < issuer.valid_from):
        raise Refused(Reason.ISSUER_SCOPE, "the key is not in force now")
    if believed and now < claims.not_before:
        raise Refused(Reason.CARD_NOT_YET_VALID, "nbf is ahead")
    if now >= claims.expires:
        raise Refused(Reason.CARD_EXPIRED, "exp is past")


def _check_status(claims: Claims, kid: bytes, trust: TrustSnapshot) -> StatusList:
    status = trust.status_lists.get((kid, claims.status.uri))
    if status is None:
        raise Refused(Reason.STATUS_UNKNOWN, "this device has no such list")
    status.check(claims.status.index)
    for document in claims.documents:
        status.check(document.index)
    return status


def _check_clock(claims: Claims, issuer: IssuerKey, now: datetime, context: VerificationContext) -> None:
    """With a clock that cannot be believed a code has no age: no more than what the site wrote down."""
    if context.clock is AgeAction.STAFF:
        raise Refused(Reason.CLOCK_UNTRUSTED, "nothing says how old this code is")
    if context.clock is AgeAction.STEP_UP and now < max(issuer.valid_from, claims.not_before):
        raise Refused(Reason.CLOCK_UNTRUSTED, "nothing says whether this card has begun")


def _check_presentation(presentation: Presentation, now: datetime, context: VerificationContext) -> None:
    allowed = window(context.since_sync)
    if presentation.presented_at < now - allowed.behind:
        raise Refused(Reason.CODE_STALE, "made too long ago")
    if context.clock is AgeAction.PASS and presentation.presented_at > now + allowed.ahead:
        raise Refused(Reason.CODE_STALE, "made in the future")
    audience = presentation.audience
    if audience is not None and audience != context.site and audience not in context.audiences:
        raise Refused(Reason.CODE_AUDIENCE, "made for another gate")
    _check_nonce(presentation.nonce, context)


def _check_nonce(nonce: bytes | None, context: VerificationContext) -> None:
    """A nonce that nobody asked for here was asked for elsewhere: the code is being relayed."""
    shown = [each for each in (context.nonce, context.nonce_before) if each is not None]
    if nonce is None and not (shown and context.nonce_needed):
        return
    if not any(hmac.compare_digest(each, nonce or b"") for each in shown):
        raise Refused(Reason.CODE_NONCE, "not the answer to what this gate shows")
