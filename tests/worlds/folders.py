"""Folders and films on a device's disk."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path

import cv2
import numpy as np
from worlds.office import NOW, new_issuer

from edge.ports import Pixels
from tools.issuing.issuer import Issuer

EMPTY_LOBBY = np.full((240, 320, 3), 90, np.uint8)


def fill(folder: Path, files: Mapping[str, bytes]) -> Path:
    """Write these files into `folder`, and return it."""
    for name, data in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    return folder


def write_secret(file: Path, data: bytes = bytes(32), *, mode: int = 0o600) -> Path:
    """Write a file that only its owner can read, unless `mode` is another."""
    file.write_bytes(data)
    file.chmod(mode)
    return file


def trust(folder: Path, issuer: Issuer | None = None, now: datetime = NOW) -> Path:
    """A trust folder with the files that an issuer publishes at `now`."""
    return fill(folder, dict((issuer or new_issuer()).publish(now)))


def shoot(path: Path, pictures: Iterable[Pixels] = (EMPTY_LOBBY,) * 3, *, fps: int = 30) -> Path:
    """Write a film: Motion JPEG, as webcams send it, in AVI."""
    first, *rest = pictures
    height, width = first.shape[:2]
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), fps, (width, height))
    assert writer.isOpened()
    for picture in (first, *rest):
        writer.write(cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
    writer.release()
    return path
