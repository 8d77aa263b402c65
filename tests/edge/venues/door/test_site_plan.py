"""Doors, areas and permits of a site, as its file names them."""

from __future__ import annotations

import pytest
from worlds.people_folder import SITE

from edge.errors import ConfigError
from edge.venues.door.rules_file import parse_plan
from edge.venues.door.site_plan import doors_among


@pytest.mark.parametrize(
    ("places", "doors"),
    [
        ((), ()),
        (("tower-1",), ("tower-1",)),
        (("tower-1", "tower-1/lobby"), ("tower-1/lobby",)),
        (("a", "a/b/c", "a/bb", "a/b/c"), ("a/b/c", "a/bb")),
        (("a/b", "a/b-2"), ("a/b", "a/b-2")),
    ],
)
def test_a_place_that_holds_a_door_is_no_door(places: tuple[str, ...], doors: tuple[str, ...]) -> None:
    assert doors_among(places) == doors


def test_the_plan_names_doors_areas_and_the_permits_of_groups() -> None:
    plan = parse_plan(SITE.encode(), "site.toml")
    assert plan.doors == ("tower-1/exit", "tower-1/lab", "tower-1/lobby", "tower-1/vault")
    assert [(area.name, area.limit) for area in plan.areas] == [("tower-1", 50)]
    assert [(p.places, p.schedule, p.after) for p in plan.permits_of(frozenset({"staff"}))] == [
        (("tower-1/lobby",), "office", None),
        (("tower-1/lab",), "night", "guards"),
    ]
    assert plan.permits_of(frozenset()) == ()


def test_a_wrong_file_is_an_error_that_names_the_key() -> None:
    with pytest.raises(ConfigError, match=r"site\.toml:2: unknown key pasback"):
        parse_plan(SITE.replace("version", "pasback = 1\nversion", 1).encode(), "site.toml")
