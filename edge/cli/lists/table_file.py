"""Reads a CSV file that an operator names; every error has the file and the line."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO, Final

from edge.errors import InputError
from edge.formats.csv_rows import QUOTE, csv_table
from edge.formats.text_encoding import text_lines, text_pieces

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from edge.formats.csv_rows import TableRow

_CHUNK_BYTES: Final = 64 * 1024


def table_rows(
    path: Path,
    columns: Sequence[str],
    *,
    limit: int,
    most_bytes: int,
    others: bool = False,
    required: Sequence[str] | None = None,
    unusable: bool = False,
) -> Iterator[TableRow]:
    """The usable rows. Raises InputError for a row that cannot be used.

    `limit`: of the characters of a row; `most_bytes`: of the file; `others`: ignore other columns;
    `unusable`: give rows that cannot be used too; `required`: columns that the file must have, default all.
    """
    required = columns if required is None else required
    try:
        with path.open("rb") as file, named(path):
            lines = text_lines(text_pieces(_chunks(file, most_bytes)), limit=limit)
            table = csv_table(lines, columns=columns, required=(required,), limit=limit, others=others)
            yield from table if unusable else map(_usable, table)
    except (OSError, ValueError) as error:
        what = (getattr(error, "strerror", None) or "cannot be read").lower()
        raise InputError(f"{path}: {what}", hint="check the path") from error


@contextmanager
def named(path: Path) -> Iterator[None]:
    """Puts the file's name before the errors of this block."""
    try:
        yield
    except InputError as error:
        raise InputError(f"{path}: {error.message}", hint=error.hint) from error


def _chunks(file: BinaryIO, most_bytes: int) -> Iterator[bytes]:
    size = 0
    while chunk := file.read(_CHUNK_BYTES):
        size += len(chunk)
        if size > most_bytes:
            raise InputError(f"is larger than {most_bytes >> 20} MB", hint="split it, and import the parts")
        yield chunk


def _usable(row: TableRow) -> TableRow:
    if row.wrong:
        raise InputError(f"line {row.line}: {row.wrong}", hint=QUOTE)
    return row
