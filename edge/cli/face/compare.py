"""`doorward face`: compares two pictures, and measures error rates and thresholds."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from edge.app.parts.code_readers import read_image
from edge.app.parts.face_engine import open_face_engine
from edge.cli.face import calibrate, evaluate, pad
from edge.cli.face.pictures import TEMPLATES, only_face, template_format
from edge.cli.output import harmless, tell
from edge.cli.verbs import argument, json_lines, verb
from edge.errors import Exit
from edge.face.turned import expect_upright

if TYPE_CHECKING:
    import argparse

    from edge.face.engine import FaceEngine
    from edge.ports import Floats


def _compare(args: argparse.Namespace) -> int:
    engine = open_face_engine(args.models, runtime=args.runtime)
    fmt = template_format(args.template)
    (of_a, note_a), (of_b, note_b) = (_one_face(engine, path) for path in (args.a, args.b))
    reference, _ = engine.sides(of_a, fmt)
    _, probe = engine.sides(of_b, fmt)
    notes = [note for note in (note_a, note_b) if note]
    similarity = min(1.0, max(-1.0, float(reference @ probe)))
    limit = engine.threshold
    match = similarity >= limit.cosine
    row: dict[str, object] = {
        "similarity": similarity,
        "match": match,
        "threshold": limit.cosine,
        "fmr": limit.fmr,
    }
    verdict = "match" if match else "no match"
    line = f"{verdict}: similarity {similarity:.3f}, threshold {limit.cosine:.2f}"
    if notes:
        row["notes"] = notes
    tell(row, line, *(f"note: {harmless(note)}" for note in notes), as_json=args.json)
    return Exit.OK if match else Exit.REFUSED


def _one_face(engine: FaceEngine, path: Path) -> tuple[Floats, str | None]:
    picture = read_image(path)
    expect_upright(engine, picture, str(path))
    face, note = only_face(engine, picture, str(path))
    return engine.embed(engine.probe(picture, face)), note


COMMON = (
    json_lines("print one JSON object on one line"),
    argument("--models", type=Path, metavar="DIR", help="folder of the models; left out: the installed ones"),
    argument(
        "--runtime", choices=("litert", "tflite"), help="TFLite runtime; left out: the best installed one"
    ),
    argument(
        "--template",
        choices=TEMPLATES,
        default="int8",
        help="format of the reference in the card: int8 (64 bytes), int4 (32 bytes), or none; left out: int8",
    ),
)
VERBS = (
    verb(
        "compare",
        "compare the faces in two pictures, each with exactly one face",
        _compare,
        *COMMON,
        argument("a", type=Path, metavar="A", help="picture for the reference, as at enrolment"),
        argument("b", type=Path, metavar="B", help="picture for the probe, as at the door"),
    ),
    verb(
        "eval", "measure error rates over a list of picture pairs", evaluate.run, *COMMON, *evaluate.ARGUMENTS
    ),
    verb(
        "calibrate",
        "measure the threshold for 1 in N with strangers of this site",
        calibrate.run,
        *COMMON,
        *calibrate.ARGUMENTS,
    ),
    verb("pad", "measure how often attacks pass and people are refused", pad.run, *COMMON, *pad.ARGUMENTS),
)
