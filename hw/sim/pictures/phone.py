"""Draws a phone that shows a rotating code: the code's text in, pixels out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import segno
from PIL import Image, ImageDraw, ImageFont

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from edge.ports import Pixels

Colour = tuple[int, int, int]
PixelBox = tuple[float, float, float, float]

QUIET_MODULES = 4  # ISO/IEC 18004, 6.3.8: light on all four sides of the symbol
ROTATION_S = 20  # a phone signs a new code every 20 s (edge/card/FORMAT.md)
MODULE_PX = 10  # so large that a code at any usual size is scaled down, never up
ASPECT = 1.86  # height to width of the body, like most phones of 5 to 6.7 inches


@dataclass(frozen=True, slots=True)
class _Theme:
    screen: Colour
    card: Colour
    module: Colour
    text: Colour
    faint: Colour
    accent: Colour


_LIGHT = _Theme((236, 240, 243), (255, 255, 255), (16, 20, 24), (24, 32, 40), (112, 124, 134), (0, 122, 110))
_DARK = _Theme((15, 18, 22), (24, 28, 33), (236, 240, 243), (236, 240, 243), (138, 150, 160), (64, 200, 180))


def qr_modules(text: str, *, ecc: str = "L") -> NDArray[np.bool_]:
    """The symbol of one code without its quiet zone, bool (n, n), True for a dark module.

    It is always a full QR symbol with exactly the named error correction (`L`, `M`, `Q`, `H`): by default
    segno would raise it where capacity is left, and readers refuse Micro QR. The mode is alphanumeric where
    the text allows it.
    """
    symbol = segno.make_qr(text, error=ecc, boost_error=False)
    return np.array([list(row) for row in symbol.matrix], dtype=np.bool_)


def draw_modules(modules: NDArray[np.bool_], *, scale: int = MODULE_PX, dark: bool = False) -> Pixels:
    """The symbol with its quiet zone, uint8 (H, W) luma; `dark` swaps the colours, like dark mode."""
    framed = np.pad(modules, QUIET_MODULES)
    luma = np.where(framed != dark, 0, 255).astype(np.uint8)
    return luma.repeat(scale, axis=0).repeat(scale, axis=1)


def phone(
    text: str,
    *,
    title: str = "Entry code",
    line: str = "Hold the screen up to the reader",
    left_s: float = 14,
    dark: bool = False,
    ecc: str = "L",
) -> Pixels:
    """A phone that shows `text` as a code, uint8 RGBA (H, W, 4); transparent outside the rounded body.

    `left_s`: seconds until the next code, of ROTATION_S; drawn as a bar that gets shorter.
    """
    theme = _DARK if dark else _LIGHT
    code = _code_picture(text, theme, ecc)
    unit = code.width / 88  # the code takes 88 of the 100 units that a body is wide
    body = Image.new("RGBA", (round(100 * unit), round(100 * ASPECT * unit)), (0, 0, 0, 0))
    pen = _Pen(ImageDraw.Draw(body), unit)
    _draw_body(pen, theme)
    _draw_words(pen, theme, title, line)
    top = 49.0
    body.paste(code, (round(6 * unit), round(top * unit)), _rounded(code.size, 4 * unit))
    _draw_countdown(pen, theme, top + 97, left_s)
    return np.asarray(body, dtype=np.uint8)


@dataclass(frozen=True, slots=True)
class _Pen:
    """Draws in hundredths of the body's width, so that one layout fits every symbol size."""

    draw: ImageDraw.ImageDraw
    unit: float

    def box(self, box: PixelBox, fill: Colour, *, radius: float = 0) -> None:
        self.draw.rounded_rectangle([v * self.unit for v in box], radius * self.unit, fill=(*fill, 255))

    def words(
        self, at: tuple[float, float], text: str, fill: Colour, *, size: float, anchor: str = "mm"
    ) -> None:
        font = ImageFont.load_default(size * self.unit)
        self.draw.text(
            (at[0] * self.unit, at[1] * self.unit), text, fill=(*fill, 255), font=font, anchor=anchor
        )


def _code_picture(text: str, theme: _Theme, ecc: str) -> Image.Image:
    framed = np.pad(qr_modules(text, ecc=ecc), QUIET_MODULES)
    colours = np.where(framed[..., None], np.array(theme.module), np.array(theme.card)).astype(np.uint8)
    return Image.fromarray(colours.repeat(MODULE_PX, axis=0).repeat(MODULE_PX, axis=1))


def _rounded(size: tuple[int, int], radius: float) -> Image.Image:
    """A mask with round corners; of 4 units, they stay inside the quiet zone of every version."""
    mask = Image.new("L", size, 0)
    ImageDraw.Draw(mask).rounded_rectangle((0, 0, size[0] - 1, size[1] - 1), radius, fill=255)
    return mask


def _draw_body(pen: _Pen, theme: _Theme) -> None:
    height = 100 * ASPECT
    pen.box((0, 0, 100, height), (92, 96, 100), radius=13)  # the metal edge
    pen.box((0.8, 0.8, 99.2, height - 0.8), (10, 11, 13), radius=12.3)
    pen.box((3, 3, 97, height - 3), theme.screen, radius=10)
    pen.box((38, 6, 62, 11.5), (10, 11, 13), radius=2.7)  # the camera's island
    pen.box((33, height - 7, 67, height - 5.8), theme.faint, radius=0.6)


def _draw_words(pen: _Pen, theme: _Theme, title: str, line: str) -> None:
    pen.words((12, 9), "9:41", theme.text, size=4.2, anchor="lm")
    for bar in range(4):
        pen.box((74 + 2 * bar, 10.4 - 0.9 * (bar + 1), 75.3 + 2 * bar, 10.4), theme.text, radius=0.4)
    pen.box((83.6, 7.2, 90.4, 10.6), theme.text, radius=1)
    pen.words((50, 28), title, theme.text, size=8.4)
    pen.words((50, 38.5), line, theme.faint, size=4.6)


def _draw_countdown(pen: _Pen, theme: _Theme, top: float, left_s: float) -> None:
    share = min(max(left_s / ROTATION_S, 0.0), 1.0)
    track = tuple((2 * s + f) // 3 for s, f in zip(theme.screen, theme.faint, strict=True))
    pen.box((12, top, 88, top + 2.4), (track[0], track[1], track[2]), radius=1.2)
    if share > 0:
        pen.box((12, top, 12 + max(76 * share, 2.4), top + 2.4), theme.accent, radius=1.2)
    pen.words((50, top + 9), f"new code in {left_s:.0f} s", theme.faint, size=4.6)
