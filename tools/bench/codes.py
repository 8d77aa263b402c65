"""Measures how many QR codes are read in sets of pictures: `make bench-codes PICTURES=FOLDER`.

FOLDER holds one folder a set; a set holds pictures, or one folder a category. The truth of a picture is a
`.txt` with the corners of its codes (8 numbers a code; BoofCV's sets), or the set's `manifest.csv` with the
payload (`file`, `truth_source`, `payload_hex`; `none`: no code). Where only corners are known, codes are
counted up to their number, and their texts cannot be judged.
Without pictures only the damaged symbols are measured: no wrong text may be accepted.

    python tools/bench codes FOLDER            some minutes
    python tools/bench codes FOLDER --write    also write tests/BENCHMARKS-codes.md and its plot
"""

from __future__ import annotations

import csv
import re
import time
from collections import Counter, defaultdict
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np
import segno

from edge.app.parts.code_readers import open_thorough_readers, read_luma
from edge.cli.output import progress
from edge.cli.verbs import argument
from edge.errors import InputError, ReaderFault
from tools.bench import tables

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterable, Iterator

    from edge.ports import Pixels, Symbol

PAGE: Final = Path(__file__).resolve().parents[2] / "tests" / "BENCHMARKS-codes.md"
PLOT: Final = PAGE.with_suffix(".svg")
_PICTURES: Final = (".jpg", ".jpeg", ".png", ".gif", ".bmp", ".webp")
_TEXTS: Final = "abcdefghijkLMNOP0123456789:/."
_DAMAGES: Final = 3


@dataclass(frozen=True, slots=True)
class JudgedPicture:
    """One picture of a set, with the number of its codes and, if known, their payload."""

    path: Path
    category: str
    codes: int
    payload: bytes | None


def pictures(root: Path) -> Iterator[JudgedPicture]:
    """All pictures below a folder of sets that have a truth."""
    for folder in sorted({path.parent for path in root.rglob("*") if path.suffix.lower() in _PICTURES}):
        category = str(folder.relative_to(root))
        manifest = folder / "manifest.csv"
        if manifest.exists():
            with manifest.open(newline="", encoding="utf-8") as rows:
                for row in csv.DictReader(rows):
                    known = row["truth_source"] != "none"
                    payload = bytes.fromhex(row["payload_hex"]) if known else None
                    if (folder / row["file"]).exists():
                        yield JudgedPicture(folder / row["file"], category, int(known), payload)
            continue
        for path in sorted(folder.iterdir()):
            corners = path.with_suffix(".txt")
            if path.suffix.lower() in _PICTURES and corners.exists():
                yield JudgedPicture(
                    path, category, _count(corners.read_text("utf-8", errors="replace")), None
                )


def _count(text: str) -> int:
    """The codes in BoofCV's format: 8 numbers a code, after words."""
    lines = [line for line in text.splitlines() if re.match(r"\s*-?\d", line)]
    return sum(len(line.split()) for line in lines) // 8


def engines() -> dict[str, Callable[[Pixels], list[tuple[bytes, ...]]]]:
    """The engines of the comparison that are installed; ours last."""
    from hw.codes.zxing import ZxingReader

    named: dict[str, Callable[[Pixels], list[tuple[bytes, ...]]]] = {}
    straight = ZxingReader()
    named["zxing-cpp"] = lambda luma: _both(straight.read(luma))
    with suppress(ReaderFault):
        from hw.codes.zbar import ZbarReader

        zbar = ZbarReader()
        named["zbar"] = lambda luma: _both(zbar.read(luma))
    detector = cv2.QRCodeDetector()

    def opencv(luma: Pixels) -> list[tuple[bytes, ...]]:
        try:
            _, texts, _, _ = detector.detectAndDecodeMulti(luma)
        except (cv2.error, UnicodeDecodeError):
            return []
        return [(text.encode(),) for text in texts if text]

    named["OpenCV"] = opencv
    (ours,) = open_thorough_readers()
    named["thorough"] = lambda luma: _both(ours.read(luma))
    return named


