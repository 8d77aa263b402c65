"""`doorward face calibrate`: the threshold for "1 in N" at this site, measured with its own strangers."""

from __future__ import annotations

import os
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec
import numpy as np

from edge.app.parts.code_readers import read_image
from edge.app.parts.face_engine import engine_parts, open_face_engine
from edge.app.parts.trust_folder import open_files
from edge.audit.chain import files_of, open_chain
from edge.audit.record import Outcome, Passage
from edge.cli.face.pictures import template_format
from edge.cli.output import emit, progress
from edge.cli.verbs import argument
from edge.decision import Reason
from edge.errors import Exit, InputError
from edge.face.evaluation import calibration, verification_rates

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Sequence

    from edge.audit.record import JournalEntry
    from edge.ports import Floats

MAX_PICTURES = 10_000  # as many as `face eval` compares
SUFFIXES = {".jpg", ".jpeg", ".png", ".bmp", ".webp"}
ONE_PERSON = 0.75  # so similar pictures show one person, or twins: no threshold is set above this
TO_SHOW = 5


@dataclass(frozen=True, slots=True, eq=False)
class _Strangers:
    """Non-mated similarities and their source; `ceiling` and `unseen` as in `estimate`."""

    source: Literal["pictures", "journal"]
    similarities: Floats
    total: int
    people: int | None
    ceiling: float = 1.0
    unseen: int = 0
    notes: tuple[str, ...] = ()


def run(args: argparse.Namespace) -> int:
    """Compare strangers, write the calibration file, print its rows."""
    parts = engine_parts(args.models, runtime=args.runtime)
    strangers = _pictures(args) if os.path.isdir(args.source) else _journal(args.source, parts)  # noqa: PTH112
    made = calibration.Calibration(
        made=calibration.day(datetime.now(UTC)),
        source=strangers.source,
        parts=parts,
        people=strangers.people,
        comparisons=strangers.total,
        rows=calibration.estimate(
            strangers.similarities, total=strangers.total, ceiling=strangers.ceiling, unseen=strangers.unseen
        ),
    )
    open_files(args.out.parent).write(args.out.name, calibration.seal(made))
    if args.json:
        emit(_row(args.out, made, strangers.notes))
        return Exit.OK
    print(f"{args.out}: {made.comparisons} comparisons of strangers, enough for up to 1 in {made.supported}")
    for row in made.rows:
        seen = f"{row.matches} matched, 95 %: {row.low:.2g} to {row.high:.2g}"
        print(f"1 in {row.one_in:<9} from similarity {row.cosine:.3f}  ({seen})")
    for note in strangers.notes:
        print(f"note: {note}")
    return Exit.OK


def _row(out: Path, made: calibration.Calibration, notes: Sequence[str]) -> dict[str, object]:
    return {"file": str(out), "supported": made.supported, **msgspec.to_builtins(made), "notes": notes}


# --- pictures ----------------------------------------------------------------------------------------------


def _pictures(args: argparse.Namespace) -> _Strangers:
    """Similarities of all pairs of different people in a folder, compared as card and camera."""
    root: Path = args.source
    names = [n for n in open_files(root).names() if Path(n).suffix.lower() in SUFFIXES]
    if len(names) > MAX_PICTURES:
        raise InputError(
            f"{root}: {len(names)} pictures, at most {MAX_PICTURES} can be compared",
            hint="use fewer pictures",
        )
    engine = open_face_engine(args.models, runtime=args.runtime)
    fmt = template_format(args.template)
    used, sides = [], []
    found_none, found_several = 0, 0
    for name in progress(names, total=len(names), label="reading faces"):
        picture = read_image(root / name)
        faces = engine.people(picture)
        if len(faces) == 1:
            used.append(name)
            sides.append(engine.sides(engine.embed(engine.probe(picture, faces[0])), fmt))
        found_none += not faces
        found_several += len(faces) > 1
    people = _people(used)
    if len(set(people)) < 2:
        raise InputError(
            f"{root}: {len(used)} pictures with one face, of {len(set(people))} people",
            hint="put each person's pictures into one folder, or name them ann_1.jpg, ann_2.jpg",
        )
    references, probes = (np.stack(side) for side in zip(*sides, strict=True))
    found = verification_rates.all_pairs(references, probes, people)
    notes = _alike(used, people, references, probes)
    if found_none:
        notes.append(f"{found_none} pictures without a face were skipped")
    if found_several:  # which of them is the person of this name?
        notes.append(f"{found_several} pictures with several faces were skipped")
    return _Strangers(
        "pictures", found.non_mated, found.total, len(set(people)), ceiling=ONE_PERSON, notes=tuple(notes)
    )


