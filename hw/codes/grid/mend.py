"""Reads a suspect: fits a grid, reads its modules softly, corrects them, and draws the symbol again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from hw.codes.grid.correction import Corrected, corrected
from hw.codes.grid.drawing import dark_modules, picture
from hw.codes.grid.fit import Fit, fit
from hw.codes.grid.format_info import likely_formats
from hw.codes.grid.layout import size_of
from hw.codes.grid.readings import readings
from hw.codes.grid.sampling import Image, module_brightness
from hw.codes.grid.warp import UNIT_SQUARE, Doubles, place

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from hw.codes.grid.suspects import Suspect

_MARGIN: Final = 0.35  # of a side: a bent edge leaves its corners' rectangle by less
_MAX_SIDE: Final = 500.0  # pixels: a larger suspect is shrunk first; 7 pixels a module of version 13
_MIN_SIDE: Final = 16  # pixels of a cut-out
_LEAST: Final = 0.45  # score of a fit; under it nothing was read in 1,078 suspects
_FIT_BLUR: Final = (
    0.2 / 45
)  # of a side: 0.2 modules of version 7, so that the score rises towards the right place
_EQUALISER_BLUR: Final = 0.25  # modules
_LEAST_BLUR: Final = 0.5  # pixels


@dataclass(frozen=True, slots=True, eq=False)
class SuspectWindow:
    """The part of a picture around a suspect, at most 500 pixels a side of the symbol."""

    image: Image
    corners: Doubles
    scale: float
    offset: Doubles

    def in_picture(self, pixels: Doubles) -> Doubles:
        return pixels / self.scale + self.offset


@dataclass(frozen=True, slots=True, eq=False)
class SoftSymbol:
    """A suspect after its fit: its corners in the picture, and its modules in several readings."""

    fit: Fit
    corners: Doubles
    softs: list[Image]


@dataclass(frozen=True, slots=True, eq=False)
class Mended:
    """A symbol that was corrected, its modules as drawn, its corners in the picture."""

    dark: NDArray[np.bool_]
    corners: Doubles
    symbol: Corrected

    @property
    def picture(self) -> NDArray[np.uint8]:
        """The symbol drawn again, which an engine must read before its text counts."""
        return picture(self.dark)


def cut_out(luma: NDArray[np.uint8], suspect: Suspect) -> SuspectWindow | None:
    """The suspect's window, or None if too little of it is in the picture."""
    side = float(suspect.sides.mean())
    edge = side * _MARGIN
    height, width = luma.shape
    left, top = np.clip(np.floor(suspect.corners.min(0) - edge), 0, (width, height)).astype(int)
    right, bottom = np.clip(np.ceil(suspect.corners.max(0) + edge), 0, (width, height)).astype(int)
    part = luma[top:bottom, left:right]
    if min(part.shape) < _MIN_SIDE:
        return None
    scale = min(1.0, _MAX_SIDE / side)
    if scale < 1:
        if min(part.shape) * scale < _MIN_SIDE:
            return None
        part = np.asarray(cv2.resize(part, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)
    offset = np.array([left, top], float)
    return SuspectWindow(part.astype(np.float32), (suspect.corners - offset) * scale, scale, offset)


def fitted(
    window: SuspectWindow, suspect: Suspect, *, expired: Callable[[], bool] = lambda: False
) -> Fit | None:
    """The grid of the suspect, or None if no grid fits well enough."""
    side = float(suspect.sides.mean()) * window.scale
    softened = _blurred(window.image, side * _FIT_BLUR)
    found = fit(softened, window.corners, suspect.scaled(window.scale).versions(), expired=expired)
    return found if found is not None and found.score >= _LEAST else None


def soft_modules(window: SuspectWindow, found: Fit) -> list[Image]:
    """All soft readings of a fitted symbol, the best first."""
    side = float(np.linalg.norm(window.corners - np.roll(window.corners, 1, 0), axis=1).mean())
    softened = _blurred(window.image, side / size_of(found.version) * _EQUALISER_BLUR)
    brightness = module_brightness(window.image, found.grid, found.version)
    return readings(softened, found.grid, found.version, brightness)


def read_softly(
    luma: NDArray[np.uint8], suspect: Suspect, *, expired: Callable[[], bool] = lambda: False
) -> SoftSymbol | None:
    """The suspect's modules, or None if no grid fits it."""
    window = cut_out(luma, suspect)
    found = None if window is None else fitted(window, suspect, expired=expired)
    if window is None or found is None:
        return None
    corners = window.in_picture(place(found.grid[None], UNIT_SQUARE)[0])
    return SoftSymbol(found, corners, soft_modules(window, found))


def mend(
    luma: NDArray[np.uint8],
    suspect: Suspect,
    *,
    thorough: bool = True,
    expired: Callable[[], bool] = lambda: False,
) -> Mended | None:
    """The suspect's symbol, corrected; None if it cannot be. `thorough`: tries erasures in every reading."""
    soft = read_softly(luma, suspect, expired=expired)
    return None if soft is None else corrected_symbol(soft, thorough=thorough, expired=expired)


def corrected_symbol(
    soft: SoftSymbol, *, thorough: bool, expired: Callable[[], bool] = lambda: False
) -> Mended | None:
    """The symbol in these readings, corrected; None if it cannot be."""
    symbol = first_corrected(soft.softs, soft.fit.version, thorough=thorough, expired=expired)
    return None if symbol is None else Mended(dark_modules(symbol), soft.corners, symbol)


def first_corrected(
    softs: list[Image], version: int, *, thorough: bool, expired: Callable[[], bool] = lambda: False
) -> Corrected | None:
    """The first reading that can be corrected: without erasures in each, then with them."""
    for erasures in (False, True):
        for soft in softs if thorough or not erasures else softs[:1]:
            for upright, level, mask in _formats(soft, version):
                if expired():
                    return None
                symbol = corrected(upright, version, level, mask, erasures=erasures, expired=expired)
                if symbol is not None:
                    return symbol
    return None


def _formats(soft: Image, version: int) -> Iterator[tuple[Image, int, int]]:
    """Likely formats of a reading, also of its mirror image, the likeliest two."""
    ways = [
        (agreement, upright, level, mask)
        for upright in (soft, soft.T)
        for agreement, level, mask in likely_formats(upright, version)
    ]
    ways.sort(key=lambda way: -way[0])
    for _, upright, level, mask in ways[:2]:
        yield upright, level, mask


def _blurred(image: Image, sigma: float) -> Image:
    return np.asarray(cv2.GaussianBlur(image, (0, 0), max(_LEAST_BLUR, sigma)), np.float32)
