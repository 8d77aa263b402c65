"""Exports of registrations, as a spreadsheet opens them."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime

import pytest

from edge.venues.desk.export import COLUMNS, write_csv
from edge.venues.desk.register_store import OpenedRegistration


def exported(family_name: str) -> bytes:
    out = io.StringIO()
    opened = OpenedRegistration(
        1, datetime(2027, 3, 1, tzinfo=UTC), "hotel/desk", True, 0, {"family_name": family_name}, None
    )
    write_csv(out, [opened], name="Hotel Müller")
    return out.getvalue().encode()


def cells(data: bytes) -> dict[str, str]:
    (row,) = csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline=""))
    return row


def test_the_mark_tells_a_spreadsheet_that_the_text_is_utf_8() -> None:
    data = exported("Müller")
    assert data.startswith(b"\xef\xbb\xbfseq,")
    assert cells(data)["family_name"] == "Müller"


def test_the_property_is_named_in_the_last_column() -> None:
    assert COLUMNS[-1] == "property"
    assert cells(exported("Müller"))["property"] == "Hotel Müller"


@pytest.mark.parametrize(
    "begin", ["=", "+", "-", "@", "\t=", "\r=", "\n=", "  =", "\uff1d", "\uff0b", "\uff0d", "\uff20"]
)
def test_no_text_is_a_formula(begin: str) -> None:
    assert cells(exported(f"{begin}1+1"))["family_name"] == f"'{begin}1+1"


@pytest.mark.parametrize("name", ["O'Brien", "Smith-Jones", "d=1", " Silva"])
def test_other_texts_are_unchanged(name: str) -> None:
    assert cells(exported(name))["family_name"] == name
