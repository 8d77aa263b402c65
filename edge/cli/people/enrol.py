"""`doorward people import`: enrols a whole list of people, or none of them if a line is wrong."""

from __future__ import annotations

import io
import sys
from contextlib import closing
from typing import TYPE_CHECKING, Final

from edge.app.venues.door import read_rules, site_key
from edge.cli.ask import agreed
from edge.cli.config import given
from edge.cli.lists.table_file import named
from edge.cli.output import fail, progress, tell
from edge.cli.people.file import open_people
from edge.errors import Exit, InputError
from edge.formats.list_in_use import check_usable
from edge.formats.text_encoding import text_of
from edge.venues.door.enrolment import MAX_LIST_BYTES, EnrolmentContext, gather, read_csv, read_json
from edge.venues.door.people_store import PeopleFile

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator
    from pathlib import Path

    from edge.config import Config
    from edge.venues.door.enrolment import Enrolment, EnrolmentLine

SHOWN: Final = 20  # mistakes; a list with more has one of them many times


def run(args: argparse.Namespace) -> int:
    """Enrol the people of a file; print how many."""
    config, base = given(args.config)
    data = _read(args.file)
    people_file = base / config.permits.people
    is_new = not people_file.exists()
    enrolments = _enrolments(args.file, data, _site(config, base, may_make=is_new))
    with closing(PeopleFile(people_file)) as people:
        gone = people.gone(one.name for one in enrolments) if args.replace else 0
        is_asked = gone > 0 and sys.stdin.isatty() and not args.yes
        if is_asked and not _may_delete(args, people, gone):
            return Exit.REFUSED
        with named(args.file):
            taken = people.take(
                progress(enrolments, total=len(enrolments), label="enrolling"),
                replace=args.replace,
                accept_fewer=args.accept_fewer or is_asked,
            )
        enrolled = len(people)
    row = {"taken": taken} | ({"deleted": gone} if args.replace else {}) | {"enrolled": enrolled}
    tell(row, *(f"{word:9} {count}" for word, count in row.items()), as_json=args.json)
    return Exit.OK


def clear(args: argparse.Namespace) -> int:
    """Delete all people and their PINs."""
    with closing(open_people(*given(args.config))) as people:
        count = len(people)
    plan = f"{count} people and their PINs will be deleted. The lock-down and wrong PINs on record stay."
    if not agreed([plan], "Delete all people?", yes=args.yes):
        return Exit.REFUSED
    with closing(open_people(*given(args.config))) as people:
        deleted = people.clear()
    tell({"deleted": deleted}, f"{deleted} people deleted", as_json=args.json)
    return Exit.OK


def _may_delete(args: argparse.Namespace, people: PeopleFile, gone: int) -> bool:
    """Ask whether the list may delete people. A script has said it with --replace."""
    which = f"{gone} of {len(people)} enrolled entries are not in {args.file}"
    return agreed([f"{which}, and will be deleted with their PINs"], "Replace the list?", yes=False)


def _site(config: Config, base: Path, *, may_make: bool) -> EnrolmentContext:
    """Key, time zone and groups of the site; the key is made if the site has no enrolled people."""
    permits = config.permits
    key = site_key(base / permits.key, may_make=may_make)
    if permits.rules is None:
        return EnrolmentContext(key)
    rules = read_rules(base / permits.rules, config.door.site)
    return EnrolmentContext(key, rules.calendar.zone, rules.groups)


def _read(file: Path) -> bytes:
    try:
        with file.open("rb") as stream:
            data = stream.read(MAX_LIST_BYTES + 1)
    except (OSError, ValueError) as error:
        why = (getattr(error, "strerror", None) or "is not a file name").lower()
        raise InputError(f"{file}: {why}", hint="check the path") from error
    if len(data) > MAX_LIST_BYTES:
        raise InputError(
            f"{file}: is larger than {MAX_LIST_BYTES >> 20} MB", hint="split it, and import the parts"
        )
    return data


def _enrolments(file: Path, data: bytes, site: EnrolmentContext) -> list[Enrolment]:
    """The people in the file. Prints each mistake with its line; then raises InputError."""
    with named(file):
        people, wrong = gather(progress(_told(file, data, site), total=data.count(b"\n"), label="reading"))
    for mistake in wrong[:SHOWN]:
        fail(InputError(f"{file}: {mistake.message}", hint=mistake.hint))
    if wrong:
        mistakes = "one mistake" if len(wrong) == 1 else f"{len(wrong)} mistakes"
        raise InputError(
            f"{file}: {mistakes}, and no person was enrolled",
            hint="correct the lines, and import the file again",
        )
    with named(file):
        check_usable("people", usable=len(people))
    return people


def _told(file: Path, data: bytes, site: EnrolmentContext) -> Iterator[EnrolmentLine]:
    text = text_of(data)
    if file.suffix.lower() in (".json", ".jsonl", ".ndjson"):
        yield from read_json(text.encode(), site)
    else:
        yield from read_csv(io.StringIO(text, newline=""), site)
