"""Reads TOML in a time that grows with its size, and raises one error for every text that is not TOML."""

from __future__ import annotations

import re
import tomllib
from typing import Any, Final

MAX_DOTS: Final = 64  # outside of strings on one line; our tables are three deep
_STRING: Final = re.compile(r'"(?:[^"\\]|\\.)*"|\'[^\']*\'')


def read_toml(text: str) -> dict[str, Any]:
    """The tables of a text. Raises tomllib.TOMLDecodeError.

    tomllib takes the square of the number of parts of a dotted key: 35 s for 64 kB of dots. It raises
    RecursionError for brackets in brackets.
    """
    for number, line in enumerate(text.split("\n"), 1):
        if line.count(".") > MAX_DOTS and _STRING.sub("", line).count(".") > MAX_DOTS:
            raise tomllib.TOMLDecodeError(
                f"A line with more than {MAX_DOTS} dots (at line {number}, column 1)"
            )
    try:
        return tomllib.loads(text)
    except RecursionError as error:
        raise tomllib.TOMLDecodeError("too deeply nested") from error
