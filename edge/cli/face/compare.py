"""`doorward face`: are these one person, how often is that wrong, and where is 1 in N at this site."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from edge.app.parts.code_readers import read_image
from edge.app.parts.face_engine import open_face_engine
from edge.cli.face import calibrate, evaluate, pad
from edge.cli.face.pictures import TEMPLATES, embedding_of, template_format
from edge.cli.output import tell
from edge.cli.verbs import argument, json_lines, verb
from edge.errors import Exit, InputError

if TYPE_CHECKING:
    import argparse

    from edge.face.engine import FaceEngine
    from edge.ports import Floats


def _compare(args: argparse.Namespace) -> int:
    engine = open_face_engine(args.models, runtime=args.runtime)
    fmt = template_format(args.template)
    reference, _ = engine.sides(_one_face(engine, args.a), fmt)
    _, probe = engine.sides(_one_face(engine, args.b), fmt)
    similarity = min(1.0, max(-1.0, float(reference @ probe)))
    limit = engine.threshold
    match = similarity >= limit.cosine
    row = {"similarity": similarity, "match": match, "threshold": limit.cosine, "fmr": limit.fmr}
    verdict = "match" if match else "no match"
    line = f"{verdict}: similarity {similarity:.3f}, threshold {limit.cosine:.2f}"
    tell(row, line, as_json=args.json)
    return Exit.OK if match else Exit.REFUSED


def _one_face(engine: FaceEngine, path: Path) -> Floats:
    embedding = embedding_of(engine, read_image(path))
    if embedding is None:
        raise InputError(f"{path}: no face in the picture", hint="one face, upright, in good light")
    return embedding


COMMON = (
    json_lines("one JSON object on one line"),
    argument("--models", type=Path, metavar="DIR", help="folder of the models"),
    argument("--runtime", choices=("litert", "tflite"), help="left out: the best installed"),
    argument(
        "--template",
        choices=TEMPLATES,
        default="int8",
        help="how a card carries the reference: 64 bytes, 32 bytes, or not at all (default: int8)",
    ),
)
VERBS = (
    verb(
        "compare",
        "is this one person in two pictures",
        _compare,
        *COMMON,
        argument("a", type=Path, metavar="A", help="the reference, as at enrolment"),
        argument("b", type=Path, metavar="B", help="the probe, as at the door"),
    ),
    verb("eval", "error rates over a list of picture pairs", evaluate.run, *COMMON, *evaluate.ARGUMENTS),
    verb(
        "calibrate", "which similarity is 1 in N at this site", calibrate.run, *COMMON, *calibrate.ARGUMENTS
    ),
    verb("pad", "how often attacks pass, people do not", pad.run, *COMMON, *pad.ARGUMENTS),
)
