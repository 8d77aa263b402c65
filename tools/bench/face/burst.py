"""Measures the gain of several frames of a face, and the cost of each fusion rule, for models/embedder.md.

LFW people with four pictures or more: one picture is the reference (as 64 bytes on a card), up to three
others are the frames of a sequence, drawn again a few times for each reference; the references of all other
people are the strangers. These pictures differ more than the frames of one sequence, so a door gains less
than this.

    python tools/bench burst
"""

from __future__ import annotations

import csv
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from edge.app.parts.code_readers import read_image
from edge.app.parts.face_engine import open_face_engine
from edge.cli.output import progress
from edge.face import quality
from edge.face.engine import Probe, subject
from edge.face.evaluation import verification_rates
from edge.face.fusion import FusionRule
from edge.face.template import TemplateFormat, unit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from edge.face.engine import FaceEngine
    from edge.ports import Floats

LFW = Path(__file__).resolve().parents[3] / "shared" / "data" / "faces" / "lfw"
FRAMES = (1, 2, 3)
DRAWS = 3  # sequences for each reference, and at most thirty for each person: a few have fourteen pictures
MOST = 30
FMR = 1e-4
DEFAULT = 0.60


@dataclass(frozen=True, slots=True, eq=False)
class PicturedPeople:
    """One row for each picture: as reference, as probe, as probe averaged with its mirror image; its rank."""

    references: Floats
    probes: Floats
    mirrored: Floats
    ranks: Floats
    person: NDArray[np.int64]


def look(engine: FaceEngine) -> PicturedPeople:
    """Embed each picture of the protocol, and its mirror image."""
    with (LFW / "pairs.csv").open(encoding="utf-8", newline="") as file:
        pairs = [(line["a"], line["b"], line["same"] == "1") for line in csv.DictReader(file)]
    names = sorted({name for a, b, _ in pairs for name in (a, b)})
    rows = []
    for name in progress(names, total=len(names), label="embedding faces"):
        picture = read_image(LFW / name)
        probe = engine.probe(picture, subject(engine.find(picture), picture))
        plain = engine.embed(probe)
        flipped = engine.embed(
            Probe(np.ascontiguousarray(probe.crop[:, ::-1]), probe.landmarks, probe.quality)
        )
        reference, vector = engine.sides(plain, TemplateFormat.INT8_64)
        both = engine.sides(unit(plain + flipped), TemplateFormat.INT8_64)[1]
        rows.append((reference, vector, both, quality.rank(probe.quality)))
    columns = [np.array(column, dtype=np.float32) for column in zip(*rows, strict=True)]
    person = np.array(verification_rates.identities(names, [(a, b) for a, b, same in pairs if same]))
    return PicturedPeople(columns[0], columns[1], columns[2], columns[3], person)


def bursts(people: PicturedPeople) -> Iterator[tuple[int, NDArray[np.int64]]]:
    """A reference and the three pictures of its sequence; equal for every rule."""
    rng = np.random.default_rng(0)
    for number in np.unique(people.person):
        rows = np.flatnonzero(people.person == number)
        if len(rows) > max(FRAMES):
            for _ in range(min(MOST, DRAWS * len(rows))):
                drawn = rng.permutation(rows)
                yield int(drawn[0]), drawn[1 : 1 + max(FRAMES)]


def best_quality(people: PicturedPeople, probes: Floats, rows: NDArray[np.int64]) -> Floats:
    """The similarities of the frame with the highest rank."""
    return np.asarray(people.references @ probes[rows[people.ranks[rows].argmax()]])


def highest(people: PicturedPeople, probes: Floats, rows: NDArray[np.int64]) -> Floats:
    """The highest similarity of a frame, as for a door that grants at the first match."""
    return np.asarray((people.references @ probes[rows].T).max(axis=1))


def mean_similarity(people: PicturedPeople, probes: Floats, rows: NDArray[np.int64]) -> Floats:
    """The mean of the similarities."""
    return np.asarray(people.references @ probes[rows].mean(axis=0))


def mean_embedding(people: PicturedPeople, probes: Floats, rows: NDArray[np.int64]) -> Floats:
    """The similarity of the mean embedding, as in edge.face.fusion."""
    return np.asarray(people.references @ unit(probes[rows].sum(axis=0)))


RULES = {
    "best quality": best_quality,
    "highest similarity": highest,
    "mean similarity": mean_similarity,
    "mean embedding": mean_embedding,
}


def measure(
    people: PicturedPeople,
    rule: Callable[[PicturedPeople, Floats, NDArray[np.int64]], Floats],
    frames: int,
    probes: Floats,
) -> dict[str, float]:
    """TAR at FMR 1e-4 by the rule's own threshold, and both error rates at the device's default."""
    mated, non_mated = [], []
    for reference, rows in bursts(people):
        alike = rule(people, probes, rows[:frames])
        mated.append(alike[reference])
        non_mated.append(alike[people.person != people.person[reference]])
    a, b = np.array(mated, dtype=np.float32), np.concatenate(non_mated).astype(np.float32)
    rates = verification_rates.rates(a, b, (FMR,))
    return {
        "tar": rates.tar[FMR],
        "cosine": rates.cosine[FMR],
        "default_fnmr": float((a < DEFAULT).mean()),
        "default_fmr": float((b >= DEFAULT).mean()),
    }


def settled_early(people: PicturedPeople, rule: FusionRule) -> dict[str, float]:
    """Error rates at the device's default, if a sequence stops when it is sure, and its number of frames."""
    needed = np.full((rule.frames, 1), DEFAULT + rule.sure, dtype=np.float32)
    needed[-1] = DEFAULT
    missed = matched = strangers = looked = count = 0
    for reference, rows in bursts(people):
        sums = np.cumsum(people.probes[rows[: rule.frames]], axis=0)
        means = sums / np.linalg.norm(sums, axis=1, keepdims=True)
        reached = means @ people.references.T >= needed
        others = people.person != people.person[reference]
        matched += int(reached[:, others].any(axis=0).sum())
        strangers += int(others.sum())
        mine = reached[:, reference]
        missed += not mine.any()
        looked += int(mine.argmax()) + 1 if mine.any() else rule.frames
        count += 1
    return {"fnmr": missed / count, "fmr": matched / strangers, "frames": looked / count, "bursts": count}


def run(_: object) -> int:
    """Print the table as Markdown, then as one JSON object."""
    if not LFW.is_dir():
        print(f"error: {LFW}: no such folder\nhint: put LFW there, see models/embedder.md", file=sys.stderr)
        return 2
    people = look(open_face_engine())
    found = {}
    print("| frames | rule | TAR at FMR 1e-4 | at cosine | FNMR at 0.60 | FMR at 0.60 |")
    print("|---|---|---|---|---|---|")
    for probes, suffix in ((people.probes, ""), (people.mirrored, ", mirrored")):
        for frames in FRAMES:
            for name, rule in RULES.items() if frames > 1 else (("one frame", mean_embedding),):
                row = found[f"{frames} {name}{suffix}"] = measure(people, rule, frames, probes)
                print(
                    f"| {frames} | {name}{suffix} | {row['tar']:.1%} | {row['cosine']:.3f} "
                    f"| {row['default_fnmr']:.1%} | {row['default_fmr']:.1e} |"
                )
    early = settled_early(people, FusionRule())
    print(f"settled early: {early['fnmr']:.1%}, {early['fmr']:.1e}, {early['frames']:.2f} frames on average")
    print(json.dumps({**found, "settled early": early}))
    return 0


ARGUMENTS = ()
