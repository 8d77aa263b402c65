"""A DET curve as a picture: both errors on normal-deviate axes, where a normal model is a straight line."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edge.face.evaluation.intervals import deviate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PIL.ImageDraw import ImageDraw

    from edge.face.evaluation.verification_rates import DetPoint

SIDE, LEFT, TOP, RIGHT, BOTTOM = 900, 100, 70, 40, 90
TICKS = (1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.05, 0.2, 0.5)
HIGHEST = 0.5
PAPER, INK, GRID, CURVE, MARK = "#ffffff", "#222222", "#dddddd", "#1f5fbf", "#c0392b"


@dataclass(frozen=True, slots=True)
class ThresholdMark:
    """A threshold with a name on the curve."""

    fmr: float
    fnmr: float
    name: str


@dataclass(frozen=True, slots=True)
class _Axes:
    """Conversion from rates to pixels; `least_x` and `least_y` are the rates at the lower left corner."""

    least_x: float
    least_y: float

    def x(self, fmr: float) -> float:
        return LEFT + (SIDE - LEFT - RIGHT) * self._along(fmr, self.least_x)

    def y(self, fnmr: float) -> float:
        return SIDE - BOTTOM - (SIDE - TOP - BOTTOM) * self._along(fnmr, self.least_y)

    @staticmethod
    def _along(rate: float, least: float) -> float:
        low, high = deviate(least, least), deviate(HIGHEST, least)
        return min(1.0, (deviate(rate, least) - low) / (high - low))


def png(points: Sequence[DetPoint], *, title: str, eer: float, marks: Sequence[ThresholdMark] = ()) -> bytes:
    """A PNG of the curve through `points`, FMR to the right and FNMR upwards."""
    from PIL import Image, ImageDraw

    image = Image.new("RGB", (SIDE, SIDE), PAPER)
    draw = ImageDraw.Draw(image)
    axes = _Axes(_floor([p.fmr for p in points]), _floor([p.fnmr for p in points]))
    _frame(draw, axes, title)
    draw.line([(axes.x(p.fmr), axes.y(p.fnmr)) for p in points], fill=CURVE, width=3, joint="curve")
    for mark in (*marks, ThresholdMark(eer, eer, f"EER {eer:.2%}")):
        x, y = axes.x(mark.fmr), axes.y(mark.fnmr)
        draw.ellipse((x - 5, y - 5, x + 5, y + 5), fill=MARK)
        draw.text((x + 10, y - 8), mark.name, fill=MARK, anchor="ls", font_size=16)
    file = io.BytesIO()
    image.save(file, "PNG", optimize=True)
    return file.getvalue()


def _floor(rates: Sequence[float]) -> float:
    """The tick at or below the smallest rate above 0."""
    least = min((rate for rate in rates if rate > 0), default=TICKS[0])
    return max((tick for tick in TICKS[:-1] if tick <= least), default=TICKS[0])


def _frame(draw: ImageDraw, axes: _Axes, title: str) -> None:
    left, right, top, bottom = LEFT, SIDE - RIGHT, TOP, SIDE - BOTTOM
    for tick in TICKS:
        name = f"{100 * tick:g} %"
        if tick >= axes.least_x:
            x = axes.x(tick)
            draw.line((x, top, x, bottom), fill=GRID)
            draw.text((x, bottom + 8), name, fill=INK, anchor="ma", font_size=14)
        if tick >= axes.least_y:
            y = axes.y(tick)
            draw.line((left, y, right, y), fill=GRID)
            draw.text((left - 8, y), name, fill=INK, anchor="rm", font_size=14)
    draw.rectangle((left, top, right, bottom), outline=INK)
    draw.text((left, 14), f"DET: {title}", fill=INK, font_size=20)
    draw.text(((left + right) / 2, SIDE - 24), "false match rate (FMR)", fill=INK, anchor="ms", font_size=18)
    draw.text((left, top - 8), "false non-match rate (FNMR)", fill=INK, anchor="ls", font_size=16)
