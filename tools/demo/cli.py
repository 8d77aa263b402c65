"""Plays the second part of the demo: a month of one door, with an authority and a hub.

    python tools/demo month

The door refuses a revoked card after its next sync. It is without a network for 30 days, and asks for more
as its lists age. It refuses a server and a USB stick that are older than its own trust. The hub receives
every record. The audit finds each flipped bit of the journal. `make demo` plays this part after `doorward
demo`.
"""

from __future__ import annotations

import shutil
import sys
import time
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from edge.app.parts.trust_folder import open_files
from edge.cli import verbs
from edge.cli.output import emit, progress
from edge.cli.verbs import Verb, argument, json_lines, verb
from edge.errors import Exit, StorageFault
from edge.version import software_version
from tools.demo.page import link, page
from tools.demo.story import GRANTED, LADDER, ROWS, Month, Step, StoryRow

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

OURS: Final = "of-the-demo"  # an empty file that marks a folder of the demo; only such a folder is deleted
WIDTH: Final = 150  # for a file or a pipe, which has no width of its own


def run(args: argparse.Namespace) -> int:
    """Play the month. Exit code 1 if an outcome is not the expected one."""
    started = time.perf_counter()
    folder = _fresh(args.out / "month")
    played = list(progress(Month(folder).play(), total=ROWS + len(LADDER), label="a month"))
    rows = [part for part in played if isinstance(part, StoryRow)]
    steps = [part for part in played if isinstance(part, Step)]
    right = sum(part.as_expected for part in played)
    headline = f"{right} of {len(played)} things ended as expected"
    linked = link(args.out / "report.html", "month.html")
    html = page(rows, steps, headline=headline, version=software_version(), first_act=linked)
    open_files(args.out).write("month.html", html.encode())
    if args.json:
        for part in played:
            emit(_line(part))
        emit({"things": len(played), "as_expected": right})
    else:
        _print(rows, steps)
        print(f"{headline}, in {time.perf_counter() - started:.1f} s\nopen {args.out / 'month.html'}")
    return Exit.OK if right == len(played) else Exit.REFUSED


def _fresh(folder: Path) -> Path:
    """An empty folder; the files of an earlier demo are deleted. Raises StorageFault."""
    try:
        if folder.exists():
            if not (folder / OURS).is_file():
                raise StorageFault(
                    f"{folder}: is not a folder of the demo, and is not deleted",
                    hint="choose another folder: --out DIR",
                )
            shutil.rmtree(folder)
        folder.mkdir(parents=True)
        (folder / OURS).touch()
    except OSError as error:
        raise StorageFault(
            f"{folder}: {(error.strerror or 'cannot be written').lower()}",
            hint="choose another folder: --out DIR",
        ) from error
    return folder


def _line(part: StoryRow | Step) -> dict[str, object]:
    if isinstance(part, Step):
        freshness, bound, bare = part.expected
        return asdict(part) | {
            "expected": {"freshness": freshness, "bound": bound, "bare": bare},
            "as_expected": part.as_expected,
        }
    return asdict(part) | {"as_expected": part.as_expected}


def _print(rows: Sequence[StoryRow], steps: Sequence[Step]) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console(width=None if sys.stdout.isatty() else WIDTH, highlight=False)
    table = Table(box=None, pad_edge=False, header_style="dim")
    for title in ("by", "what happens", "expected", "outcome"):
        table.add_column(title)
    table.add_column("", style="dim")
    for row in rows:
        told = _coloured(row.outcome, as_expected=row.as_expected, good=row.good)
        table.add_row(row.who, row.what, row.expected, told, row.detail)
    console.print(table)
    ladder = Table(box=None, pad_edge=False, header_style="dim")
    for title in (
        "day",
        "age of lists",
        "freshness",
        "policy",
        "Ada: a face is bound to her card",
        "Bea: no face is bound to her card",
    ):
        ladder.add_column(title, justify="right" if title in {"day", "age of lists"} else "left")
    for step in steps:
        said = (
            _coloured(said, as_expected=step.as_expected, good=said == GRANTED)
            for said in (step.bound, step.bare)
        )
        age = f"{step.age_s / 3600:.1f} h"
        ladder.add_row(str(step.day), age, step.freshness.value, step.leaves, *said)
    console.print("\nwithout a network; the site's policy asks for more as the lists age", style="dim")
    console.print(ladder)
    console.print()


def _coloured(outcome: str, *, as_expected: bool, good: bool) -> str:
    colour = "red" if not as_expected else "green" if good else "yellow"
    return f"[{colour}]{outcome}[/]{'' if as_expected else '  <- not as expected'}"


ARGUMENTS = (
    json_lines("print one JSON object for each row, and a summary"),
    argument(
        "--out",
        type=Path,
        default=Path("demo-out"),
        help="folder for the page, the journal and the hub's database; left out: demo-out",
    ),
)
DEMO = Verb(
    "python tools/demo",
    "play the second part of the demo",
    run,
    ARGUMENTS,
    (verb("month", "play a month of one door", run, *ARGUMENTS, about=__doc__),),
    about=__doc__,
)
main = partial(verbs.main, DEMO)
