"""The settings that `[camera]` gives to every kind of camera."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

# For camera module 3 (f 4.74 mm, F1.8), in focus at 22 cm. Codes from 15 to 25 cm: a disc of blur is then up
# to 1.2 modules wide in the largest code of a card, and codes are read up to 1.25 (research/qr.md 2g). Faces
# from 40 to 70 cm: their disc is 3.8 of 640 pixels and similarity falls by 0.03; from 4.0 on quality refuses
# them. With the lens at 5 faces end at 60 cm; at 4 they end at 80, and codes begin at 17.
LENS_DPT: Final = 4.5


@dataclass(frozen=True, slots=True)
class Setting:
    """`size`: pixels (width, height) of what codes are read from. `fps`: pictures a second.

    `exposure`: "auto", or "short" against phones that move and screens that glare. `mains_hz`: lamps flicker
    at twice that rate, which shows as bands; 0 is no such lamp. `lens_dpt`: where the lens stands, in
    dioptres, 1 / metres; a lens that hunts is never sharp for the second in which a phone is held up.
    """

    size: tuple[int, int] = (1280, 720)
    fps: float = 15.0
    exposure: Literal["auto", "short"] = "auto"
    mains_hz: Literal[0, 50, 60] = 50
    lens_dpt: float = LENS_DPT
