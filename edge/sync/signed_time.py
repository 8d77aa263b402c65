"""The signed time of a publication, `revocation/time.json`: `{"issued_at": "2026-11-22T06:00:00Z"}`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Final

import msgspec

from edge.card import numbers as n
from edge.errors import UpdateRejected
from edge.formats.untrusted_text import typed_json

MAX_TIME_BYTES: Final = 256  # the usual file has 41


class _TimeFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    issued_at: Annotated[datetime, msgspec.Meta(tz=True)]


_decoder = msgspec.json.Decoder(_TimeFile)


def signed_time(now: datetime) -> bytes:
    """The content of the file. `now`: aware UTC; fractions of a second are cut off."""
    return msgspec.json.encode(_TimeFile(now.replace(microsecond=0))) + b"\n"


def read_signed_time(data: bytes) -> datetime:
    """The time in the file, UTC. Raises UpdateRejected."""
    hint = "ask the authority to publish again"
    if len(data) > MAX_TIME_BYTES:
        raise UpdateRejected(f"time.json: {len(data)} bytes, at most {MAX_TIME_BYTES} are allowed", hint=hint)
    try:
        moment = typed_json(data, _decoder).issued_at.astimezone(UTC)
    except (ValueError, OverflowError) as error:  # UnreadableText is a ValueError
        raise UpdateRejected(f"time.json: {error}", hint=hint) from error
    if not 0 <= moment.timestamp() <= n.MAX_TIME:
        raise UpdateRejected("time.json: issued_at is not from 1970 to 2100", hint=hint)
    return moment
