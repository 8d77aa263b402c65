"""Text of imported files: every form that spreadsheets write, and the line of the first wrong byte."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import InputError
from edge.formats.text_encoding import text_lines, text_of, text_pieces

TEXT = "name,größe\r\nJörg,1\r\n歐陽,2\r\n😀,3\r\n"
FORMS = {
    "UTF-8": TEXT.encode(),
    "UTF-8 with a mark": TEXT.encode("utf-8-sig"),
    "UTF-16 with a mark, little end first": b"\xff\xfe" + TEXT.encode("utf-16-le"),
    "UTF-16 with a mark, big end first": b"\xfe\xff" + TEXT.encode("utf-16-be"),
    "UTF-16 without a mark, little end first": TEXT.encode("utf-16-le"),
    "UTF-16 without a mark, big end first": TEXT.encode("utf-16-be"),
}
WRONG = {
    "an old code page": ("a,b\nc,Jörg\n".encode("cp1252"), "line 2: is not UTF-8 text"),
    "an old code page and CR": ("a\rb\rJörg\r".encode("cp1252"), "line 3: is not UTF-8 text"),
    "an old code page and CRLF": ("a\r\nb\r\nJörg".encode("cp1252"), "line 3: is not UTF-8 text"),
    "half of a character": ("a\n歐".encode()[:-1], "line 2: is not UTF-8 text"),
    "half of UTF-16": (b"\xff\xfea\0\n\0b", "line 2: is not UTF-16 text"),
    "half of a pair in UTF-16": (b"\xff\xfea\0\x00\xd8b\0", "line 1: is not UTF-16 text"),
}


def _pieces(data: bytes, size: int) -> list[bytes]:
    return [data[at : at + size] for at in range(0, len(data), size)]


@pytest.mark.parametrize("size", [1, 2, 3, 1_000])
@pytest.mark.parametrize("form", FORMS)
def test_a_text_is_the_same_in_every_form_and_in_pieces_of_every_size(form: str, size: int) -> None:
    assert "".join(text_pieces(_pieces(FORMS[form], size))) == TEXT
    assert text_of(FORMS[form]) == TEXT


@pytest.mark.parametrize("size", [1, 5, 1_000])
@pytest.mark.parametrize(("data", "says"), WRONG.values(), ids=WRONG)
def test_the_line_of_the_first_wrong_byte_is_named(data: bytes, says: str, size: int) -> None:
    with pytest.raises(InputError, match=says):
        "".join(text_pieces(_pieces(data, size)))


@pytest.mark.parametrize("data", [b"", b"\xef\xbb\xbf", b"\xff\xfe"])
def test_an_empty_file_is_an_empty_text(data: bytes) -> None:
    assert text_of(data) == ""


@given(st.lists(st.sampled_from(["a", "\r", "\n", "\r\n", "\x85", "\u2028", "\v"])), st.integers(1, 4))
def test_lines_end_with_lf_crlf_or_cr_alone_and_nothing_is_lost(parts: list[str], size: int) -> None:
    text = "".join(parts)
    lines = list(text_lines([text[at : at + size] for at in range(0, len(text), size)], limit=1_000))
    assert "".join(lines) == text
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    assert len(lines) == plain.count("\n") + bool(plain) - plain.endswith("\n")


def test_a_line_without_an_end_is_refused() -> None:
    with pytest.raises(InputError, match="line 2: is too long"):
        list(text_lines(iter(["a\n", *["b" * 60] * 9]), limit=100))
