"""Profiles of venues: one TOML file each, with a comment at its head and the values that are not defaults."""

from __future__ import annotations

import tomllib
from importlib import resources
from typing import Any, Final

VENUES: Final = ("door", "desk", "library", "lane", "check")


def text_of(venue: str) -> str:
    """The text of a venue's profile."""
    assert venue in VENUES
    return resources.files(__name__).joinpath(f"{venue}.toml").read_text("utf-8")


def about(venue: str) -> list[str]:
    """The comment at the head of a profile: the place, visitors without a face, and the staffed fallback."""
    lines = text_of(venue).partition("\n\n")[0].splitlines()
    return [line.removeprefix("# ") for line in lines]


def under(table: dict[str, Any]) -> dict[str, Any]:
    """The tables of a configuration over the profile of its venue; its own values replace the profile's."""
    door = table.get("door")
    venue = door.get("venue", "door") if isinstance(door, dict) else "door"
    if venue not in VENUES:
        return table  # the types of the configuration find the mistake
    whole: dict[str, Any] = dict(table)
    for name, keys in tomllib.loads(text_of(venue)).items():
        said = table.get(name, {})
        if isinstance(said, dict):
            whole[name] = keys | said
    return whole
