"""CSV rows with a limit on each: a file without an end takes little memory."""

from __future__ import annotations

import itertools

import pytest

from edge.errors import InputError
from edge.formats.csv_rows import csv_rows

ENDLESS = {
    "a quoted field": itertools.chain(['"'], itertools.repeat("x\n")),
    "fields with line ends": itertools.chain(['"'], itertools.repeat('\n","')),
    "one long line": itertools.repeat("x," * 4_000),
}


@pytest.mark.parametrize("name", ENDLESS)
def test_a_row_without_an_end_is_refused(name: str) -> None:
    with pytest.raises(InputError, match="the row is longer than 1000 characters"):
        list(csv_rows(ENDLESS[name], limit=1_000))


def test_the_limit_counts_for_each_row_and_is_exact() -> None:
    row = "x" * 99 + "\n"
    assert len(list(csv_rows([row] * 50, limit=100))) == 50
    with pytest.raises(InputError, match="line 51: the row is longer"):
        list(csv_rows([*[row] * 50, "x" + row], limit=100))


def test_a_row_has_the_number_of_its_first_line() -> None:
    rows = list(csv_rows(['a,"b\n', 'c"\n', "\n", "d,e\n"], limit=100))
    assert rows == [(1, ["a", "b\nc"]), (3, []), (4, ["d", "e"])]


@pytest.mark.parametrize("text", ['a,"b', 'a,"b"c\n'])
def test_what_is_not_csv_is_refused_without_its_text(text: str) -> None:
    with pytest.raises(InputError, match=r"\Aline 1: not CSV\Z"):
        list(csv_rows([text], limit=100))


def test_a_field_above_the_limit_of_the_csv_module_is_refused() -> None:
    with pytest.raises(InputError, match="not CSV"):
        list(csv_rows(["x" * 200_000], limit=1_000_000))
