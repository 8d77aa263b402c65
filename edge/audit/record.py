"""The types of journal records, and their canonical encoding.

A record cannot hold personal data: every field is an enumeration, a bounded integer, hexadecimal or an
identifier of a narrow pattern. There is no free text, so no name, number, code or face can be recorded.

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
from edge.formats.untrusted_text import UnreadableText, typed_json
from edge.on_record import LockMovement
from edge.ports import Cause, DoorEventKind

if TYPE_CHECKING:
    from datetime import datetime

# The largest record that the limits of the fields allow has 3.7 KB; the rest is for later versions.
MAX_RECORD_BYTES = 4096

Ident = Annotated[str, Meta(pattern=r"\A[A-Za-z0-9][A-Za-z0-9._-]*\Z", max_length=40)]
Version = Annotated[str, Meta(pattern=r"\A[0-9][a-z0-9.+-]*\Z", max_length=40)]  # PEP 440, lower case
SiteId = Annotated[str, Meta(pattern=r"\A[a-z0-9][a-z0-9-]*(/[a-z0-9][a-z0-9-]*)*\Z", max_length=80)]
Pseudonym = Annotated[str, Meta(pattern=r"\A[0-9a-f]{12}\Z")]
KeyId = Annotated[str, Meta(pattern=r"\A([0-9a-f]{2}){1,32}\Z")]  # a COSE kid is 8 bytes here, 32 at most
UnixMs = Annotated[int, Meta(ge=0, le=253_402_300_799_999)]  # to the end of year 9999
UnixS = Annotated[int, Meta(ge=0, le=253_402_300_799)]
Seconds = Annotated[int, Meta(ge=-(2**40), le=2**40)]  # an age is negative when the clock was set back
Ticks = Annotated[int, Meta(ge=0, le=2**53 - 1)]  # the largest integer that every JSON reader keeps exactly
Count = Annotated[int, Meta(ge=0, le=2**53 - 1)]
Milli = Annotated[int, Meta(ge=-1000, le=1000)]  # a cosine, times 1000
Microseconds = Annotated[int, Meta(ge=0, le=3_600_000_000)]  # an hour: no passage lasts longer


class Outcome(StrEnum):
    """The outcome of a decision."""

    GRANT = "grant"
    DENY = "deny"


class ClockTrust(StrEnum):
    """Whether the clock of this record was trusted."""

    TRUSTED = "trusted"
    SUSPECT = "suspect"


class StopCause(StrEnum):
    """The cause for which the program ended."""

    END = "end"  # there are no more frames
    SIGNAL = "signal"  # Ctrl-C, or the service manager
    FAULT = "fault"  # a part failed; a `fault` record comes before it
    BUG = "bug"  # an assertion failed


class DevicePart(StrEnum):
    """The part of the device that failed; one for each Fault in `edge.errors`, and the program itself."""

    CAMERA = "camera"
    READER = "reader"
    MODEL = "model"
    DOOR = "door"
    STORAGE = "storage"
    CLOCK = "clock"
    TRUST = "trust"
    HOST = "host"
    PROGRAM = "program"


class ErasureCause(StrEnum):
    """The reason for which records were erased."""

    AGE = "age"  # kept as long as the site asks
    SPACE = "space"  # the hub has them, and the disk is short


class _Strict(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class ClockEvent(StrEnum):
    """A change of the trust in this device's clock."""

    BEHIND = "behind"  # it is before a signed time, or before the last time stored here: suspect
    BACK = "back"  # it was set back while the program ran: suspect
    AHEAD = "ahead"  # it was set forward while the program ran: suspect
    TRUSTED = "trusted"  # it is trusted again
    PHONES = "phones"  # the clocks of holders' phones differ from it: an alarm only


class TrustAge(_Strict, frozen=True, kw_only=True):
    """One part of the trust snapshot ("keys", "status", "policy", "time") at the decision.

    `issued_s`: its signed issue time, UTC; `age_s`: its age by the device's clock.
    """

    part: Ident
    issued_s: UnixS
    age_s: Seconds


class Path(StrEnum):
    """The path of a visit: with a face, without one, or by staff."""

    FACE = "face"
    NO_FACE = "no-face"
    STAFF = "staff"  # the device passed it to staff


class Visited(_Strict, frozen=True, kw_only=True):
    """Facts of a visit besides a card and a face, in words of `edge.venues` and `edge.policy`.

    `risk_signals`: codes of risk; `required`, `given`: factors; `waited_ms`: from the first frame with the
    code to the decision, to compare the paths.
    """

    venue: Ident
    path: Path
    risk_signals: Annotated[tuple[Ident, ...], Meta(max_length=10)] = ()
    required: Annotated[tuple[Ident, ...], Meta(max_length=8)] = ()
    given: Annotated[tuple[Ident, ...], Meta(max_length=8)] = ()
    notices: Annotated[tuple[Ident, ...], Meta(max_length=8)] = ()
    waited_ms: Ticks = 0


class _Record(_Strict, frozen=True, kw_only=True, tag_field="kind"):
    """The fields of every record: time, door and software version."""

    time_ms: UnixMs
    tick_ms: Ticks
    door: SiteId
    version: Version


