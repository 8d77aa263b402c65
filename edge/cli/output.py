"""Output of every command: JSON Lines, errors with hints, progress on a terminal."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from edge.errors import EdgeError


T = TypeVar("T")

# Characters that end a line for str.splitlines, and that JSON does not escape by itself.
_LINE_ENDS = {ord(end): f"\\u{ord(end):04x}" for end in "\x85\u2028\u2029"}


def emit(row: Mapping[str, object]) -> None:
    """One JSON object on one line of standard output, flushed so that a pipe has it at once."""
    text = json.dumps(row, ensure_ascii=False, separators=(",", ":")).translate(_LINE_ENDS)
    # A file name that is not UTF-8 becomes \udcXX escapes, which JSON allows.
    print(text.encode(errors="backslashreplace").decode(), flush=True)


def utc(moment: datetime) -> str:
    """A time in a row or a line, to the second."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def tell(row: Mapping[str, object], *lines: str, as_json: bool) -> None:
    """Print the row for a program, or the lines for a person."""
    if as_json:
        emit(row)
    else:
        print(*lines, sep="\n", flush=True)


def harmless(text: str) -> str:
    """Untrusted text on one line, without the control sequences that a terminal would obey."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def fail(error: EdgeError, *, word: str = "error") -> None:
    """Print one line `error: ...` and one line `hint: ...` on standard error, for each error found.

    `word`: another one in place of `error`.
    """
    for each in (error, *error.also):
        print(f"{word}: {harmless(each.message)}", file=sys.stderr)  # it may quote a file's name
        print(f"hint: {harmless(each.hint)}", file=sys.stderr)


def progress(items: Iterable[T], *, total: int, label: str) -> Iterator[T]:
    """The items, with a bar on standard error if that is a terminal."""
    if not sys.stderr.isatty():
        yield from items
        return
    from rich.console import Console  # imported for a terminal only
    from rich.progress import track

    yield from track(items, total=total, description=label, console=Console(stderr=True), transient=True)
