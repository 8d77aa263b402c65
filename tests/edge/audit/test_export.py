"""Rows for other programs: every field has a column, and no cell is a formula."""

from __future__ import annotations

import csv
import io
import typing

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from samples.journals import passage

from edge.audit.export import COLUMNS, cell, csv_row, row_of, utc
from edge.audit.record import AuditRecord, JournalEntry, decode, encode

# JOURNAL.md section 6: sites rely on these columns, in this order. New ones follow; none is removed.
PUBLISHED = [
    "seq",
    "time",
    "kind",
    "door",
    "outcome",
    "reason",
    "card",
    "issuer",
    "assurance",
    "similarity_milli",
    "threshold_milli",
    "fta",
    "model",
    "policy",
    "clock",
    "trust",
    "stages_us",
    "change",
    "cause",
    "decision",
    "part",
    "event",
    "off_s",
    "version",
    "time_ms",
    "tick_ms",
]


def test_published_columns_keep_their_position() -> None:
    assert list(COLUMNS[: len(PUBLISHED)]) == PUBLISHED


@pytest.mark.parametrize("kind", typing.get_args(AuditRecord), ids=lambda kind: kind.__name__)
def test_every_field_of_every_record_has_a_column(kind: type[msgspec.Struct]) -> None:
    assert {field.encode_name for field in msgspec.structs.fields(kind)} <= set(COLUMNS)


def test_a_row_holds_the_values_of_the_record() -> None:
    entry = decode(encode(JournalEntry(seq=7, record=passage(5))))
    row = dict(zip(COLUMNS, csv_row(entry), strict=True))
    assert (row["seq"], row["time"], row["kind"], row["card"]) == (
        "7",
        "2026-01-02T08:00:00.005Z",
        "passage",
        "0123456789ab",
    )
    assert row["change"] == ""
    assert row["stages_us"] == '{"code":4100,"face":11200,"verify":310}'
    assert row_of(entry)["similarity_milli"] == 512


def test_no_field_of_a_record_is_a_formula() -> None:
    entry = JournalEntry(seq=0, record=msgspec.structs.replace(passage(), similarity_milli=-12))
    assert (
        dict(zip(COLUMNS, csv_row(entry), strict=True))["similarity_milli"] == "-12"
    )  # a number is no formula
    assert not [text for text in csv_row(entry) if text.startswith(("=", "+", "@", "\t", "\r"))]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", '=HYPERLINK("x")'])
def test_text_that_begins_like_a_formula_is_text(text: str) -> None:
    assert cell(text) == "'" + text


@given(st.text())
def test_a_csv_reader_reads_the_text_back(text: str) -> None:
    file = io.StringIO()
    csv.writer(file).writerow([cell(text), "end"])
    ((read, end),) = csv.reader(io.StringIO(file.getvalue(), newline=""))
    assert (read.removeprefix("'"), end) == (text.removeprefix("'"), "end")


@pytest.mark.parametrize(
    ("time_ms", "words"), [(0, "1970-01-01T00:00:00.000Z"), (253_402_300_799_999, "9999-12-31T23:59:59.999Z")]
)
def test_the_first_and_the_last_time_have_a_text(time_ms: int, words: str) -> None:
    assert utc(time_ms) == words
