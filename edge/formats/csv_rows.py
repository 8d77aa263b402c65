"""Reads CSV rows with a limit on each.

A quoted field goes on over line ends, so that a row may be as long as its file: a list of 256 MB took 430 MB.
"""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from edge.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


def csv_rows(lines: Iterable[str], *, limit: int, delimiter: str = ",") -> Iterator[tuple[int, list[str]]]:
    """Each row with the number of its last line; an empty row for an empty line. Raises InputError.

    `limit`: of the characters of a row. Errors quote nothing.
    """
    chars = 0

    def bounded() -> Iterator[str]:
        nonlocal chars
        for line in lines:
            chars += len(line)
            if chars > limit:
                raise InputError(
                    f"line {reader.line_num + 1}: the row is longer than {limit} characters",
                    hint="close every quotation mark",
                )
            yield line

    reader = csv.reader(bounded(), delimiter=delimiter, strict=True)
    while True:
        chars = 0
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise InputError(f"line {reader.line_num}: not CSV", hint="close every quotation mark") from error
        yield reader.line_num, row
