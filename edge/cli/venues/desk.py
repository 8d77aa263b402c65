"""`doorward desk`: registrations, reports and erasure at a hotel's desk.

The format of files and messages is in edge/venues/desk/DESK.md.
"""

from __future__ import annotations

import os
import random
import threading
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edge.app.clock_store import passed
from edge.app.parts.sealed_keys import make_pair, read_private
from edge.app.parts.trust_folder import open_files
from edge.app.venues.desk import DeskOffice, open_copy, open_store
from edge.cli.ask import YES
from edge.cli.config import given
from edge.cli.lists.accept_fewer import ACCEPT_FEWER
from edge.cli.output import fail, tell
from edge.cli.output_file import whole_file, whole_text
from edge.cli.repeat import bar, rounds
from edge.cli.venues.desk_arrivals import MOST, due_ms, office_of, tell_taken
from edge.cli.verbs import CONFIG_OR_DEFAULTS, argument, json_lines, verb
from edge.errors import Exit, InputError, StorageFault
from edge.formats.untrusted_text import json_object
from edge.venues.desk.arrivals.store import ArrivalsFile
from edge.venues.desk.export import write_csv, write_jsonl
from edge.venues.desk.register_store import AUTHORITY
from edge.venues.desk.registration_pdf import write_pdf

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable

    from nacl.public import PrivateKey

    from edge.venues.desk.register_store import DeskStore, OpenedRegistration
    from edge.vouched_time import VouchedTime

SETTLED_S = 1.0  # a list is complete if it does not change in this time
NICE = 10  # of 19: the passage on the same board goes first, a list of 100 MB can wait
MAX_CONFIRM_BYTES = 64 * 1024 * 1024  # a report on 100,000 guests
MAX_MEMBERS = 64  # of one row; a report has about 20 columns


def _key(args: argparse.Namespace) -> int:
    public = make_pair(args.file)
    print(f"{public}: copy it to the device, as [desk] key or [check] host_key")
    print(f"{args.file}: keep it elsewhere; without it the sealed data cannot be read")
    return Exit.OK


def _work(args: argparse.Namespace) -> int:
    with closing(office_of(args)) as office:
        if args.watch:
            os.nice(NICE)
            stop = threading.Event()
            return rounds(lambda: _round(office, args, stop), stop=stop)
        office.glance()
        time.sleep(SETTLED_S)
        return _round(office, args, threading.Event())


def _round(office: DeskOffice, args: argparse.Namespace, stop: threading.Event) -> int:
    """Take lists, send messages and erase, once; exit 1 if staff have something to do."""
    code: int = Exit.OK
    with bar("taking") as watch:

        def see(done: int, total: int) -> None:
            if stop.is_set():
                raise KeyboardInterrupt  # a long list is put back, and imported at the next start
            watch(done, total)

        lists = office.look(watch=see)
    for taken in lists:
        if taken.imported is not None:
            tell_taken(taken.log_name, taken.imported, as_json=args.json)
        elif taken.logged_error is not None:
            fail(taken.logged_error)
            code = max(code, Exit.DEVICE if isinstance(taken.error, StorageFault) else Exit.REFUSED)
    delivered = office.deliver(now_ms=_now_ms, random_unit=random.SystemRandom().random)
    erased = office.erase(_passed(args), _now_ms())
    statuses = office.statuses(due_ms(args))
    if lists or delivered or erased or not args.watch:
        row = {"delivered": delivered, "erased": erased, "overdue": sum(s.overdue for s in statuses)}
        tell(row, ", ".join(f"{count} {word}" for word, count in row.items()), as_json=args.json)
    return code or (Exit.REFUSED if any(s.overdue or s.dead for s in statuses) else Exit.OK)


def _retry(args: argparse.Namespace) -> int:
    with closing(office_of(args)) as office:
        count = sum(office.store.queue.revive(s.channel) for s in office.statuses(due_ms(args)))
    print(f"{count} messages will be sent again by: doorward desk work")
    return Exit.OK


def _export(args: argparse.Namespace) -> int:
    config, _ = given(args.config)
    name = config.desk.name or config.door.site
    private = _private(args)
    with _copy(args, private) as store:
        opened = store.opened(private)
        if args.format == "pdf":
            if args.out is None:
                raise InputError("--format pdf needs --out", hint="add --out FILE.pdf")
            with whole_file(args.out) as part:
                count = write_pdf(part, opened, title=name, font=args.font)
                if not count:
                    raise InputError(
                        "there are no registrations to export",
                        hint="count the registrations: doorward desk show",
                    )
        else:
            _write(args.out, opened, write_csv if args.format == "csv" else write_jsonl, name)
    return Exit.OK