class Passage(_Record, frozen=True, kw_only=True, tag="passage"):
    """One decision. `reason` is null if and only if the outcome is a grant.

    `card`: pseudonym of the card here, 12 hex digits; `issuer`: key id, hex; `assurance`: 0..3 as signed.
    `similarity_milli`, `threshold_milli`: cosine times 1000, both or neither; `model` made the cosine.
    `fta`: the quality component for which the last frame was not compared (ISO/IEC 29794-5).
    `stages_us`: time per stage, microseconds. `visit`: further requirements and factors. `foreign`: the kind
    of a code that is not ours (`edge/card/foreign.py`), with `code.foreign` only. `mended`: true if the code
    was read from a corrected drawing; absent otherwise.
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
    visit: Visited | msgspec.UnsetType = msgspec.UNSET  # absent if no card was verified
    foreign: Ident | msgspec.UnsetType = msgspec.UNSET
    mended: bool | msgspec.UnsetType = msgspec.UNSET

    def __post_init__(self) -> None:
        if (self.outcome is Outcome.GRANT) != (self.reason is None):
            raise ValueError("a denial has a reason and a grant has none")
        if (self.similarity_milli is None) != (self.threshold_milli is None):
            raise ValueError("a similarity and its threshold come together")


class DoorChange(_Record, frozen=True, kw_only=True, tag="door"):
    """An event of the door: the strike or the leaf moved, or its state changed.

    `decision`: seq of the passage that caused it, if one did. `number`, `controller_ms`: for a door with a
    controller, the event's number and the controller's clock, so that no event is recorded twice. With the
    cause `command` or `schedule` and no number it is an order, durable before the lock moves.
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
    """The program ended normally; a start without a stop before it means a crash or a power cut."""

    cause: StopCause


class Faulted(_Record, frozen=True, kw_only=True, tag="fault"):
    """A part of this device could not do its job."""

    part: DevicePart


class ClockChange(_Record, frozen=True, kw_only=True, tag="clock"):
    """A change of the trust in the clock. `off_s`: the time by which it is ahead of the trusted time.

    For `phones` it is the time by which it is ahead of the median phone. `time_ms` is the new trusted time.
    """

    event: ClockEvent
    off_s: Seconds | None = None


class Erased(_Record, frozen=True, kw_only=True, tag="erased"):
    """All records before `upto` are erased from this device; written before their files are removed.

    `vouched_s`: for `age`, the time that had passed for certain, by which they had been kept long enough.
    """

    upto: Count
    cause: ErasureCause
    vouched_s: UnixS | None = None

    def __post_init__(self) -> None:
        if (self.cause is ErasureCause.AGE) != (self.vouched_s is not None):
            raise ValueError("an erasure for age has a vouched time, and one for space has none")


AuditRecord = Passage | DoorChange | Started | Stopped | Faulted | ClockChange | Erased


def allowed_by(record: AuditRecord) -> LockMovement | None:
    """The movement of the lock that this record allows: a grant, or an order to the door."""
    match record:
        case Passage(outcome=Outcome.GRANT):
            return LockMovement.RELEASE
        case DoorChange(change=DoorEventKind.RELEASED, cause=Cause.COMMAND, number=None):
            return LockMovement.RELEASE
        case DoorChange(change=DoorEventKind.FREE_ACCESS, cause=Cause.COMMAND | Cause.SCHEDULE, number=None):
            return LockMovement.FREE_ACCESS
    return None


class JournalEntry(_Strict, frozen=True, kw_only=True):
    """A record with its `seq`, which counts from 0 without gaps and is the leaf's index in the tree."""

    seq: Count
    record: AuditRecord
    v: Literal[1] = 1


_encoder = msgspec.json.Encoder(order="sorted")
_decoder = msgspec.json.Decoder(JournalEntry)


def utc_ms(now: datetime) -> int:
    """Milliseconds since 1970 of an aware datetime, for `time_ms`."""
    assert now.tzinfo is not None
    return int(now.timestamp() * 1000)


def encode(entry: JournalEntry) -> bytes:
    """The canonical bytes of an entry.

    Raises:
        StorageFault: the type of a field does not allow its value, so it could not be read back.
    """
    body = _encoder.encode(entry)
    try:
        decode(body)
    except JournalBroken as err:
        # The field's name, never its value: a value of a wrong type may be personal.
        raise StorageFault(
            f"record cannot be written: {err.message}", hint="report this as a bug in doorward"
        ) from err
    return body


def decode(body: bytes) -> JournalEntry:
    """The entry in `body`, which must be its canonical encoding. Raises JournalBroken."""
    if len(body) > MAX_RECORD_BYTES:
        raise JournalBroken(f"record has {len(body)} bytes, at most {MAX_RECORD_BYTES} are allowed")
    if not body.isascii():  # before msgspec, which raises UnicodeDecodeError for a bad key
        raise JournalBroken("record is not ASCII")
    try:
        entry = typed_json(body, _decoder)
    except UnreadableText as err:
        _, at, where = str(err).rpartition(" - at ")
        raise JournalBroken("record does not have a known form" + (f", at {where}" if at else "")) from err
    if _encoder.encode(entry) != body:
        raise JournalBroken("record is not in its canonical encoding")
    return entry
