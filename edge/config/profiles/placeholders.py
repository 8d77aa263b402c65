"""Placeholders: values that `doorward config show --venue` prints for keys that each site must set itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from edge.config.parse import profile

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from edge.config.root import Config
    from edge.config.source import ConfigSource
    from edge.errors import ConfigError

MARK: Final = "placeholder"  # in every placeholder, in capitals or not
# Values of the right type that no network and no card has; .invalid is reserved by RFC 2606.
EVERYWHERE: Final[Mapping[tuple[str, str], str]] = {
    ("device", "id"): "placeholder-1",
    ("door", "site"): "placeholder/door",
}
OF_VENUE: Final[Mapping[str, Mapping[tuple[str, str], str]]] = {
    "library": {("library", "host"): "placeholder.invalid"},
}


def profile_with_placeholders(venue: str) -> Config:
    """The profile of a venue, with placeholders for the keys that the site must set."""
    config = profile(venue)
    for (table, key), value in {**EVERYWHERE, **OF_VENUE.get(venue, {})}.items():
        held = msgspec.structs.replace(getattr(config, table), **{key: value})
        config = msgspec.structs.replace(config, **{table: held})
    return config


def is_placeholder(value: object) -> bool:
    """Whether a value, or an item of a list, is a placeholder."""
    if isinstance(value, tuple):
        return any(map(is_placeholder, value))
    return isinstance(value, str) and MARK in value.lower()


def placeholders(config: Config, page: ConfigSource) -> Iterator[ConfigError]:
    """The error of each placeholder that is left, in the order of the tables."""
    for table, keys in msgspec.structs.asdict(config).items():
        for key, value in msgspec.structs.asdict(keys).items():
            if is_placeholder(value):
                place = f"[{page.written(table)}] {key}"
                yield page.wrong(
                    f"{place}: {page.shown((table, key), value)} is still a placeholder",
                    at=page.line(table, key),
                    hint=f"set it to the value of this site; the comment of {place} says which",
                )
