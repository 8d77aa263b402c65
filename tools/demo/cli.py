"""The second act of the demo: a month in the life of one door, with an authority and a hub around it.

    python tools/demo month

A card is revoked and dies at the door; the door loses its network for a month and grows careful; a server
and a stick that are older than the device are refused; the hub has every record; one flipped bit in the
journal is found. `make demo` plays it after the passages of `doorward demo`.
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

OURS: Final = "of-the-demo"  # an empty file that says so: what a real device keeps is not ours to remove
WIDTH: Final = 150  # in a file or a pipe there is no edge to fold at


def run(args: argparse.Namespace) -> int:
    """Plays the month; exit 1 where anything came out as it should not."""
    started = time.perf_counter()
    folder = _fresh(args.out / "month")
    played = list(progress(Month(folder).play(), total=ROWS + len(LADDER), label="a month"))
    rows = [part for part in played if isinstance(part, StoryRow)]
    steps = [part for part in played if isinstance(part, Step)]
    right = sum(part.as_expected for part in played)
    headline = f"{right} of {len(played)} things ended as they should"
    linked = link(args.out / "report.html", "month.html")
    html = page(rows, steps, headline=headline, version=software_version(), first_act=linked)
    open_files(args.out).write("month.html", html.encode())
    if args.json:
        for part in played:
            emit(_line(part))
        emit({"things": len(played), "as_expected": right})
    else:
        _print(rows, steps)
        print(f"{headline}, in {time.perf_counter() - started:.1f} s\nlook at it: {args.out / 'month.html'}")
    return Exit.OK if right == len(played) else Exit.REFUSED


def _fresh(folder: Path) -> Path:
    """An empty folder, with nothing of an earlier demo in it. Raises StorageFault."""
    try:
        if folder.exists():
            if not (folder / OURS).is_file():
                raise StorageFault(
                    f"{folder}: is not of the demo", hint="move it away, or choose another: --out DIR"
                )
            shutil.rmtree(folder)
        folder.mkdir(parents=True)
        (folder / OURS).touch()
    except OSError as error:
        raise StorageFault(
            f"{folder}: {(error.strerror or 'cannot be written').lower()}", hint="choose another: --out DIR"
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
    for title in ("who", "what happens", "expected", "outcome"):
        table.add_column(title)
    table.add_column("", style="dim")
    for row in rows:
        told = _coloured(row.outcome, as_expected=row.as_expected, good=row.good)
        table.add_row(row.who, row.what, row.expected, told, row.detail)
    console.print(table)
    ladder = Table(box=None, pad_edge=False, header_style="dim")
    for title in (
        "day",
        "lists are",
        "they are",
        "which leaves",
        "Ada, a face is bound to her card",
        "Bea, none is",
    ):
        ladder.add_column(title, justify="right" if title in {"day", "lists are"} else "left")
    for step in steps:
        said = (
            _coloured(said, as_expected=step.as_expected, good=said == GRANTED)
            for said in (step.bound, step.bare)
        )
        age = f"{step.age_s / 3600:.1f} h old"
        ladder.add_row(str(step.day), age, step.freshness.value, step.leaves, *said)
    console.print("\nwithout a network, under a policy by which ageing lists ask for more", style="dim")
    console.print(ladder)
    console.print()


def _coloured(outcome: str, *, as_expected: bool, good: bool) -> str:
    colour = "red" if not as_expected else "green" if good else "yellow"
    return f"[{colour}]{outcome}[/]{'' if as_expected else '  <- not as expected'}"


ARGUMENTS = (
    json_lines("one object a row, one summary"),
    argument("--out", type=Path, default=Path("demo-out"), help="where the page and the folders go"),
)
DEMO = Verb(
    "python tools/demo",
    "the second act of the demo",
    run,
    ARGUMENTS,
    (verb("month", "play a month in the life of one door", run, *ARGUMENTS, about=__doc__),),
    about=__doc__,
)
main = partial(verbs.main, DEMO)
