"""Measures the temporal consistency of bursts: whom edge.face.consistency objects to, and why.

    python tools/bench consistency FOLDER [--people 26] [--seed 50] [--sequences FOLDER]

FOLDER holds one photograph NAME_neutral.jpg a person, looking into the camera: the London set does. Each
becomes a rendered head that stands there, a photograph on a stand, and a burst that begins with one person
and ends with the next: three bursts of seventeen looks, 66 ms apart. The folder of --sequences holds pictures
of a real camera, NAME_NUMBER.jpg in the order they were taken, as NUAA does: how alike one person stays there
from one picture to the next, and how much they move. Last come strangers of FOLDER. One JSON object at the
end; takes some 2 s a person. What it says of rendered heads is true of this simulation and no further.
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
from tools.bench.challenge import at_the_door

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Sequence

    from edge.face.consistency import Consistency
    from edge.face.engine import FaceEngine
    from edge.ports import Floats, Pixels

LOOKS = 17  # 1,056 ms: only then a picture that does not move is called frozen
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
    """What a device sees of a film; frames without a face are left out."""
    found = []
    for rgb, tick_ms in film:
        faces = engine.find(rgb)
        if faces:
            probe = engine.probe(rgb, faces[0])
            found.append(FaceInFrame(probe.landmarks.points, engine.embed(probe), tick_ms))
    return found


def burst(frames: Sequence[FaceInFrame]) -> Consistency:
    """What a burst shows; each look is compared with the one before it."""
    alike = [None, *(float(a.embedding @ b.embedding) for a, b in itertools.pairwise(frames))]
    return measure(
        [LandmarkFrame(frame.landmarks, frame.tick_ms, one) for frame, one in zip(frames, alike, strict=True)]
    )


def rendered(engine: FaceEngine, files: Sequence[Path], seed: int) -> dict[str, list[Consistency]]:
    """Heads that stand there, photographs on a stand, and one person after another."""
    films: dict[str, list[list[FaceInFrame]]] = {HEAD: [], STAND: []}
    for number, file in enumerate(progress(files, total=len(files), label="rendering")):
        subject = at_the_door(engine, read_image(file))
        if subject is None:
            continue
        dice = seed + number
        films[HEAD].append(seen(engine, head(subject, script([], seed=dice, rest=LOOKS), seed=dice)))
        films[STAND].append(seen(engine, sheet(subject, [Pose(roll=1)] * LOOKS, seed=dice)))
    people = films[HEAD]
    films["swapped in the middle"] = [
        [*a[:HALF], *b[HALF:]] for a, b in zip(people, [*people[1:], people[0]], strict=True)
    ]
    return {kind: [burst(film) for film in several] for kind, several in films.items()}


def sequences(engine: FaceEngine, folder: Path) -> list[Consistency]:
    """Pictures of one person by one camera, in order. Their real times are not known: speeds mean nothing."""
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
    """Cosines of all pairs of people."""
    people = [found[0].embedding for file in files if (found := seen(engine, [(read_image(file), 0)]))]
    return [float(a @ b) for a, b in itertools.combinations(people, 2)]


def spread(values: Sequence[float]) -> list[float]:
    """Least, 5 %, median, 95 % and most."""
    return [round(float(value), 4) for value in np.percentile(values, PERCENTS)] if values else []


def report(bursts: Sequence[Consistency]) -> dict[str, object]:
    """How many, the objections to them, and what was measured."""
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
        print(f"error: {args.folder}: no NAME_neutral.jpg in it\nhint: see models/pad.md", file=sys.stderr)
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
    argument("folder", type=Path, help="holds one NAME_neutral.jpg a person"),
    argument("--people", type=int, default=26),
    argument("--seed", type=int, default=50),
    argument(
        "--sequences", type=Path, metavar="FOLDER", help="holds NAME_NUMBER.jpg, in the order they were taken"
    ),
)
