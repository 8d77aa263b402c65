"""Lines and written values in a TOML text, for errors: where each table, key and item stands.

The text must be one that `toml_table` has read: this scanner checks nothing.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from typing import Final

from edge.formats.untrusted_text import UnreadableText, toml_table

TomlPath = tuple[str | int, ...]  # of a value: names of tables and keys, and numbers of items from 0

_BLANK: Final = " \t"
_BETWEEN: Final = " \t\r\n,"  # of items
_ENDS: Final = ",]}#\n"  # of a value without quotation marks
_QUOTES: Final = ('"""', "'''", '"', "'")


@dataclass(frozen=True, slots=True)
class TomlPlace:
    """A line, counted from 1, and the value as the text writes it; empty for a table."""

    line: int
    written: str


def toml_places(text: str) -> dict[TomlPath, TomlPlace]:
    """The place of each table, key and item."""
    try:
        return _Scanner(text.replace("\r\n", "\n")).places()
    except RecursionError:  # the parser, which was called from fewer frames, has read it
        return {}


@dataclass(slots=True)
class _Scanner:
    text: str
    at: int = 0
    found: dict[TomlPath, TomlPlace] = field(default_factory=dict)
    counts: dict[TomlPath, int] = field(default_factory=dict)  # of the tables of each [[array]]
    breaks: list[int] = field(default_factory=list)

    def places(self) -> dict[TomlPath, TomlPlace]:
        self.breaks = [number for number, character in enumerate(self.text) if character == "\n"]
        table: TomlPath = ()
        while self._skip(_BETWEEN):
            if self.text[self.at] == "[":
                table = self._header()
            else:
                self._pair(table)
        return self.found

    def _header(self) -> TomlPath:
        start = self.at
        is_array = self.text.startswith("[[", start)
        self.at += 2 if is_array else 1
        names = self._names("]")
        self.at += 2 if is_array else 1
        *outer, last = names
        table: TomlPath = ()
        for name in outer:
            table = self._latest((*table, name))
        table = (*table, last)
        if is_array:
            self.counts[table] = self.counts.get(table, 0) + 1
            table = self._latest(table)
        self.found[table] = TomlPlace(self._line(start), "")
        return table

    def _latest(self, path: TomlPath) -> TomlPath:
        """The path of the table that a header with these names continues."""
        return (*path, self.counts[path] - 1) if path in self.counts else path

    def _pair(self, table: TomlPath) -> None:
        start = self.at
        path = (*table, *self._names("="))
        self.at += 1
        self._skip(_BLANK)
        self._value(path, self._line(start))

    def _names(self, end: str) -> list[str]:
        """The names of a key with dots, up to the character `end`."""
        names: list[str] = []
        while self.text[self.at] != end:
            start = self.at
            if self.text[start] in "\"'":
                self._string()
            else:
                while self.text[self.at] not in f"{_BLANK}.{end}":
                    self.at += 1
            names.append(_name(self.text[start : self.at]))
            self._skip(_BLANK + ".")
        return names

    def _value(self, path: TomlPath, line: int) -> None:
        start = self.at
        first = self.text[start]
        if first in "\"'":
            self._string()
        elif first == "[":
            self.at += 1
            number = 0
            while self._skip(_BETWEEN) and self.text[self.at] != "]":
                self._value((*path, number), self._line(self.at))
                number += 1
            self.at += 1
        elif first == "{":
            self.at += 1
            while self._skip(_BETWEEN) and self.text[self.at] != "}":
                self._pair(path)
            self.at += 1
        else:
            while self.at < len(self.text) and self.text[self.at] not in _ENDS:
                self.at += 1
        self.found[path] = TomlPlace(line, self.text[start : self.at].rstrip())

    def _string(self) -> None:
        mark = next(mark for mark in _QUOTES if self.text.startswith(mark, self.at))
        self.at += len(mark)
        while not self.text.startswith(mark, self.at):
            self.at += 2 if mark[0] == '"' and self.text[self.at] == "\\" else 1
        self.at += len(mark)
        if len(mark) > 1:  # the string may end with two quotation marks of its own
            while self.text.startswith(mark[0], self.at):
                self.at += 1

    def _skip(self, blanks: str) -> bool:
        """Go past blanks, and comments if `blanks` has line ends; whether text is left."""
        while self.at < len(self.text):
            if self.text[self.at] == "#" and "\n" in blanks:
                end = self.text.find("\n", self.at)
                self.at = len(self.text) if end < 0 else end
            elif self.text[self.at] not in blanks:
                return True
            else:
                self.at += 1
        return False

    def _line(self, at: int) -> int:
        return bisect_right(self.breaks, at - 1) + 1 if at else 1


def _name(written: str) -> str:
    """A name without its quotation marks."""
    if written[0] not in "\"'":
        return written
    try:
        return str(toml_table(f"name = {written}")["name"])
    except UnreadableText:  # pragma: no cover  the text was read before
        return written
