"""Lists of arrivals: lines that are read, lines that are left out with a reason, and texts that are refused."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.card.birth_date import BirthDate
from edge.errors import InputError
from edge.venues.desk.arrivals.arrivals import MAX_LINE_CHARS, Mistake, read_csv, read_json
from edge.venues.desk.arrivals.json_stream import objects
from edge.venues.desk.booking import MAX_GUESTS, Booking, Named

HEADER = "reference,arrival,departure,guests,minors,family_name,given_name,birth_date\n"
STAY = "2026-06-15,2026-06-18"
SILVA = f"R-1,{STAY},2,0,Silva,Maria,1985-11-20\n"


def taken(text: str) -> list:
    return list(read_csv(text.splitlines(keepends=True)))


def test_a_line_is_a_booking() -> None:
    assert taken(HEADER + SILVA) == [
        Booking(
            reference="R-1",
            arrival=date(2026, 6, 15),
            departure=date(2026, 6, 18),
            guests=2,
            minors=0,
            named=(Named("Silva", "Maria", BirthDate(1985, 11, 20)),),
            line=2,
        )
    ]


def test_lines_of_one_booking_are_its_guests() -> None:
    (booking,) = taken(HEADER + SILVA + f"r 1,{STAY},,1,Costa,Ana,\n")
    assert [guest.family_name for guest in booking.named] == ["Silva", "Costa"]
    assert (booking.guests, booking.minors) == (2, 1)


def test_semicolons_empty_lines_other_columns_and_any_order_are_accepted() -> None:
    text = "Room;DEPARTURE;Arrival; reference \n12;2026-06-18;2026-06-15;R-1\n\n;;;\n"
    (booking,) = taken(text)
    assert (booking.reference, booking.guests, booking.named) == ("R-1", 1, ())


def test_a_quoted_name_may_hold_a_comma_and_a_line_end() -> None:
    (booking,) = taken(HEADER + f'R-1,{STAY},,,"Silva,\nJunior",Maria,\n')
    assert booking.named[0].family_name == "Silva,\nJunior"


MISTAKES = {
    "no reference": (f",{STAY},,,Silva,Maria,\n", "no reference"),
    "a reference of signs": (f"--,{STAY},,,Silva,Maria,\n", "no reference"),
    "no arrival": ("R-1,,2026-06-18,,,Silva,Maria,\n", "no arrival"),
    "no departure": ("R-1,2026-06-15,,,,Silva,Maria,\n", "no departure"),
    "a day that does not exist": (
        "R-1,2026-02-30,2026-03-02,,,S,M,\n",
        "arrival is not a day such as 2026-01-31",
    ),
    "another format of days": (
        "R-1,15/06/2026,2026-06-18,,,S,M,\n",
        "arrival is not a day such as 2026-01-31",
    ),
    "a departure before the arrival": ("R-1,2026-06-18,2026-06-15,,,S,M,\n", "departure is before arrival"),
    "a stay of two years": ("R-1,2026-06-18,2028-06-15,,,S,M,\n", "departure is before arrival, or more"),
    "minus one guest": (f"R-1,{STAY},-1,,S,M,\n", "guests is not a whole number from 0"),
    "a word for a number": (f"R-1,{STAY},two,,S,M,\n", "guests is not a whole number from 0"),
    "no guests": (f"R-1,{STAY},0,,S,M,\n", "guests is not 1 to"),
    "too many guests": (f"R-1,{STAY},{MAX_GUESTS + 1},,S,M,\n", "guests is not 1 to"),
    "more minors than guests": (f"R-1,{STAY},1,2,S,M,\n", "guests is not 1 to"),
    "a name that is too long": (f"R-1,{STAY},,,{'S' * 201},M,\n", "family_name is not text of at most 200"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_wrong_line_is_left_out_and_the_others_stay(name: str) -> None:
    line, reason = MISTAKES[name]
    first, second = taken(HEADER + line + SILVA)
    assert isinstance(first, Mistake)
    assert first.line == 2
    assert first.reason.startswith(reason)
    assert isinstance(second, Booking)


BIRTH_DATES = {
    "a day": ("1985-11-20", BirthDate(1985, 11, 20)),
    "a year and a month": ("1985-11", BirthDate(1985, 11)),
    "a year": ("1985", BirthDate(1985)),
    "a day of zeros": ("1985-11-00", BirthDate(1985, 11)),
    "no signs": ("19851120", BirthDate(1985, 11, 20)),
    "a time after it": ("1985-11-20T00:00:00", BirthDate(1985, 11, 20)),
    "day and month in an order that is not known": ("11/10/1985", BirthDate(1985)),
    "blank": ("  ", None),
}


@pytest.mark.parametrize("name", BIRTH_DATES)
def test_a_birth_date_may_be_known_in_part(name: str) -> None:
    text, born = BIRTH_DATES[name]
    (booking,) = taken(HEADER + f"R-1,{STAY},,,S,M,{text}\n")
    assert booking.named == (Named("S", "M", born),)


@pytest.mark.parametrize("text", ["1985-02-30", "1985-13", "soon", "20.11.85", "1900-01-01", "x" * 300])
def test_a_birth_date_that_cannot_be_read_leaves_its_booking(text: str) -> None:
    remark, booking = taken(HEADER + f"R-1,{STAY},,,S,M,{text}\n")
    assert (remark.line, remark.kept, remark.reason[:10]) == (2, True, "birth_date")
    assert text not in remark.reason
    assert booking.named == (Named("S", "M", birth_unread=True),)


def test_one_booking_with_two_arrivals_is_in_doubt() -> None:
    mistake, booking = taken(HEADER + SILVA + "R-1,2026-06-16,2026-06-18,,,Costa,Ana,\n")
    assert str(mistake).startswith("line 3: other days than on line 2")
    assert booking.doubtful


def test_the_same_guest_twice_counts_once() -> None:
    mistake, booking = taken(HEADER + SILVA + SILVA)
    assert str(mistake) == "line 3: the same guest twice"
    assert len(booking.named) == 1
    assert not booking.doubtful


def test_a_mistake_quotes_no_text_of_its_line() -> None:
    names = ("Mustermann", "Erika")
    text = HEADER + "".join(
        f"{line.replace('Silva', names[0]).replace('Maria', names[1])}" for line, _ in MISTAKES.values()
    )
    assert not [
        one for one in taken(text) if isinstance(one, Mistake) and any(n in one.reason for n in names)
    ]


NO_CSV = {
    "nothing": ("", "line 1: no column reference"),
    "without a column": ("reference,arrival\nR-1,2026-06-15\n", "line 1: no column departure"),
    "a quotation mark that is never closed": (HEADER + f'R-1,{STAY},,,"Silva\n', "line 2: not CSV"),
    "a picture": ("\x89PNG\x00\x00\n", "line 1: a NUL character"),
}


@pytest.mark.parametrize("name", NO_CSV)
def test_a_csv_text_that_is_not_a_list_is_refused_as_a_whole(name: str) -> None:
    text, message = NO_CSV[name]
    with pytest.raises(InputError, match=message):
        taken(text)


def test_json_is_an_array_or_one_object_a_line() -> None:
    stay = {"reference": "R-1", "arrival": "2026-06-15", "departure": "2026-06-18"}
    people = [{"family_name": "Silva", "given_name": "Maria"}, {"family_name": "Costa"}]
    one, other = stay | {"names": people}, stay | {"reference": "R-2", "guests": 3, "minors": 1}
    array = json.dumps([one, other], indent=1)
    lines = f"{json.dumps(one)}\n{json.dumps(other)}\n"
    for text in (array, lines):
        first, second = read_json([text])
        assert ([guest.family_name for guest in first.named], first.guests) == (["Silva", "Costa"], 2)
        assert (second.guests, second.minors, second.named) == (3, 1, ())
    assert [booking.line for booking in read_json([lines])] == [1, 2]
    assert [booking.line for booking in read_json([array])] == [2, 16]


BAD_JSON = {
    "a number for a reference": ({"reference": 7}, "reference is not text"),
    "a boolean for a number": ({"guests": True}, "guests is not a whole number"),
    "names as texts": ({"names": ["Silva"]}, "names is not a list of objects"),
    "a guest without a family name": ({"names": [{"given_name": "Maria"}]}, "no family_name"),
    "an object for a day": ({"arrival": {}}, "arrival is not text"),
}


@pytest.mark.parametrize("name", BAD_JSON)
def test_a_wrong_object_is_left_out(name: str) -> None:
    change, reason = BAD_JSON[name]
    stay = {"reference": "R-1", "arrival": "2026-06-15", "departure": "2026-06-18"}
    first, second = read_json([json.dumps([stay | change, stay])])
    assert first.reason.startswith(reason)
    assert isinstance(second, Booking)


NO_JSON = {
    "an object with a name twice": '[{"arrival": "", "arrival": "2026-06-15"}]',
    "a guest with a name twice": '[{"names": [{"family_name": "A", "family_name": "B"}]}]',
    "an array that is not closed": '[{"a": 1}',
    "a word after the array": "[] x",
    "no comma": '[{"a": 1} {"b": 2}]',
    "no object": "[1]",
    "a word": "hello",
    "half an object": '{"a":',
    "an object that is too long": '{"a": "' + "x" * (2 * MAX_LINE_CHARS) + '"}',
    "a deep object": "[" + '{"a":' * 30_000,
    "a deep array": "[" * 60_000,
    "a number alone": "7",
    "an array after the array": "[][]",
    "a number of 5,000 digits": '{"a": ' + "9" * 5_000 + "}",
}


@pytest.mark.parametrize("name", NO_JSON)
def test_a_json_text_that_is_not_a_list_is_refused_as_a_whole(name: str) -> None:
    text = NO_JSON[name]
    with pytest.raises(InputError, match="line 1"):
        list(objects([text[at : at + 8_000] for at in range(0, len(text), 8_000)], limit=MAX_LINE_CHARS))


@settings(max_examples=40)
@given(
    rows=st.lists(
        st.dictionaries(st.text(max_size=5), st.text(max_size=20) | st.integers() | st.none()), max_size=8
    ),
    size=st.integers(1, 40),
    indent=st.sampled_from([None, 1]),
)
def test_json_reads_the_same_in_pieces_of_any_size(rows: list, size: int, indent: int | None) -> None:
    text = json.dumps(rows, indent=indent)
    pieces = [text[at : at + size] for at in range(0, len(text), size)]
    assert [value for _, value in objects(pieces, limit=MAX_LINE_CHARS)] == rows


@given(st.text())
def test_any_text_is_a_list_or_an_input_error(text: str) -> None:
    for read in (lambda: read_csv(text.splitlines(keepends=True)), lambda: read_json([text])):
        with suppress(InputError):
            assert all(isinstance(item, Booking | Mistake) for item in read())
