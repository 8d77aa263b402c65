"""Makes templates of pictures; the engine is opened at the first picture."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Final

from edge.app.parts.code_readers import read_image
from edge.app.parts.face_engine import open_face_engine
from edge.card.claims import TemplateReference
from edge.face.template import TemplateFormat

if TYPE_CHECKING:
    from pathlib import Path

    from edge.face.engine import FaceEngine

_FORMAT: Final = TemplateFormat.INT8_64
_BYTES: Final = 64


class PictureReader:
    """The face engine of an office."""

    @cached_property
    def _engine(self) -> FaceEngine:
        return open_face_engine()

    def template(self, photo: Path) -> TemplateReference:
        """The template of the one face in a picture. Raises InputError, ModelFault."""
        return self._reference(self._engine.enrol(read_image(photo), _FORMAT))

    def blank(self) -> TemplateReference:
        """A template of zeros, to learn the size of a card. Raises ModelFault."""
        return self._reference(bytes(_BYTES))

    def _reference(self, data: bytes) -> TemplateReference:
        return TemplateReference(int(_FORMAT), self._engine.model_id, data)
