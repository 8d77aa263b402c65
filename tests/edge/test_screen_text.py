"""Words for a screen: no way of printing a value reveals them."""

from __future__ import annotations

import copy
import json
import pickle
import traceback
from collections.abc import Callable
from dataclasses import asdict, dataclass

import msgspec
import pytest

from edge.errors import Fault
from edge.log import log_line
from edge.screen_text import MAX_CHARS, ScreenText, ScreenTextKind

TITLE = "Blue Nights"
TEXT = ScreenText(ScreenTextKind.ITEM, f"{TITLE}: yours until 2026-02-02")


@dataclass
class Holder:
    text: ScreenText


def raised() -> str:
    def shows(text: ScreenText) -> None:
        raise Fault(f"cannot show {text}", hint=f"{text!r}")

    with pytest.raises(Fault) as caught:
        shows(TEXT)
    return "".join(traceback.TracebackException.from_exception(caught.value, capture_locals=True).format())


def logged(*values: object) -> str:
    for value in values:
        log_line("test", value=value, level="error")
    return ""


WAYS: dict[str, Callable[[], object]] = {
    "str": lambda: str(TEXT),
    "repr": lambda: repr(TEXT),
    "an f-string": lambda: f"{TEXT} {TEXT!s} {TEXT!r} {TEXT!a} {TEXT:>40}",
    "a percent sign": lambda: "%s %r" % (TEXT, TEXT),  # noqa: UP031  the way under test
    "a join": lambda: ", ".join(map(str, [TEXT])),
    "a container": lambda: str([TEXT, {TEXT: TEXT}, Holder(TEXT)]),
    "a traceback with its variables": raised,
    "JSON by default": lambda: json.dumps(TEXT, default=str),
    "its attributes": lambda: str(getattr(TEXT, "__dict__", {})),
}


@pytest.mark.parametrize("way", WAYS)
def test_no_way_of_printing_reveals_the_words(way: str) -> None:
    said = WAYS[way]()
    assert isinstance(said, str)
    assert TITLE not in said


def test_a_log_line_has_the_kind(capsys: pytest.CaptureFixture[str]) -> None:
    logged(TEXT, [TEXT], {"text": TEXT}, Holder(TEXT))
    said = capsys.readouterr().err
    assert TITLE not in said
    assert said.count("<item for a screen>") == 4


REFUSED: dict[str, Callable[[], object]] = {
    "pickle": lambda: pickle.dumps(TEXT),
    "deepcopy": lambda: copy.deepcopy(TEXT),
    "asdict": lambda: asdict(Holder(TEXT)),
    "JSON": lambda: json.dumps(TEXT),
    "msgspec": lambda: msgspec.json.encode(TEXT),
    "joining it to a text": lambda: "text: " + TEXT,  # type: ignore[operator]
}


@pytest.mark.parametrize("way", REFUSED)
def test_no_format_takes_it(way: str) -> None:
    with pytest.raises(TypeError):
        REFUSED[way]()


def test_a_screen_gets_the_words_up_to_a_limit() -> None:
    assert TEXT.words.startswith(TITLE)
    assert len(ScreenText(ScreenTextKind.ITEM, "x" * 10_000).words) == MAX_CHARS


def test_equal_texts_are_equal() -> None:
    same = ScreenText(ScreenTextKind.ITEM, TEXT.words)
    other = ScreenText(ScreenTextKind.INSTRUCTION, TEXT.words)
    assert same == TEXT
    assert hash(same) == hash(TEXT)
    assert other != TEXT
    assert TEXT.words != TEXT
