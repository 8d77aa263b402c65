"""The visitors of the demo: people of the photographs that `doorward models fetch` fetches.

Names are invented. Boxes are pixels of the photograph, as the face detector found them.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from edge.app.parts.code_readers import read_image
from edge.app.parts.model_folders import model_folders
from edge.errors import InputError
from hw.sim.pictures.scene import Box, Sitter

if TYPE_CHECKING:
    from pathlib import Path

    from edge.ports import Pixels

CREDIT: Final = "NASA (astronaut, public domain, from scikit-image) and the demo pictures of face-api (MIT)"


@dataclass(frozen=True, slots=True)
class _Likeness:
    """Place of a person in a photograph."""

    photo: str
    face: Box
    alone: Box


_AT_ENROLMENT: Final = {
    "Erin": _Likeness("sample3.jpg", Box(1065, 258, 1315, 508), Box(975, 20, 1440, 900)),
    "Ada": _Likeness("astronaut.png", Box(173, 74, 277, 178), Box(0, 0, 512, 512)),
    "Bea": _Likeness("sample3.jpg", Box(590, 384, 796, 590), Box(300, 150, 975, 1340)),
    "Cleo": _Likeness("sample6.jpg", Box(656, 375, 897, 616), Box(560, 180, 1060, 1500)),
}
_ANOTHER_DAY: Final = {
    "Erin": _Likeness("sample1.jpg", Box(1492, 267, 1645, 420), Box(1190, 60, 1900, 1270)),
}


@dataclass(slots=True)
class Cast:
    """The people, from photographs in `folder`. Raises InputError if a photograph is missing."""

    folder: Path = field(default_factory=lambda: model_folders().photos)
    _photos: dict[str, Pixels] = field(default_factory=dict)

    def complete(self) -> Cast:
        """This cast with all its photographs. Raises InputError for the first missing one."""
        for likeness in (*_AT_ENROLMENT.values(), *_ANOTHER_DAY.values()):
            self._photo(likeness.photo)
        return self

    def sitter(self, name: str) -> Sitter:
        """A person as the enrolment photograph shows them."""
        return self._sitter(_AT_ENROLMENT[name])

    def other(self, name: str) -> Sitter:
        """The person of `sitter` in another photograph."""
        return self._sitter(_ANOTHER_DAY[name])

    def enrolment(self, name: str) -> Pixels:
        """The picture for the template of the issuer: this person alone."""
        likeness = _AT_ENROLMENT[name]
        x0, y0, x1, y1 = likeness.alone
        return self._photo(likeness.photo)[y0:y1, x0:x1]

    def _sitter(self, likeness: _Likeness) -> Sitter:
        return Sitter(self._photo(likeness.photo), likeness.face, likeness.alone)

    def _photo(self, name: str) -> Pixels:
        if name not in self._photos:
            path = self.folder / name
            if not os.path.exists(path):  # noqa: PTH110  Path.exists raises for what can be no name
                raise InputError(
                    f"{path}: the demo's photographs are missing", hint="run: doorward models fetch"
                )
            self._photos[name] = read_image(path)
        return self._photos[name]
