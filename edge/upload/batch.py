"""Encoder and decoder of record batches: a head and the bytes of records in one zstd frame.

Pure. The device packs, the hub unpacks. UPLOAD.md section 1 specifies it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Annotated, Final, Literal

import msgspec
import zstandard
from msgspec import Meta, Struct

from edge.audit.checkpoint import MAX_OWN_NOTE_BYTES
from edge.audit.errors import JournalBroken
from edge.audit.merkle import HASH_BYTES, Frontier
from edge.audit.record import MAX_RECORD_BYTES, ClockTrust, Count, JournalEntry, UnixMs, UnixS, Version
from edge.audit.record import decode as decode_record
from edge.config import DeviceName
from edge.errors import InputError
from edge.formats.untrusted_text import UnreadableText, typed_json

MAX_RECORDS: Final = 1_000  # more than a busy door writes in an hour; a hub stores them in 0.1 s
MAX_HEAD_BYTES: Final = 32 * 1024  # a note of 4,096 bytes in JSON escapes of 6 each, and 128 hashes of 47
MAX_PLAIN_BYTES: Final = MAX_HEAD_BYTES + 1 + MAX_RECORDS * (MAX_RECORD_BYTES + 1)  # 4.1 MB
MAX_PACKED_BYTES: Final = 1_000_000  # below the default limit of common web servers, 1 MiB
MAX_PROOF: Final = 64  # one hash for each level of a tree of 2**63 leaves, and one
LEVEL: Final = 9  # 1,000 records in 11 kB; level 19 saves 4 % more for 30 times the work

_HINT = "update the hub before its devices: the two may have different releases"


class DeviceStatus(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The state of a device for its operator.

    Times are signed times, seconds since 1970; null if the device has none or does not know it.
    """

    software: Version
    clock: ClockTrust
    keys_issued_s: UnixS | None = None
    lists_issued_s: UnixS | None = None
    time_issued_s: UnixS | None = None
    free_mb: Count | None = None


@dataclass(frozen=True, slots=True)
class ProvenRecords:
    """Records `first` to `next` - 1 of one device, with the proof that they belong to its history.

    `base`: the tree of all records before; `bodies`: canonical bytes as in the journal, perhaps none; `note`:
    a signed checkpoint over at least `next` records; `proof`: the RFC 6962 consistency proof from the tree of
    `next` records to that of the note.
    """

    base: Frontier
    bodies: tuple[bytes, ...]
    note: str
    proof: tuple[bytes, ...]

    @property
    def first(self) -> int:
        """The seq of the first of these records."""
        return self.base.size

    @property
    def next(self) -> int:
        """The seq after the last of these records."""
        return self.base.size + len(self.bodies)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordBatch(ProvenRecords):
    """A batch of one device; it is untrusted before its signatures are verified.

    `sent_ms`: UTC by the device's clock; `hub_ms`: UTC by the hub's clock, from the newest answer of the hub,
    0 before the first one.
    """

    device: str
    sent_ms: int
    hub_ms: int
    status: DeviceStatus


