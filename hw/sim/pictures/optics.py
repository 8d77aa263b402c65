"""Effects of a cheap camera on a scene: a room out of focus, a lens, a sensor. Deterministic by seed."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.random import Generator

    from edge.ports import Floats, Pixels

Size = tuple[int, int]  # width, height

FOCAL_PER_WIDTH = 0.77  # 66 degrees across, as Camera Module 3: 1 / (2 tan 33)


_NOISE = 1 << 22  # values; a frame of 640 x 480 is 0.9 million of them


def blurred(image: Floats, sigma_px: float) -> Floats:
    """Gaussian blur; 0 leaves the image as it is."""
    if sigma_px <= 0:
        return image
    return np.asarray(cv2.GaussianBlur(image, (0, 0), sigma_px), dtype=np.float32)


@lru_cache(maxsize=4)
def lobby(size: Size, seed: int = 0) -> Floats:
    """The far end of a lobby, out of focus: float32 RGB 0..255 (H, W, 3); cached, so draw on a copy."""
    rng = np.random.default_rng((seed, 1))
    small = np.empty((90, 160, 3), np.float32)  # small, because it is blurred by 1/25 of its width
    small[:] = np.linspace((206, 203, 196), (150, 146, 140), 90)[:, None]
    _floor(small, 62, (128, 112, 96))
    for x in (8, 118):  # two tall windows
        _fill(small, x + int(rng.integers(-4, 5)), 6, 30, 44, (236, 240, 242))
    _fill(small, 56 + int(rng.integers(-6, 7)), 20, 26, 44, (96, 74, 56))  # a wooden door
    _fill(small, 96, 46, 9, 20, (70, 96, 66))  # a plant
    soft = blurred(small, 5)
    full = np.asarray(cv2.resize(soft, size, interpolation=cv2.INTER_CUBIC), dtype=np.float32)
    return np.asarray(np.clip(full + _bokeh(size, rng), 0, 255), dtype=np.float32)


@lru_cache(maxsize=4)
def doorway(size: Size, seed: int = 0) -> Floats:
    """The empty doorway: float32 RGB (H, W, 3); cached, so draw on a copy."""
    rng = np.random.default_rng((seed, 2))
    image = np.empty((120, 160, 3), np.float32)
    image[:] = np.linspace((198, 196, 190), (172, 168, 160), 120)[:, None]
    _floor(image, 92, (120, 110, 100))
    left = 46 + int(rng.integers(-2, 3))
    _fill(image, left - 4, 10, 72, 84, (232, 230, 226))  # the frame
    image[14:94, left : left + 64] = np.linspace((118, 132, 142), (74, 84, 92), 80)[
        :, None
    ]  # the hall behind
    _fill(image, left + 22, 30, 20, 44, (214, 220, 222))  # daylight at its end
    _floor(image[:94, left : left + 64], 78, (84, 80, 76))
    _fill(image, left + 76, 50, 6, 9, (60, 64, 68))  # a reader on the wall
    full = cv2.resize(blurred(image, 0.7), size, interpolation=cv2.INTER_CUBIC)
    return np.asarray(np.clip(full, 0, 255), dtype=np.float32)


def sense(scene: Floats, *, blur_px: float, noise: float, seed: int) -> Pixels:
    """The scene as a sensor gives it: lens blur, darker corners, noise in grey levels, uint8 RGB."""
    height, width = scene.shape[:2]
    exposed = blurred(scene, blur_px) * _vignette((width, height))
    exposed += _grain(scene.size, seed).reshape(scene.shape) * np.float32(noise)
    return np.asarray(np.clip(exposed, 0, 255, out=exposed).round(out=exposed), dtype=np.uint8)


@lru_cache(maxsize=4)
def _vignette(size: Size) -> Floats:
    """The share of light that reaches each pixel through the lens: float32 (H, W, 3)."""
    width, height = size
    y, x = np.ogrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    light = (1 - 0.10 * (x * x + y * y)).astype(np.float32)
    return np.repeat(light[..., None], 3, axis=2)


def _grain(count: int, seed: int) -> Floats:
    """Noise of standard deviation 1 for `count` values: float32 (count,).

    Each seed reads one long noise from its own place: drawing new noise took half the time of a frame.
    """
    noise = _noise(max(_NOISE, 2 * count))
    start = int(np.random.default_rng((seed, 3)).integers(0, len(noise) - count))
    return noise[start : start + count]


@lru_cache(maxsize=2)
def _noise(count: int) -> Floats:
    return np.random.default_rng(3).standard_normal(count, dtype=np.float32)


def _fill(image: Floats, x: int, y: int, width: int, height: int, colour: tuple[int, int, int]) -> None:
    image[y : y + height, max(x, 0) : x + width] = colour


def _floor(image: Floats, top: int, colour: tuple[int, int, int]) -> None:
    rows = image.shape[0] - top
    shade = np.linspace(0.8, 1.1, rows, dtype=np.float32)[:, None, None]
    image[top:] = np.array(colour, np.float32) * shade


def _bokeh(size: Size, rng: Generator) -> Floats:
    """Lamps out of focus: pale discs, brighter than their background."""
    width, height = size
    discs = np.zeros((height, width, 3), np.float32)
    for _ in range(7):
        centre = (int(rng.integers(0, width)), int(rng.integers(0, height * 2 // 5)))
        radius = int(width * rng.uniform(0.012, 0.03))
        layer = np.zeros_like(discs)
        cv2.circle(layer, centre, radius, (34.0, 28.0, 16.0), thickness=-1, lineType=cv2.LINE_AA)
        discs += layer
    return blurred(discs, width / 400)
