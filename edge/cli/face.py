"""`doorward face`: are these one person, how often is that wrong, and where is 1 in N at this site."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from edge.app.parts.code_readers import read_image
from edge.app.parts.face_engine import open_face_engine
from edge.cli import face_calibrate, face_eval, face_pad
from edge.cli.face_pictures import TEMPLATES, embedding_of, template_format
from edge.cli.output import emit
from edge.errors import Exit, InputError

if TYPE_CHECKING:
    from edge.face.engine import FaceEngine
    from edge.ports import Floats


def configure(parser: argparse.ArgumentParser) -> None:
    """`compare` for two pictures, `eval` for a protocol, `calibrate` for a site."""
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--json", action="store_true", help="one JSON object on one line")
    common.add_argument("--models", type=Path, metavar="DIR", help="what `make models` built")
    common.add_argument("--runtime", choices=("litert", "tflite"), help="left out: the best installed")
    common.add_argument(
        "--template",
        choices=TEMPLATES,
        default="int8",
        help="how a card carries the reference: 64 bytes, 32 bytes, or not at all (default: int8)",
    )

    compare = verbs.add_parser("compare", parents=[common], help="is this one person in two pictures")
    compare.add_argument("a", type=Path, metavar="A", help="the reference, as at enrolment")
    compare.add_argument("b", type=Path, metavar="B", help="the probe, as at the door")
    compare.set_defaults(run=_compare)

    face_eval.configure(
        verbs.add_parser("eval", parents=[common], help="error rates over a list of picture pairs")
    )
    face_calibrate.configure(
        verbs.add_parser("calibrate", parents=[common], help="which similarity is 1 in N at this site")
    )
    face_pad.configure(
        verbs.add_parser("pad", parents=[common], help="how often attacks pass, people do not")
    )


def _compare(args: argparse.Namespace) -> int:
    engine = open_face_engine(args.models, runtime=args.runtime)
    fmt = template_format(args.template)
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


def _one_face(engine: FaceEngine, path: Path) -> Floats:
    embedding = embedding_of(engine, read_image(path))
    if embedding is None:
        raise InputError(f"{path}: no face in the picture", hint="one face, upright, in good light")
    return embedding
