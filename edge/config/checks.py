"""What no single key can say: which words of a configuration contradict each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge.config import device_checks, venue_checks
from edge.config.source import ConfigSource

if TYPE_CHECKING:
    from pathlib import Path

    from edge.config.root import Config

_CHECKS: Final = (*device_checks.CHECKS, *venue_checks.CHECKS)


def check(config: Config, text: str, file: Path) -> None:
    """Raise ConfigError for the first two words that contradict each other."""
    page = ConfigSource(text, file)
    for ask in _CHECKS:
        ask(config, page)
