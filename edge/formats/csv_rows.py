"""Reads imported tables in CSV: strictly, with the line of every fault, and with a limit on each row.

A quoted field goes on over line ends, so that a row may be as long as its file: a list of 256 MB took 430 MB.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, Final

from edge.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

QUOTE: Final = "put each cell that has a delimiter in quotation marks"  # the hint for a wrong row
_DELIMITERS: Final = ",;\t"  # spreadsheets write `;` where the comma is the decimal sign
_SEPARATOR: Final = re.compile(r"sep=([,;\t])\s*", re.IGNORECASE)  # Excel's own first line
# Marks that are not seen: of byte order in files that were joined, of direction in dates from Windows.
_UNSEEN: Final = "\ufeff\u200b\u200e\u200f"
_LINE_END: Final = re.compile(r"[\r\n]")
_QUOTED: Final = 40  # characters of a column's name in an error


@dataclass(frozen=True, slots=True)
class TableRow:
    """One row by the names of its columns. `wrong`: the reason why it cannot be used; it quotes no cell."""

    line: int
    cells: dict[str, str] = field(default_factory=dict, repr=False)
    wrong: str = ""


def csv_table(
    lines: Iterable[str],
    *,
    columns: Sequence[str],
    required: Sequence[Collection[str]],
    limit: int,
    others: bool = False,
) -> Iterator[TableRow]:
    """The rows below a header line, without blank lines; cells have no blanks around them.

    A row with more cells than the header cannot be used: a comma in a name moves all cells after it. A row
    with fewer is taken, because Excel leaves out empty cells at the end of rows (Microsoft KB 77295).

    Args:
        lines: with their ends; the delimiter is `,`, `;` or a tab.
        columns: known names, in any order and case.
        required: sets of columns; the header has to have all of one of them.
        limit: of the characters of a row.
        others: ignore other columns; else one is refused.

    Raises:
        InputError: the text is not such a table; it names the line.
    """
    source = enumerate(lines)
    above, first = next(((number, line) for number, line in source if _bare(line)), (0, ""))
    told = _SEPARATOR.fullmatch(_bare(first))
    delimiter = told[1] if told else _delimiter(first, columns)
    rest = (line for _, line in source)
    rows = (
        csv_rows(rest, limit=limit, delimiter=delimiter, above=above + 1)
        if told
        else csv_rows(chain((first,), rest), limit=limit, delimiter=delimiter, above=above)
    )
    bare = ((line, [_bare(cell) for cell in row]) for line, row in rows)
    filled = ((line, row) for line, row in bare if len(row) > 1 or any(row))
    line, header = next(filled, (1, []))
    names = [name.casefold() for name in header]
    _check_header(line, names, columns, required, others=others)
    for line, row in filled:
        wrong = _fault(names, row, delimiter, others=others)
        yield TableRow(line, dict(zip(names, row, strict=False)), wrong)


def csv_rows(
    lines: Iterable[str], *, limit: int, delimiter: str = ",", above: int = 0
) -> Iterator[tuple[int, list[str]]]:
    """Each row with the number of its first line; an empty row for an empty line. Raises InputError.

    `limit`: of the characters of a row; `above`: number of lines before these. Errors quote nothing.
    """
    chars, begins = 0, above + 1
    # Blanks between a closing quotation mark and the delimiter, which the parser below refuses.
    padding = re.compile(rf'(?<!")" +(?=[{delimiter}\r\n]|$)')

    def bounded() -> Iterator[str]:
        nonlocal chars
        for line in lines:
            chars += len(line)
            if chars > limit:
                raise InputError(
                    f"line {begins}: the row is longer than {limit} characters",
                    hint="close every quotation mark",
                )
            if "\0" in line:
                raise InputError(
                    f"line {above + reader.line_num + 1}: a NUL character: the file is damaged, or no text",
                    hint="export the list again, as UTF-8",
                )
            yield padding.sub('"', line) if '" ' in line else line

    reader = csv.reader(bounded(), delimiter=delimiter, strict=True, skipinitialspace=True)
    while True:
        chars, begins = 0, above + reader.line_num + 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise InputError(f"line {begins}: not CSV", hint="close every quotation mark") from error
        yield begins, row


def _delimiter(header: str, columns: Collection[str]) -> str:
    """The delimiter between the most of the known columns."""

    def known(delimiter: str) -> int:
        return sum(_bare(name).strip('"').casefold() in columns for name in header.split(delimiter))

    return max(_DELIMITERS, key=known)


def _check_header(
    line: int,
    names: Sequence[str],
    columns: Sequence[str],
    required: Sequence[Collection[str]],
    *,
    others: bool,
) -> None:
    hint = f"write the names of the columns into the first line: {', '.join(columns)}"
    named = [name for name in names if name]
    if twice := next((name for name, count in Counter(named).items() if count > 1), ""):
        raise InputError(
            f'line {line}: two columns "{twice[:_QUOTED]}"', hint="delete one of the two columns"
        )
    unknown = next((name for name in named if name not in columns), "")
    if unknown and not others:
        raise InputError(f'line {line}: unknown column "{unknown[:_QUOTED]}"', hint=hint)
    missing = [[name for name in each if name not in named] for each in required]
    if all(missing):
        raise InputError(f"line {line}: no column {', '.join(missing[0])}", hint=hint)


def _fault(names: Sequence[str], row: Sequence[str], delimiter: str, *, others: bool) -> str:
    """The reason why a row cannot be used, or nothing."""
    if len(row) > len(names):
        return "more values than columns"
    if not others and "" in names and any(c for name, c in zip(names, row, strict=False) if not name):
        return "a value in a column without a name"
    if _LINE_END.search("".join(row)):
        for cell in row:
            _, *more = _LINE_END.split(cell)
            if any(line.count(delimiter) + 1 >= len(names) > 2 for line in more):
                return "another row inside of a cell: close every quotation mark"
    return ""


def _bare(cell: str) -> str:
    """A cell without blanks around it; it is nearly always bare."""
    bare = cell.strip()
    return bare if bare.isascii() else bare.strip(_UNSEEN).strip()