def _report(args: argparse.Namespace) -> int:
    config, base = given(args.config)
    if args.confirm:
        with closing(open_store(config, base, ArrivalsFile(base / config.desk.folder))) as store:
            count = store.queue.acknowledge(AUTHORITY, _marks(args.confirm), _now_ms())
        print(f"{count} reports are recorded as handed over")
        return Exit.OK
    private = _private(args)
    with _copy(args, private) as store:
        only = frozenset(store.queue.waiting(AUTHORITY))
        opened = store.opened(private, only=only)
        _write(args.out, opened, write_jsonl, config.desk.name or config.door.site)
    return Exit.OK


def _write(out: Path | None, opened: Iterable[OpenedRegistration], write: Any, name: str) -> None:  # noqa: ANN401  one of two writers
    with whole_text(out) as file:
        write(file, opened, name=name)


def _row(line: str) -> dict[str, Any]:
    return json_object(line, most=MAX_MEMBERS)


def _marks(file: Path) -> list[tuple[int, int]]:
    """The registrations in a report that `desk report` wrote."""
    try:
        with file.open(encoding="utf-8") as lines:
            text = lines.read(MAX_CONFIRM_BYTES)
        return [(int(row["seq"]), int(row["at_ms"])) for row in map(_row, text.splitlines())]
    except (OSError, ValueError, KeyError, TypeError, OverflowError) as error:
        raise InputError(
            f"{file}: is not a report of desk report", hint="name the file that desk report --out wrote"
        ) from error


def _copy(args: argparse.Namespace, private: PrivateKey) -> closing[DeskStore]:
    config, base = given(args.config)
    return closing(open_copy(config, base, ArrivalsFile(base / config.desk.folder), private))


def _private(args: argparse.Namespace) -> PrivateKey:
    if args.key is None:
        raise InputError("registrations can only be opened with the private key", hint="add --key FILE")
    return read_private(args.key)


def _passed(args: argparse.Namespace) -> VouchedTime:
    """The time by which data may be erased; a wrong clock erases none early (DESK.md section 6)."""
    config, base = given(args.config)
    return passed(open_files(base / config.paths.state), _now())


def _now() -> datetime:
    return datetime.now(UTC)


def _now_ms() -> int:
    return int(_now().timestamp() * 1_000)


_HERE = (CONFIG_OR_DEFAULTS, json_lines())
_OUT = (
    argument("--key", type=Path, help="private key that opens the registrations"),
    argument(
        "--out",
        type=Path,
        metavar="FILE",
        help="write to this file when the output is complete; left out: standard output",
    ),
)
VERBS = (
    verb(
        "key",
        "make the pair of keys to which data is sealed",
        _key,
        argument("file", type=Path, help="file for the private key; the public key goes to FILE.pub"),
    ),
    verb(
        "import",
        "import a list of arrivals, in place of the list before it",
        "edge.cli.venues.desk_arrivals:take",
        argument("file", type=Path, help="*.csv, *.json or *.jsonl; its signature, if any, in *.minisig"),
        ACCEPT_FEWER,
        *_HERE,
    ),
    verb(
        "clear",
        "delete the list of arrivals: no guest is expected",
        "edge.cli.venues.desk_arrivals:clear",
        YES,
        *_HERE,
    ),
    verb(
        "work",
        "import lists from the folder, send registrations and reports, erase old registrations",
        _work,
        argument("--watch", action="store_true", help="repeat until stopped"),
        *_HERE,
    ),
    verb(
        "show",
        "print the arrivals, and the numbers of registrations and waiting messages",
        "edge.cli.venues.desk_arrivals:show",
        argument("--key", type=Path, help="private key that opens names and references of the arrivals"),
        argument("--all", action="store_true", help=f"print all arrivals; left out: the next {MOST}"),
        *_HERE,
    ),
    verb("retry", "send again the messages that the other system refused", _retry, *_HERE),
    verb(
        "export",
        "export registrations, opened with the private key",
        _export,
        argument(
            "--format",
            choices=("csv", "jsonl", "pdf"),
            default="csv",
            help="format of the output; left out: csv",
        ),
        argument(
            "--font",
            type=Path,
            help="TrueType font to embed in a PDF, for names that are not in Latin letters",
        ),
        *_HERE,
        *_OUT,
    ),
    verb(
        "report",
        "write the reports that the authority does not have yet, to hand over by hand",
        _report,
        argument("--confirm", type=Path, metavar="FILE", help="record that this report was handed over"),
        *_HERE,
        *_OUT,
    ),
)
