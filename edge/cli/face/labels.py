"""Reads lists of pictures: the rows of a CSV file, and the groups of people that pictures show."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from edge.cli.lists.table_file import table_rows
from edge.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from collections.abc import Set as AbstractSet
    from pathlib import Path

MAX_LINES: Final = 100_000  # the largest protocol in use, LFW's, has 6,000
MAX_ROW_CHARS: Final = 10_000  # two paths of the longest length that Linux allows
MAX_GROUPS: Final = 100  # rows of a table that a person reads


def read_labels(path: Path, names: AbstractSet[str]) -> dict[str, str]:
    """The group of each of these pictures that has one. Raises InputError with the line."""
    groups: dict[str, str] = {}
    for number, line in lines_of(path, ("file", "group")):
        name, group = line["file"], line["group"]
        if not (name and group):
            raise InputError(
                f"{path}:{number}: is not a file and its group", hint="write a file, a comma and a group"
            )
        if groups.setdefault(name, group) != group:
            raise InputError(f"{path}:{number}: {name} is in two groups", hint="delete one of the two lines")
    found = {name: group for name, group in groups.items() if name in names}
    if not found:
        raise InputError(f"{path}: names none of the pictures", hint=f"write names such as {min(names)}")
    if len(Counter(found.values())) > MAX_GROUPS:
        raise InputError(f"{path}: more than {MAX_GROUPS} groups", hint="join small groups")
    return found


def lines_of(path: Path, columns: tuple[str, ...]) -> Iterator[tuple[int, dict[str, str]]]:
    """The numbered rows of a CSV file with at least these columns. Raises InputError."""
    rows = table_rows(path, columns, limit=MAX_ROW_CHARS, most_bytes=MAX_LINES * MAX_ROW_CHARS, others=True)
    for count, row in enumerate(rows):
        if count == MAX_LINES:
            raise InputError(f"{path}: more than {MAX_LINES} lines", hint="split the list")
        yield row.line, dict.fromkeys(columns, "") | row.cells
