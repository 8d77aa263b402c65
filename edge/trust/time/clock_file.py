"""`clock.json` of the state folder: the times that a device keeps across power cuts (TIME.md section 3)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta, Struct

from edge.errors import ClockFault
from edge.formats.untrusted_text import typed_json
from edge.trust.time.steady_time import FIRST, LAST
from edge.trust.time.trusted_clock import ClockMemory

NAME: Final = "clock.json"
MAX_CLOCK_BYTES: Final = 1_024  # a file takes 170

_Instant = Annotated[datetime, Meta(tz=True)]


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    time: _Instant
    signed: _Instant
    synced: _Instant | None = None
    vouched: _Instant = FIRST
    v: Literal[1] = 1


_decoder = msgspec.json.Decoder(_File)


def encode(memory: ClockMemory) -> bytes:
    """The file that `parse` reads."""
    return msgspec.json.encode(_File(memory.time, memory.signed, memory.synced, memory.vouched)) + b"\n"


def parse(data: bytes) -> ClockMemory:
    """The memory in a file. Raises ClockFault; the device then uses its journal and the signed times."""
    hint = f"remove {NAME}; the journal and the signed times still bound the time"
    if len(data) > MAX_CLOCK_BYTES:
        raise ClockFault(f"{NAME}: {len(data)} bytes, at most {MAX_CLOCK_BYTES} are allowed", hint=hint)
    try:
        file = typed_json(data, _decoder)
        synced = None if file.synced is None else _utc(file.synced)
        return ClockMemory(_utc(file.time), _utc(file.signed), synced, _utc(file.vouched))
    except (ValueError, OverflowError) as error:  # UnreadableText is a ValueError
        raise ClockFault(f"{NAME}: the file is damaged", hint=hint) from error


def _utc(instant: datetime) -> datetime:
    moment = instant.astimezone(UTC)
    if not FIRST <= moment <= LAST:
        raise ValueError("a time is not from 1970 to 2100")
    return moment
