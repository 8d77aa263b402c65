"""All mistakes of a file are told at once, each with its line and its value as the file writes it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from worlds.venues.building_door import SITE, ZONES

from edge.config import Config, parse_config
from edge.config.mistakes import MAX_MISTAKES, mistakes_of
from edge.errors import ConfigError
from edge.formats.toml_mistakes import MAX_LINES, forgiving_toml_table
from edge.venues.door.rules_file import parse_rules
from edge.venues.door.site_tables import RulesTables


def told(text: str, file: str = "door.toml") -> list[str]:
    """The messages about a file, without its name."""
    try:
        if file == "site.toml":
            parse_rules(text.encode(), file, site=SITE, zones=ZONES)
        else:
            parse_config(text.encode(), Path(file))
    except ConfigError as error:
        every = (error, *error.also)
        assert all(each.hint for each in every)
        return [each.message.removeprefix(f"{file}:") for each in every]
    return []


def begin(messages: list[str], *beginnings: str) -> None:
    """Assert that these are the messages, by what they begin with."""
    assert len(messages) == len(beginnings), messages
    for message, beginning in zip(messages, beginnings, strict=True):
        assert message.startswith(beginning), messages


def test_every_kind_of_mistake_is_told_in_one_go() -> None:
    text = """\
colour = "red"
[door]
site = "The Lobby"
face = "Required"
release_ms = 60_000
[camera]
size = [640, 0x1F]
fps = 1e3
exposure = 2027-02-06
[scaner]
kind = "serial"
[strike]
kind = "controller"
[face]
pad = ["geometry", "Moire", "print"]
"""
    begin(
        told(text),
        "1: unknown key colour",
        '3: [door] site: "The Lobby" is not a name of a-z',
        '4: [door] face: "Required" is not one of required, if-bound, none',
        "5: [door] release_ms: 60_000 is not a whole number from 200 to 10000",
        "7: [camera] size: 0x1F is not a whole number from 160 to 4608",
        "8: [camera] fps: 1e3 is not a whole number from 1 to 60",
        "9: [camera] exposure: 2027-02-06 is not one of auto, short",
        "10: unknown table [scaner]",
        '15: [face] pad: "Moire" is not one of geometry, texture, passive',
        '15: [face] pad: "print" is not one of geometry, texture, passive',
        '13: [strike] kind = "controller" needs lock',
    )


def test_a_contradiction_with_a_wrong_key_is_not_told() -> None:
    begin(told("[scanner]\nkind = 'serial'\nport = 3\n"), "3: [scanner] port: 3 is not a path")
    begin(
        told("[scanner]\nkind = 'Serial'\nport = 'p'\n[camera]\nkind = 'none'\n[door]\nface = 'none'\n"),
        "2: [",
    )
    begin(
        told("[hub]\ncert = ''\n[lists]\nageing_h = 5\nstale_h = 3\n"), "2: [hub] cert:", "5: [lists] stale_h"
    )
    begin(
        told("scanner = 3\n[camera]\nkind = 'none'\n[door]\nface = 'none'\n"), "1: scanner: 3 is not a table"
    )


def test_contradictions_of_several_tables_are_told_in_one_go() -> None:
    text = "[mqtt]\npassword_file = 'p'\n[hub]\ncert = 'c'\n[camera]\nkind = 'none'\n"
    begin(
        told(text),
        '6: [camera] kind = "none" needs a scanner',
        '6: [camera] kind = "none" and [door] face',
        "4: [hub] cert needs cert_key",
        "2: [mqtt] password_file needs user",
    )


def test_a_line_that_is_no_toml_does_not_hide_the_others() -> None:
    text = """\
[door]
Site = lobby
face = 'Required'
zone = "a
[Door]
x = 1
[Door]
y = 2
[camera]
size = [ 1280
  720 ]
