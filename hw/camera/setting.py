"""The settings that `[camera]` gives to every kind of camera."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

# For camera module 3 (f 4.74 mm, F1.8), in focus at 22 cm. Codes from 15 to 25 cm: the disc of blur is up to
# 1.2 modules wide in the largest code of a card, and codes are read up to 1.25 (research/qr.md 2g). Faces
# from 40 to 70 cm: the disc is 3.8 of 640 pixels wide and similarity falls by 0.03; from 4.0 on the quality
# check refuses them. At 5 dioptres faces work up to 60 cm; at 4 up to 80, and codes from 17 on.
LENS_DPT: Final = 4.5


@dataclass(frozen=True, slots=True)
class Setting:
    """Settings of one camera.

    `size`: (width, height) in pixels of the picture for codes. `fps`: pictures a second. `exposure`: "auto",
    or "short" against phones that move and screens that glare. `mains_hz`: lamps flicker at twice that rate,
    which shows as bands; 0: no such lamp. `lens_dpt`: the place of the lens, in dioptres (1 / metres); it is
    fixed, because autofocus takes longer than a visitor holds a phone up. `rotate`: degrees clockwise that
    make each picture upright; `mirror`: left and right of each picture are then exchanged.
    """

    size: tuple[int, int] = (1280, 720)
    fps: float = 15.0
    exposure: Literal["auto", "short"] = "auto"
    mains_hz: Literal[0, 50, 60] = 50
    lens_dpt: float = LENS_DPT
    rotate: Literal[0, 90, 180, 270] = 0
    mirror: bool = False
