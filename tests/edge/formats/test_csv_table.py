"""Imported tables: every form that spreadsheets write is taken, and every fault is refused with its line."""

from __future__ import annotations

import io

import pytest

from edge.errors import InputError
from edge.formats.csv_rows import TableRow, csv_table

COLUMNS = ("id", "day", "name")


def table(text: str, *, others: bool = False) -> list[TableRow]:
    lines = io.StringIO(text, newline="")
    return list(csv_table(lines, columns=COLUMNS, required=(("id", "day"),), limit=1_000, others=others))


FORMS = {
    "commas": "id,day,name\n1,mon,Ana\n",
    "semicolons": "id;day;name\n1;mon;Ana\n",
    "tabs": "id\tday\tname\n1\tmon\tAna\n",
    "Excel's own first line": "sep=;\r\nid;day;name\r\n1;mon;Ana\r\n",
    "CR": "id,day,name\r1,mon,Ana\r",
    "CRLF": "id,day,name\r\n1,mon,Ana\r\n",
    "no end of the last line": "id,day,name\n1,mon,Ana",
    "blanks around cells": " id , day ,name\t\n 1 ,\u00a0mon , Ana \n",
    "blanks around quotation marks": '"id" , "day" , "name"\n"1" ,  "mon" ,"Ana"  \n',
    "blanks in quotation marks": '" id ",day,name\n1," mon ",Ana\n',
    "a mark of byte order": "\ufeffid,day,name\n1,mon,Ana\n",
    "a mark of direction before a day": "id,day,name\n1,\u200emon,Ana\n",
    "other case and order": "NAME,Id,DAY\nAna,1,mon\n",
    "blank lines": "\n  \nid,day,name\n\n1,mon,Ana\n\n",
    "a delimiter at the end of each line": "id,day,name,\n1,mon,Ana,\n",
    "semicolons, and commas in a quoted name of a column": 'id;day;name;"x,y,z"\n1;mon;Ana;4\n',
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_the_same_row(form: str) -> None:
    (row,) = table(FORMS[form], others=True)
    assert {name: row.cells[name] for name in COLUMNS} == {"id": "1", "day": "mon", "name": "Ana"}
    assert row.wrong == ""


def test_quoted_cells_keep_delimiters_quotation_marks_and_line_ends() -> None:
    (row,) = table('id,day,name\n1,mon,"a, ""b"" ,\nc"\n')
    assert row.cells["name"] == 'a, "b" ,\nc'


def test_cells_that_are_left_out_at_the_end_are_missing() -> None:
    assert table("id,day,name\n1,mon\n") == [TableRow(2, {"id": "1", "day": "mon"})]


REFUSED = {
    "nothing": ("", "line 1: no column id, day"),
    "no header": ("1,mon,Ana\n", 'line 1: unknown column "1"'),
    "a required column is missing": ("id,name\n1,Ana\n", "line 1: no column day"),
    "below a blank line": ("\nid,name\n", "line 2: no column day"),
    "below Excel's own line": ("sep=,\nid,name\n", "line 2: no column day"),
    "another delimiter": ("id|day|name\n1|mon|Ana\n", "line 1: unknown column"),
    "two columns of one name": ("id,day,id\n1,mon,2\n", 'line 1: two columns "id"'),
    "two columns of one name in other case": ("id,day, DAY \n", 'line 1: two columns "day"'),
    "an unknown column": ("id,day,nam\n", 'line 1: unknown column "nam"'),
    "a quotation mark that is never closed": ('id,day\n1,mon\n2,"tue\n3,wed\n', "line 3: not CSV"),
    "text after a quotation mark": ('id,day\n1,"mon"x\n', "line 2: not CSV"),
    "a NUL character": ("id,day\n1,mon\n2,t\0e\n", "line 3: a NUL character"),
    "zeros at the end, as after a power cut": ("id,day\n1,mon\n" + "\0" * 50, "line 3: a NUL character"),
    "a row without an end": ("id,day\n1," + "x" * 2_000, "line 2: the row is longer than 1000"),
}


@pytest.mark.parametrize(("text", "says"), REFUSED.values(), ids=REFUSED)
def test_a_table_that_cannot_be_read_is_refused_with_the_line(text: str, says: str) -> None:
    with pytest.raises(InputError, match=says):
        table(text)


def test_two_ignored_columns_of_one_name_are_refused_too() -> None:
    with pytest.raises(InputError, match='line 1: two columns "note"'):
        table("id,day,note,note\n", others=True)


WRONG_ROWS = {
    "more cells than columns": ("3,wed,Silva, Junior", "more values than columns"),
    "an empty cell more": ("3,wed,Ana,", "more values than columns"),
    "a row inside of a cell": ('3,wed,"Ana\n4,thu,Rui"', "another row inside of a cell"),
    "a row inside of a cell, CR": ('3,wed,"Ana\r4,thu,Rui"', "another row inside of a cell"),
}


@pytest.mark.parametrize(("row", "says"), WRONG_ROWS.values(), ids=WRONG_ROWS)
def test_a_row_that_cannot_be_used_is_named_and_the_others_are_read(row: str, says: str) -> None:
    first, wrong, last = table(f"id,day,name\n1,mon,Ana\n{row}\n9,sun,Eva\n")
    assert (wrong.line, first.wrong, last.wrong) == (3, "", "")
    assert wrong.wrong.startswith(says)
    assert last.cells["name"] == "Eva"


def test_a_value_in_a_column_without_a_name_is_ignored_with_other_columns_only() -> None:
    text = "id,day,\n1,mon,x\n"
    assert [row.wrong for row in table(text)] == ["a value in a column without a name"]
    assert [row.wrong for row in table(text, others=True)] == [""]
