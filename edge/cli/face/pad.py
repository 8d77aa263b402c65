"""`doorward face pad`: measures how often attacks pass and people are refused, over folders of pictures."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edge.app.parts.code_readers import read_image
from edge.app.parts.face_engine import installed_pad, open_face_engine
from edge.cli.face.labels import read_labels
from edge.cli.face.tables import pad_lines
from edge.cli.output import emit, progress, tell
from edge.cli.values import between
from edge.cli.verbs import argument
from edge.errors import Exit, InputError
from edge.face.engine import subject
from edge.face.evaluation import lighting, pad_rates
from edge.face.evaluation.intervals import rare
from edge.face.evaluation.pad_rates import Shown
from edge.face.pad.fusion import TABLE, THRESHOLD, Family, PadPolicy

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping, Sequence

    from edge.face.engine import FaceEngine
    from edge.face.pad.fusion import PadEvidence
    from edge.ports import Pixels

BONA_FIDE = "bona_fide"
FAMILIES = ("geometry", "texture", "passive")
SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".webp")
MAX_PICTURES = 100_000  # an hour of work; the largest public PAD set has 625,000 in all
MAX_SPECIES = 100  # rows of a table that a person reads


def run(args: argparse.Namespace) -> int:
    """Read every picture once, print one row."""
    files = _find(args.folder)
    groups = _groups(args.labels, args.folder / BONA_FIDE, files[BONA_FIDE]) if args.labels else {}
    policy = _policy(args.measures) if args.measures is not None else installed_pad(args.models)
    engine = open_face_engine(args.models, runtime=args.runtime, pad=policy)
    seen: dict[str, list[PadEvidence | None]] = {label: [] for label in files}
    every = [(label, file) for label, names in files.items() for file in names]
    spent = []
    for number, (label, file) in enumerate(progress(every, total=len(every), label="reading faces")):
        picture = _lit(read_image(file), args.cast, args.dark, seed=number)
        began = time.perf_counter()
        seen[label].append(_evidence(engine, picture))
        spent.append(1000 * (time.perf_counter() - began))
    shown = {label: _shown(found) for label, found in seen.items()}
    grouped = _by_group(groups, files[BONA_FIDE], seen[BONA_FIDE])
    if args.json and not args.details:
        emit(_figures(shown) | grouped)
        return Exit.OK
    row = _details(policy, shown) | {"ms_per_picture": sorted(spent)[len(spent) // 2]} | grouped
    tell(row, *pad_lines(row), as_json=args.json)
    return Exit.OK


def _lit(picture: Pixels, eighths: float, stops: float, seed: int) -> Pixels:
    """The picture in the light of `--cast` and `--dark`."""
    coloured = lighting.cast(picture, eighths) if eighths else picture
    return lighting.darken(coloured, stops, seed) if stops else coloured


def _evidence(engine: FaceEngine, picture: Pixels) -> PadEvidence | None:
    """The PAD evidence of the main face in a picture; None without a face."""
    faces = engine.find(picture)
    return engine.inspect(picture, subject(faces, picture)) if faces else None


def _shown(found: list[PadEvidence | None]) -> Shown:
    evidence = [one for one in found if one is not None]
    return Shown(evidence, not_acquired=len(found) - len(evidence))


def _figures(shown: Mapping[str, Shown]) -> dict[str, Any]:
    """The row that scripts rely on: error rates of ISO/IEC 30107-3, for each attack species."""
    people = shown[BONA_FIDE]
    return {
        "bona_fide": {"n": len(people.evidence), "bpcer": pad_rates.bpcer(people)},
        "attacks": {
            label: {
                "n": len(species.evidence),
                "apcer": pad_rates.apcer(species),
                "eer": pad_rates.eer(people, species),
            }
            for label, species in shown.items()
            if label != BONA_FIDE
        },
        "threshold": THRESHOLD,
    }


def _details(policy: PadPolicy, shown: Mapping[str, Shown]) -> dict[str, Any]:
    """That row with intervals, pictures without a face, and the rates of each measure alone."""
    row = _figures(shown)
    attacks = {label: species for label, species in shown.items() if label != BONA_FIDE}
    row["bona_fide"] |= _certainty(row["bona_fide"]["bpcer"], shown[BONA_FIDE], "bpcer_95")
    for label, species in attacks.items():
        row["attacks"][label] |= _certainty(row["attacks"][label]["apcer"], species, "apcer_95")
    row["families"] = [name for name in FAMILIES if name in policy.families]
    row["measures"] = {
        measure.value: {
            "limit": TABLE[measure].limit,
            "bpcer": pad_rates.bpcer(shown[BONA_FIDE].by(measure)),
            "apcer": {label: pad_rates.apcer(species.by(measure)) for label, species in attacks.items()},
        }
        for measure in policy.measures
    }
    return row


def _groups(labels: Path, folder: Path, files: Sequence[Path]) -> dict[Path, str]:
    """The group of each picture of a person that the list names. Raises InputError."""
    names = {str(file.relative_to(folder)): file for file in files}
    return {names[name]: group for name, group in read_labels(labels, names.keys()).items()}


def _by_group(
    groups: Mapping[Path, str], files: Sequence[Path], seen: Sequence[PadEvidence | None]
) -> dict[str, Any]:
    """The BPCER within each group; nothing without groups."""
    table = {}
    for group in sorted(set(groups.values())):
        found = [one for file, one in zip(files, seen, strict=True) if groups.get(file) == group]
        people = _shown(found)
        n, refused = len(people.evidence), people.refused()
        table[group] = {
            "n": n,
            "bpcer": pad_rates.bpcer(people),
            "bpcer_95": rare(refused, n) if n else None,
            "coached": people.coached(),
            "not_acquired": people.not_acquired,
        }
    return {"groups": table} if groups else {}


def _certainty(rate: float | None, shown: Shown, name: str) -> dict[str, object]:
    return {
        name: pad_rates.interval(rate, shown),
        "coached": shown.coached(),
        "not_acquired": shown.not_acquired,
    }


def _policy(names: str) -> PadPolicy:
    wanted = [name.strip() for name in names.split(",")]
    if unknown := [name for name in wanted if name not in FAMILIES]:
        raise InputError(
            f"--measures: {unknown[0]!r} is not one of {', '.join(FAMILIES)}",
            hint=f"separate them with commas, such as {','.join(FAMILIES[:2])}",
        )
    return PadPolicy(frozenset(Family(name) for name in wanted))


def _find(folder: Path) -> dict[str, list[Path]]:
    """The pictures of every label, in order. Raises InputError for an empty label, or without bona_fide."""
    try:
        labels = sorted(entry.name for entry in os.scandir(folder) if entry.is_dir())
        files = {label: _pictures(folder / label) for label in labels if not label.startswith(".")}
    except (OSError, ValueError) as err:
        raise InputError(f"{folder}: cannot be read as a folder: {err}", hint="check the path") from err
    if BONA_FIDE not in files:
        raise InputError(
            f"{folder}: has no folder {BONA_FIDE}",
            hint=f"put pictures of people into {folder / BONA_FIDE}",
        )
    if empty := [label for label, found in files.items() if not found]:
        raise InputError(
            f"{folder / empty[0]}: has no pictures", hint=f"add files that end in {' '.join(SUFFIXES)}"
        )
    if len(files) > MAX_SPECIES or sum(map(len, files.values())) > MAX_PICTURES:
        raise InputError(
            f"{folder}: more than {MAX_SPECIES} folders or {MAX_PICTURES} pictures", hint="use fewer pictures"
        )
    return files


def _pictures(folder: Path) -> list[Path]:
    return sorted(
        Path(parent) / name
        for parent, _, names in os.walk(folder)
        for name in names
        if name.lower().endswith(SUFFIXES)
    )


ARGUMENTS = (
    argument(
        "folder", type=Path, metavar="DIR", help="folder with bona_fide/ and one folder for each PAI species"
    ),
    argument(
        "--measures",
        metavar="LIST",
        help="use these of geometry,texture,passive; left out: all installed ones",
    ),
    argument(
        "--cast",
        type=between(-lighting.MOST_EIGHTHS, lighting.MOST_EIGHTHS),
        default=0.0,
        metavar="N",
        help="add N eighths of red and remove as much blue, from -4 to 4; left out: 0",
    ),
    argument(
        "--dark",
        type=between(0, lighting.MOST_STOPS),
        default=0.0,
        metavar="N",
        help="add the noise of a camera in 1 / 2^N of the light, N from 0 to 10; left out: 0",
    ),
    argument(
        "--labels",
        type=Path,
        metavar="FILE.csv",
        help="list with the columns file, group, files as in bona_fide/: print the BPCER of each group too",
    ),
    argument(
        "--details",
        action="store_true",
        help="with --json: add intervals, pictures without a face, and the rates of each measure alone",
    ),
)
