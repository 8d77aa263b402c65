"""Synthetic faces and walls for the measures of presentation attack detection."""

from __future__ import annotations

import math

import cv2
import numpy as np

from edge.face.detect import Face

FRAME = (480, 640)


def face(x: float = 320, y: float = 240, side: float = 150, turn: float = 0) -> Face:
    """A face with this side and centre, rotated by `turn` degrees."""
    a = math.radians(turn)
    eyes = side / 4 * np.array([[-math.cos(a), -math.sin(a)], [math.cos(a), math.sin(a)]])
    points = np.vstack([np.array([x, y]) + eyes, np.tile([x, y], (4, 1))]).astype(np.float32)
    return Face((x - side / 2, y - side / 2, x + side / 2, y + side / 2), points, 0.9)


def noise(seed: int = 1, sigma: float = 6) -> np.ndarray:
    """A picture of a wall with the noise of a camera."""
    grain = np.random.default_rng(seed).normal(128, sigma, (*FRAME, 3))
    return cv2.GaussianBlur(grain, (0, 0), 0.7).clip(0, 255).astype(np.uint8)


def scene() -> np.ndarray:
    """Patches of many colours under white light."""
    dice = np.random.default_rng(3)
    small = dice.integers(20, 200, (12, 16, 3), dtype=np.uint8)
    return cv2.resize(small, FRAME[::-1], interpolation=cv2.INTER_NEAREST)