def _both(symbols: Iterable[Symbol]) -> list[tuple[bytes, ...]]:
    """Payload and text: some sets know only the text."""
    return [(symbol.payload, symbol.text.encode()) for symbol in symbols]


@dataclass(frozen=True, slots=True)
class Counted:
    """One category: pictures and codes, and by engine codes read, wrong texts and CPU milliseconds."""

    pictures: int
    codes: int
    read: Counter[str]
    wrong: Counter[str]
    ms: Counter[str]


def measure(found: Iterable[JudgedPicture]) -> dict[str, Counted]:
    """Each engine on each picture."""
    named = engines()
    sets: dict[str, list[JudgedPicture]] = defaultdict(list)
    for picture in found:
        sets[picture.category].append(picture)
    counted = {}
    for category, members in sets.items():
        read, wrong, ms = Counter[str](), Counter[str](), Counter[str]()
        for picture in progress(members, total=len(members), label=category):
            try:
                luma = read_luma(picture.path)
            except InputError:
                continue
            for name, engine in named.items():
                start = time.thread_time()
                payloads = engine(luma)
                ms[name] += round(1e3 * (time.thread_time() - start))
                good, bad = _judged(picture, payloads)
                read[name] += good
                wrong[name] += bad
        counted[category] = Counted(len(members), sum(one.codes for one in members), read, wrong, ms)
    return counted


def _judged(picture: JudgedPicture, payloads: list[tuple[bytes, ...]]) -> tuple[int, int]:
    """Codes read, and wrong texts, which are known only where the payload is, or where no code is."""
    if picture.payload is None:
        return min(picture.codes, len(payloads)), len(payloads) if picture.codes == 0 else 0
    truth = picture.payload.rstrip()
    right = any(one.rstrip() == truth for both in payloads for one in both)
    return int(right), 0 if right or not payloads else 1


