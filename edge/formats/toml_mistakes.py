"""All lines of a TOML text that a parser refuses, not only the first, with the tables of the other lines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from edge.formats.untrusted_text import UnreadableText, toml_table

MAX_LINES: Final = 20  # refused ones; a text with more is no TOML
MAX_CHARS: Final = 64 * 1024  # of a text that is read once for each refused line: 5 ms each
_MAX_BACK: Final = 40  # lines of one unfinished value
_HINT: Final = 'write key = "text", key = 3, key = true, key = ["a", "b"], or [table] on a line of its own'


@dataclass(frozen=True, slots=True)
class TomlMistake:
    """A line that is not TOML. `line` is 0 if the parser names none."""

    line: int
    message: str
    hint: str


@dataclass(frozen=True, slots=True)
class ForgivenToml:
    """The tables of a text without the lines that cannot be read; `text`: the text with those lines empty."""

    table: dict[str, Any]
    mistakes: list[TomlMistake]
    text: str


def forgiving_toml_table(text: str) -> ForgivenToml:
    """Read a TOML text without the lines that cannot be read."""
    lines = text.split("\n")
    mistakes: list[TomlMistake] = []
    while True:
        rest = "\n".join(lines)
        try:
            return ForgivenToml(toml_table(rest), mistakes, rest)
        except UnreadableText as error:
            if mistakes and error.line <= mistakes[-1].line:
                return ForgivenToml({}, mistakes, "")
            mistakes.append(_mistake(error, lines))
            if len(mistakes) == MAX_LINES or len(text) > MAX_CHARS or not _erase(lines, error.line):
                return ForgivenToml({}, mistakes, "")


def _mistake(error: UnreadableText, lines: list[str]) -> TomlMistake:
    written = lines[error.line - 1].strip() if error.line else ""
    what = f"{error.what}: {written[:60]}" if written else error.what
    is_double = any(word in error.what for word in (" twice", "overwrite", "uplicate"))
    hint = "write each table and each key once: delete one of the two" if is_double else _HINT
    return TomlMistake(error.line, what, hint)


def _erase(lines: list[str], line: int) -> bool:
    """Empty the lines of the statement that ends in this line; whether its first line was found.

    Below a refused header everything up to the next one goes too: its keys would join another table.
    """
    first = _first_line(lines, line)
    if first is None:
        return False
    is_header = lines[first].lstrip().startswith("[")
    end = line
    while end < len(lines) and not _begins(lines[end], header_only=is_header):
        end += 1
    lines[first:end] = [""] * (end - first)
    return True


def _first_line(lines: list[str], line: int) -> int | None:
    """The line in which the statement begins: those before it can be read alone."""
    for first in range(line - 1, max(line - 1 - _MAX_BACK, -1), -1):
        try:
            toml_table("\n".join(lines[:first]))
        except UnreadableText:
            continue
        return first
    return None


def _begins(line: str, *, header_only: bool) -> bool:
    """Whether a line looks like the begin of a statement."""
    line = line.strip()
    if header_only:
        return line.startswith("[")
    return not line or line[0] in "[#" or "=" in line
