"""The text of a configuration, with the line of each key for errors."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edge.errors import ConfigError
from edge.venue_names import LIBRARY

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class ConfigSource:
    """A TOML text and the file that it came from. `library`: its name for the table `[library]`."""

    text: str
    file: Path
    library: str = LIBRARY

    def written(self, table: str) -> str:
        """The name of a table as this text writes it."""
        return self.library if table == LIBRARY else table

    def wrong(self, message: str, *, at: int, hint: str) -> ConfigError:
        """The error for line `at`."""
        return ConfigError(message, file=self.file, line=at, hint=hint)

    def line(self, table: str | None, key: str) -> int:
        """The line that sets this key, counted from 1; 0: no line sets it."""
        table = table and self.written(table)
        current: str | None = None
        for number, line in enumerate(self.text.splitlines(), 1):
            header = re.match(r"\s*\[\s*([\w-]+)\s*\]", line)
            if header:
                current = header[1]
                if table is None and current == key:
                    return number
            elif (current == table and re.match(rf"\s*[\"']?{re.escape(key)}[\"']?\s*=", line)) or (
                current is None
                and table
                and re.match(rf"\s*{re.escape(table)}\s*[.=].*{re.escape(key)}", line)
            ):
                return number
        return 0
