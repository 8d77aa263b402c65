"""The types of a journal record, one a line, and its one canonical encoding.

No personal data fits in: every field is an enumeration, a bounded integer, hexadecimal or an identifier
of a narrow pattern. There is no free text, so no name, number, code body or face can end up here.

Canonical encoding: JSON, keys sorted, no white space, ASCII; integers, strings and null, never a float.
One record has one encoding, and `decode` refuses every other one.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from edge.audit.errors import JournalBroken
from edge.decision import Reason
from edge.errors import StorageFault
from edge.ports import Cause, DoorEventKind

if TYPE_CHECKING:
    from datetime import datetime

# The largest record that the field limits below allow is 3.7 KB; the rest is room for a later version.
MAX_RECORD_BYTES = 4096

Ident = Annotated[str, Meta(pattern=r"\A[A-Za-z0-9][A-Za-z0-9._-]*\Z", max_length=40)]
Version = Annotated[str, Meta(pattern=r"\A[0-9][a-z0-9.+-]*\Z", max_length=40)]  # PEP 440, lower case
SiteId = Annotated[str, Meta(pattern=r"\A[a-z0-9][a-z0-9-]*(/[a-z0-9][a-z0-9-]*)*\Z", max_length=80)]
Pseudonym = Annotated[str, Meta(pattern=r"\A[0-9a-f]{12}\Z")]
KeyId = Annotated[str, Meta(pattern=r"\A([0-9a-f]{2}){1,32}\Z")]  # a COSE kid is 8 bytes here, 32 at most
UnixMs = Annotated[int, Meta(ge=0, le=253_402_300_799_999)]  # to the end of year 9999
UnixS = Annotated[int, Meta(ge=0, le=253_402_300_799)]
Seconds = Annotated[int, Meta(ge=-(2**40), le=2**40)]  # an age is negative when the clock was set back
Ticks = Annotated[int, Meta(ge=0, le=2**53 - 1)]  # the largest integer that every JSON reader keeps whole
Count = Annotated[int, Meta(ge=0, le=2**53 - 1)]
Milli = Annotated[int, Meta(ge=-1000, le=1000)]  # a cosine, times 1000
Microseconds = Annotated[int, Meta(ge=0, le=3_600_000_000)]  # an hour: no passage lasts longer


class Outcome(StrEnum):
    """The outcome of a decision."""

    GRANT = "grant"
    DENY = "deny"


class ClockTrust(StrEnum):
    """Whether the clock that stamped this record was believed."""

    TRUSTED = "trusted"
    SUSPECT = "suspect"


class StopCause(StrEnum):
    """Why the program ended."""

    END = "end"  # the frames came to their end
    SIGNAL = "signal"  # Ctrl-C, or the service manager
    FAULT = "fault"  # a part failed; a `fault` record comes before
    BUG = "bug"  # an assertion did not hold


class DevicePart(StrEnum):
    """Which part of the device failed; one for each Fault in `edge.errors`, and the program itself."""

    CAMERA = "camera"
    READER = "reader"
    MODEL = "model"
    DOOR = "door"
    STORAGE = "storage"
    CLOCK = "clock"
    TRUST = "trust"
    HOST = "host"
    PROGRAM = "program"


class _Strict(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class ClockEvent(StrEnum):
    """A change of the trust in this device's clock."""

    BEHIND = "behind"  # it is before a signed time, or before the last time stored here: suspect
    BACK = "back"  # it was set back while the program ran: suspect
    AHEAD = "ahead"  # it was set forward while the program ran: suspect
    TRUSTED = "trusted"  # it is believed again
    PHONES = "phones"  # the holders' phones say otherwise: an alarm, and nothing else


class TrustAge(_Strict, frozen=True, kw_only=True):
    """One part of the trust snapshot ("keys", "status", "policy", "time") as the decision saw it.

    `issued_s`: its signed issue time, UTC; `age_s`: how old it was by the device's clock.
    """

    part: Ident
    issued_s: UnixS
    age_s: Seconds


class Path(StrEnum):
    """Which of the ways that every venue has a visit took."""

    FACE = "face"
    NO_FACE = "no-face"
    STAFF = "staff"  # the machine handed it on


class Visited(_Strict, frozen=True, kw_only=True):
    """Facts of a visit besides a card and a face; words of `edge.venues` and `edge.policy`.

    `risk_signals`: codes of risk; `required`, `given`: factors; `waited_ms`: from the first sight of the code
    to the decision, so that the ways can be compared.
    """

    venue: Ident
    path: Path
    risk_signals: Annotated[tuple[Ident, ...], Meta(max_length=10)] = ()
    required: Annotated[tuple[Ident, ...], Meta(max_length=8)] = ()
    given: Annotated[tuple[Ident, ...], Meta(max_length=8)] = ()
    notices: Annotated[tuple[Ident, ...], Meta(max_length=8)] = ()
    waited_ms: Ticks = 0


