"""Checks the keys of a configuration against each other: no single key shows such a contradiction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge.config import device_checks, venue_checks

if TYPE_CHECKING:
    from edge.config.root import Config
    from edge.config.source import ConfigSource

_CHECKS: Final = (*device_checks.CHECKS, *venue_checks.CHECKS)


def check(config: Config, page: ConfigSource) -> None:
    """Raise ConfigError for the first two words that contradict each other."""
    for ask in _CHECKS:
        ask(config, page)
