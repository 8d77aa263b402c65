"""Checks the keys of a configuration against each other, where each key alone is right."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

from edge.config import device_checks, venue_checks

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from edge.config.root import Config
    from edge.config.source import ConfigSource
    from edge.errors import ConfigError
    from edge.formats.toml_places import TomlPath

_CHECKS: Final = (*device_checks.CHECKS, *venue_checks.CHECKS)


def contradictions(config: Config, page: ConfigSource, wrong: Collection[TomlPath]) -> Iterator[ConfigError]:
    """The errors of keys that contradict each other.

    `wrong`: keys with a mistake of their own, in place of which `config` has defaults. An error that was
    found with one of them is left out: it may be about the default.
    """
    for check in _CHECKS:
        reads: set[TomlPath] = set()
        for error in check(cast("Config", _ReadTables(config, reads)), page):
            if not any(key[: len(path)] == path[:2] for key in reads for path in wrong):
                yield error


class _ReadTables:
    """A configuration that notes each key that is read."""

    def __init__(self, config: Config, reads: set[TomlPath]) -> None:
        self._config, self._reads = config, reads

    def __getattr__(self, table: str) -> _ReadKeys:
        return _ReadKeys(table, getattr(self._config, table), self._reads)


class _ReadKeys:
    def __init__(self, name: str, table: object, reads: set[TomlPath]) -> None:
        self._name, self._table, self._reads = name, table, reads

    def __getattr__(self, key: str) -> Any:  # noqa: ANN401  the value of any key
        self._reads.add((self._name, key))
        return getattr(self._table, key)
