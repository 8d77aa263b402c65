"""`doorward people import`: enrols a whole list of people, or none of them if a line is wrong."""

from __future__ import annotations

import io
from contextlib import closing
from typing import TYPE_CHECKING, Final

from edge.app.venues.door import read_rules, site_key
from edge.cli.ask import agreed_at_terminal
from edge.cli.config import given
from edge.cli.output import fail, progress, tell
from edge.errors import Exit, InputError
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
        if args.replace and not _may_delete(args, people, enrolments):
            return Exit.REFUSED
        taken = people.take(
            progress(enrolments, total=len(enrolments), label="enrolling"), replace=args.replace
        )
        enrolled = len(people)
    lines = f"taken     {taken}", f"enrolled  {enrolled}"
    tell({"taken": taken, "enrolled": enrolled}, *lines, as_json=args.json)
    return Exit.OK


def _may_delete(args: argparse.Namespace, people: PeopleFile, enrolments: list[Enrolment]) -> bool:
    """Whether the list may delete people; asks at a terminal. A script has said it with --replace."""
    gone = people.gone(one.name for one in enrolments)
    if not gone:
        return True
    which = f"{gone} of {len(people)} enrolled entries are not in {args.file}"
    return agreed_at_terminal(
        [f"{which}, and will be deleted with their PINs"], "Replace the list?", yes=args.yes
    )


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
    try:
        people, wrong = gather(progress(_told(file, data, site), total=data.count(b"\n"), label="reading"))
    except InputError as error:
        raise InputError(f"{file}: {error.message}", hint=error.hint) from error
    for mistake in wrong[:SHOWN]:
        fail(InputError(f"{file}: {mistake.message}"))
    if wrong:
        mistakes = "one mistake" if len(wrong) == 1 else f"{len(wrong)} mistakes"
        raise InputError(
            f"{file}: {mistakes}, and no person was enrolled",
            hint="correct the lines, and import the file again",
        )
    return people


def _told(file: Path, data: bytes, site: EnrolmentContext) -> Iterator[EnrolmentLine]:
    if file.suffix in (".json", ".jsonl", ".ndjson"):
        yield from read_json(data, site)
        return
    try:
        text = data.decode("utf-8-sig")  # spreadsheets write a byte order mark
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise InputError(f"line {line}: is not UTF-8 text", hint='save the file as "CSV UTF-8"') from error
    yield from read_csv(io.StringIO(text, newline=""), site)
