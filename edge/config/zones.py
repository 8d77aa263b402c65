"""Names of time zones, as the system's tz database has them."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from edge.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path


def zone_of(name: str, *, key: str = "zone", file: Path | None = None, line: int = 0) -> ZoneInfo:
    """The zone of this name. Raises ConfigError for `key`, with the nearest name."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        close = difflib.get_close_matches(name, available_timezones(), n=1, cutoff=0.5)
        hint = f"did you mean {close[0]}?" if close else "write a name such as Europe/Lisbon or Asia/Macau"
        raise ConfigError(
            f'{key}: "{name}" is not a time zone of this system', file=file, line=line, hint=hint
        ) from error
