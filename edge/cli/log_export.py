"""`doorward log export`: the records of a journal for other people's programs, proven first."""

from __future__ import annotations

import argparse
import csv
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from edge.cli.output import progress
from edge.cli.output_file import whole_text
from edge.errors import Exit

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import TextIO

    from edge.audit.record import JournalEntry


def configure_export(parser: argparse.ArgumentParser) -> None:
    """Set up `log export`."""
    parser.add_argument(
        "path", type=Path, help="the journal (with the closed files beside it), or a folder of copies"
    )
    parser.add_argument("--format", choices=("csv", "jsonl"), default="csv", help="csv if left out")
    parser.add_argument("--since", type=_moment, metavar="TIME", help="from this UTC day or time on")
    parser.add_argument("--until", type=_moment, metavar="TIME", help="before this UTC day or time")
    parser.add_argument("--out", type=Path, metavar="FILE", help="whole or not at all; else standard output")
    parser.add_argument(
        "--unverified", action="store_true", help="do not check that nobody changed the journal"
    )
    parser.set_defaults(run=run_export)


def run_export(args: argparse.Namespace) -> int:
    """Write the rows; nothing is written of a journal that is broken (exit 1)."""
    from edge.audit.chain import files_of, open_chain

    paths = (args.path,) if args.path.is_dir() else files_of(args.path)
    with open_chain(paths) as chain:
        if not args.unverified:
            chain.verify(watch=lambda rows, total: progress(rows, total=total, label="verifying"))
        entries = progress(chain.entries(), total=chain.size - chain.first, label="exporting")
        with whole_text(args.out) as file:
            (_write_csv if args.format == "csv" else _write_jsonl)(file, _within(entries, args))
    return Exit.OK


def _within(entries: Iterable[JournalEntry], args: argparse.Namespace) -> Iterator[JournalEntry]:
    since = args.since if args.since is not None else 0
    for entry in entries:
        if since <= entry.record.time_ms and (args.until is None or entry.record.time_ms < args.until):
            yield entry


def _write_csv(file: TextIO, entries: Iterable[JournalEntry]) -> None:
    from edge.audit.export import COLUMNS, csv_row

    writer = csv.writer(file)  # RFC 4180, CRLF and all
    writer.writerow(COLUMNS)
    writer.writerows(map(csv_row, entries))


def _write_jsonl(file: TextIO, entries: Iterable[JournalEntry]) -> None:
    from edge.audit.export import json_line

    file.writelines(json_line(entry) + "\n" for entry in entries)


def _moment(text: str) -> int:
    """A UTC day or time of ISO 8601 as milliseconds since 1970."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError as err:
        raise argparse.ArgumentTypeError("give a day or a time: 2026-01-31 or 2026-01-31T18:00Z") from err
    return int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1000)
