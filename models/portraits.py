"""Cuts portraits on disk to crops, as the device gives them to the embedder. Only calibration needs them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from edge.cli.output import progress
from edge.errors import InputError
from edge.face.detect import BlazeFace
from edge.face.geometry import ARCFACE, CROP_PX, similarity_transform, warp
from edge.face.mesh import FaceMesh

if TYPE_CHECKING:
    from pathlib import Path

    from edge.ports import Network, Pixels

MIN_FACES = 20  # 20 good faces calibrate as well as 200 (cosine 0.9931 and 0.9932)
SUFFIXES = (".jpg", ".jpeg", ".png")


def crops(folder: Path, detector: Network, mesh: Network) -> list[Pixels]:
    """The largest face of every picture, aligned as at the door. Raises InputError where too few have one."""
    finder, landmarks = BlazeFace(detector), FaceMesh(mesh)
    pictures = sorted(path for path in folder.glob("*") if path.suffix.lower() in SUFFIXES)
    found = []
    for path in progress(pictures, total=len(pictures), label="aligning faces"):
        rgb = _read(path)
        if faces := finder.find(rgb):
            matrix = similarity_transform(landmarks.locate(rgb, faces[0]).five, ARCFACE)
            found.append(warp(rgb, matrix, CROP_PX))
    if len(found) < MIN_FACES:
        raise InputError(
            f"{folder}: {len(found)} pictures with a face, and at least {MIN_FACES} are needed",
            hint="add portraits in colour, one face each, as .jpg or .png; other pictures spoil the model",
        )
    return found


def _read(path: Path) -> Pixels:
    """A picture file as uint8 (H, W, 3) RGB. Raises InputError."""
    try:
        picture = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_COLOR)
        # For bytes that are no picture imdecode gives None, which becomes an array that cvtColor refuses.
        return cv2.cvtColor(np.asarray(picture), cv2.COLOR_BGR2RGB).astype(np.uint8)
    except (OSError, cv2.error) as err:
        raise InputError(f"{path}: not a picture that can be read") from err
