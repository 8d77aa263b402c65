"""The table of access rules and enrolled people, for a door that asks for more than the scope of a card."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from edge.config.sections.base import FilePath, Table


class PermitsConfig(Table, frozen=True):
    """The rules of a site, and the people who are enrolled there (edge/venues/door/DOOR_RULES.md)."""

    rules: FilePath | None = None
    """File with the rules of the site, such as site.toml; left out: only the scope of a card counts."""
    people: FilePath = "people.db"
    """Database of enrolled people, made by `doorward people import`; it holds no names and no subjects."""
    key: FilePath = "people.key"
    """Key that makes the pseudonyms in that database: 32 bytes, mode 0600. All doors of a site need the same
    key, or a door does not find people that another door enrolled."""
    pin_digits: Annotated[int, Meta(ge=4, le=12)] = 6
    """Digits of the shortest PIN that can be set or entered; a thief guesses a shorter one sooner."""
    presence: FilePath = "state/presence.db"
    """Database of who is inside, who came first today, and whether the site is locked down."""
