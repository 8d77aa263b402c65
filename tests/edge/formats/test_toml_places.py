"""The place of each value in a TOML text, compared with what the parser of the standard library reads."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT
from hypothesis import given
from hypothesis import strategies as st

from edge.formats.toml_places import TomlPath, toml_places

TEXT = """\
# a comment = 1
top = 0x1F   # thirty-one
"quoted key" = 'a # b'
dotted.name."with space" = 1_000

[door]   # of the lobby
site = "tower-1/\\"lobby\\""
list = [ 1, 2,
  # a comment, with a ] in it
  3,
]
inline = { a = 1, b = { c = "x}" }, d.e = [true] }
text = \"\"\"
[not a table]
a "quotation" \\\"""
end\"\"\"\"\"
raw = '''
it's
'''
day = 2027-02-06 10:00:00

[[permits]]
groups = ["staff"]
[permits.inner]
x = 1
[[permits]]
groups = []
[areas."hall 1"]
limit = 5
"""


def leaves(value: Any, path: TomlPath = ()) -> dict[TomlPath, Any]:
    """Each value below this one that is not a table, also the lists, by path."""
    if isinstance(value, dict):
        return {
            key: leaf for name, each in value.items() for key, leaf in leaves(each, (*path, name)).items()
        }
    found = {path: value}
    if isinstance(value, list):
        for number, each in enumerate(value):
            found |= leaves(each, (*path, number))
    return found


def assert_same(text: str) -> None:
    found = toml_places(text)
    table = tomllib.loads(text)
    for path, value in leaves(table).items():
        if path not in found:  # a list that is written as [[tables]]
            assert isinstance(value, list)
            assert all(isinstance(each, dict) for each in value)
            continue
        assert tomllib.loads(f"x = {found[path].written}")["x"] == value
        key = next(part for part in reversed(path) if isinstance(part, str))
        assert text.splitlines()[found[path].line - 1].strip()
        assert isinstance(key, str)


def test_each_value_is_found_as_it_is_written() -> None:
    assert_same(TEXT)
    found = toml_places(TEXT)
    assert (found["top",].line, found["top",].written) == (2, "0x1F")
    assert (found["dotted", "name", "with space"].line, found["door",].line) == (4, 6)
    assert [found["door", "list", number].line for number in range(3)] == [8, 8, 10]
    assert (found["door", "inline", "b", "c"].written, found["door", "inline", "d", "e", 0].line) == (
        '"x}"',
        12,
    )
    assert found["door", "day"].written == "2027-02-06 10:00:00"
    assert [found["permits", number].line for number in range(2)] == [22, 26]
    assert found["permits", 0, "inner", "x"].line == 25
    assert found["areas", "hall 1", "limit"].line == 29


def test_lines_of_windows_count_once() -> None:
    found = toml_places("[door]\r\nsite = 'a'\r\n# x\r\nzone = 'b'\r\n")
    assert [found["door", key].line for key in ("site", "zone")] == [2, 4]
    assert found["door", "site"].written == "'a'"


FILES = sorted(path for path in ROOT.rglob("*.toml") if not any(part.startswith(".") for part in path.parts))


@pytest.mark.parametrize("file", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_each_file_of_this_repository_is_found_whole(file: Path) -> None:
    assert_same(file.read_text("utf-8"))


values = st.recursive(
    st.integers(-(2**60), 2**60).map(str)
    | st.sampled_from(
        ["true", "1_0", "0b11", "1e3", "'#,]}='", '"\\"]"', '"""a"\n""" ', "'''\n#'''", "10:00:00"]
    ),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda items: f"[ {' , '.join(items)} ]")
        | st.lists(inner, max_size=3).map(
            lambda items: "{" + ",".join(f"k{number} = {item}" for number, item in enumerate(items)) + "}"
        )
    ),
    max_leaves=8,
)


@given(
    st.lists(st.tuples(st.sampled_from(["", "# [x]\n", "[t]\n", "[[a]]\n", '["q.]"]\n']), values), max_size=6)
)
def test_any_text_that_the_parser_reads_is_found_whole(parts: list[tuple[str, str]]) -> None:
    text, seen = "", set()
    for number, (before, value) in enumerate(parts):
        text += (before if before not in seen or before == "[[a]]\n" else "") + f"v{number}={value}#c\n"
        seen.add(before)
    assert_same(text)


def test_deep_nesting_gives_no_place() -> None:
    assert toml_places("a = " + "[" * 100_000 + "]" * 100_000) == {}