fps = 0
"""
    begin(
        told(text),
        "2: invalid value: Site = lobby",
        "4: illegal character",
        "7: cannot declare ('Door',) twice: [Door]",
        "11: unclosed array: 720 ]",
        "3: [door] face:",
        "5: unknown table [Door]",
        "12: [camera] fps: 0",
    )


def test_a_repeated_key_says_which() -> None:
    begin(told("[door]\nsite = 'a'\nsite = 'b'\n"), "3: cannot overwrite a value: site = 'b'")
    begin(told("[door]\nsite = 'a'\nsite = 'b'"), "3: cannot overwrite a value: site = 'b'")


def test_a_text_of_another_kind_is_told_in_few_lines() -> None:
    assert len(told("\n".join(f"x{number} =" for number in range(5_000)))) == MAX_LINES
    assert len(told("\n".join(f"key{number} = 1" for number in range(5_000)))) == MAX_MISTAKES
    assert len(told("[door]\nsite = [\n" + '"x",\n' * 5_000)) == 1


def test_rules_of_a_site_are_told_in_one_go() -> None:
    text = """\
version = "1"
zone = "Asia/Macao1"
groups = ["staff", "Guards"]
not_enrolled = ["visitor"]
colour = 1
[schedules]
day = ["mon 8-18", "mo 08:00-18:00"]
always = []
[[permits]]
groups = ["stafff", "guards"]
[[permits]]
groups = ["staff"]
doors = ["tower-1"]
[doors."Tower 1"]
area = "hall"
[areas.hall]
limit = 0x0
[lock_down]
schedule = "night"
"""
    begin(
        told(text, "site.toml"),
        '3: groups[1]: "Guards" is not a name of a-z, 0-9, _ and -',
        "5: unknown key colour",
        "9: permits[0]: doors is missing",
        '14: doors: "Tower 1" is not a name of a-z, 0-9 and -',
        "17: areas.hall.limit: 0x0 is not a whole number from 1 to 100000",
        '2: zone: "Asia/Macao1" is not a time zone',
        '7: schedules.day: "mon 8-18": not an entry such as',
        '7: schedules.day: "mo 08:00-18:00": "mo" is not one of mon',
        "8: schedules.always: every site has this schedule already",
        '4: not_enrolled: there is no group "visitor"',
        '19: lock_down.schedule: there is no schedule "night"',
    )


def test_a_broken_line_of_rules_is_told_with_its_text() -> None:
    text = 'version = "1"\nzone = Asia/Macau\ngroups = ["Staff]\n'
    begin(told(text, "site.toml"), "2: invalid value: zone = Asia/Macau", "3: ")


scalars: st.SearchStrategy[Any] = (
    st.booleans()
    | st.integers(-5, 70_000)
    | st.floats(0, 9)
    | st.sampled_from(["", "none", "a/b", "01-01", "x y"])
)
anything = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["kind", "x", "A b"]), inner, max_size=2)
    ),
    max_leaves=5,
)


@pytest.mark.parametrize("kind", [Config, RulesTables])
def test_there_is_a_mistake_exactly_where_the_types_refuse_the_tables(kind: type[msgspec.Struct]) -> None:
    tables = [each.name for each in msgspec.structs.fields(kind)]
    keys = ["kind", "site", "size", "pad", "blocks", "device", "limit", "schedule", "may_pass", "port", "x"]

    @given(
        st.dictionaries(
            st.sampled_from([*tables, "x"]),
            st.dictionaries(st.sampled_from(keys), anything, max_size=2)
            | anything
            | st.lists(
                st.dictionaries(st.sampled_from(["groups", "doors"]), anything, max_size=2), max_size=2
            ),
            max_size=3,
        )
    )
    def check(table: dict[str, Any]) -> None:
        try:
            msgspec.convert(table, kind)
        except msgspec.ValidationError:
            assert list(mistakes_of(table, kind))
        else:
            assert not list(mistakes_of(table, kind))

    check()


@given(st.text(alphabet="[]{}=,.\"'\n#ax1 ", max_size=60))
def test_any_text_gives_tables_or_the_lines_that_are_none(text: str) -> None:
    lines = [each.line for each in forgiving_toml_table(text).mistakes]
    assert lines == sorted(set(lines))
    assert all(0 < line <= text.count("\n") + 1 for line in lines)
