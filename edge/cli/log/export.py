"""`doorward log export`: verifies a journal, or its files of a period, and writes CSV or JSON Lines."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING

from edge.audit.chain import files_of, open_chain
from edge.audit.excerpt import Excerpt, Period
from edge.audit.export import COLUMNS, csv_row, json_line
from edge.cli.output import progress
from edge.cli.output_file import whole_text
from edge.cli.values import instant, since
from edge.cli.verbs import argument
from edge.errors import Exit

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable
    from typing import TextIO

    from edge.audit.record import JournalEntry


def run_export(args: argparse.Namespace) -> int:
    """Write the rows; a broken or an incomplete journal is not exported (exit 1)."""
    paths = (args.path,) if args.path.is_dir() else files_of(args.path)
    period = Period.between(args.since, args.until)
    with open_chain(paths) as chain:
        excerpt = Excerpt(chain, period)
        if not args.unverified:
            excerpt.verify(watch=lambda rows, total: progress(rows, total=total, label="verifying"))
        entries = progress(excerpt.entries(), total=len(excerpt), label="exporting")
        with whole_text(args.out) as file:
            (_write_csv if args.format == "csv" else _write_jsonl)(file, entries)
    return Exit.OK


def _write_csv(file: TextIO, entries: Iterable[JournalEntry]) -> None:
    writer = csv.writer(file)  # RFC 4180, with CRLF
    writer.writerow(COLUMNS)
    writer.writerows(map(csv_row, entries))


def _write_jsonl(file: TextIO, entries: Iterable[JournalEntry]) -> None:
    file.writelines(json_line(entry) + "\n" for entry in entries)


ARGUMENTS = (
    argument(
        "path", type=Path, help="journal file (with the closed files next to it), or a folder of copies"
    ),
    argument(
        "--format", choices=("csv", "jsonl"), default="csv", help="format of the records; left out: csv"
    ),
    argument(
        "--since",
        type=since,
        metavar="TIME",
        help="export records from this UTC day or time on, or of the last 2h or 3d",
    ),
    argument("--until", type=instant, metavar="TIME", help="export records before this UTC day or time"),
    argument(
        "--out",
        type=Path,
        metavar="FILE",
        help="write to this file when the export is complete; left out: standard output",
    ),
    argument("--unverified", action="store_true", help="export without verifying the journal"),
)
