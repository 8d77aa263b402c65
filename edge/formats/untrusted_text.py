"""Readers of JSON and TOML from outside: each returns a value or raises `UnreadableText`, whatever the bytes.

The parsers below them raise more: RecursionError for deep nesting, ValueError for a number of 5,000 digits,
UnicodeDecodeError for a half character. No other module of this package calls them.
"""

from __future__ import annotations

import json
import re
import tomllib
from codecs import BOM_UTF8
from typing import TYPE_CHECKING, Any, Final, NoReturn, TypeVar

import msgspec

if TYPE_CHECKING:
    from collections.abc import Collection

T = TypeVar("T")

# Arrays and objects inside each other; our objects are six deep. Python 3.13 reads thousands, which a later
# reader of the value cannot follow.
MAX_DEPTH: Final = 64
MAX_DOTS: Final = 64  # outside of strings on one line; our tables are three deep
_MARK: Final = "\ufeff"  # the byte order mark that Windows' editors write before a text
_JSON_STRING: Final = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_BRACKET: Final = re.compile(r"[\[\]{}]")
_STRING: Final = re.compile(r'"(?:[^"\\]|\\.)*"|\'[^\']*\'')
# `ValueError` covers UnicodeDecodeError and the errors of all three parsers, `OverflowError` a time that no
# calendar has.
_RAISED: Final = (msgspec.MsgspecError, ValueError, OverflowError, RecursionError)


class UnreadableText(ValueError):
    """The text is not in its format. The message is the parser's; it may name keys.

    `what`: the message without its place, with a small first letter; `line`: of the mistake, 0 if unknown.
    """

    def __init__(self, message: str, *, line: int = 0) -> None:
        super().__init__(message)
        what = message.partition(" (at ")[0]
        self.what = what[:1].lower() + what[1:]  # the rest may quote a name, which keeps its capitals
        self.line = line


def typed_json(data: bytes, decoder: msgspec.json.Decoder[T]) -> T:
    """The value of `data`, checked by the types of the decoder; a byte order mark does not count."""
    try:
        return decoder.decode(data.removeprefix(BOM_UTF8))
    except _RAISED as error:
        raise _unreadable(error) from error


def json_object(data: bytes | str, *, most: int) -> dict[str, Any]:
    """A JSON object in which no object has a name twice or more than `most` names, without NaN."""
    value = _json(data, most)
    if not isinstance(value, dict):
        raise UnreadableText("not an object")
    return value


def json_objects(data: bytes | str, *, most: int) -> list[dict[str, Any]]:
    """A JSON array of such objects."""
    value = _json(data, most)
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        raise UnreadableText("not an array of objects")
    return value


def _json(data: bytes | str, most: int) -> object:
    def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs) or len(pairs) > most:
            raise ValueError("a duplicate name, or too many names")
        return found

    text = data.removeprefix(BOM_UTF8) if isinstance(data, bytes) else data.removeprefix(_MARK)
    try:
        whole = text.decode(json.detect_encoding(text)) if isinstance(text, bytes) else text
        _check_depth(whole)
        value: object = json.loads(whole, object_pairs_hook=members, parse_constant=_no_constant)
    except _RAISED as error:
        raise _unreadable(error) from error
    return value


def _check_depth(text: str) -> None:
    """Raises RecursionError for JSON that is deeper than MAX_DEPTH; brackets in strings do not count."""
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return
    depth = 0
    for bracket in _BRACKET.findall(_JSON_STRING.sub("", text)):
        depth += 1 if bracket in "[{" else -1
        if depth > MAX_DEPTH:
            raise RecursionError


def toml_table(text: str) -> dict[str, Any]:
    """The tables of a TOML file; a byte order mark before them does not count.

    tomllib takes the square of the number of parts of a dotted key: 35 s for 64 kB of dots.
    """
    text = text.removeprefix(_MARK)
    for number, line in enumerate(text.split("\n"), 1):
        if line.count(".") > MAX_DOTS and _STRING.sub("", line).count(".") > MAX_DOTS:
            message = f"A line with more than {MAX_DOTS} dots (at line {number}, column 1)"
            raise UnreadableText(message, line=number)
    try:
        return tomllib.loads(text)
    except _RAISED as error:
        found = _unreadable(error)
        found.line = _line_of(str(error), text)
        raise found from error


def one_of(value: object, allowed: Collection[T]) -> T | None:
    """The value, if it is one of these and of the same type: True is not 1, and a list is none of them."""
    return next((each for each in allowed if type(value) is type(each) and value == each), None)


def _unreadable(error: Exception) -> UnreadableText:
    if isinstance(error, RecursionError):
        return UnreadableText("too deeply nested")
    if "integer string conversion" in str(error):
        return UnreadableText("a number has too many digits")
    return UnreadableText(str(error))


def _line_of(message: str, text: str) -> int:
    """The line that an error of tomllib names: it has no attribute before Python 3.14."""
    if message.endswith("(at end of document)"):
        return text.rstrip("\n").count("\n") + 1
    number = message.partition("(at line ")[2].partition(",")[0]
    return int(number) if number.isdecimal() else 0


def _no_constant(_: str) -> NoReturn:
    raise ValueError("NaN and the infinities are not JSON")
