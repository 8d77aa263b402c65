"""What no single key can say: which words of a configuration contradict each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge.config import coherence_of_device, coherence_of_venues
from edge.config.page import Page

if TYPE_CHECKING:
    from pathlib import Path

    from edge.config.whole import Config

_CHECKS: Final = (*coherence_of_device.CHECKS, *coherence_of_venues.CHECKS)


def check(config: Config, text: str, file: Path) -> None:
    """Raise ConfigError for the first two words that contradict each other."""
    page = Page(text, file)
    for ask in _CHECKS:
        ask(config, page)