class _Record(_Strict, frozen=True, kw_only=True, tag_field="kind"):
    """What every record says: when, at which door, and by which software."""

    time_ms: UnixMs
    tick_ms: Ticks
    door: SiteId
    version: Version


class Passage(_Record, frozen=True, kw_only=True, tag="passage"):
    """One decision. `reason` is null exactly where the outcome is a grant.

    `card`: pseudonym of the card here, 12 hex digits; `issuer`: key id, hex; `assurance`: 0..3 as signed.
    `similarity_milli`, `threshold_milli`: cosine times 1000, both or neither; `model` made the cosine.
    `fta`: the quality component that kept the last look from being compared (ISO/IEC 29794-5).
    `stages_us`: time spent per stage, microseconds. `visit`: what was asked besides.
    """

    outcome: Outcome
    reason: Reason | None = None
    card: Pseudonym | None = None
    issuer: KeyId | None = None
    assurance: Annotated[int, Meta(ge=0, le=3)] | None = None
    similarity_milli: Milli | None = None
    threshold_milli: Milli | None = None
    fta: Ident | None = None
    model: Ident | None = None
    policy: Ident | None = None
    clock: ClockTrust = ClockTrust.TRUSTED
    trust: Annotated[tuple[TrustAge, ...], Meta(max_length=8)] = ()
    stages_us: Annotated[dict[Ident, Microseconds], Meta(max_length=16)] = msgspec.field(default_factory=dict)
    visit: Visited | msgspec.UnsetType = msgspec.UNSET  # absent where no card was verified

    def __post_init__(self) -> None:
        if (self.outcome is Outcome.GRANT) != (self.reason is None):
            raise ValueError("a denial has a reason and a grant has none")
        if (self.similarity_milli is None) != (self.threshold_milli is None):
            raise ValueError("a similarity stands beside its threshold")


class DoorChange(_Record, frozen=True, kw_only=True, tag="door"):
    """The strike or the leaf moved, or the door has something to say.

    `decision`: seq of the passage that caused it, where one did. `number`, `controller_ms`: of a door with a
    controller, the event's own number and the controller's clock, by which no event is put on record twice.
    """

    change: DoorEventKind
    cause: Cause | None = None
    decision: Count | None = None
    number: Count | None = None
    controller_ms: Ticks | None = None


class Started(_Record, frozen=True, kw_only=True, tag="start"):
    """The program is ready to decide."""

    model: Ident | None = None
    policy: Ident | None = None


class Stopped(_Record, frozen=True, kw_only=True, tag="stop"):
    """The program ended in order; a start with no stop before it tells of a crash or a power cut."""

    cause: StopCause


class Faulted(_Record, frozen=True, kw_only=True, tag="fault"):
    """A part of this device could not do its job."""

    part: DevicePart


class ClockChange(_Record, frozen=True, kw_only=True, tag="clock"):
    """The clock lost or won belief. `off_s`: how far it is ahead of what is believed in its place.

    For `holders` that is the median of their phones. `time_ms` is the time that is believed from here on.
    """

    event: ClockEvent
    off_s: Seconds | None = None


AuditRecord = Passage | DoorChange | Started | Stopped | Faulted | ClockChange


class JournalEntry(_Strict, frozen=True, kw_only=True):
    """A record in its place: `seq` counts from 0 without gaps and is the leaf's index in the tree."""

    seq: Count
    record: AuditRecord
    v: Literal[1] = 1


_encoder = msgspec.json.Encoder(order="sorted")
_decoder = msgspec.json.Decoder(JournalEntry)


def utc_ms(now: datetime) -> int:
    """Milliseconds since 1970 of an aware datetime, as `time_ms` wants them."""
    assert now.tzinfo is not None
    return int(now.timestamp() * 1000)


def encode(entry: JournalEntry) -> bytes:
    """The canonical bytes of an entry.

    Raises:
        StorageFault: a field does not hold what its type allows, so that nobody could read it back.
    """
    body = _encoder.encode(entry)
    try:
        decode(body)
    except JournalBroken as err:
        # The field's name, never its value: what does not fit a typed field may be personal.
        raise StorageFault(
            f"record cannot be written: {err.message}", hint="this is a bug in the caller; please report it"
        ) from err
    return body


def decode(body: bytes) -> JournalEntry:
    """The entry that `body` is the canonical encoding of. Raises JournalBroken."""
    if len(body) > MAX_RECORD_BYTES:
        raise JournalBroken(f"record is {len(body)} bytes, more than {MAX_RECORD_BYTES}")
    if not body.isascii():  # before msgspec, which lets a UnicodeDecodeError out for a bad key
        raise JournalBroken("record is not ASCII")
    try:
        entry = _decoder.decode(body)
    except msgspec.MsgspecError as err:
        _, at, where = str(err).rpartition(" - at ")
        raise JournalBroken("record is not of the known form" + (f", at {where}" if at else "")) from err
    if _encoder.encode(entry) != body:
        raise JournalBroken("record is not in its canonical encoding")
    return entry
