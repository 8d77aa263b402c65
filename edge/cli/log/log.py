"""`doorward log`: prints, verifies and exports the journal of a device."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from edge.audit.errors import JournalBroken, JournalIncomplete
from edge.audit.export import row_of
from edge.audit.reading.examination import Examination
from edge.card.foreign import name_of
from edge.cli.log import export as log_export
from edge.cli.log import verify as log_verify
from edge.cli.log.filters import reason_codes, wanted
from edge.cli.output import emit, fail, harmless
from edge.cli.values import count, pseudonym, since
from edge.cli.verbs import argument, json_lines, verb
from edge.errors import Exit
from edge.policy.staff_messages import on_screen
from edge.reasons.table import reasons

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Sequence

    from edge.audit.reading.examined import ExaminedRecord, Misfit

# The default number of rows of a table; --last sets another, and --json prints all.
TABLE_ROWS = 40
MISFITS = 10  # that an error names


def run_show(args: argparse.Namespace) -> int:
    """Print records; exit 1 at the end if one of them does not fit, or if earlier ones are missing."""
    last = args.last if args.json else args.last or TABLE_ROWS
    since_ms = None if args.since is None else int(args.since.timestamp() * 1_000)
    only = wanted(args.reason, args.card, since_ms)
    with Examination(args.path) as journal:
        rows = map(_row, journal.records(only, last=last, since_ms=since_ms))
        if args.json:
            for row in rows:
                emit(row)
        else:
            _print_table(rows, harmless(journal.title))
        missing = _missing(journal)
    if not journal.misfits:
        if missing:
            raise missing
        return Exit.OK
    if missing:
        fail(missing)
    raise _misfits(journal.misfits)


def _missing(journal: Examination) -> JournalIncomplete | None:
    try:
        journal.check_complete()
    except JournalIncomplete as incomplete:
        return incomplete
    return None


def _row(found: ExaminedRecord) -> dict[str, object]:
    """A record as in an export, and with `tampered` if it does not fit; `kind` is null without a content."""
    row = row_of(found.entry) | {"seq": found.seq} if found.entry else {"seq": found.seq, "kind": None}
    return row | ({"tampered": found.misfit.what, "file": found.misfit.file} if found.misfit else {})


def _misfits(found: Sequence[Misfit]) -> JournalBroken:
    shown = "; ".join(map(str, found[:MISFITS]))
    more = f"; and {len(found) - MISFITS} more" if len(found) > MISFITS else ""
    return JournalBroken(shown + more)


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
    from rich.markup import escape

    what, why = _what(row)
    if "tampered" in row:
        what, why = f"[bold red]tampered[/] {what}".rstrip(), why or escape(str(row["tampered"]))
    similarity, threshold = row.get("similarity_milli"), row.get("threshold_milli")
    compared = f"{similarity:5} / {threshold}" if similarity is not None else ""
    stages = row.get("stages_us")
    spent = f"{sum(stages.values()) / 1000:.1f}" if isinstance(stages, dict) and stages else ""
    time = str(row.get("time") or "")[:19].replace("T", " ")
    return (str(row["seq"]), time, what, why, str(row.get("card") or ""), compared, spent)


def _what(row: dict[str, object]) -> tuple[str, str]:
    match row["kind"]:
        case "passage":
            colour = "green" if row["outcome"] == "grant" else "red"
            kind = f": {name_of(str(row['foreign']))}" if row.get("foreign") else ""
            return f"[{colour}]{row['outcome']}[/]", ", ".join(
                (*([f"{row['reason']}{kind}"] if row["reason"] else []), *_notices(row))
            )
        case "door":
            return f"door {row['change']}", str(row["cause"] or "")
        case "erased":
            return f"erased before {row['upto']}", str(row["cause"])
        case kind:
            return str(kind or ""), str(row.get("cause") or row.get("part") or row.get("event") or "")


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
        argument(
            "--reason",
            type=reason_codes,
            metavar="R",
            help="print only records with this reason code, such as card.revoked, or of a group: card.",
        ),
        argument(
            "--card",
            type=pseudonym,
            metavar="PSEUDONYM",
            help="print only passages of this card (12 digits of the column card)",
        ),
        argument(
            "--since",
            type=since,
            metavar="TIME",
            help="print only records from this UTC day or time on, or of the last 2h or 3d",
        ),
    ),
    verb(
        "verify",
        "verify every record, the order, the signature, and that no record is missing",
        log_verify.run,
        *log_verify.ARGUMENTS,
    ),
    verb("export", "export the records as CSV or JSON Lines", log_export.run_export, *log_export.ARGUMENTS),
)
