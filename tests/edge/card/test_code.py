from __future__ import annotations

from dataclasses import replace

import base45
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.card.code import foreign_among, one_code, parse_code, shows_mended
from edge.card.foreign import looks_like_ours
from edge.card.numbers import MAX_CODE_BYTES, MAX_CODE_CHARS
from edge.decision import Reason
from edge.errors import Refused
from edge.ports import Symbol

OURS = Symbol(text="EC1:QED8WEX0", payload=b"", engine="a")


def test_no_symbol_is_no_code():
    assert one_code([]) is None


def test_the_one_symbol_of_our_format_is_the_code():
    code = one_code([OURS])
    assert code is not None
    assert (code.text, code.payload) == ("EC1:QED8WEX0", b"ietf!")


SEVERAL = {
    "two codes": [OURS, Symbol("EC1:00", b"", "a")],
    "one text on two phones": [OURS, OURS],
    "two codes and a poster": [OURS, Symbol("https://example.com", b"", "a"), OURS],
}


@pytest.mark.parametrize("symbols", SEVERAL.values(), ids=SEVERAL)
def test_more_than_one_symbol_is_refused(symbols):
    with pytest.raises(Refused) as caught:
        one_code(symbols)
    assert caught.value.reason is Reason.CODE_SEVERAL


FOREIGN = [
    Symbol(text, b"", "a")
    for text in (
        "https://example.com",
        "EQ1:QED8WEX0",
        "ec1:QED8WEX0",
        "EC1:a",
        "EC1:" + "0" * MAX_CODE_CHARS,
        "",
    )
]


@pytest.mark.parametrize("count", range(1, len(FOREIGN) + 1))
def test_symbols_of_another_format_do_not_count_beside_ours(count):
    others = FOREIGN[:count]
    for symbols in ([OURS, *others], [*others, OURS]):
        code = one_code(symbols)
        assert code is not None
        assert code.text == OURS.text


def test_several_symbols_of_another_format_are_foreign_and_a_damaged_one_of_ours_is_told_first():
    foreign = [symbol for symbol in FOREIGN if not looks_like_ours(symbol.text)]
    with pytest.raises(Refused) as caught:
        one_code(foreign)
    assert (caught.value.reason, caught.value.detail) == (Reason.CODE_FOREIGN, foreign_among(foreign).name)
    with pytest.raises(Refused) as caught:
        one_code([*foreign, Symbol("EC1:broken", b"", "sim")])
    assert caught.value.reason is Reason.CODE_UNREADABLE


NOT_BASE45 = {
    "a small letter": "a00",
    "a small letter in the last place": "00a",
    "a small letter in a pair": "0a",
    "one digit": "0",
    "a digit left over": "0000",
    "a group of 65536": "GGW",
    "a group of 91124": ":::",
    "a pair of 256": "V5",
}


@pytest.mark.parametrize("body", NOT_BASE45.values(), ids=NOT_BASE45)
def test_a_body_that_is_not_base45_is_unreadable(body):
    with pytest.raises(Refused) as caught:
        parse_code(f"EC1:{body}")
    assert (caught.value.reason, caught.value.detail) == (Reason.CODE_UNREADABLE, "not base45")


def test_the_largest_groups_are_read():
    assert parse_code("EC1:FGWU5").payload == b"\xff\xff\xff"


UNREADABLE = {
    "nothing": "",
    "half a prefix": "EC1",
    "another version": "EC2:QED8WEX0",
    "in lower case": "ec1:QED8WEX0",
    "after a space": " EC1:QED8WEX0",
    "a line break at the end, which a serial scanner may add": "EC1:QED8WEX0\n",
    "a carriage return": "EC1:QED8WEX0\r\n",
    "a fullwidth digit": "EC1:QED8WEX\uff10",
    "a NUL": "EC1:QED8WEX\x00",
    "a lone surrogate": "EC1:QED8WE\ud800",
    "ten megabytes": "EC1:" + "0" * 10_000_000,
}


@pytest.mark.parametrize("text", UNREADABLE.values(), ids=UNREADABLE)
def test_a_text_of_another_format_is_unreadable(text):
    with pytest.raises(Refused) as caught:
        parse_code(text)
    assert caught.value.reason is Reason.CODE_UNREADABLE
    assert caught.value.__context__ is None or isinstance(caught.value.__context__, ValueError)


@given(st.binary(max_size=MAX_CODE_BYTES))
def test_every_payload_comes_back_from_the_text_that_base45_makes_of_it(payload):
    assert parse_code("EC1:" + base45.b45encode(payload).decode()).payload == payload


DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
groups = st.sampled_from(("FGW", "GGW", ":::", "000", "  W", "E%W")) | st.text(DIGITS, min_size=3, max_size=3)
bodies = st.builds(
    lambda most, tail: "".join(most) + tail,
    st.lists(groups, max_size=400),
    st.sampled_from(("", "U5", "V5", "::")),
)


@given(st.text(DIGITS, max_size=40) | bodies)
def test_fuzz_no_two_texts_stand_for_the_same_bytes(body):
    try:
        payload = parse_code("EC1:" + body).payload
    except Refused:
        with pytest.raises(ValueError, match="base45"):
            base45.b45decode(body)
    else:
        assert base45.b45encode(payload).decode() == body


def test_a_space_is_kept_wherever_it_stands():
    for body in (" 00", "0 0", "  0", "0 00 0"):
        assert parse_code("EC1:" + body).payload == base45.b45decode(body)


def test_the_longest_text_is_read_and_a_longer_one_is_not():
    assert len(parse_code("EC1:" + "0" * (MAX_CODE_CHARS - 4)).payload) == MAX_CODE_BYTES
    for more in (1, 2, 3):
        with pytest.raises(Refused, match="longer than any code"):
            parse_code("EC1:" + "0" * (MAX_CODE_CHARS - 4 + more))


def test_the_repr_of_a_code_hides_its_text():
    assert "QED" not in repr(parse_code("EC1:QED8WEX0"))
    assert "ietf" not in repr(parse_code("EC1:QED8WEX0"))


def test_a_mended_code_says_so_and_a_code_beside_it_does_not_change_that() -> None:
    mended = replace(OURS, mended=True)
    poster = Symbol("https://example.com", b"", "a")
    assert one_code([mended]).mended
    assert one_code([poster, mended]).mended
    assert not one_code([OURS, replace(poster, mended=True)]).mended
    assert [shows_mended(seen) for seen in ([mended], [OURS], [], [mended, OURS], [poster])] == [
        True, False, False, False, False,
    ]  # fmt: skip
