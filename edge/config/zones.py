"""Names of time zones, as the system's tz database has them."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from edge.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path


def zone_of(name: str, *, file: Path | None = None, line: int = 0) -> ZoneInfo:
    """The zone of this name. Raises ConfigError with the name that comes closest."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        close = difflib.get_close_matches(name, available_timezones(), n=1, cutoff=0.5)
        hint = f"did you mean {close[0]}?" if close else "names are like Europe/Lisbon or Asia/Macau"
        raise ConfigError("no time zone of that name", file=file, line=line, hint=hint) from error
