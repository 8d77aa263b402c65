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
    SCHEDULE_UNATTENDED = "schedule.unattended"  # nobody in charge has come in yet
    SITE_FULL = "site.full"
    SITE_LOCKED = "site.locked_down"
    PERSON_UNKNOWN = "person.unknown"  # nobody of this card is enrolled here
    PERSON_PASSBACK = "person.passback"  # who has not gone out cannot come in
    PERSON_ALONE = "person.alone"  # this door wants two, and the other one has not come yet
    VISIT_WINDOW = "visit.window"
    DOCUMENT_MISSING = "document.missing"
    DOCUMENT_MISMATCH = "document.mismatch"
    DISCLOSURE_MISSING = "disclosure.missing"
    BOOKING_UNKNOWN = "booking.unknown"
    BOOKING_AMBIGUOUS = "booking.ambiguous"
    PATRON_UNKNOWN = "patron.unknown"
    PATRON_BLOCKED = "patron.blocked"
    HOST_UNAVAILABLE = "host.unavailable"  # who has to be asked does not answer
    LANE_SWAPPED = "lane.swapped"  # who came in is not who was let in
    LANE_SEVERAL = "lane.several"
    LANE_REFERRED = "lane.referred"
    INSPECTION_REFUSED = "inspection.refused"  # the other authority objects
    FACTOR_ABSENT = "factor.absent"  # what was asked for besides did not come in time
    FACTOR_WRONG = "factor.wrong"
    FACE_ABSENT = "face.absent"
    FACE_SEVERAL = "face.several"
    FACE_QUALITY = "face.quality"
    FACE_ATTACK = "face.attack"
    FACE_TEMPLATE = "face.template"
    FACE_NO_MATCH = "face.no_match"
    RISK_HIGH = "risk.high"
    RISK_LIST_AGE = "risk.list_age"
    RISK_CLOCK = "risk.clock"
    RISK_VELOCITY = "risk.velocity"  # one card at many doors
    RISK_FAILURES = "risk.failures"
    RISK_MARGIN = "risk.margin"  # the face matches, but only just
    RISK_HOUR = "risk.hour"
    RISK_DOCUMENT = "risk.document"
    RISK_ASSURANCE = "risk.assurance"
    RISK_NEW_KEY = "risk.new_key"  # the same holder with another phone
    RISK_ISSUER = "risk.issuer"
    RISK_LOCKED_OUT = "risk.locked_out"  # too many tries: this card waits
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
        Reason.FACTOR_ABSENT,
        Reason.FACTOR_WRONG,
    }
)
_WAIT = frozenset({Reason.PERSON_ALONE, Reason.SITE_FULL})


def signal_for(reason: Reason) -> Signal:
    """The signal a holder sees for a denial: what a second try can mend, or time, or a person must."""
    if reason in _WAIT:
        return Signal.WAIT
    return Signal.TRY_AGAIN if reason in _TRY_AGAIN else Signal.ASK_STAFF


@dataclass(frozen=True, slots=True)
class Grant:
    """This door may open once, for at most `release_ms`. Constructed in `edge.policy.decide` only."""

    release_ms: int


@dataclass(frozen=True, slots=True)
class Deny:
    """This door stays shut, for one reason."""

    reason: Reason

    @property
    def signal(self) -> Signal:
        return signal_for(self.reason)


Decision = Grant | Deny
