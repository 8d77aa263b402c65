"""Words that all parts of the program share: reasons, signals, and the two outcomes of a passage."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Signal(StrEnum):
    """The only words that a holder is shown: never the reason or a score, which would help an attacker."""

    LOOK_HERE = "look here"
    TRY_AGAIN = "try again"
    WAIT = "wait"
    ASK_STAFF = "ask staff"
    WELCOME = "welcome"  # the strike is released: shown after it moved, and no longer than it stays so


class Reason(StrEnum):
    """The reasons of a denial. The strings are stable: records and sites rely on them.

    `edge/reasons/denials.toml` has the meaning of each, and what staff do.
    """

    CODE_UNREADABLE = "code.unreadable"
    CODE_FOREIGN = "code.foreign"  # readable, but of another system
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
    SCHEDULE_UNATTENDED = "schedule.unattended"  # the group that must be inside first has not come in yet
    SITE_FULL = "site.full"
    SITE_LOCKED = "site.locked_down"
    PERSON_UNKNOWN = "person.unknown"  # the holder of this card is not enrolled here
    PERSON_PASSBACK = "person.passback"  # the person came in before and has not gone out
    PERSON_ALONE = "person.alone"  # this door opens for two people, and the second has not come yet
    VISIT_WINDOW = "visit.window"
    DOCUMENT_MISSING = "document.missing"
    DOCUMENT_MISMATCH = "document.mismatch"
    DISCLOSURE_MISSING = "disclosure.missing"
    BOOKING_UNKNOWN = "booking.unknown"
    BOOKING_AMBIGUOUS = "booking.ambiguous"
    PATRON_UNKNOWN = "patron.unknown"
    PATRON_BLOCKED = "patron.blocked"
    HOST_UNAVAILABLE = "host.unavailable"  # the system behind the venue does not answer
    LANE_SWAPPED = "lane.swapped"  # the person in the lane is not the one whom the outer door admitted
    LANE_SEVERAL = "lane.several"
    LANE_REFERRED = "lane.referred"
    INSPECTION_REFUSED = "inspection.refused"  # the other authority of the lane objects
    FACTOR_ABSENT = "factor.absent"  # the further factor did not come in time
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
    RISK_VELOCITY = "risk.velocity"  # one card at several doors
    RISK_FAILURES = "risk.failures"
    RISK_MARGIN = "risk.margin"  # the similarity is just above the threshold
    RISK_HOUR = "risk.hour"
    RISK_DOCUMENT = "risk.document"
    RISK_ASSURANCE = "risk.assurance"
    RISK_NEW_KEY = "risk.new_key"  # the same holder with another phone
    RISK_ISSUER = "risk.issuer"
    RISK_LOCKED_OUT = "risk.locked_out"  # too many failures: this card waits
    PASSAGE_INTERRUPTED = "passage.interrupted"
    DEVICE_FAULT = "device.fault"


_TRY_AGAIN = frozenset(
    {
        Reason.CODE_UNREADABLE,
        Reason.CODE_FOREIGN,
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
    """The signal for a denial: try again, wait, or ask staff if neither helps."""
    if reason in _WAIT:
        return Signal.WAIT
    return Signal.TRY_AGAIN if reason in _TRY_AGAIN else Signal.ASK_STAFF


SHOW_THE_CODE: Final = "show the door's code"  # for a holder who shows another code


def words_for(reason: Reason) -> str | None:
    """The words for the holder besides the signal of a denial; None for most."""
    return SHOW_THE_CODE if reason is Reason.CODE_FOREIGN else None


@dataclass(frozen=True, slots=True)
class Grant:
    """This door may open once, for at most `release_ms`. Made in `edge.policy.decide` only."""

    release_ms: int


@dataclass(frozen=True, slots=True)
class Deny:
    """This door stays locked, for one reason."""

    reason: Reason

    @property
    def signal(self) -> Signal:
        return signal_for(self.reason)


Decision = Grant | Deny
