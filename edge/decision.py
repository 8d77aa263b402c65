"""The words everybody shares: reasons, signals, and the two outcomes of a passage."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Signal(StrEnum):
    """All a holder is ever shown. Never the reason, never a score: either would be an oracle."""

    LOOK_HERE = "look here"
    TRY_AGAIN = "try again"
    WAIT = "wait"
    ASK_STAFF = "ask staff"


class Reason(StrEnum):
    """Why a passage was denied. The strings are stable: records and sites rely on them."""

    CODE_UNREADABLE = "code.unreadable"
    CODE_SEVERAL = "code.several"
    CODE_STALE = "code.stale"
    CODE_AUDIENCE = "code.audience"
    CODE_NONCE = "code.nonce"
    CARD_MALFORMED = "card.malformed"
    CARD_NOT_YET_VALID = "card.not_yet_valid"
    CARD_EXPIRED = "card.expired"
    CARD_REVOKED = "card.revoked"
    CARD_SUSPENDED = "card.suspended"
    CARD_REPLAYED = "card.replayed"
    CARD_ASSURANCE = "card.assurance"
    ISSUER_UNKNOWN = "issuer.unknown"
    ISSUER_SCOPE = "issuer.scope"
    SIGNATURE_BAD = "signature.bad"
    STATUS_UNKNOWN = "status.unknown"
    STATUS_STALE = "status.stale"
    TRUST_STALE = "trust.stale"
    CLOCK_UNTRUSTED = "clock.untrusted"
    DOOR_NOT_PERMITTED = "door.not_permitted"
    SCHEDULE_CLOSED = "schedule.closed"
    FACE_ABSENT = "face.absent"
    FACE_SEVERAL = "face.several"
    FACE_QUALITY = "face.quality"
    FACE_ATTACK = "face.attack"
    FACE_TEMPLATE = "face.template"
    FACE_NO_MATCH = "face.no_match"
    RISK_HIGH = "risk.high"
    PASSAGE_INTERRUPTED = "passage.interrupted"
    DEVICE_FAULT = "device.fault"


_TRY_AGAIN = frozenset(
    {
        Reason.CODE_UNREADABLE,
        Reason.CODE_SEVERAL,
        Reason.CODE_STALE,
        Reason.CARD_REPLAYED,
        Reason.FACE_ABSENT,
        Reason.FACE_SEVERAL,
        Reason.FACE_QUALITY,
        Reason.FACE_NO_MATCH,
        Reason.PASSAGE_INTERRUPTED,
    }
)


def signal_for(reason: Reason) -> Signal:
    """The signal a holder sees for a denial: what a second try can mend, or a person must."""
    return Signal.TRY_AGAIN if reason in _TRY_AGAIN else Signal.ASK_STAFF


@dataclass(frozen=True, slots=True)
class Grant:
    """This door may open once, for at most `release_ms`. Constructed in `edge.policy` only."""

    release_ms: int


@dataclass(frozen=True, slots=True)
class Deny:
    """This door stays shut, for one reason."""

    reason: Reason

    @property
    def signal(self) -> Signal:
        return signal_for(self.reason)


Decision = Grant | Deny