def damaged_symbols(count: int, seed: int = 7) -> Counter[str]:
    """Damages symbols of versions 1 to 13 and corrects them: right, none, or wrong."""
    from hw.codes.grid.drawing import dark_modules
    from hw.codes.grid.mend import first_corrected

    dice = np.random.default_rng(seed)
    outcome: Counter[str] = Counter()
    for _ in progress(range(count), total=count, label="damaged symbols"):
        dark = _random_symbol(dice)
        soft = _damaged(dice, np.where(dark, -1.0, 1.0))
        found = first_corrected([soft], (len(dark) - 17) // 4, thorough=True)
        right = found is not None and bool(np.array_equal(dark_modules(found), dark))
        outcome["none" if found is None else "right" if right else "wrong"] += 1
    return outcome


def _random_symbol(dice: np.random.Generator) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    while True:
        text = "".join(dice.choice(list(_TEXTS), int(dice.integers(1, 60))))
        version, level = int(dice.integers(1, 14)), str(dice.choice(list("lmqh")))
        with suppress(segno.DataOverflowError):
            made = segno.make(text, version=version, error=level, boost_error=False, micro=False)
            return np.array([list(row) for row in made.matrix], bool)


def _damaged(
    dice: np.random.Generator, soft: np.ndarray[tuple[int, ...], np.dtype[np.float64]]
) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """Noise, wrong modules, or a blot with noise; the top left stays, so that the format is right."""
    whole = soft
    kind = dice.integers(_DAMAGES)
    if kind == 0:
        soft = soft * dice.uniform(0.2, 1, soft.shape) + dice.normal(0, dice.uniform(0.3, 1.2), soft.shape)
    elif kind == 1:
        flipped = dice.random(soft.shape) < dice.uniform(0.02, 0.2)
        soft = np.where(flipped, -soft, soft) * dice.uniform(0.3, 1, soft.shape)
    else:
        side = int(len(soft) * dice.uniform(0.15, 0.55))
        y, x = dice.integers(0, len(soft) - side + 1, 2)
        soft = soft.copy()
        soft[y : y + side, x : x + side] = dice.choice([-1, 1]) * dice.uniform(0.1, 1, (side, side))
        soft = soft + dice.normal(0, 0.3, soft.shape)
    soft[:9, :9] = whole[:9, :9]
    return np.clip(soft, -1, 1).astype(np.float32)


def run(args: argparse.Namespace) -> int:
    """Measure, print, and write the page if asked."""
    cv2.setNumThreads(1)
    counted = measure(pictures(args.pictures)) if args.pictures else {}
    outcome = damaged_symbols(args.damaged)
    names = list(next(iter(counted.values())).ms) if counted else []
    heads = ["set", "pictures", "codes", *(f"{name}: read" for name in names)]
    heads += [f"{name}: ms" for name in names] + ["wrong"]
    rows = [_row(category, one, names) for category, one in counted.items()]
    told = ", ".join(f"{outcome[key]:,} {key}" for key in ("right", "none", "wrong"))
    tables.show(heads, rows)
    print(f"{args.damaged:,} damaged symbols: {told}")
    if args.write and counted:
        notes = (
            ". The head of `tools/bench/codes.py` describes the measurement.",
            "",
            "Milliseconds are CPU time of one thread, the mean of a picture. `thorough` is",
            "`doorward code read --thorough`. `wrong`: other texts than the true one.",
            "",
            f"{args.damaged:,} symbols of versions 1 to 13, damaged at random: {told}.",
            "",
            "![Codes read by each engine](BENCHMARKS-codes.svg)",
        )
        text = tables.page("Benchmarks of codes", "codes --write", notes, tables.markdown(heads, rows))
        PAGE.write_text(text, "utf-8")
        PLOT.write_text(plot(counted, names), "utf-8")
    return int(outcome["wrong"] > 0)


def _row(category: str, one: Counted, names: list[str]) -> list[str]:
    wrong = ", ".join(f"{name} {one.wrong[name]}" for name in names if one.wrong[name])
    return [
        category,
        f"{one.pictures:,}",
        f"{one.codes:,}",
        *(f"{one.read[name]:,}" for name in names),
        *(f"{one.ms[name] / max(1, one.pictures):.0f}" for name in names),
        wrong or "0",
    ]


def plot(counted: dict[str, Counted], names: list[str]) -> str:
    """A bar for each engine and set: the share of codes read, as SVG."""
    colours = ("#9aa7b2", "#c9a66b", "#b08bb0", "#2f6f4f")
    line, left, width = 11, 210, 420
    parts, y = [], 30
    for number, name in enumerate(names):
        x = left + number * 110
        parts.append(f'<rect x="{x}" y="8" width="10" height="10" fill="{colours[number % 4]}"/>')
        parts.append(f'<text x="{x + 14}" y="17">{name}</text>')
    for category, one in counted.items():
        if not one.codes:
            continue
        parts.append(f'<text x="{left - 8}" y="{y + 24}" text-anchor="end">{category}</text>')
        for number, name in enumerate(names):
            share = one.read[name] / one.codes
            parts.append(
                f'<rect x="{left}" y="{y + number * line}" width="{share * width:.0f}" height="{line - 2}"'
                f' fill="{colours[number % 4]}"/>'
            )
        y += line * len(names) + 10
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + width + 20}" height="{y}"'
    style = ' font-family="sans-serif" font-size="11"><rect width="100%" height="100%" fill="white"/>'
    return "\n".join([head + style, *parts, "</svg>", ""])


ARGUMENTS = (
    argument("pictures", type=Path, nargs="?", metavar="FOLDER", help="folder of sets of pictures"),
    argument("--damaged", type=int, default=10_000, metavar="N", help="damaged symbols to correct; 10000"),
    argument("--write", action="store_true", help="write tests/BENCHMARKS-codes.md and its plot"),
)
