"""`doorward face compare` and `doorward face eval`: are these one person, and how often is that wrong."""

from __future__ import annotations

import argparse
import csv
import resource
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from edge import app
from edge.cli.output import emit, progress
from edge.errors import Exit, InputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from edge.face.engine import FaceEngine
    from edge.face.template import Format
    from edge.ports import Floats, Pixels

MAX_PAIRS = 100_000  # the largest protocol in use, LFW's, has 6,000
MAX_PICTURES = 10_000  # all pairs of 10,000 are 50 million similarities, 200 MB
FOLDS = 10  # of edge.face.evaluate: one pair for each at least
FMRS = {"1e-2": 1e-2, "1e-3": 1e-3, "1e-4": 1e-4}


@dataclass(frozen=True, slots=True)
class Pair:
    """One line of a protocol: two picture names, and whether they show one person."""

    a: str
    b: str
    same: bool


def configure(parser: argparse.ArgumentParser) -> None:
    """`compare A B` for two pictures, `eval PAIRS.csv` for a protocol."""
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--json", action="store_true", help="one JSON object on one line")
    common.add_argument("--models", type=Path, metavar="DIR", help="what `make models` built")
    common.add_argument("--runtime", choices=("litert", "tflite"), help="left out: the best installed")
    common.add_argument(
        "--template",
        choices=("int8", "int4", "none"),
        default="int8",
        help="how a card carries the reference: 64 bytes, 32 bytes, or not at all (default: int8)",
    )

    compare = verbs.add_parser("compare", parents=[common], help="is this one person in two pictures")
    compare.add_argument("a", type=Path, metavar="A", help="the reference, as at enrolment")
    compare.add_argument("b", type=Path, metavar="B", help="the probe, as at the door")
    compare.set_defaults(run=_compare)

    measure = verbs.add_parser("eval", parents=[common], help="error rates over a list of picture pairs")
    measure.add_argument("pairs", type=Path, metavar="PAIRS.csv", help="columns a, b, same (1 or 0)")
    measure.add_argument("--root", type=Path, required=True, metavar="DIR", help="where the pictures are")
    measure.set_defaults(run=_evaluate)


def _compare(args: argparse.Namespace) -> int:
    engine = app.open_face_engine(args.models, runtime=args.runtime)
    fmt = _format(args.template)
    reference, _ = engine.sides(_one_face(engine, args.a), fmt)
    _, probe = engine.sides(_one_face(engine, args.b), fmt)
    similarity = min(1.0, max(-1.0, float(reference @ probe)))
    limit = engine.threshold
    match = similarity >= limit.cosine
    if args.json:
        emit({"similarity": similarity, "match": match, "threshold": limit.cosine, "fmr": limit.fmr})
    else:
        verdict = "match" if match else "no match"
        print(f"{verdict}: similarity {similarity:.3f}, threshold {limit.cosine:.2f}")
    return Exit.OK if match else Exit.REFUSED


