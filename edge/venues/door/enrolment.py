"""Reads a list of people, CSV or JSON, as an office writes it; each error names its line.

The reader replaces a card's subject by its keyed name. An error names the line and the column, never the
value: a row holds personal data.
"""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, TypeVar

from edge.card.person import Person
from edge.errors import InputError
from edge.formats.csv_rows import QUOTE, csv_table
from edge.formats.untrusted_text import UnreadableText, json_object, json_objects
from edge.keyed_digest import DIGEST_BYTES
from edge.policy.pin import MAX_VERIFIER_BYTES
from edge.venues.door.person import person_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from datetime import tzinfo

T = TypeVar("T")

MAX_PEOPLE: Final = 200_000  # twice the largest site that is supported
MAX_LIST_BYTES: Final = 64 << 20  # MAX_PEOPLE rows with every column filled
COLUMNS: Final = (
    "issuer", "subject", "name", "groups", "valid_from", "valid_until", "assisted", "no_face", "duress_of",
    "template", "pin", "duress_pin",
)  # fmt: skip
_REQUIRED: Final = (("issuer", "subject"), ("name",))
_MAX_VALUE_CHARS: Final = 4_000  # a hundred groups
_MAX_ROW_CHARS: Final = 64 * 1024  # every column of the greatest length
_MAX_NAMES: Final = 64  # in one JSON object; there are twelve columns
_MAX_WORD_CHARS: Final = 200  # of an issuer or a subject; a card's code has room for less
_GROUP: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")  # as in site.toml
_TEMPLATE_BYTES: Final = 16
_VERIFIER: Final = re.compile(
    r"\$argon2id\$v=19\$m=([0-9]{1,6}),t=([0-9]{1,2}),p=1\$[A-Za-z0-9+/]{16,32}\$[A-Za-z0-9+/]{32,64}"
)
# A door checks a PIN while the holder waits: at most twice the cost of our own verifiers.
_MAX_KIB: Final = 16 * 1024
_MAX_PASSES: Final = 8
_YES: Final = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False, "": False}
_HINT: Final = "nothing was imported: correct the list and import it again"


@dataclass(frozen=True, slots=True)
class Enrolment:
    """One row of the list. `same_as`: this is the duress card of the person with that keyed name.

    `pin`, `duress_pin`: verifiers (`edge.policy.pin`); None: the stored ones stay.
    """

    name: bytes = field(repr=False)
    groups: frozenset[str] = frozenset()
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    assisted: bool = False
    no_face: bool = False
    same_as: bytes | None = field(default=None, repr=False)
    template: bytes | None = field(default=None, repr=False)
    pin: bytes | None = field(default=None, repr=False)
    duress_pin: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class EnrolmentContext:
    """Context of a list. `zone`: for times without a zone; `groups`: the allowed groups, None for any."""

    key: bytes = field(repr=False)
    zone: tzinfo = UTC
    groups: frozenset[str] | None = None


EnrolmentLine = tuple[str, Enrolment | InputError]  # the place, such as "line 7", and the row or its error


def gather(told: Iterable[EnrolmentLine]) -> tuple[list[Enrolment], list[InputError]]:
    """All people of a list, each once, and all errors. Raises InputError for too many rows."""
    first: dict[bytes, str] = {}
    people: list[Enrolment] = []
    wrong: list[InputError] = []
    for where, row in told:
        if isinstance(row, InputError):
            wrong.append(row)
        elif row.name in first:
            wrong.append(InputError(f"{where}: the same person as in {first[row.name]}", hint=_HINT))
        else:
            first[row.name] = where
            people.append(row)
        if len(people) + len(wrong) > MAX_PEOPLE:
            raise InputError(f"more than {MAX_PEOPLE} people", hint="import only the people of this site")
    return people, wrong


def read_csv(lines: Iterable[str], site: EnrolmentContext) -> Iterator[EnrolmentLine]:
    """Rows of a CSV file with a header line; a wrong line yields its error, and the next line follows.

    Raises InputError if the file as a whole cannot be read.
    """
    for row in csv_table(lines, columns=COLUMNS, required=_REQUIRED, limit=_MAX_ROW_CHARS):
        where = f"line {row.line}"
        if row.wrong:
            yield where, InputError(f"{where}: {row.wrong}", hint=QUOTE)
        else:
            yield _read(row.cells, where, site)


def read_json(data: bytes, site: EnrolmentContext) -> Iterator[EnrolmentLine]:
    """Rows of a JSON file: an array of objects, or one object a line. The keys are the columns of the CSV.

    Raises InputError if the file as a whole cannot be read.
    """
    data = data.removeprefix(BOM_UTF8)
    if data.lstrip()[:1] == b"[":
        people = _decoded(data, json_objects, "not a JSON array of objects")
        for number, row in enumerate(people, 1):
            yield _read(row, f"person {number}", site)
        return
    for number, line in enumerate(data.splitlines(), 1):
        if line.strip():
            row = _decoded(line, json_object, f"line {number}: not a JSON object")
            yield _read(row, f"line {number}", site)


def _decoded(data: bytes, reader: Callable[..., T], what: str) -> T:
    """Raises InputError, also for an object that has a name twice."""
    try:
        return reader(data, most=_MAX_NAMES)
    except UnreadableText as error:
        raise InputError(what, hint=_HINT) from error


class _WrongError(ValueError):
    """An error in one column; its text never holds the value."""


