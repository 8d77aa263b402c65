"""A film of one visitor, as a door's camera would see them: a phone with a code, then a face.

`doorward run --camera visit.avi` plays it, so that a door can be tried without a camera. The face only looks:
a door draws its movements at random while the film runs, and a film that follows them is an attack.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from edge.errors import InputError, StorageFault
from edge.face.turned import expect_upright
from hw.sim.pictures import scene
from hw.sim.pictures.phone import phone
from hw.sim.pictures.scene import CODE_SIZE, Box, Sitter

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from edge.face.engine import FaceEngine
    from edge.ports import Pixels

FPS: Final = 5
# Seconds of each part. The face is in view for longer than [face] time_ms, 8 s; at the end the door relocks.
EMPTY_S, PHONE_S, FACE_S, LEFT_S = 1, 2, 9, 4
MOMENTS: Final = 3  # drawings of one pose, in turn: a hand and a head are never still
SUFFIX: Final = ".avi"  # with Motion JPEG, which every build of OpenCV writes
_QUALITY: Final = 95


def sitter_of(engine: FaceEngine, photo: Pixels, name: str) -> Sitter:
    """The one person of a uint8 (H, W, 3) photograph. `name`: in errors. Raises InputError."""
    expect_upright(engine, photo, name)
    people = engine.people(photo)
    if len(people) != 1:
        found = f"{len(people)} faces" if people else "no face"
        raise InputError(f"{name}: {found} in the picture", hint="name a portrait of one person, upright")
    height, width = photo.shape[:2]
    x0, y0, x1, y1 = (round(edge) for edge in people[0].box)
    return Sitter(photo, Box(x0, y0, x1, y1), Box(0, 0, width, height))


class VisitFilm:
    """The drawings of one visit. All but the code are made at once: a code is valid for 30 s only."""

    def __init__(self, sitter: Sitter) -> None:
        self._sitter = sitter
        self._faces: list[Pixels] = []
        self._empty = scene.empty(size=CODE_SIZE)

    def draw(self) -> Iterator[int]:
        """Draw the visitor; yields the number of each drawing, of MOMENTS."""
        for moment in range(MOMENTS):
            self._faces.append(scene.visitor(self._sitter, size=CODE_SIZE, seed=moment))
            yield moment

    def pictures(self, code: str) -> Iterator[Pixels]:
        """The pictures of the film in order, FPS a second, each uint8 RGB (720, 1280, 3)."""
        phones = [scene.hold_up(phone(code), seed=moment) for moment in range(MOMENTS)]
        for seconds, drawings in ((EMPTY_S, [self._empty]), (PHONE_S, phones), (FACE_S, self._faces)):
            yield from _in_turn(drawings, seconds * FPS)
        yield from _in_turn([self._empty], LEFT_S * FPS)


LENGTH: Final = (EMPTY_S + PHONE_S + FACE_S + LEFT_S) * FPS


@contextmanager
def open_film(path: Path) -> Iterator[cv2.VideoWriter]:
    """A video file that is written whole; a film that is not finished is removed. Raises StorageFault."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), FPS, CODE_SIZE)
    if not writer.isOpened():
        raise StorageFault(f"{path}: cannot be written", hint="name another file: --out FILE.avi")
    writer.set(cv2.VIDEOWRITER_PROP_QUALITY, _QUALITY)
    try:
        yield writer
    except BaseException:
        writer.release()
        path.unlink(missing_ok=True)
        raise
    writer.release()


def add(writer: cv2.VideoWriter, rgb: Pixels) -> None:
    """Add one picture, uint8 RGB (720, 1280, 3)."""
    writer.write(cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR))


def _in_turn(drawings: Sequence[Pixels], count: int) -> Iterator[Pixels]:
    return (np.asarray(drawings[number % len(drawings)]) for number in range(count))
