"""The text of a configuration, with the line and the written value of each key for errors."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from edge.config.allowed import MAX_SHOWN, shown
from edge.errors import ConfigError
from edge.formats.toml_places import TomlPath, TomlPlace, toml_places
from edge.venue_names import LIBRARY

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@dataclass(frozen=True)
class ConfigSource:
    """A TOML text and the file that it came from. `library`: its name for the table `[library]`."""

    text: str
    file: Path | str
    library: str = LIBRARY

    def written(self, table: str) -> str:
        """The name of a table as this text writes it."""
        return self.library if table == LIBRARY else table

    def wrong(self, message: str, *, at: int, hint: str) -> ConfigError:
        """The error for line `at`."""
        return ConfigError(message, file=self.file, line=at, hint=hint)

    def line(self, table: str | None, key: str) -> int:
        """The line that sets this key, counted from 1; 0: no line sets it."""
        return self.line_of((key,) if table is None else (table, key))

    def line_of(self, path: TomlPath) -> int:
        """The line of a key or an item of a list; 0: no line sets it."""
        place = self._place(path)
        return place.line if place else 0

    def shown(self, path: TomlPath, value: Any) -> str:  # noqa: ANN401  any value of a TOML text
        """The value as the text writes it: 0x1F stays 0x1F. A text has quotation marks of one kind."""
        place = self._place(path)
        if isinstance(value, str) or not place or not place.written or "\n" in place.written:
            return shown(value)
        return place.written if len(place.written) <= MAX_SHOWN else f"{place.written[:MAX_SHOWN]}..."

    def _place(self, path: TomlPath) -> TomlPlace | None:
        name = self.written(str(path[0]))
        return self._places.get((name, *path[1:]))

    @cached_property
    def _places(self) -> Mapping[TomlPath, TomlPlace]:
        return toml_places(self.text)
