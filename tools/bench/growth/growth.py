"""Measures how cost grows with the size of a city: `make bench-growth`.

Each row is measured at three sizes. The exponent of the law that fits them best, size ** exponent, is
compared with the wanted one: 0 is flat, 1 is linear. Each measurement runs in its own process, on one core,
over files in a temporary folder. Counts are equal in every run; times also depend on the disk and on other
processes.

    python tools/bench growth             two minutes
    python tools/bench growth --nation    a register of up to 10^7 cards: five minutes more, 3 GB of disk
    python tools/bench growth --write     also write tests/BENCHMARKS-growth.md
"""

from __future__ import annotations

import json
import multiprocessing
import os
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from edge.cli.output import progress
from edge.cli.verbs import argument
from tools.bench import tables
from tools.bench.growth import authority, device, office
from tools.bench.growth.laws import Law

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from tools.bench.growth.office import Told

PAGE: Final = Path(__file__).resolve().parents[3] / "tests" / "BENCHMARKS-growth.md"
FLAT: Final = 0.15  # of a time; a B-tree has one level more for a hundred times as many rows
LINEAR: Final = 1.15
SORTED: Final = 1.25  # n log n, and from a gigabyte on more than the cache of the disk
HEADS: Final = ("", "small", "medium", "large", "exponent", "wanted", "promised at large")
CITY: Final = (10_000, 100_000, 1_000_000)
NATION: Final = (100_000, 1_000_000, 10_000_000)
NOTE: Final = (
    ".",
    "The head of `tools/bench/growth/growth.py` describes the measurement. A cell is a size and its figure.",
    "",
    "A step is an instruction of SQLite's virtual machine. Sizes: cards in a register, people in a list,",
    "people inside an area, records in a journal of files of 10,000, cards of a status list, lists, offices.",
    "Work on a register: find a free index and a card by its id, and revoke it. A register is migrated",
    "once, from a release before indexes. One card of a list includes a new wallet and its file,",
    "and no picture; a million in ten minutes are 0.6 ms each. A passage is without the flush of the disk.",
)
# Each measurement with its sizes, and the laws of its figures by their keys
Measured = tuple["tuple[Callable[[Path, int], Told], ...]", tuple[int, ...], dict[str, Law]]


def measurements(register: tuple[int, ...] = CITY) -> tuple[Measured, ...]:
    """All measurements. `register`: the sizes of the issuer's register."""
    return (
        (
            (office.enrolment, office.enrolment_memory),
            register,
            {
                "enrol_ms": Law("one enrolment, ms", ".2f", FLAT, 20),
                "steps": Law("work on a register, steps", ",.0f", FLAT),
                "rss_mb": Law("memory of a process that enrols, MB", ".1f", FLAT, 60),
                "migration_s": Law("migration of an old register, once, s", ".2f", SORTED),
            },
        ),
        (
            (office.people_list,),
            (1_000, 5_000, 25_000),
            {"card_ms": Law("one card of a list, ms", ".3f", FLAT, 0.6)},
        ),
        (
            (device.passage,),
            (5_000, 50_000, 500_000),
            {
                "passage_ms": Law("a passage into a full area, ms", ".3f", FLAT, 0.1),
                "passage_steps": Law("a passage into a full area, steps", ",.0f", FLAT),
            },
        ),
        (
            (device.export,),
            (20_000, 60_000, 180_000),
            {
                "export_read": Law("a day of a journal, records verified", ",.0f", FLAT),
                "export_ms": Law("a day of a journal, ms", ",.0f", FLAT),
            },
        ),
        (
            (authority.day_of_a_list,),
            CITY,
            {"day_bytes": Law("a day of a status list, bytes", ",.0f", 0.5)},
        ),
        ((device.plan,), (50, 100, 200), {"plan_ms": Law("the plan of a sync, ms", ".1f", LINEAR)}),
        (
            (authority.offices,),
            (25, 50, 100),
            {
                "offices_ms": Law("the lists of all offices, ms", ".1f", LINEAR),
                "offices_reads": Law("the lists of all offices, files read", ",.0f", LINEAR),
            },
        ),
    )


def measure(steps: tuple[Callable[[Path, int], Told], ...], size: int) -> Told:
    """The figures of these steps, which share a folder, each in its own process."""
    told: Told = {}
    spawn = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as folder:
        for step in steps:
            with ProcessPoolExecutor(1, mp_context=spawn) as pool:
                told |= pool.submit(step, Path(folder), size).result()
    return told


def run(args: argparse.Namespace) -> int:
    """Measure and print; exit 1 where a promise was missed."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    laws: list[Law] = []
    todo = measurements(NATION if args.nation else CITY)
    for steps, sizes, rows in progress(todo, total=len(todo), label="measuring"):
        told = {size: measure(steps, size) for size in sizes}
        laws += [
            replace(law, figures={size: figures[key] for size, figures in told.items()})
            for key, law in rows.items()
        ]
    cells = [law.cells() for law in laws]
    tables.show(HEADS, cells)
    print(json.dumps({law.name: law.figures for law in laws}))
    lines = [line for law in laws for line in law.missed()]
    if args.write:
        nation = "growth --nation --write" if args.nation else "growth --write"
        table = tables.markdown(HEADS, cells)
        PAGE.write_text(tables.page("Benchmarks of growth", nation, NOTE, table, missed=lines), "utf-8")
    for line in lines:
        print(f"missed: {line}", file=sys.stderr)
    return 1 if lines else 0


ARGUMENTS = (
    argument("--nation", action="store_true", help="measure a register of up to 10^7 cards"),
    argument("--write", action="store_true", help="write tests/BENCHMARKS-growth.md"),
)