def _people(names: Sequence[str]) -> list[int]:
    """A number for each person: by the picture's folder, else by its name before the last underscore."""
    numbers: dict[str, int] = {}
    persons = [str(Path(n).parent) if "/" in n else Path(n).stem.rpartition("_")[0] or n for n in names]
    return [numbers.setdefault(person, len(numbers)) for person in persons]


def _alike(names: Sequence[str], people: Sequence[int], references: Floats, probes: Floats) -> list[str]:
    """Notes on two names that may be one person: each such pair counts as a false match."""
    person = np.asarray(people)
    notes = []
    for i, reference in enumerate(references):
        scores = np.where(person[i + 1 :] == person[i], -1.0, probes[i + 1 :] @ reference)
        notes += [
            f"{names[i]} and {names[i + 1 + j]} have similarity {scores[j]:.2f}: one person?"
            for j in np.flatnonzero(scores >= ONE_PERSON).tolist()
        ]
        if len(notes) > TO_SHOW:
            return [*notes[:TO_SHOW], "and more: one person under two names makes every threshold too high"]
    return notes


# --- journal -----------------------------------------------------------------------------------------------


def _journal(path: Path, parts: calibration.Parts) -> _Strangers:
    """Cards that were refused with `face.no_match` and never granted: perhaps shown by a stranger.

    The journal does not tell holders from strangers. These rules make the estimate safe:

    - a card that was granted once was shown by its holder; its refusals are skipped;
    - a card counts once, with its highest similarity: a person who tries often is one stranger;
    - holders who were refused and never granted stay in; they are more similar than strangers, which can only
      raise the thresholds;
    - strangers above the threshold in force were granted, so nothing is known there: no row is above it, and
      every row counts one such match more.
    """
    with open_chain(files_of(path)) as chain:
        chain.verify()
        entries = progress(chain.entries(), total=chain.size - chain.first, label="reading the journal")
        best, granted, ceiling = _refusals(entries, parts.model_id)
    strangers = [similarity for card, similarity in best.items() if card not in granted]
    if not strangers:
        raise InputError(
            f"{path}: no card was refused with face.no_match and never granted",
            hint="calibrate with a folder of pictures from this site's camera",
        )
    notes = (
        f"{len(best) - len(strangers)} refused cards were granted at another time, and were skipped",
        "refused holders who were never granted count as strangers; they make the thresholds higher",
    )
    similarities = ((np.array(strangers) + 0.5) / 1000).astype(np.float32)  # the record is rounded
    return _Strangers("journal", similarities, len(strangers), None, ceiling / 1000, unseen=1, notes=notes)


def _refusals(entries: Iterable[JournalEntry], model_id: str) -> tuple[dict[str, int], set[str], int]:
    """Highest refused similarity by card, cards granted, lowest threshold in force; cosines times 1000."""
    best: dict[str, int] = defaultdict(lambda: -1000)
    granted: set[str] = set()
    ceiling = 1000
    for entry in entries:
        record = entry.record
        if not isinstance(record, Passage) or record.card is None:
            continue
        if record.outcome is Outcome.GRANT:
            granted.add(record.card)
        elif record.reason is Reason.FACE_NO_MATCH and record.model == model_id:
            similarity, threshold = record.similarity_milli, record.threshold_milli
            if similarity is not None and threshold is not None:
                best[record.card] = max(best[record.card], similarity)
                ceiling = min(ceiling, threshold)
    return best, granted, ceiling


ARGUMENTS = (
    argument(
        "source",
        type=Path,
        metavar="DIR|JOURNAL",
        help="folder of pictures from this site's camera (one folder a person, or names such as ann_1.jpg), "
        "or the journal of its device",
    ),
    argument(
        "--out",
        type=Path,
        default=Path("calibration.json"),
        metavar="FILE",
        help="write the calibration to this file; left out: calibration.json",
    ),
)
