"""One issuer, status list, holder and door in memory, with their keys, codes and cards."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from edge.card import cose, ecard
from edge.card.claims import Card, Claims, Freshness, StatusPointer
from edge.card.code import parse_code
from edge.card.encode import sign_card, sign_presentation
from edge.card.person import Person
from edge.decision import Reason
from edge.errors import Refused
from edge.trust.scope import ANYWHERE, IssuerKey, Scope
from edge.trust.snapshot import TrustSnapshot
from edge.trust.status.status import Bitmaps, StatusList
from edge.trust.verify import VerificationContext, verify

NOW = datetime(2026, 6, 15, 10, tzinfo=UTC)
DAY = timedelta(days=1)
SEED, HOLDER = b"i" * 32, b"h" * 32
KEY = cose.public_key(SEED)
KID = cose.kid_of(KEY)
URI = "https://s.example/1"
GATE = VerificationContext(site="tower-1/lobby")
ISSUER = IssuerKey(
    kid=KID,
    name="CN-GD",
    public_key=KEY,
    scope=Scope((ANYWHERE,), (ANYWHERE,), (ANYWHERE,)),
    valid_from=NOW - 400 * DAY,
    valid_until=NOW + 400 * DAY,
    issued_at=NOW - 400 * DAY,
)
LIST = StatusList(
    16, b"\x02\x00", b"\x04\x00", NOW - timedelta(hours=1), NOW + 30 * DAY
)  # 1 revoked, 2 suspended
TRUST = TrustSnapshot.of([ISSUER], {(KID, URI): LIST})


def refusal(check: Callable[..., object], *given: object) -> Reason | None:
    """The reason for which a check refuses; None if it does not."""
    try:
        check(*given)
    except Refused as refused:
        return refused.reason
    return None


def standing(status: StatusList | Bitmaps, index: int) -> Reason | None:
    return refusal(status.check, index)


def claims(**changes: object) -> Claims:
    plain: dict[str, object] = {
        "issuer": "CN-GD",
        "issued_at": NOW - DAY,
        "not_before": NOW - DAY,
        "expires": NOW + 30 * DAY,
        "card_id": b"card0001",
        "holder_key": cose.public_key(HOLDER),
        "status": StatusPointer(URI, 0),
    }
    return Claims(**(plain | changes))  # type: ignore[arg-type]


def shown(at: datetime = NOW, **changes: object) -> str:
    """The text of a code."""
    return sign_presentation(sign_card(claims(**changes), SEED), HOLDER, iat=at)


def verified_card(subject: str | None = "anna", *, moment: datetime = NOW, **changes: object) -> Card:
    """A plain card with the fields that the checks set, made without them."""
    plain: dict[str, object] = {
        "issuer": "CN-GD",
        "issued_at": moment,
        "not_before": moment,
        "expires": moment + 3_000 * DAY,
        "card_id": bytes(8),
        "holder_key": bytes(32),
        "status": StatusPointer("https://s.example/7", 5),
        "kid": bytes(8),
        "pseudonym": "0" * 12,
        "presented_at": moment,
        "list_issued_at": moment,
        "list_age": timedelta(),
        "list_freshness": Freshness.FRESH,
    }
    told = plain | changes
    person = Person(str(told["issuer"]), told["card_id"] if subject is None else subject)  # type: ignore[arg-type]
    return Card(**({"person": person} | told))  # type: ignore[arg-type]


def verified(
    at: datetime = NOW, *, trust: TrustSnapshot = TRUST, now: datetime | None = None, **changes: object
) -> Card:
    """A card after all checks, shown `at` and verified `now`; `now` is `at` by default."""
    signed = ecard.decode(parse_code(shown(at, **changes)))
    return verify(signed, trust, now=now or at, context=GATE)
