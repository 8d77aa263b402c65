"""Embeddings of pictures, and formats of templates, for the verbs of `doorward face`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge.errors import InputError

if TYPE_CHECKING:
    from edge.face.detect import Face
    from edge.face.engine import FaceEngine
    from edge.face.template import TemplateFormat
    from edge.ports import Floats, Pixels

MAX_BOXES = 5  # that an error names
TEMPLATES = ("int8", "int4", "none")


def template_format(name: str) -> TemplateFormat | None:
    """The format of the reference in a card, for a value of `--template`; None compares the 192 floats."""
    from edge.face.template import TemplateFormat

    return {"int8": TemplateFormat.INT8_64, "int4": TemplateFormat.INT4_64, "none": None}[name]


def only_face(engine: FaceEngine, picture: Pixels, name: str) -> tuple[Face, str | None]:
    """The only face in a picture of one person, and a note if there are much smaller ones behind it.

    Raises InputError for a picture with no face, or with several of about one size, as enrolment does: a
    command about one person never chooses between people.
    """
    faces = engine.people(picture)  # as at enrolment
    if len(faces) == 1:
        smaller = len(engine.find(picture)) - 1
        note = f"{name}: took the largest face, at {box_of(faces[0])}; {smaller} smaller left out"
        return faces[0], note if smaller else None
    if not faces:
        raise InputError(
            f"{name}: no face in the picture", hint="take a picture of one upright face in good light"
        )
    boxes = ", ".join(map(box_of, sorted(faces, key=lambda face: -face.side)[:MAX_BOXES]))
    more = ", ..." if len(faces) > MAX_BOXES else ""
    raise InputError(
        f"{name}: {len(faces)} faces in the picture, at {boxes}{more}; only one is allowed",
        hint="cut the picture to the one person (each place is x,y of the left upper corner, and its size)",
    )


def box_of(face: Face) -> str:
    """The place of a face in its picture, in pixels, such as `120,80 60x64`."""
    x0, y0, x1, y1 = map(round, face.box)
    return f"{x0},{y0} {x1 - x0}x{y1 - y0}"


def embedding_of(engine: FaceEngine, picture: Pixels) -> Floats | None:
    """The embedding of the main face in a picture; None without a face."""
    from edge.face.engine import subject

    faces = engine.find(picture)
    return engine.embed(engine.probe(picture, subject(faces, picture))) if faces else None