def _evaluate(args: argparse.Namespace) -> int:
    pairs = _read_pairs(args.pairs)
    names = sorted({name for pair in pairs for name in (pair.a, pair.b)})
    if len(names) > MAX_PICTURES:
        raise InputError(f"{args.pairs}: {len(names)} pictures, at most {MAX_PICTURES} can be compared")
    engine = app.open_face_engine(args.models, runtime=args.runtime)
    embeddings: list[Floats | None] = []
    spent = []
    for name in progress(names, total=len(names), label="looking at faces"):
        picture = app.read_image(args.root / name)
        began = time.perf_counter()
        embeddings.append(_embedding(engine, picture))
        spent.append(1000 * (time.perf_counter() - began))
    result = _figures(engine, pairs, dict(zip(names, embeddings, strict=True)), _format(args.template))
    result["ms_per_face"] = sorted(spent)[len(spent) // 2]
    result["peak_memory_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    if args.json:
        emit(result)
    else:
        for name, value in result.items():
            print(f"{name:15} {value}")
    return Exit.OK


def _figures(
    engine: FaceEngine, pairs: Sequence[Pair], embeddings: Mapping[str, Floats | None], fmt: Format | None
) -> dict[str, object]:
    """The row of `face eval`; `ms_per_face` is left for the caller, who held the watch."""
    import numpy as np  # noqa: PLC0415

    from edge.face import evaluate  # noqa: PLC0415
    from edge.face.template import EMBEDDING  # noqa: PLC0415

    # a picture without a probe goes through as a row that is no number
    missing = np.full(EMBEDDING, np.nan, dtype=np.float32)
    sides = {name: None if e is None else engine.sides(e, fmt) for name, e in embeddings.items()}
    width = next((len(side[0]) for side in sides.values() if side), EMBEDDING)
    references = np.stack([side[0] if side else missing[:width] for side in sides.values()])
    probes = np.stack([side[1] if side else missing[:width] for side in sides.values()])

    row = {name: number for number, name in enumerate(sides)}
    same = np.array([pair.same for pair in pairs])
    scores = evaluate.pair_scores(references, probes, [(row[pair.a], row[pair.b]) for pair in pairs])
    people = evaluate.identities(list(sides), [(pair.a, pair.b) for pair in pairs if pair.same])
    mated, non_mated = evaluate.all_pairs(references, probes, people)
    if not len(mated) or not len(non_mated):
        raise InputError("the pairs must show at least one person twice, and at least two people")
    rates = evaluate.rates(mated, non_mated, tuple(FMRS.values()))
    default = engine.threshold.cosine
    return {
        "pairs": len(pairs),
        "accuracy": evaluate.accuracy(scores, same),
        "eer": rates.eer,
        "tar": {name: rates.tar[fmr] for name, fmr in FMRS.items()},
        "fta": sum(side is None for side in sides.values()) / len(sides),
        "ms_per_face": 0.0,
        "tar_95": {name: evaluate.wilson(rates.tar[fmr], rates.mated) for name, fmr in FMRS.items()},
        "cosine": {name: rates.cosine[fmr] for name, fmr in FMRS.items()},
        "default": {
            "cosine": default,
            "fmr": float((non_mated >= default).mean()),
            "fnmr": float((mated < default).mean()),
        },
        "pictures": len(sides),
        "mated": rates.mated,
        "non_mated": rates.non_mated,
    }


def _format(name: str) -> Format | None:
    from edge.face.template import Format  # noqa: PLC0415

    return {"int8": Format.INT8_64, "int4": Format.INT4_64, "none": None}[name]


def _one_face(engine: FaceEngine, path: Path) -> Floats:
    embedding = _embedding(engine, app.read_image(path))
    if embedding is None:
        raise InputError(f"{path}: no face in the picture", hint="one face, upright, in good light")
    return embedding


def _embedding(engine: FaceEngine, picture: Pixels) -> Floats | None:
    """The embedding of whom the picture is of; None if nobody is found."""
    from edge.face.engine import subject  # noqa: PLC0415

    faces = engine.find(picture)
    return engine.embed(engine.probe(picture, subject(faces, picture))) if faces else None


def _read_pairs(path: Path) -> list[Pair]:
    """The lines of a protocol. Raises InputError that names the line."""
    pairs = []
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            lines = csv.DictReader(file)
            if not {"a", "b", "same"} <= set(lines.fieldnames or ()):
                raise InputError(f"{path}: the first line must name the columns a,b,same")
            for line in lines:
                if not (line["a"] and line["b"] and line["same"] in ("0", "1")):
                    raise InputError(f"{path}:{lines.line_num}: two names and 1 or 0 are expected")
                pairs.append(Pair(line["a"], line["b"], line["same"] == "1"))
                if len(pairs) > MAX_PAIRS:
                    raise InputError(f"{path}: more than {MAX_PAIRS} pairs")
    except (OSError, UnicodeDecodeError, csv.Error) as err:
        raise InputError(f"{path}: cannot be read as a list of pairs: {err}") from err
    if len(pairs) < FOLDS:
        raise InputError(f"{path}: {len(pairs)} pairs, at least {FOLDS} are needed", hint="one for each fold")
    return pairs
