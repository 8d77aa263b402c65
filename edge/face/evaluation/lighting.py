"""Pictures as another light would give them, to measure PAD in it: a colour cast, and darkness.

Both are models, not cameras: a real camera balances white, removes noise and moves its exposure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from edge.ports import Pixels

MOST_EIGHTHS: Final = 4  # half as much red again: a candle after a camera's own white balance
MOST_STOPS: Final = 10  # a thousandth of the light: nothing is left of a face
FULL_ELECTRONS: Final = 4_000  # of a white pixel in good light, in a webcam's sensor of 2 um pixels
READ_ELECTRONS: Final = 4.0  # standard deviation of the noise that does not depend on light
GAMMA: Final = 2.2


def cast(rgb: Pixels, eighths: float) -> Pixels:
    """A uint8 (H, W, 3) picture with this many eighths more red and less blue; negative: the other way."""
    factors = np.array([1 + eighths / 8, 1, 1 - eighths / 8])
    return np.asarray(np.clip(np.rint(rgb * factors), 0, 255), dtype=np.uint8)


def darken(rgb: Pixels, stops: float, seed: int) -> Pixels:
    """The picture in 1 / 2**stops of the light, after the camera's gain has made it as bright as before.

    What grows is noise: that of single electrons, and that of the sensor.
    """
    dice = np.random.default_rng(seed)
    full = FULL_ELECTRONS / 2**stops
    light = (rgb / 255.0) ** GAMMA
    electrons = dice.poisson(light * full) + dice.normal(0, READ_ELECTRONS, light.shape)
    return np.asarray(np.rint(255 * np.clip(electrons / full, 0, 1) ** (1 / GAMMA)), dtype=np.uint8)
