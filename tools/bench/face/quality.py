"""Measures the quality check: how often it causes a failure to acquire (FTA), and which pictures it stops.

    python tools/bench quality FOLDER... [--pairs FOLDER]

Each FOLDER holds pictures of one person each, who is the largest face near the middle. The result is FTA by
component of ISO/IEC 29794-5, for unchanged and for turned pictures. The folder of --pairs holds
NAME_neutral.jpg and NAME_smiling.jpg, as in the London set: one is the reference, the other is made worse in
several ways. Of these pictures the check should stop those that would not match. The command prints Markdown,
then one JSON object; it takes 30 ms a picture.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from edge.app.parts.code_readers import read_image
from edge.app.parts.face_engine import open_face_engine
from edge.cli.output import progress
from edge.cli.verbs import argument
from edge.face.engine import subject
from edge.face.quality import shortfall
from edge.face.template import TemplateFormat
from tools.bench.tables import markdown

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Mapping

    from edge.face.engine import FaceEngine, Probe
    from edge.ports import Floats, Pixels

    Change = Callable[[Pixels], Pixels]

SUFFIXES = (".jpg", ".jpeg", ".png")
NOT_FOUND = "no face found"
DEFAULT = 0.60


def smear(length: int, *, down: bool) -> Change:
    """The change of a face that moves by `length` px during the exposure."""
    kernel = np.full((length, 1) if down else (1, length), 1 / length, np.float32)
    return lambda rgb: np.asarray(cv2.filter2D(rgb, -1, kernel), dtype=np.uint8)


def blur(sigma: float) -> Change:
    """The change of a lens that is out of focus."""
    return lambda rgb: np.asarray(cv2.GaussianBlur(rgb, (0, 0), sigma), dtype=np.uint8)


def gain(factor: float) -> Change:
    """The change of less light, or of more light than the sensor can measure."""
    return lambda rgb: np.clip(rgb * factor, 0, 255).astype(np.uint8)


def smaller(factor: float) -> Change:
    """The change of a person further away: a smaller picture, with its own rim around it."""

    def change(rgb: Pixels) -> Pixels:
        small = cv2.resize(rgb, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
        rims = [(side - part) // 2 for side, part in zip(rgb.shape, small.shape, strict=False)][:2]
        framed = cv2.copyMakeBorder(small, rims[0], rims[0], rims[1], rims[1], cv2.BORDER_REPLICATE)
        return np.asarray(framed, dtype=np.uint8)

    return change


TURNED: Mapping[str, Change] = {
    "as they are": lambda rgb: rgb,
    "rotated by 180": lambda rgb: np.ascontiguousarray(rgb[::-1, ::-1]),
    "flipped": lambda rgb: np.ascontiguousarray(rgb[::-1]),
}
WORSE: Mapping[str, Change] = {
    "as they are": lambda rgb: rgb,
    **{f"smeared across, {px} px": smear(px, down=False) for px in (13, 25, 37)},
    **{f"smeared down, {px} px": smear(px, down=True) for px in (13, 25, 37)},
    **{f"blurred, sigma {sigma}": blur(sigma) for sigma in (2, 4, 6, 8)},
    **{f"light x {factor}": gain(factor) for factor in (0.06, 0.12, 0.25, 2, 3, 4)},
    **{f"smaller x {factor}": smaller(factor) for factor in (0.3, 0.2, 0.15, 0.1)},
}


def acquire(engine: FaceEngine, rgb: Pixels) -> tuple[Probe | None, str | None]:
    """The probe of a picture's person, and the cause that stops it: a component, NOT_FOUND, or None."""
    faces = engine.find(rgb)
    if not faces:
        return None, NOT_FOUND
    probe = engine.probe(rgb, subject(faces, rgb))
    row = shortfall(probe.quality)
    return probe, str(row.component) if row else None


def fta(engine: FaceEngine, folder: Path) -> dict[str, dict[str, object]]:
    """The number of a folder's pictures and FTA by component, for each way to turn them."""
    files = sorted(file for file in folder.iterdir() if file.suffix.lower() in SUFFIXES)
    reasons: dict[str, Counter[str]] = {name: Counter() for name in TURNED}
    for file in progress(files, total=len(files), label=str(folder.name)):
        picture = read_image(file)
        for name, turn in TURNED.items():
            reason = acquire(engine, turn(picture))[1]
            if reason:
                reasons[name][reason] += 1
    return {
        name: {"n": len(files), "fta": count.total(), "by": dict(count.most_common())}
        for name, count in reasons.items()
    }


def worse(engine: FaceEngine, folder: Path) -> dict[str, dict[str, int]]:
    """The numbers of stopped and of unlike pictures, for each way to make pictures worse.

    `missed`: not stopped, and no match; `needless`: stopped, and a match.
    """
    pairs = [
        (read_image(file.with_name(file.name.replace("_neutral", "_smiling"))), read_image(file))
        for file in sorted(folder.glob("*_neutral.*"))
    ]
    references = [reference(engine, picture) for picture, _ in pairs]
    rows = {}
    for name, change in progress(WORSE.items(), total=len(WORSE), label="made worse"):
        count: Counter[str] = Counter()
        for vector, (_, picture) in zip(references, pairs, strict=True):
            probe, reason = acquire(engine, change(picture))
            alike = probe is not None and float(vector @ projected(engine, probe)) >= DEFAULT
            count.update(stopped=reason is not None, unlike=not alike, missed=reason is None and not alike)
            count.update(needless=reason is not None and alike)
        rows[name] = {"n": len(pairs), **count}
    return rows


def reference(engine: FaceEngine, picture: Pixels) -> Floats:
    """The reference of a picture, as in a card."""
    probe = engine.probe(picture, subject(engine.find(picture), picture))
    return engine.sides(engine.embed(probe), TemplateFormat.INT8_64)[0]


def projected(engine: FaceEngine, probe: Probe) -> Floats:
    """The vector of a probe, to compare with a reference."""
    return engine.sides(engine.embed(probe), TemplateFormat.INT8_64)[1]


def show(rows: Mapping[str, Mapping[str, object]], *columns: str) -> None:
    """Print a Markdown table."""
    cells = [[name, *(str(row[column]) for column in columns)] for name, row in rows.items()]
    print("\n".join(markdown(["", *columns], cells)))


def run(args: argparse.Namespace) -> int:
    """Print the tables, then one JSON object."""
    engine = open_face_engine()
    told: dict[str, object] = {}
    for folder in args.folders:
        print(f"\n{folder}\n")
        told[str(folder)] = rows = fta(engine, folder)
        show(rows, "n", "fta", "by")
    if args.pairs:
        print(f"\n{args.pairs}, made worse\n")
        told["made worse"] = counts = worse(engine, args.pairs)
        show(counts, "n", "stopped", "unlike", "missed", "needless")
    print(json.dumps(told))
    return 0


ARGUMENTS = (
    argument(
        "folders", nargs="+", type=Path, metavar="FOLDER", help="folder with pictures of one person each"
    ),
    argument(
        "--pairs",
        type=Path,
        metavar="FOLDER",
        help="compare NAME_neutral.jpg with NAME_smiling.jpg of FOLDER, made worse",
    ),
)
