"""Checks the keys of a configuration against each other, where each key alone is right."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge.config import device_checks, venue_checks

if TYPE_CHECKING:
    from edge.config.root import Config
    from edge.config.source import ConfigSource

_CHECKS: Final = (*device_checks.CHECKS, *venue_checks.CHECKS)


def check(config: Config, page: ConfigSource) -> None:
    """Raises ConfigError for the first keys that contradict each other."""
    for ask in _CHECKS:
        ask(config, page)
