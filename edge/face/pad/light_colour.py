"""Removal of the light's colour from a picture, before a network judges it, and the share it cannot restore.

Shades of grey (Finlayson and Trezzi, 2004): the Minkowski mean of a scene, of order 6, is grey under white
light. The passive networks depend on colour: without this step, light that is a quarter redder lets 60 to 89
% of prints pass (models/pad.md).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from edge.face.detect import Face
    from edge.ports import Floats, Pixels

ORDER: Final = 6
FULL: Final = 255  # of a channel: more light than the sensor, or the file, can say
FACE_STRIDE: Final = 4  # px; 3,600 of the pixels of a face of 240 px, 0.1 ms
STRIDE: Final = 8  # px; 4,800 of the pixels of a 640x480 frame, 0.2 ms
LEAST, MOST = 0.4, 2.5  # of a gain: a frame of one colour must not become another picture
_LEVELS = np.arange(256, dtype=np.float32)[:, np.newaxis]
_POWERS = np.arange(256.0) ** ORDER


def gains(rgb: Pixels) -> Floats:
    """The factor of each channel that makes the light of a uint8 (H, W, 3) picture white: float32 (3,)."""
    pixels = rgb[::STRIDE, ::STRIDE].reshape(-1, 3)
    powers = [np.bincount(channel, minlength=256) @ _POWERS / len(pixels) for channel in pixels.T]
    mean = np.array(powers) ** (1 / ORDER)
    return np.asarray(np.clip(mean.mean() / np.maximum(mean, 1.0), LEAST, MOST), dtype=np.float32)


def balanced(factors: Floats) -> Floats:
    """Each of the 256 grey levels under white light, by channel: float32 (256, 3), of 0 to 255."""
    return np.asarray(np.clip(_LEVELS * factors, 0.0, 255.0), dtype=np.float32)


def clipped(rgb: Pixels, face: Face) -> float:
    """The share of a face's pixels with a full channel, in [0, 1]; no balance gives their colour back."""
    x0, y0, x1, y1 = (max(0, round(value)) for value in face.box)
    full = rgb[y0:y1:FACE_STRIDE, x0:x1:FACE_STRIDE] == FULL
    return float((full[..., 0] | full[..., 1] | full[..., 2]).mean()) if full.size else 0.0
