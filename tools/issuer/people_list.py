"""A list of people to enrol: a CSV file with a row for each card."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Final, TypeVar

from edge.card.attributes import Attribute, check_value
from edge.cli.lists.table_file import table_rows
from edge.cli.values import public_key
from edge.errors import EdgeError, InputError, Refused
from edge.formats.csv_rows import QUOTE
from tools.issuer.values import attribute_of, label_of, paper_of, subject_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from edge.card.documents import DisclosedDocument
    from edge.formats.csv_rows import TableRow

T = TypeVar("T")

MAX_PEOPLE: Final = 1_000_000  # their files' names take 100 MB; a larger list is split
MAX_ROW_CHARS: Final = 8_192  # eleven attributes of 96 bytes, and a long path
MAX_LIST_BYTES: Final = 512 << 20  # 10^6 rows of 500 bytes
REQUIRED: Final = ("file", "photo")
COLUMNS: Final = (*REQUIRED, "holder_key", "subject", "label", "scope", "document", *Attribute)
NO_FACE: Final = "none"
_FILE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")  # a name in every file system


@dataclass(frozen=True, slots=True)
class ListedPerson:
    """One row: the name of the file to write, and what is in the card besides what all cards have.

    `photo`: None for a card without a face; `holder_key`: None for a new wallet.
    """

    line: int
    file: str
    photo: Path | None
    holder_key: bytes | None = field(default=None, repr=False)
    subject: str | None = field(default=None, repr=False)
    label: str = field(default="", repr=False)
    scope: tuple[str, ...] = ()
    papers: tuple[DisclosedDocument, ...] = field(default=(), repr=False)
    attributes: Mapping[Attribute, str] = field(default_factory=dict, repr=False)


def list_rows(path: Path) -> Iterator[TableRow]:
    """The rows of the file, also those that cannot be used. Raises InputError for a file that is no list."""
    return table_rows(
        path, COLUMNS, limit=MAX_ROW_CHARS, most_bytes=MAX_LIST_BYTES, required=REQUIRED, unusable=True
    )


def read_person(path: Path, row: TableRow) -> ListedPerson:
    """The person in a row. Raises InputError with all mistakes of the row; none quotes a personal value.

    `path`: of the list, in whose folder the paths of photos begin.
    """
    if row.wrong:
        raise mistake(path, row.line, row.wrong, QUOTE)
    wrong: list[InputError] = []

    def read(column: str, reader: Callable[[str], T], missing: T) -> T:
        text = row.cells.get(column, "")
        try:
            return reader(text) if text else missing
        except EdgeError as error:
            wrong.append(mistake(path, row.line, f"{column}: {error.message}", error.hint))
            return missing

    file = read("file", _file, "")
    photo = row.cells.get("photo", "")
    if not file and not row.cells.get("file"):
        wrong.append(mistake(path, row.line, "file: is empty", "write the name of the file for this holder"))
    if not photo:
        wrong.append(mistake(path, row.line, "photo: is empty", f"name a picture, or write {NO_FACE}"))
    person = ListedPerson(
        row.line,
        file,
        None if photo in {"", NO_FACE} else path.parent / photo,
        read("holder_key", public_key, None),
        read("subject", subject_of, None),
        read("label", label_of, ""),
        read("scope", lambda text: tuple(text.split()), ()),
        read("document", lambda text: tuple(map(paper_of, text.split())), ()),
        {name: read(name, partial(_attribute, name), "") for name in Attribute if row.cells.get(name)},
    )
    if person.photo is not None and not _is_file(person.photo):
        wrong.append(mistake(path, row.line, "photo: no such file", "check the path"))
    if wrong:
        raise together(wrong)
    return person


def mistake(path: Path, line: int, message: str, hint: str) -> InputError:
    """The error for a row."""
    return InputError(f"{path}: line {line}: {message}", hint=hint)


def together(errors: list[InputError]) -> InputError:
    """The first error, with all others."""
    first, *rest = errors
    first.also = (*first.also, *(error for each in rest for error in (each, *each.also)))
    return first


def _attribute(name: Attribute, text: str) -> str:
    value = attribute_of(f"{name}={text}")[1]
    try:
        return check_value(name, value)
    except Refused as refused:
        raise InputError(
            f"not such an attribute: {refused.detail}", hint="use the values of FORMAT.md section 3.4"
        ) from refused


def _file(text: str) -> str:
    if not _FILE.fullmatch(text):
        raise InputError(
            "is not a name for a file", hint="write at most 100 letters, digits, `.`, `_` and `-`"
        )
    return text


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # a text that can be no name
        return False
