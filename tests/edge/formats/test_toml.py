"""TOML of any kind is read, or refused with one error, in a time that grows with its size."""

from __future__ import annotations

import time

import pytest

from edge.formats.untrusted_text import MAX_DOTS, UnreadableText, toml_table

SIZE = 1 << 20
HOSTILE = {
    "brackets in brackets": "a = " + "[" * SIZE,
    "tables in tables": "a = " + "{a = " * (SIZE // 5),
    "a key of a million parts": "a." * (SIZE // 2) + "a = 1",
    "a table of a million parts": "[" + "a." * (SIZE // 2) + "a]",
    "an inline key of many parts": "b = {" + "a." * (SIZE // 2) + "a = 1}",
    "a quoted key of many parts": '"a".' * (SIZE // 4) + "a = 1",
    "a number of a million digits": "a = " + "1" * SIZE,
    "strings that do not end": '"' * SIZE,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_text_is_refused_at_once(name: str) -> None:
    began = time.process_time()
    with pytest.raises(UnreadableText):
        toml_table(HOSTILE[name])
    assert time.process_time() - began < 5


def test_dots_in_strings_do_not_count() -> None:
    dots = "a." * 1_000
    assert toml_table(f"a = \"{dots}\"\nb = '{dots}'\n") == {"a": dots, "b": dots}


def test_the_limit_of_dots_is_exact() -> None:
    assert toml_table("a." * MAX_DOTS + "a = 1")
    with pytest.raises(UnreadableText, match=f"more than {MAX_DOTS} dots .at line 2,"):
        toml_table("b = 1\n" + "a." * (MAX_DOTS + 1) + "a = 1")
