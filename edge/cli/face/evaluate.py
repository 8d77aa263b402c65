"""`doorward face eval`: measures error rates of face comparison over a list of picture pairs."""

from __future__ import annotations

import json
import resource
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from edge.app.parts.code_readers import read_image
from edge.app.parts.face_engine import open_face_engine
from edge.app.parts.trust_folder import open_files
from edge.cli.face.labels import lines_of, read_labels
from edge.cli.face.pictures import embedding_of, template_format
from edge.cli.face.tables import eval_lines
from edge.cli.output import progress, tell
from edge.cli.verbs import argument
from edge.errors import Exit, InputError
from edge.face.evaluation import verification_rates
from edge.face.evaluation.intervals import rare, wilson
from edge.face.template import EMBEDDING

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping, Sequence

    from edge.face.engine import FaceEngine
    from edge.face.evaluation.intervals import Interval
    from edge.face.evaluation.verification_rates import Similarities
    from edge.face.template import TemplateFormat
    from edge.ports import Floats

MAX_PICTURES = (
    10_000  # 50 million similarities: edge.face.evaluation.verification_rates keeps the highest 16 MB of them
)
FOLDS = 10  # of edge.face.evaluation.verification_rates: at least one pair for each
FMRS = {"1e-2": 1e-2, "1e-3": 1e-3, "1e-4": 1e-4}
STRICTEST = 1e-5
ROW_STEPS, FILE_STEPS = 5, 40  # DET points for each decade of FMR: on the one line, and in a file or plot


@dataclass(frozen=True, slots=True)
class PicturePair:
    """One line of a protocol: two picture names, and whether both show one person."""

    a: str
    b: str
    same: bool


@dataclass(frozen=True, slots=True, eq=False)
class _Faces:
    """All pictures of a protocol, one row each; NaN for a picture without a face."""

    names: Sequence[str]
    references: Floats
    probes: Floats
    people: Sequence[int]
    missing: int


