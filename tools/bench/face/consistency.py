"""Measures the temporal consistency of several frames: the objections of edge.face.consistency, by cause.

    python tools/bench consistency FOLDER [--people 26] [--seed 50] [--sequences FOLDER]

FOLDER holds one photograph NAME_neutral.jpg for each person, who looks into the camera, as in the London set.
Each photograph gives three sequences of seventeen frames, 66 ms apart: a rendered head that stands still, a
photograph on a stand, and one person who is replaced by the next in the middle. The folder of --sequences
holds pictures of a real camera, NAME_NUMBER.jpg in the order they were taken, as in NUAA: they give the
similarity and the movement of one person from one picture to the next. At the end the strangers of FOLDER are
compared. The command prints one JSON object; it takes about 2 s a person. The result for rendered heads holds
for this simulation only.
"""

from __future__ import annotations

import itertools
import json
import sys
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from edge.app.parts.code_readers import read_image
from edge.app.parts.face_engine import open_face_engine
from edge.cli.output import progress
from edge.cli.verbs import argument
from edge.face.consistency import LandmarkFrame, judge, measure
from hw.sim.pictures.head import FRAME_MS, Pose, head, script, sheet
from tools.bench.face.challenge import at_the_door

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Sequence

    from edge.face.consistency import Consistency
    from edge.face.engine import FaceEngine
    from edge.ports import Floats, Pixels

LOOKS = 17  # 1,056 ms: after that a picture that does not move counts as frozen
HALF = LOOKS // 2
HEAD, STAND = "bona fide", "photograph on a stand"
SHOWN = ("alike", "fastest", "sway", "drift")
PERCENTS = (0, 5, 50, 95, 100)


@dataclass(frozen=True, slots=True, eq=False)
class FaceInFrame:
    """One frame with a face in it."""

    landmarks: Floats
    embedding: Floats
    tick_ms: int


def seen(engine: FaceEngine, film: Iterable[tuple[Pixels, int]]) -> list[FaceInFrame]:
    """The faces in a film; frames without a face are left out."""
    found = []
    for rgb, tick_ms in film:
        faces = engine.find(rgb)
        if faces:
            probe = engine.probe(rgb, faces[0])
            found.append(FaceInFrame(probe.landmarks.points, engine.embed(probe), tick_ms))
    return found


def burst(frames: Sequence[FaceInFrame]) -> Consistency:
    """The consistency of several frames; each frame is compared with the one before it."""
    alike = [None, *(float(a.embedding @ b.embedding) for a, b in itertools.pairwise(frames))]
    return measure(
        [LandmarkFrame(frame.landmarks, frame.tick_ms, one) for frame, one in zip(frames, alike, strict=True)]
    )


def rendered(engine: FaceEngine, files: Sequence[Path], seed: int) -> dict[str, list[Consistency]]:
    """Heads that stand still, photographs on a stand, and one person replaced by another."""
    films: dict[str, list[list[FaceInFrame]]] = {HEAD: [], STAND: []}
    for number, file in enumerate(progress(files, total=len(files), label="rendering")):
        subject = at_the_door(engine, read_image(file))
        if subject is None:
            continue
        own = seed + number
        films[HEAD].append(seen(engine, head(subject, script([], seed=own, rest=LOOKS), seed=own)))
        films[STAND].append(seen(engine, sheet(subject, [Pose(roll=1)] * LOOKS, seed=own)))
    people = films[HEAD]
    films["swapped in the middle"] = [
        [*a[:HALF], *b[HALF:]] for a, b in zip(people, [*people[1:], people[0]], strict=True)
    ]
    return {kind: [burst(film) for film in several] for kind, several in films.items()}


def sequences(engine: FaceEngine, folder: Path) -> list[Consistency]:
    """The consistency of pictures of one person in order; their times are unknown, so ignore the speeds."""
    found: dict[str, list[tuple[int, Path]]] = defaultdict(list)
    for file in folder.glob("*.jpg"):
        name, _, number = file.stem.rpartition("_")
        found[name].append((int(number), file))
    films = [
        [(read_image(file), at * FRAME_MS) for at, (_, file) in enumerate(sorted(several))]
        for several in found.values()
        if len(several) > 1
    ]
    return [burst(seen(engine, film)) for film in progress(films, total=len(films), label="sequences")]


def strangers(engine: FaceEngine, files: Sequence[Path]) -> list[float]:
    """The cosines of all pairs of people."""
    people = [found[0].embedding for file in files if (found := seen(engine, [(read_image(file), 0)]))]
    return [float(a @ b) for a, b in itertools.combinations(people, 2)]


def spread(values: Sequence[float]) -> list[float]:
    """Minimum, 5 %, median, 95 % and maximum."""
    return [round(float(value), 4) for value in np.percentile(values, PERCENTS)] if values else []


def report(bursts: Sequence[Consistency]) -> dict[str, object]:
    """The number of sequences, the objections to them, and the measures."""
    ends = Counter(str(judge(burst) or "none") for burst in bursts)
    numbers = {
        name: spread([value for burst in bursts if (value := getattr(burst, name)) is not None])
        for name in SHOWN
    }
    return {"n": len(bursts), "objections": ends, **numbers}


def run(args: argparse.Namespace) -> int:
    """Measure, and print one JSON object."""
    every = sorted(args.folder.glob("*_neutral.*"))
    if not every:
        print(
            f"error: {args.folder}: holds no NAME_neutral.jpg\nhint: name a folder as in models/pad.md",
            file=sys.stderr,
        )
        return 2
    engine = open_face_engine()
    told = {
        kind: report(bursts) for kind, bursts in rendered(engine, every[: args.people], args.seed).items()
    }
    if args.sequences:
        real = report(sequences(engine, args.sequences))
        told["real sequences"] = {name: real[name] for name in ("n", "alike", "sway", "drift")}
    between = strangers(engine, every)
    told["strangers"] = {"pairs": len(between), "alike": spread(between)}
    print(json.dumps(told, indent=2))
    return 0


ARGUMENTS = (
    argument("folder", type=Path, help="folder with one NAME_neutral.jpg for each person"),
    argument("--people", type=int, default=26, help="use so many people (default 26)"),
    argument("--seed", type=int, default=50, help="start random numbers from this seed (default 50)"),
    argument(
        "--sequences",
        type=Path,
        metavar="FOLDER",
        help="measure the pictures NAME_NUMBER.jpg of FOLDER too, in the order of their numbers",
    ),
)
