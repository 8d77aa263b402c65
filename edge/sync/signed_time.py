"""The signed time of a publication, `revocation/time.json`: `{"issued_at": "2026-11-22T06:00:00Z"}`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Final

import msgspec

from edge.card import numbers as n
from edge.errors import UpdateRejected

MAX_TIME_BYTES: Final = 256  # ours has 41


class _TimeFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    issued_at: Annotated[datetime, msgspec.Meta(tz=True)]


def signed_time(now: datetime) -> bytes:
    """The file. `now`: aware UTC; what is less than a second is cut off."""
    return msgspec.json.encode(_TimeFile(now.replace(microsecond=0))) + b"\n"


def read_signed_time(data: bytes) -> datetime:
    """What the file says, in UTC. Raises UpdateRejected."""
    hint = "the repository has to be published again"
    if len(data) > MAX_TIME_BYTES:
        raise UpdateRejected("time.json: more bytes than a time needs", hint=hint)
    try:
        moment = msgspec.json.decode(data, type=_TimeFile).issued_at.astimezone(UTC)
    except (ValueError, OverflowError, RecursionError) as error:  # msgspec's errors are ValueErrors
        raise UpdateRejected(f"time.json: {error}", hint=hint) from error
    if not 0 <= moment.timestamp() <= n.MAX_TIME:
        raise UpdateRejected("time.json: a time outside 1970 to 2100", hint=hint)
    return moment
