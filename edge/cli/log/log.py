"""`doorward log`: prints, verifies and exports the journal of a device."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from nacl.signing import VerifyKey

from edge.audit.chain import files_of, open_chain
from edge.audit.checkpoint import open_checkpoint, origin_of
from edge.audit.errors import JournalBroken, JournalIncomplete
from edge.audit.evidence import check_complete
from edge.audit.export import row_of, utc
from edge.audit.signed_note import MAX_NOTE_BYTES
from edge.cli.log import export as log_export
from edge.cli.output import emit, fail, progress
from edge.cli.values import count, public_key
from edge.cli.verbs import argument, json_lines, verb
from edge.errors import Exit, InputError
from edge.policy.staff_messages import on_screen
from edge.reasons.table import reasons

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Sequence

    from edge.audit.chain import Chain
    from edge.audit.checkpoint import Checkpoint
    from edge.audit.evidence import Verified
    from edge.errors import EdgeError

# The default number of rows of a table; --last sets another, and --json prints all.
TABLE_ROWS = 40


def run_show(args: argparse.Namespace) -> int:
    """Print records; exit 1 at the first one that is broken, and at the end if earlier ones are missing."""
    last = args.last if args.json else args.last or TABLE_ROWS
    with open_chain(_files(args.path, last=last)) as chain:
        if args.json:
            for entry in chain.entries(last):
                emit(row_of(entry))
        else:
            _print_table(map(row_of, chain.entries(last)), f"{chain.device}: {chain.size} records")
    with open_chain(_files(args.path)) as whole:
        whole.check_complete()
    return Exit.OK


def run_verify(args: argparse.Namespace) -> int:
    """Print "intact" (exit 0), "incomplete" or "broken" and the cause (exit 1). Exit 2: not a journal."""
    name = " ".join(map(str, args.path))
    paths = _files(args.path[0]) if len(args.path) == 1 else args.path
    try:
        with open_chain(paths) as chain:
            files = len(chain.paths)
            verified = chain.verify(
                key=args.key,
                previous=_previous(args, chain),
                watch=lambda rows, total: progress(rows, total=total, label="verifying"),
            )
    except JournalBroken as error:
        return _report_broken(args, name, error)
    missing = None if args.part else _missing(verified)
    row: dict[str, object] = {
        "path": name,
        "result": "incomplete" if missing else "intact",
        "records": verified.size - verified.base,
        "first": verified.base,
        "erased": verified.erased,
        "files": files,
        "root": verified.root.hex(),
        "device": verified.device,
        "key": verified.key.hex(),
        "key_pinned": args.key is not None,
    }
    if verified.last is not None:
        row["checkpoint_time"] = utc(verified.last.record.time_ms)
    if missing:
        row["reason"] = missing.message
    if args.json:
        emit(row)
        return Exit.REFUSED if missing else Exit.OK
    print(f"{name}: {row['result']}, {row['records']} records, root {verified.root.hex()[:16]}")
    if missing:
        fail(missing)
    elif verified.base:
        erased = verified.base <= verified.erased
        print(
            f"the first record is {verified.base}; "
            + ("the device erased those before it" if erased else "those before it were not asked for")
        )
    if args.key is None:
        print(f"the key is from the file; if it is the device's, pin it: --key {verified.key.hex()}")
    return Exit.REFUSED if missing else Exit.OK


def _missing(verified: Verified) -> JournalIncomplete | None:
    try:
        check_complete(verified.base, verified.erased)
    except JournalIncomplete as incomplete:
        return incomplete
    return None


def _files(path: Path, *, last: int | None = None) -> Sequence[Path]:
    """The files of a journal: of its folder, or the closed files next to it."""
    return (path,) if path.is_dir() else files_of(path, last=last)


def _report_broken(args: argparse.Namespace, name: str, error: EdgeError) -> int:
    if args.json:
        emit({"path": name, "result": "broken", "records": None, "root": None, "reason": error.message})
    else:
        print(f"{name}: broken")
        fail(error)
    return Exit.REFUSED


def _previous(args: argparse.Namespace, chain: Chain) -> Checkpoint | None:
    if args.checkpoint is None:
        return None
    try:
        with args.checkpoint.open("rb") as file:
            note = file.read(MAX_NOTE_BYTES + 1)
    except OSError as err:
        raise InputError(
            f"{args.checkpoint}: {(err.strerror or 'cannot be read').lower()}", hint="check the path"
        ) from err
    return open_checkpoint(note, origin=origin_of(chain.device), key=VerifyKey(args.key or chain.key))


def _print_table(rows: Iterable[dict[str, object]], title: str) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False, title=title, title_justify="left")
    for heading in ("seq", "time (UTC)", "what", "why", "card", "similarity", "ms"):
        table.add_column(heading, justify="right" if heading in {"seq", "ms"} else "left", overflow="fold")
    explained = ""
    for row in rows:
        table.add_row(*_cells(row))
        explained = _code(row) or explained
    # A file or a pipe has no width.
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 120)
    console.print(table)
    if explained:
        console.print(f"\nwhat a code means, and what to do: doorward explain {explained}")


# The field of each kind of record that holds the word of its code.
_CODED = {
    "passage": "reason",
    "door": "change",
    "fault": "part",
    "clock": "event",
    "stop": "cause",
    "erased": "cause",
}


def _code(row: dict[str, object]) -> str:
    """The reason code of a row if staff or a technician have something to do; else nothing."""
    kind = str(row["kind"])
    word = row.get(_CODED.get(kind, ""))
    explained = reasons().get(str(word) if kind == "passage" else f"{kind}.{word}")
    return explained.code if explained and (explained.staff or explained.technician) else ""


def _cells(row: dict[str, object]) -> tuple[str, ...]:
    what, why = _what(row)
    similarity, threshold = row.get("similarity_milli"), row.get("threshold_milli")
    compared = f"{similarity:5} / {threshold}" if similarity is not None else ""
    stages = row.get("stages_us")
    spent = f"{sum(stages.values()) / 1000:.1f}" if isinstance(stages, dict) and stages else ""
    time = str(row["time"])[:19].replace("T", " ")
    return (str(row["seq"]), time, what, why, str(row.get("card") or ""), compared, spent)


def _what(row: dict[str, object]) -> tuple[str, str]:
    match row["kind"]:
        case "passage":
            colour = "green" if row["outcome"] == "grant" else "red"
            return f"[{colour}]{row['outcome']}[/]", ", ".join(
                (*([str(row["reason"])] if row["reason"] else []), *_notices(row))
            )
        case "door":
            return f"door {row['change']}", str(row["cause"] or "")
        case "erased":
            return f"erased before {row['upto']}", str(row["cause"])
        case kind:
            return str(kind), str(row.get("cause") or row.get("part") or row.get("event") or "")


def _notices(row: dict[str, object]) -> list[str]:
    """The notices to staff of a passage, each as a screen shows it: duress has a neutral word."""
    visit = row.get("visit")
    return [on_screen(word) for word in visit["notices"]] if isinstance(visit, dict) else []


VERBS = (
    verb(
        "show",
        "print the records of a journal",
        run_show,
        argument(
            "path", type=Path, help="journal file (with the closed files next to it), or a folder of copies"
        ),
        json_lines("print every record as one JSON object a line"),
        argument(
            "--last",
            type=count,
            metavar="N",
            help=f"print only the last N records; left out: {TABLE_ROWS} in a table, all with --json",
        ),
    ),
    verb(
        "verify",
        "verify every record, the order, the signature, and that no record is missing",
        run_verify,
        argument(
            "path",
            type=Path,
            nargs="+",
            help="journal file (with the closed files next to it), consecutive files, or their folder",
        ),
        argument(
            "--part",
            action="store_true",
            help="verify these files only: do not ask who removed the records before them",
        ),
        json_lines("print the result as one JSON object"),
        argument(
            "--key",
            type=public_key,
            metavar="HEX",
            help="require this public key of the device (64 hexadecimal digits)",
        ),
        argument(
            "--checkpoint",
            type=Path,
            metavar="FILE",
            help="require that the journal continues this earlier checkpoint",
        ),
    ),
    verb("export", "export the records as CSV or JSON Lines", log_export.run_export, *log_export.ARGUMENTS),
)