def _read(row: Mapping[str, Any], where: str, site: EnrolmentContext) -> EnrolmentLine:
    try:
        return where, _enrolment({key: _plain(key, value) for key, value in row.items()}, site)
    except _WrongError as error:
        return where, InputError(f"{where}: {error}", hint=_HINT)


def _plain(key: str, value: object) -> str:
    """A value as CSV has it."""
    if key not in COLUMNS:
        raise _WrongError(f'unknown key "{key[:40]}"')
    if isinstance(value, list) and all(isinstance(part, str) for part in value):
        value = " ".join(value)
    if value is None:
        value = ""
    if isinstance(value, bool):
        value = "yes" if value else "no"
    if not isinstance(value, str):
        raise _WrongError(f"{key} is not text")
    if len(value) > _MAX_VALUE_CHARS:
        raise _WrongError(f"{key} is longer than {_MAX_VALUE_CHARS} characters")
    return value.strip()


def _enrolment(row: Mapping[str, str], site: EnrolmentContext) -> Enrolment:
    issuer, duress_of = row.get("issuer", ""), row.get("duress_of", "")
    made = Enrolment(
        name=_name(row, site),
        groups=_groups(row.get("groups", ""), site),
        valid_from=_instant("valid_from", row.get("valid_from", ""), site),
        valid_until=_instant("valid_until", row.get("valid_until", ""), site),
        assisted=_flag("assisted", row.get("assisted", "")),
        no_face=_flag("no_face", row.get("no_face", "")),
        same_as=_same_as(issuer, duress_of, site) if duress_of else None,
        template=_hex("template", row.get("template", ""), _TEMPLATE_BYTES),
        pin=_verifier("pin", row.get("pin", "")),
        duress_pin=_verifier("duress_pin", row.get("duress_pin", "")),
    )
    if made.duress_pin is not None and made.pin is None:
        raise _WrongError("duress_pin needs a pin")
    if made.valid_from and made.valid_until and made.valid_until <= made.valid_from:
        raise _WrongError("valid_until is not after valid_from")
    if made.same_as == made.name:
        raise _WrongError("duress_of is the subject of this row itself")
    if made.same_as is not None and made != Enrolment(made.name, same_as=made.same_as):
        raise _WrongError("duress_of takes all data from its person: leave the other columns empty")
    return made


def _name(row: Mapping[str, str], site: EnrolmentContext) -> bytes:
    issuer, subject, name = row.get("issuer", ""), row.get("subject", ""), row.get("name", "")
    if name:
        if issuer or subject:
            raise _WrongError("name replaces issuer and subject: leave those two empty")
        return _hex("name", name, DIGEST_BYTES) or b""
    return person_name(Person(_word("issuer", issuer), _word("subject", subject)), site.key)


def _same_as(issuer: str, duress_of: str, site: EnrolmentContext) -> bytes:
    """The keyed name of the other card, from its subject, or as `export` writes it."""
    if not issuer:
        return _hex("duress_of", duress_of, DIGEST_BYTES) or b""
    return person_name(Person(_word("issuer", issuer), _word("duress_of", duress_of)), site.key)


def _word(key: str, text: str) -> str:
    if not text:
        raise _WrongError(f"{key} is missing")
    if len(text) > _MAX_WORD_CHARS:
        raise _WrongError(f"{key} is longer than {_MAX_WORD_CHARS} characters")
    return text


def _groups(text: str, site: EnrolmentContext) -> frozenset[str]:
    groups = frozenset(re.split(r"[ ;,]+", text)) - {""}
    for group in groups:
        if not _GROUP.fullmatch(group):
            raise _WrongError("groups: a name has characters other than a-z, 0-9, _ and -, or more than 40")
        if site.groups is not None and group not in site.groups:
            raise _WrongError(f'groups: site.toml has no group "{group}"')
    return groups


def _flag(key: str, text: str) -> bool:
    try:
        return _YES[text.lower()]
    except KeyError:
        raise _WrongError(f"{key} is not yes or no") from None


def _instant(key: str, text: str, site: EnrolmentContext) -> datetime | None:
    """A time; without a zone it is in the site's zone, without a time of day it is the start of the day."""
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
        aware = moment if moment.tzinfo else moment.replace(tzinfo=site.zone)
        at = aware.astimezone(UTC).replace(microsecond=0)
    except (ValueError, OverflowError):
        raise _WrongError(f"{key} is not a time such as 2027-03-28T09:00") from None
    if not 1970 <= at.year < 2100:  # as everywhere in this product
        raise _WrongError(f"{key} is not in the years 1970 to 2099")
    return at


def _verifier(key: str, text: str) -> bytes | None:
    """A verifier. A list never holds a PIN."""
    if not text:
        return None
    match = _VERIFIER.fullmatch(text) if len(text) <= MAX_VERIFIER_BYTES else None
    if match is None or int(match[1]) > _MAX_KIB or int(match[2]) > _MAX_PASSES:
        raise _WrongError(f"{key} is not a verifier of `people export`; set a PIN with `doorward people pin`")
    return text.encode()


def _hex(key: str, text: str, size: int) -> bytes | None:
    if not text:
        return None
    if not re.fullmatch(rf"[0-9a-f]{{{2 * size}}}", text):
        raise _WrongError(f"{key} is not {2 * size} hex digits")
    return bytes.fromhex(text)