def run(args: argparse.Namespace) -> int:
    """Read every picture once, compare all pairs, print one row."""
    pairs = _read_pairs(args.pairs)
    names = sorted({name for pair in pairs for name in (pair.a, pair.b)})
    if len(names) > MAX_PICTURES:
        raise InputError(
            f"{args.pairs}: {len(names)} pictures, at most {MAX_PICTURES} can be compared",
            hint="split the list",
        )
    groups = read_labels(args.labels, set(names)) if args.labels else {}
    engine = open_face_engine(args.models, runtime=args.runtime)
    embeddings: list[Floats | None] = []
    spent = []
    for name in progress(names, total=len(names), label="reading faces"):
        picture = read_image(args.root / name)
        began = time.perf_counter()
        embeddings.append(embedding_of(engine, picture))
        spent.append(1000 * (time.perf_counter() - began))
    faces = _faces(engine, pairs, names, embeddings, template_format(args.template))
    found = _all_pairs(faces)
    cosine = engine.threshold.cosine
    result = _figures(pairs, faces, found, cosine)
    result["ms_per_face"] = sorted(spent)[len(spent) // 2]
    result["peak_memory_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    result |= _more_figures(pairs, result, found)
    if groups:
        result["groups"] = _by_group(faces, groups, cosine, result["cosine"]["1e-2"])
    _write_det(args, found, result, cosine)
    tell(result, *eval_lines(result), as_json=args.json)
    return Exit.OK


def _faces(
    engine: FaceEngine,
    pairs: Sequence[PicturePair],
    names: Sequence[str],
    embeddings: Sequence[Floats | None],
    fmt: TemplateFormat | None,
) -> _Faces:
    missing = np.full(EMBEDDING, np.nan, dtype=np.float32)
    sides = [None if e is None else engine.sides(e, fmt) for e in embeddings]
    width = next((len(side[0]) for side in sides if side), EMBEDDING)
    return _Faces(
        names=names,
        references=np.stack([side[0] if side else missing[:width] for side in sides]),
        probes=np.stack([side[1] if side else missing[:width] for side in sides]),
        people=verification_rates.identities(names, [(pair.a, pair.b) for pair in pairs if pair.same]),
        missing=sum(side is None for side in sides),
    )


def _all_pairs(faces: _Faces) -> Similarities:
    found = verification_rates.all_pairs(faces.references, faces.probes, faces.people)
    if not len(found.mated) or not found.total:
        raise InputError(
            "the pairs need one person with two pictures, and two people",
            hint="add pairs of one person (same = 1) and of two people (same = 0)",
        )
    return found


def _figures(
    pairs: Sequence[PicturePair], faces: _Faces, found: Similarities, cosine: float
) -> dict[str, Any]:
    """The row of `face eval`; the caller, who measured the time, sets `ms_per_face`."""
    row = {name: number for number, name in enumerate(faces.names)}
    same = np.array([pair.same for pair in pairs])
    rows = [(row[pair.a], row[pair.b]) for pair in pairs]
    scores = verification_rates.pair_scores(faces.references, faces.probes, rows)
    rates = verification_rates.rates(found.mated, found.non_mated, tuple(FMRS.values()), total=found.total)
    return {
        "pairs": len(pairs),
        "accuracy": verification_rates.accuracy(scores, same),
        "eer": rates.eer,
        "tar": {name: rates.tar[fmr] for name, fmr in FMRS.items()},
        "fta": faces.missing / len(faces.names),
        "ms_per_face": 0.0,
        "tar_95": {name: wilson(rates.tar[fmr], rates.mated) for name, fmr in FMRS.items()},
        "cosine": {name: rates.cosine[fmr] for name, fmr in FMRS.items()},
        "default": {
            "cosine": cosine,
            "fmr": int((found.non_mated >= cosine).sum()) / found.total,
            "fnmr": float((found.mated < cosine).mean()),
        },
        "pictures": len(faces.names),
        "mated": rates.mated,
        "non_mated": rates.non_mated,
    }


def _more_figures(
    pairs: Sequence[PicturePair], result: Mapping[str, Any], found: Similarities
) -> dict[str, Any]:
    """More keys of the row, added after the first ones, which scripts rely on."""
    tar = interval = None
    if found.total * STRICTEST >= 1:  # with fewer comparisons it would be the TAR without a false match
        strict = verification_rates.rates(found.mated, found.non_mated, (STRICTEST,), total=found.total)
        tar = strict.tar[STRICTEST]
        interval = wilson(tar, strict.mated)
    default = result["default"]
    return {
        "tar_1e-5": tar,
        "tar_1e-5_95": interval,
        "accuracy_95": wilson(result["accuracy"], len(pairs)),
        "default_95": {
            "fmr": rare(round(default["fmr"] * found.total), found.total),
            "fnmr": wilson(default["fnmr"], len(found.mated)),
        },
        "det": [[p.fmr, p.fnmr, round(p.cosine, 4)] for p in verification_rates.det(found, steps=ROW_STEPS)],
    }


def _by_group(faces: _Faces, groups: Mapping[str, str], cosine: float, loose: float) -> dict[str, Any]:
    """Errors within each group, where strangers are most similar: at the default threshold, and at `loose`.

    `loose`: the similarity that 1 in 100 of all non-mated pairs reach. Few pictures have no error at the
    default threshold, and show a difference between groups only here.
    """
    people = np.asarray(faces.people)
    table = {}
    for group in sorted(set(groups.values())):
        rows = np.array([n for n, name in enumerate(faces.names) if groups.get(name) == group])
        within = verification_rates.all_pairs(
            faces.references[rows], faces.probes[rows], people[rows].tolist()
        )
        mated, non_mated, total = within.mated, within.non_mated, within.total
        fmr, fnmr = (
            _rate(int((non_mated >= cosine).sum()), total),
            _rate(int((mated < cosine).sum()), len(mated)),
        )
        at_loose = _rate(int((non_mated >= loose).sum()), total)
        table[group] = {
            "pictures": len(rows),
            "mated": len(mated),
            "fnmr": fnmr[0],
            "fnmr_95": fnmr[1],
            "non_mated": total,
            "fmr": fmr[0],
            "fmr_95": fmr[1],
            "fmr_1e-2": at_loose[0],
            "fmr_1e-2_95": at_loose[1],
            "least_mated": float(mated.min()) if len(mated) else None,
            "most_non_mated": float(non_mated.max()) if total else None,
        }
    return table


def _rate(errors: int, count: int) -> tuple[float, Interval] | tuple[None, None]:
    return (errors / count, rare(errors, count)) if count else (None, None)


def _write_det(
    args: argparse.Namespace, found: Similarities, result: Mapping[str, Any], cosine: float
) -> None:
    if not (args.det or args.det_json):
        return
    points = list(verification_rates.det(found, steps=FILE_STEPS))
    if args.det_json:
        page = {name: result[name] for name in ("eer", "mated", "non_mated")}
        page["points"] = [asdict(point) for point in points]
        _write(args.det_json, (json.dumps(page) + "\n").encode())
    if args.det:
        from edge.cli.face.det_plot import ThresholdMark, png

        default = result["default"]
        mark = ThresholdMark(default["fmr"], default["fnmr"], f"default, cosine {cosine:.2f}")
        title = f"{result['mated']:,} mated, {result['non_mated']:,} non-mated comparisons"
        _write(args.det, png(points, title=title, eer=result["eer"], marks=(mark,)))


def _write(path: Path, data: bytes) -> None:
    open_files(path.parent).write(path.name, data)


def _read_pairs(path: Path) -> list[PicturePair]:
    """The lines of a protocol. Raises InputError with the line."""
    pairs = []
    for number, line in lines_of(path, ("a", "b", "same")):
        if not (line["a"] and line["b"] and line["same"] in ("0", "1")):
            raise InputError(
                f"{path}:{number}: is not two names and 1 or 0", hint="write a line such as a.jpg,b.jpg,1"
            )
        pairs.append(PicturePair(line["a"], line["b"], line["same"] == "1"))
    if len(pairs) < FOLDS:
        raise InputError(
            f"{path}: {len(pairs)} pairs, at least {FOLDS} are required",
            hint=f"add pairs: each of the {FOLDS} folds needs one",
        )
    return pairs


ARGUMENTS = (
    argument(
        "pairs", type=Path, metavar="PAIRS.csv", help="list of pairs with the columns a, b, same (1 or 0)"
    ),
    argument("--root", type=Path, required=True, metavar="DIR", help="folder of the pictures"),
    argument("--det", type=Path, metavar="FILE.png", help="draw the DET curve into this file"),
    argument("--det-json", type=Path, metavar="FILE", help="write the points of the DET curve to this file"),
    argument(
        "--labels",
        type=Path,
        metavar="FILE.csv",
        help="list with the columns file, group: print errors within each group too",
    ),
)
