"""Names of time zones, as the system's tz database has them."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from edge.errors import ConfigError
from edge.nearest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from edge.config.source import ConfigSource


def zone_of(name: str, *, key: str = "zone", file: Path | str | None = None, line: int = 0) -> ZoneInfo:
    """The zone of this name. Raises ConfigError for `key`, with the nearest name."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        near = did_you_mean(name, available_timezones())
        hint = near or "write a name such as Europe/Lisbon or Asia/Macau"
        raise ConfigError(
            f'{key}: "{name}" is not a time zone of this system', file=file, line=line, hint=hint
        ) from error


def zone_mistakes(name: str, page: ConfigSource, table: str) -> Iterator[ConfigError]:
    """The error of the key `zone` of a table, if there is one."""
    try:
        key = f"[{page.written(table)}] zone"
        zone_of(name, key=key, file=page.file, line=page.line(table, "zone"))
    except ConfigError as error:
        yield error
