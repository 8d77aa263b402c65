"""`doorward library`: a library's entrance: its library system, its patrons, and messages that wait."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from edge.app.parts.camera import system_clock
from edge.app.venues.library import hours_of, open_library, open_store, rules_of
from edge.card.person import Person
from edge.cli.config import given
from edge.cli.lists.table_file import named, table_rows
from edge.cli.output import emit, harmless, progress, tell
from edge.cli.venues.library_simulate import SIMULATE
from edge.cli.verbs import CONFIG_REQUIRED, argument, json_lines, verb
from edge.errors import Exit, InputError
from edge.formats.list_in_use import check_usable
from edge.venues.library.identity import patron_number
from edge.venues.library.lending import Lend
from edge.venues.library.offline_queue import OfflineState
from edge.venues.library.rules import WORDS, judge

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from edge.config import LibraryConfig
    from edge.venues.library.offline_queue import OfflineEntry, UploadedEntry
    from edge.venues.library.sip2.client import Library

MAX_ROW_CHARS = 4_000  # a pseudonym, and the longest number of a patron
MAX_PAIRS_BYTES = 32 * 1024 * 1024  # half a million patrons
MAX_NAME_CHARS = 200  # of an issuer or a subject; a pseudonym has 43
COLUMNS = ["issuer", "subject", "patron"]


def _status(args: argparse.Namespace) -> int:
    settings, base = _settings(args)
    with _library(settings, base) as library:
        system = library.connect()
    if args.json:
        emit(
            {
                "name": system.name,
                "institution": system.institution,
                "version": system.version,
                "checkout": system.checkout,
                "checkin": system.checkin,
                "offline": system.offline,
                "reply_within_s": None if system.timeout_ds is None else system.timeout_ds / 10,
                "retries": system.retries,
                "messages": list(system.messages),
                "lines": list(system.lines),
            }
        )
        return Exit.OK
    print(harmless(f"online      {system.name or '(no name)'}, institution {system.institution or '(none)'}"))
    timeout = "not told" if system.timeout_ds is None else f"{system.timeout_ds / 10:g} s"
    print(harmless(f"protocol    SIP2 {system.version}; timeout of a reply {timeout}"))
    print(
        f"lends       {'yes' if system.checkout else 'no'}; takes back: {'yes' if system.checkin else 'no'}"
    )
    print(f"offline     {'accepts messages later' if system.offline else 'accepts no messages later'}")
    print(f"messages    {', '.join(system.messages) or '(not told)'}")
    for line in system.lines:
        print(harmless(f"text        {line}"))
    return Exit.OK


def _patron(args: argparse.Namespace) -> int:
    settings, base = _settings(args)
    number, hours, now = patron_number(args.number), hours_of(settings), system_clock().now()
    with _library(settings, base) as library:
        patron = library.patron(number)
    today = hours.today(now)
    verdict = judge(patron, rules_of(settings), staffed=hours.staffed(now), today=today)
    against = [WORDS[flag] for flag in sorted(patron.flags)]
    if args.json:
        emit(
            {
                "result": "deny" if verdict.reason else "admit",
                "reason": verdict.reason,
                "valid": patron.is_valid,
                "against": against,
                "owed": None if patron.owed is None else str(patron.owed),
                "holds_ready": patron.holds_ready,
                "unread": dict(patron.unread),
                "lines": list(verdict.lines),
            }
        )
    else:
        print(f"denied: {verdict.reason.value}" if verdict.reason else "admitted now")
        for line in verdict.lines:
            print(harmless(f"  {line}"))
        for text in against:
            print(f"  against    {text}")
        if patron.owed is not None:
            print(f"  {'credit' if patron.owed < 0 else 'owes':10} {abs(patron.owed)}")
        for name, why in patron.unread.items():
            print(f"  not read   field {name} {why}")
    return Exit.REFUSED if verdict.reason else Exit.OK


def _bind(args: argparse.Namespace) -> int:
    settings, base = _settings(args)
    pairs = list(_pairs(args.file))
    with open_store(settings, base) as store:
        bound = store.bind(pairs)
    print(f"{bound} bound; a running entrance reads them within a second")
    return Exit.OK


def _unbind(args: argparse.Namespace) -> int:
    with open_store(*_settings(args)) as store:
        store.unbind(Person(args.issuer, args.subject))
    return Exit.OK


def _queue(args: argparse.Namespace) -> int:
    with open_store(*_settings(args)) as store:
        entries = store.entries()
    for entry in entries:
        tell(
            _row(entry, patrons=args.patrons), harmless(_line(entry, patrons=args.patrons)), as_json=args.json
        )
    if not entries and not args.json:
        print("no entry waits, and none was refused")
    return Exit.OK


def _settle(args: argparse.Namespace) -> int:
    with open_store(*_settings(args)) as store:
        refused = {entry.seq for entry in store.entries(OfflineState.REFUSED)}
        if unknown := set(args.entries) - refused:
            raise InputError(
                f"{min(unknown)} is not a refused entry",
                hint="take the numbers of refused entries from: doorward library queue",
            )
        for seq in args.entries:
            store.erase(seq)
    return Exit.OK


def _upload(args: argparse.Namespace) -> int:
    settings, base = _settings(args)
    told = list(_told(settings, base))
    conflicts = [one for one in told if one.refused is not None]
    if args.json:
        for one in conflicts:
            emit(_row(_refused(one), patrons=args.patrons))
        emit({"result": "uploaded", "told": len(told), "refused": len(conflicts)})
    else:
        print(f"{len(told)} sent, {len(conflicts)} of them refused")
        for one in conflicts:
            print(harmless(_line(_refused(one), patrons=args.patrons)))
        if conflicts:
            print("settle them with the patron, then run: doorward library settle SEQ")
    return Exit.REFUSED if conflicts else Exit.OK


def _told(settings: LibraryConfig, base: Path) -> Iterator[UploadedEntry]:
    with open_store(settings, base) as store, _library(settings, base) as library:
        total = store.count(OfflineState.WAITING)
        if total:
            library.connect()
        for _ in progress(range(total), total=total, label="sending"):
            with store.alone():  # the entrance may send at the same time
                one = store.tell_first(lambda entry: library.circulate(entry.act, done_at=entry.at))
            if one is None:
                return
            yield one


def _refused(told: UploadedEntry) -> OfflineEntry:
    return replace(told.entry, state=OfflineState.REFUSED, lines=told.refused or ())


def _row(entry: OfflineEntry, *, patrons: bool) -> dict[str, object]:
    row: dict[str, object] = {
        "seq": entry.seq,
        "at": f"{entry.at:%Y-%m-%dT%H:%M:%SZ}",
        "act": "lend" if isinstance(entry.act, Lend) else "return",
        "item": entry.act.item,
        "state": entry.state,
        "lines": list(entry.lines),
    }
    if patrons and isinstance(entry.act, Lend):
        row["patron"] = entry.act.patron
    return row


def _line(entry: OfflineEntry, *, patrons: bool) -> str:
    row = _row(entry, patrons=patrons)
    who = f"  patron {row['patron']}" if "patron" in row else ""
    why = f"  {'; '.join(entry.lines)}" if entry.lines else ""
    return f"{entry.seq:5}  {row['at']}  {row['act']:6}  {row['item']}{who}  {entry.state}{why}"


def _pairs(file: Path) -> Iterator[tuple[Person, str]]:
    """The rows (issuer, subject, patron) of a CSV file. Raises InputError with the line.

    The issuer is required in each row: a subject without it would also be that of another issuer's card.
    """
    count = 0
    for row in table_rows(file, COLUMNS, limit=MAX_ROW_CHARS, most_bytes=MAX_PAIRS_BYTES):
        count += 1
        with named(file):
            yield _pair(row.line, *(row.cells.get(name, "") for name in COLUMNS))
    with named(file):
        check_usable("bindings", usable=count)


def _pair(line: int, issuer: str, subject: str, patron: str) -> tuple[Person, str]:
    if not all(0 < len(name) <= MAX_NAME_CHARS for name in (issuer, subject)):
        raise InputError(
            f"line {line}: is not an issuer, a pseudonym and a patron's number",
            hint="write issuer, pseudonym and number with commas between them",
        )
    try:
        return Person(issuer, subject), patron_number(patron)
    except InputError as err:
        raise InputError(f"line {line}: {err.message}", hint=err.hint) from err


def _settings(args: argparse.Namespace) -> tuple[LibraryConfig, Path]:
    config, base = given(args.config)
    return config.library, base


def _library(settings: LibraryConfig, base: Path) -> closing[Library]:
    return closing(open_library(settings, base))


_PATRONS = argument("--patrons", action="store_true", help="print the patrons' numbers too")
VERBS = (
    SIMULATE,
    verb(
        "status", "log in, and print what the library system supports", _status, CONFIG_REQUIRED, json_lines()
    ),
    verb(
        "patron",
        "print a patron's status, and whether this entrance admits them now",
        _patron,
        CONFIG_REQUIRED,
        argument("number", metavar="NUMBER", help="number of the patron at the library"),
        json_lines(),
    ),
    verb(
        "bind",
        "bind cards to patrons, from a CSV file with the columns issuer,subject,patron",
        _bind,
        CONFIG_REQUIRED,
        argument("file", type=Path, metavar="FILE", help="CSV file in UTF-8"),
    ),
    verb(
        "unbind",
        "delete the binding of a card to its patron",
        _unbind,
        CONFIG_REQUIRED,
        argument("issuer", metavar="ISSUER", help="issuer of the card, as in the list"),
        argument("subject", metavar="SUBJECT", help="pseudonym of the card's holder at this library"),
    ),
    verb(
        "queue",
        "print the loans and returns that wait, or that the library system refused",
        _queue,
        CONFIG_REQUIRED,
        json_lines(),
        _PATRONS,
    ),
    verb(
        "settle",
        "delete refused entries that staff have settled",
        _settle,
        CONFIG_REQUIRED,
        argument(
            "entries", type=int, nargs="+", metavar="SEQ", help="number of an entry, as printed by queue"
        ),
    ),
    verb(
        "upload",
        "send the waiting entries to the library system now, and print the refused ones",
        _upload,
        CONFIG_REQUIRED,
        json_lines(),
        _PATRONS,
    ),
)
