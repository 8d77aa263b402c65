"""Detects pictures without colour: of a mono camera, or of an infrared camera at night.

The passive networks judge colours. They have seen no grey pictures, and take people in them for prints: the
median of `live` is 0.01 on LFW's grey copies. So a frame without colour is not judged.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from edge.ports import Pixels

# The conversion of a picture without chroma is exact; two levels are for scaling and lossy compression. Skin
# has 10 and more between red and blue wherever the exposure is sufficient.
_NEUTRAL: Final = 2
# A covered lens and a lamp in it are without colour too, in any camera: such a frame says nothing.
_LEAST_RANGE: Final = 64
NO_COLOUR: Final = "the camera gives pictures without colour, and the passive networks judge colours"
NO_COLOUR_HINT: Final = "use a colour camera, and switch its night mode off"
_STEP: Final = 4  # every fourth pixel both ways: 0.1 ms for 640x480


def is_grey(rgb: Pixels) -> bool:
    """Whether a uint8 (H, W, 3) picture shows something, and no pixel of it has a colour."""
    sample = rgb[::_STEP, ::_STEP]
    brightest, darkest = sample.max(axis=2), sample.min(axis=2)
    if int((brightest - darkest).max()) > _NEUTRAL:
        return False
    return int(brightest.max()) - int(darkest.min()) >= _LEAST_RANGE
