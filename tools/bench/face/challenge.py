"""Measures the active challenge on rendered heads and prints: BPCER, and APCER for each species.

    python tools/bench challenge FOLDER [--people 20] [--seed 1000]

FOLDER holds one photograph NAME_neutral.jpg for each person, who looks into the camera, as in the London set.
Every person turns left, right and nods in three films of two prompts, and is attacked once with each species
of hw.sim.pictures.head. The command prints one JSON object; it takes about 20 s a person. The result holds
for this simulation only: see hw/sim/pictures/head.py.
"""

from __future__ import annotations

import itertools
import json
import sys
from collections import Counter, defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from edge.app.parts.code_readers import read_image
from edge.app.parts.face_engine import open_face_engine
from edge.cli.verbs import argument
from edge.errors import Exit
from edge.face.challenge import Challenge, ChallengeDone, ChallengeFailed, ChallengeWaiting, Phase, Prompt
from hw.sim.pictures.head import Move, Species, Subject, attack, head, script

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from edge.face.challenge import ChallengeProgress
    from edge.face.engine import FaceEngine
    from edge.ports import Floats, Pixels

FRAME = (480, 360)
FACE_SHARE = 0.38  # of the frame's height, as of a person 50 cm away
MOVES = {Prompt.TURN_LEFT: Move.LEFT, Prompt.TURN_RIGHT: Move.RIGHT, Prompt.NOD: Move.NOD}
BONA_FIDE = "bona fide"
ORDERS = tuple(itertools.permutations(Prompt, 2))


def landmarks(engine: FaceEngine, rgb: Pixels) -> Floats | None:
    """The landmarks of the largest face, or None."""
    faces = engine.find(rgb)
    return engine.probe(rgb, faces[0]).landmarks.points if faces else None


def at_the_door(engine: FaceEngine, photo: Pixels) -> Subject | None:
    """The person of a photograph in the middle of a camera's frame; None without a face."""
    faces = engine.find(photo)
    if not faces:
        return None
    scale = FACE_SHARE * FRAME[1] / faces[0].side
    shift = np.array(FRAME) / 2 - scale * faces[0].centre
    matrix = np.array([[scale, 0, shift[0]], [0, scale, shift[1]]])
    frame = cv2.warpAffine(photo, matrix, FRAME, flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE)
    rgb = np.asarray(frame, dtype=np.uint8)
    points = landmarks(engine, rgb)
    return None if points is None else Subject(rgb, points)


def play(
    engine: FaceEngine, film: Iterator[tuple[Pixels, int]], prompts: tuple[Prompt, ...]
) -> tuple[ChallengeProgress, int]:
    """The result of the challenge for a film, and its ms; ChallengeWaiting where the film ended before."""
    challenge = Challenge(prompts, 0)
    progress: ChallengeProgress = ChallengeWaiting(prompts[0], Phase.LOOK)
    tick_ms = 0
    for rgb, tick_ms in film:
        progress = challenge.observe(landmarks(engine, rgb), tick_ms)
        if not isinstance(progress, ChallengeWaiting):
            break
    return progress, tick_ms


def measure(
    engine: FaceEngine, people: list[Subject], seed: int
) -> tuple[dict[str, Counter[str]], list[float]]:
    """The results of all films, counted by what they show, and the seconds of those of people that pass."""
    ends: dict[str, Counter[str]] = defaultdict(Counter)
    seconds = []

    def show(kind: str, film: Iterator[tuple[Pixels, int]], prompts: tuple[Prompt, ...]) -> None:
        end, ms = play(engine, film, prompts)
        if kind == BONA_FIDE and isinstance(end, ChallengeDone):
            seconds.append(ms / 1000)
        ends[kind][end.failure.name if isinstance(end, ChallengeFailed) else type(end).__name__] += 1

    for person, subject in enumerate(people):
        for film in range(3):
            prompts, own = ORDERS[(person + 2 * film) % 6], seed + 10 * person + film
            poses = script([MOVES[prompt] for prompt in prompts], seed=own)
            show(BONA_FIDE, head(subject, poses, seed=own), prompts)
        for kind, species in enumerate(Species):
            prompts, own = ORDERS[(person + kind) % 6], seed + 10 * person + kind
            show(species, attack(species, subject, [MOVES[p] for p in prompts], seed=own), prompts)
        print(f"{person + 1} of {len(people)}", file=sys.stderr)
    return ends, seconds


def run(args: argparse.Namespace) -> int:
    """Measure, and print one JSON object."""
    engine = open_face_engine()
    found = (at_the_door(engine, read_image(path)) for path in sorted(args.folder.glob("*_neutral.*")))
    people = list(itertools.islice((subject for subject in found if subject), args.people))
    ends, seconds = measure(engine, people, args.seed)
    bona_fide = ends.pop(BONA_FIDE)
    n = bona_fide.total()
    report = {
        "people": len(people),
        "bona_fide": {
            "n": n,
            "bpcer": 1 - bona_fide[ChallengeDone.__name__] / n,
            "seconds": dict(zip(("least", "median", "most"), np.quantile(seconds, (0, 0.5, 1)), strict=True)),
            "ends": bona_fide,
        },
        "attacks": {
            species: {
                "n": count.total(),
                "apcer": count[ChallengeDone.__name__] / count.total(),
                "ends": count,
            }
            for species, count in ends.items()
        },
    }
    print(json.dumps(report, indent=2))
    return Exit.OK


ARGUMENTS = (
    argument("folder", type=Path, help="folder with one NAME_neutral.jpg for each person"),
    argument("--people", type=int, default=20, help="use so many people (default 20)"),
    argument("--seed", type=int, default=1000, help="start random numbers from this seed (default 1000)"),
)