class _Head(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    base: Annotated[tuple[bytes, ...], Meta(max_length=MAX_PROOF)]
    count: Annotated[int, Meta(ge=0, le=MAX_RECORDS)]
    device: DeviceName
    first: Count
    hub_ms: UnixMs
    note: Annotated[str, Meta(max_length=MAX_OWN_NOTE_BYTES)]
    proof: Annotated[tuple[bytes, ...], Meta(max_length=MAX_PROOF)]
    sent_ms: UnixMs
    status: DeviceStatus
    v: Literal[1] = 1


class TooLarge(InputError):
    """These records do not fit into one batch; half of them may fit."""


def pack(batch: RecordBatch) -> bytes:
    """The body of a request.

    Raises:
        TooLarge: the records do not fit; send fewer.
        InputError: the type of a field does not allow its value.
    """
    plain = encode(batch)
    packed = zstandard.ZstdCompressor(level=LEVEL, write_content_size=True).compress(plain)
    if len(plain) > MAX_PLAIN_BYTES or len(packed) > MAX_PACKED_BYTES:
        raise TooLarge(f"{len(batch.bodies)} records are too large for one batch")
    return packed


def unpack(packed: bytes) -> RecordBatch:
    """The batch in a body. `entries` parses its records. Raises InputError."""
    return decode(inflate(packed))


def inflate(packed: bytes) -> bytes:
    """The content of exactly one zstd frame that states its size. Raises InputError.

    The frame is decompressed into a buffer of that size; blocks with more data are an error.
    """
    if len(packed) > MAX_PACKED_BYTES:
        raise InputError(f"body has {len(packed)} bytes, at most {MAX_PACKED_BYTES} are allowed", hint=_HINT)
    try:
        size = zstandard.get_frame_parameters(packed).content_size
        if size in {zstandard.CONTENTSIZE_UNKNOWN, zstandard.CONTENTSIZE_ERROR}:
            raise InputError("body does not state the size of its content", hint=_HINT)
        if size > MAX_PLAIN_BYTES:
            raise InputError(f"body holds {size} bytes, at most {MAX_PLAIN_BYTES} are allowed", hint=_HINT)
        return zstandard.ZstdDecompressor().decompress(packed, allow_extra_data=False)
    except zstandard.ZstdError as err:
        raise InputError("body is not one complete zstd frame", hint=_HINT) from err


def encode(batch: RecordBatch) -> bytes:
    """Head and records as lines of ASCII, in the only encoding of the batch. Raises InputError."""
    head = _Head(
        base=batch.base.peaks,
        count=len(batch.bodies),
        device=batch.device,
        first=batch.first,
        hub_ms=batch.hub_ms,
        note=batch.note,
        proof=batch.proof,
        sent_ms=batch.sent_ms,
        status=batch.status,
    )
    line = _line(head)
    _head(line)
    return b"".join(part + b"\n" for part in (line, *batch.bodies))


def decode(plain: bytes) -> RecordBatch:
    """The batch in `plain`, which must be its encoding. Raises InputError."""
    if not plain.endswith(b"\n"):
        raise InputError("batch does not end with a line", hint=_HINT)
    line, *bodies = plain[:-1].split(b"\n", MAX_RECORDS + 1)
    head = _head(line)
    if len(bodies) != head.count:
        raise InputError(f"batch has another number of records than its head says, {head.count}", hint=_HINT)
    return RecordBatch(
        device=head.device,
        base=Frontier(head.first, head.base),
        bodies=tuple(bodies),
        note=head.note,
        proof=head.proof,
        sent_ms=head.sent_ms,
        hub_ms=head.hub_ms,
        status=head.status,
    )


def entries(batch: RecordBatch) -> tuple[JournalEntry, ...]:
    """The records of a batch, each checked to be canonical and to have its seq. Raises InputError."""
    return tuple(_entry(seq, body) for seq, body in enumerate(batch.bodies, batch.first))


def _entry(seq: int, body: bytes) -> JournalEntry:
    try:
        entry = decode_record(body)
    except JournalBroken as err:
        raise InputError(f"record {seq}: {err.message}", hint=_HINT) from err
    if entry.seq != seq:
        raise InputError(f"record {seq}: it holds the seq {entry.seq}", hint=_HINT)
    return entry


_decoder = msgspec.json.Decoder(_Head)


def _head(line: bytes) -> _Head:
    if len(line) > MAX_HEAD_BYTES:
        raise InputError(
            f"head of the batch has {len(line)} bytes, at most {MAX_HEAD_BYTES} are allowed", hint=_HINT
        )
    try:
        head = typed_json(line, _decoder) if line.isascii() else None
    except UnreadableText as err:
        _, at, where = str(err).rpartition(" - at ")
        raise InputError(
            "head of the batch does not have a known form" + (f", at {where}" if at else ""), hint=_HINT
        ) from err
    if head is None or _line(head) != line:
        raise InputError("head of the batch is not in its canonical encoding", hint=_HINT)
    if any(len(node) != HASH_BYTES for node in (*head.base, *head.proof)):
        raise InputError(f"head of the batch holds a hash that does not have {HASH_BYTES} bytes", hint=_HINT)
    if len(head.base) != head.first.bit_count():
        raise InputError(f"base of the batch is not that of a tree of {head.first}", hint=_HINT)
    return head


def _line(head: _Head) -> bytes:
    # Not msgspec's encoder: it does not escape the dash of a signed note, and a line is ASCII.
    return json.dumps(msgspec.to_builtins(head), sort_keys=True, separators=(",", ":")).encode()
