"""How a camera is to look: what `[camera]` says, for every kind of camera."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

# research/qr.md 2g, camera module 3: in focus at 20 cm, a disc of blur is 0.94 modules wide at 15 cm and at
# 25 cm alike, and codes are read up to 1.25.
LENS_DPT: Final = 5.0


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
