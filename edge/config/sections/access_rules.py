"""The table of access rules and enrolled people, for a door that asks for more than the scope of a card."""

from __future__ import annotations

from edge.config.sections.base import FilePath, Table


class PermitsConfig(Table, frozen=True):
    """The rules of a site, and the people who are enrolled there (edge/venues/door/DOOR_RULES.md)."""

    rules: FilePath | None = None
    """The site's rules, site.toml; left out: the scope of a card is all that counts."""
    people: FilePath = "people.db"
    """Who is enrolled: doorward people import; no name and no subject is in it."""
    key: FilePath = "people.key"
    """What turns a card's subject into the name in that file, 32 bytes, mode 0600; the same for all doors of
    a site, or none knows the others' people."""
    presence: FilePath = "state/presence.db"
    """Who is inside, who came first today, and whether the site is locked down."""
