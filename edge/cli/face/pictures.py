"""Embeddings of pictures, and formats of templates, for the verbs of `doorward face`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edge.face.engine import FaceEngine
    from edge.face.template import TemplateFormat
    from edge.ports import Floats, Pixels

TEMPLATES = ("int8", "int4", "none")


def template_format(name: str) -> TemplateFormat | None:
    """The format of the reference in a card, for a value of `--template`; None compares the 192 floats."""
    from edge.face.template import TemplateFormat

    return {"int8": TemplateFormat.INT8_64, "int4": TemplateFormat.INT4_64, "none": None}[name]


def embedding_of(engine: FaceEngine, picture: Pixels) -> Floats | None:
    """The embedding of the main face in a picture; None without a face."""
    from edge.face.engine import subject

    faces = engine.find(picture)
    return engine.embed(engine.probe(picture, subject(faces, picture))) if faces else None
