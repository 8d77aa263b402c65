"""Two networks for a face and its surroundings: MiniFASNet V2 and V1SE (Minivision, 2020).

They detect a hand, the edge of a paper or a phone, and are weak for a face that fills the frame. The light's
colour is removed first. Numbers: models/pad.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from edge.errors import ModelFault
from edge.face.pad.light_colour import balanced, gains

if TYPE_CHECKING:
    from edge.face.detect import Face
    from edge.ports import Floats, Network, Pixels

INPUT_PX = 80
CLASSES = 3  # a person is 1; 0 and 2 are attacks on paper and on a screen
LIVE = 1
CROP_V2, CROP_V1SE = 2.7, 4.0  # face boxes across, as in the training of each


class PassivePair:
    """Both networks. Raises ModelFault if a graph is another one."""

    def __init__(self, v2: Network, v1se: Network) -> None:
        for network in (v2, v1se):
            if network.input_shape != (1, INPUT_PX, INPUT_PX, 3):
                raise ModelFault(f"the passive PAD network: input {network.input_shape}, not (1, 80, 80, 3)")
        self._looks = ((v2, CROP_V2), (v1se, CROP_V1SE))

    def live(self, rgb: Pixels, face: Face) -> float:
        """The networks' mean score for a person, in [0, 1]. Small: an attack; NaN: a damaged network."""
        levels = np.ascontiguousarray(balanced(gains(rgb))[:, ::-1])  # the networks take blue, green, red
        return sum(_live(network, surroundings(rgb, face, by), levels) for network, by in self._looks) / 2


def surroundings(rgb: Pixels, face: Face, scale: float) -> Pixels:
    """`scale` face boxes around a face, as uint8 (80, 80, 3) RGB.

    A square larger than the picture is shrunk, and one beyond an edge is moved inside. There is no padding,
    because the networks would take it for the edge of a paper. Source: Silent-Face-Anti-Spoofing,
    src/generate_patches.py, with the same rounding.
    """
    height, width = rgb.shape[:2]
    x0, y0, x1, y1 = face.box
    box = np.maximum([x1 - x0, y1 - y0], 1.0)
    high = np.array([width - 1, height - 1])
    half = box * min(scale, *(high / box)) / 2
    middle = np.clip(face.centre, half, np.maximum(half, high - half))
    left, top = (middle - half).astype(int)
    right, bottom = np.minimum((middle + half).astype(int), high)
    cut = rgb[top : bottom + 1, left : right + 1]
    return np.asarray(cv2.resize(cut, (INPUT_PX, INPUT_PX), interpolation=cv2.INTER_LINEAR), dtype=np.uint8)


def _live(network: Network, crop: Pixels, levels: Floats) -> float:
    bgr = np.asarray(cv2.cvtColor(crop, cv2.COLOR_RGB2BGR), dtype=np.uint8)
    (logits,) = network.run(bgr, levels)
    if logits.shape != (1, CLASSES):
        raise ModelFault(f"the passive PAD network: output {logits.shape}, not that of MiniFASNet")
    if not np.isfinite(logits).all():
        return float("nan")  # which objects
    return softmax(logits[0])[LIVE]


def softmax(logits: Floats) -> list[float]:
    """Probabilities of the classes."""
    powers = np.exp(logits.astype(np.float64) - float(logits.max()))
    return [float(power) for power in powers / powers.sum()]
