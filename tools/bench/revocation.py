"""Measures revocation for lists of a city and of countries: `make bench-revocation`.

Sizes are compared with the minimum of information theory, and with the IETF's format of the list: the bitmaps
in zlib. 1 % of the cards are revoked and 0.1 % suspended, at random like their indexes; a day revokes 4 % a
year more and reinstates a tenth as many. Each step runs in its own process, on one core, over files in a
temporary folder that are mapped as on a device.

    python tools/bench revocation             10^6, 10^7 and 10^8 cards: half a minute
    python tools/bench revocation --nation    1.4 * 10^9 cards too, without zlib; 1.2 GB of disk
    python tools/bench revocation --write     also write tests/BENCHMARKS-revocation.md
"""

from __future__ import annotations

import json
import multiprocessing
import os
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Final

from edge.cli.output import progress
from edge.cli.verbs import argument
from tools.bench import tables
from tools.bench.revocation_steps import NATION, SIZES, STEPS
from tools.bench.tables import Line

if TYPE_CHECKING:
    import argparse

    from tools.bench.revocation_steps import Told

PAGE: Final = Path(__file__).resolve().parents[2] / "tests" / "BENCHMARKS-revocation.md"
# The rows of the table; the promises are for 10^8 cards
ROWS: Final = (
    Line("revoked", "revoked", ",.0f", None),
    Line("suspended", "suspended", ",.0f", None),
    Line("full list, bytes", "full", ",.0f", None),
    Line("minimum of information theory, bytes", "full_bound", ",.0f", None),
    Line("full list / minimum", "full_ratio", ".4f", 1.01),
    Line("zlib -9 of the bitmaps (IETF), bytes", "full_zlib", ",.0f", None),
    Line("newly revoked in a day", "new", ",.0f", None),
    Line("reinstated in a day", "reinstated", ",.0f", None),
    Line("delta, bytes", "delta", ",.0f", None),
    Line("minimum of information theory, bytes", "delta_bound", ",.0f", None),
    Line("delta / minimum", "delta_ratio", ".4f", 1.02),
    Line("zlib -9 of the changed bits, bytes", "delta_zlib", ",.0f", None),
    Line("encode the full list, ms", "full_encode_ms", ",.1f", None),
    Line("zlib -9, ms", "full_zlib_ms", ",.0f", None),
    Line("encode the delta, ms", "delta_encode_ms", ",.1f", None),
    Line("write a full list into bitmaps, ms", "full_decode_ms", ",.1f", None),
    Line("flip a day's bits, ms", "flip_ms", ",.1f", None),
    Line("check both hashes, ms", "hash_ms", ",.1f", None),
    Line("apply a day: flip and check, ms", "day_ms", ",.1f", 50),
    Line("apply a day with copy before and fsync after, ms", "disk_ms", ",.0f", None),
    Line("answer for one card, us", "query_us", ".2f", 1),
    Line("own memory to encode, MB", "encode_mb", ".1f", None),
    Line("own memory to expand, MB", "expand_mb", ".1f", None),
    Line("own memory to apply, MB", "apply_mb", ".1f", None),
    Line("own memory to answer, MB", "answer_mb", ".1f", None),
    Line("resident with all mapped pages, to apply, MB", "apply_rss_mb", ".0f", None),
)  # fmt: skip
NOTE: Final = (
    ".",
    "No Raspberry Pi was measured. The head of `tools/bench/revocation.py` describes the measurement.",
    "",
    "Sizes are those of whole files; each has two sets, of revoked and of suspended cards. Own memory is",
    "the memory of a step above that of an idle process. It does not include mapped bitmaps, because the",
    "system frees their pages when it needs them; the last line includes them. zlib was not run on the",
    "largest list. At a million cards the ratio of a delta is high because of its heads, 32 bytes.",
)
PROMISED_AT: Final = 10**8


def measure(size: int) -> Told:
    """The figures of all steps for a list of this size, each step in its own process."""
    told: Told = {"cards": size}
    spawn = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as folder:
        for step in STEPS:
            with ProcessPoolExecutor(1, mp_context=spawn) as pool:
                told |= pool.submit(step, Path(folder), size).result()
    for kind in ("full", "delta"):
        told[f"{kind}_ratio"] = told[kind] / told[f"{kind}_bound"]
    return told


def cells(figures: list[Told]) -> list[list[str]]:
    """The rows of the table: name, a figure for each size, the promise."""
    return [row.cells(figures) for row in ROWS]


def missed(figures: list[Told]) -> list[str]:
    """The promises that were missed."""
    (told,) = (told for told in figures if told["cards"] == PROMISED_AT)
    return tables.missed(ROWS, told)


def run(args: argparse.Namespace) -> int:
    """Measure and print; exit 1 where a promise was missed."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    sizes = (*SIZES, NATION) if args.nation else SIZES
    figures = [measure(size) for size in progress(sizes, total=len(sizes), label="measuring")]
    heads = [f"{size:,.0f}" for size in sizes]
    tables.show(["cards", *heads, "promised"], cells(figures))
    print(json.dumps(figures))
    if args.write:
        table = tables.markdown(["", *heads, f"promised at {PROMISED_AT:,}"], cells(figures))
        page = tables.page(
            "Benchmarks of revocation", "revocation --nation --write", NOTE, table, missed=missed(figures)
        )
        PAGE.write_text(page, "utf-8")
    for line in (lines := missed(figures)):
        print(f"missed: {line}", file=sys.stderr)
    return 1 if lines else 0


ARGUMENTS = (
    argument("--nation", action="store_true", help="also measure 1.4 * 10^9 cards"),
    argument("--write", action="store_true", help="write tests/BENCHMARKS-revocation.md"),
)
