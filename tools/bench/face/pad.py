"""Measures attack detection in several lights: `make bench-pad`.

    python tools/bench pad NUAA LONDON      folders of `doorward face pad`; without bona_fide/ all are people

Each folder has bona_fide/ and a folder for each PAI species. Each row is one kind of picture in one light,
with 95 % intervals: BPCER for people, APCER for a species. "before" is the policy without the networks, in
which a near face was an attack. A picture that is coached is neither refused nor accepted: its number stands
alone. Phone screens get a row even if no folder has any. The command prints Markdown, then one JSON object;
it takes 40 ms a picture and light.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from edge.app.parts.code_readers import read_image
from edge.app.parts.face_engine import open_face_engine
from edge.cli.output import progress
from edge.cli.verbs import argument
from edge.errors import InputError
from edge.face.engine import subject
from edge.face.evaluation import lighting
from edge.face.evaluation.pad_rates import Shown, interval
from edge.face.pad.fusion import TABLE, Family, PadEvidence, fuse
from tools.bench.tables import markdown

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from edge.face.engine import FaceEngine
    from edge.face.evaluation.intervals import Interval

PEOPLE = "bona_fide"
SUFFIXES = (".jpg", ".jpeg", ".png")
SCREENS = ("screen", "replay")  # a folder of phones and tablets has one of these in its name
NO_SET = ("pictures on phone screens", "", "0", "", "no set here", "no set here")
HEADS = ("pictures", "light", "n", "coached", "rate, %", "before, %")


class TestedLight(NamedTuple):
    """One light: eighths of a colour cast, and stops of darkness."""

    name: str
    eighths: float = 0
    stops: float = 0


LIGHTS = (
    TestedLight("as taken"),
    TestedLight("2/8 more red", eighths=2),
    TestedLight("2/8 more blue", eighths=-2),
    TestedLight("1/4 of the light", stops=2),
    TestedLight("1/16 of the light", stops=4),
    TestedLight("1/64 of the light", stops=6),
)


class RateInLight(NamedTuple):
    """A share of pictures with its 95 % interval; None without a face."""

    share: float | None
    interval: Interval | None

    @classmethod
    def of(cls, wrong: int, shown: Shown) -> RateInLight:
        """The rate of this many of these pictures."""
        share = wrong / len(shown.evidence) if shown.evidence else None
        return cls(share, interval(share, shown))

    def __str__(self) -> str:
        if self.share is None or self.interval is None:
            return "no face"
        low, high = self.interval
        return f"{100 * self.share:.1f} ({100 * low:.1f} to {100 * high:.1f})"


class Row(NamedTuple):
    """The rates of one kind of picture in one light."""

    label: str
    light: str
    n: int
    coached: int
    now: RateInLight
    before: RateInLight

    def cells(self) -> list[str]:
        """The cells of the table."""
        return [self.label, self.light, str(self.n), str(self.coached), str(self.now), str(self.before)]


def run(args: argparse.Namespace) -> int:
    """Measure and print."""
    engine = open_face_engine()
    work = [
        (label, files, light)
        for folder in args.folders
        for label, files in _labels(folder)
        for light in LIGHTS
    ]
    rows = [_row(engine, *one) for one in progress(work, total=len(work), label="reading faces")]
    cells = [row.cells() for row in rows]
    species = [part.name.lower() for folder in args.folders for part in folder.iterdir()]
    if not any(word in name for name in species for word in SCREENS):
        cells.append(list(NO_SET))
    print("\n".join(markdown(HEADS, cells)))
    print(json.dumps([row._asdict() for row in rows]))
    return 0


def _labels(folder: Path) -> Iterator[tuple[str, list[Path]]]:
    """The pictures of each kind. Raises InputError if there are none."""
    parts = sorted(path for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []
    kinds = {f"{folder.name} {part.name}": part for part in parts} or {f"{folder.name} {PEOPLE}": folder}
    for label, part in kinds.items():
        files = (
            sorted(path for path in part.rglob("*") if path.suffix.lower() in SUFFIXES)
            if part.is_dir()
            else []
        )
        if not files:
            raise InputError(f"{part}: has no pictures", hint=f"add files that end in {' '.join(SUFFIXES)}")
        yield label, files


def _row(engine: FaceEngine, label: str, files: list[Path], light: TestedLight) -> Row:
    found = [one for number, file in enumerate(files) if (one := _evidence(engine, file, light, number))]
    shown, before = Shown(found), Shown([_before(one) for one in found])
    if label.endswith(PEOPLE):
        now, earlier = shown.refused(), before.refused() + before.coached()
    else:
        now, earlier = shown.accepted(), before.accepted()
    return Row(
        label,
        light.name,
        len(found),
        shown.coached(),
        RateInLight.of(now, shown),
        RateInLight.of(earlier, before),
    )


def _evidence(engine: FaceEngine, file: Path, light: TestedLight, seed: int) -> PadEvidence | None:
    picture = lighting.cast(read_image(file), light.eighths)
    if light.stops:
        picture = lighting.darken(picture, light.stops, seed)
    faces = engine.find(picture)
    return engine.inspect(picture, subject(faces, picture)) if faces else None


def _before(evidence: PadEvidence) -> PadEvidence:
    """The evidence without the networks."""
    readings = (one for one in evidence.readings if TABLE[one.measure].family is not Family.PASSIVE)
    return fuse((one.measure, one.value) for one in readings)


ARGUMENTS = (
    argument(
        "folders",
        nargs="+",
        type=Path,
        metavar="DIR",
        help="folder with bona_fide/ and folders of attacks, or of people only",
    ),
)
