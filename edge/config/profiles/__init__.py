"""Profiles of venues: one TOML each, explained at its head, with the values that differ from the defaults."""

from __future__ import annotations

import tomllib
from importlib import resources
from typing import Any, Final

VENUES: Final = ("door", "desk", "library", "lane", "check")


def text_of(venue: str) -> str:
    """The profile of a venue, as it is written."""
    assert venue in VENUES
    return resources.files(__name__).joinpath(f"{venue}.toml").read_text("utf-8")


def about(venue: str) -> list[str]:
    """The sentences at its head: its purpose, who passes without a face, and where staff come in."""
    lines = text_of(venue).partition("\n\n")[0].splitlines()
    return [line.removeprefix("# ") for line in lines]


def under(table: dict[str, Any]) -> dict[str, Any]:
    """A configuration's tables over the profile of the venue that it names; what it says itself counts."""
    door = table.get("door")
    venue = door.get("venue", "door") if isinstance(door, dict) else "door"
    if venue not in VENUES:
        return table  # the types of the configuration say what is wrong with it
    whole: dict[str, Any] = dict(table)
    for name, keys in tomllib.loads(text_of(venue)).items():
        said = table.get(name, {})
        if isinstance(said, dict):
            whole[name] = keys | said
    return whole
