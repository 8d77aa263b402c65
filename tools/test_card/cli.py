"""Draws the test card with which `doorward doctor` measures a camera: `tools/test_card card.pdf` (or .png).

Print it on A4 at 100 %, without "fit to page". Measure the ruler on the print: it must be 100 mm long.
"""

from __future__ import annotations

import math
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import segno
from PIL import Image, ImageDraw, ImageFont

from edge.cli import verbs
from edge.cli.verbs import argument, verb
from edge.doctor import card_layout as layout
from edge.errors import Exit, InputError

if TYPE_CHECKING:
    import argparse

PX_PER_MM = 20  # 508 dpi: every module is a whole number of pixels
DPI = PX_PER_MM * 25.4
SPOKES = 36


def draw() -> Image.Image:
    """The card, grey, 20 pixels a millimetre."""
    page = Image.new("L", (layout.PAGE_MM[0] * PX_PER_MM, layout.PAGE_MM[1] * PX_PER_MM), 255)
    pen = ImageDraw.Draw(page)
    for number, printed in enumerate(layout.SYMBOLS):
        symbol(pen, layout.text_of(number), printed)
        below = printed.y + printed.module_mm * (layout.MODULES + layout.QUIET)
        words(pen, f"{printed.module_mm:g} mm", printed.x, below, 3)
    block = [*layout.EDGE, (layout.BLOCK_RIGHT, layout.EDGE[1][1]), (layout.BLOCK_RIGHT, layout.EDGE[0][1])]
    pen.polygon([scaled(x, y) for x, y in block], fill=0)
    star(pen)
    greys(pen)
    ruler(pen)
    words(pen, "Doorward test card 1", 20, 22, 8)
    words(pen, "Print on A4 at 100 %. The ruler must be 100 mm long.", 20, 36, 5)
    words(pen, "Hold it flat where phones are held. It must fill the picture.", 20, 44, 5)
    words(pen, "Then run: doorward doctor --only camera focus", 20, 52, 5)
    return page


def symbol(pen: ImageDraw.ImageDraw, text: str, printed: layout.Printed) -> None:
    """One QR symbol, module by module."""
    code = segno.make_qr(text, version=2, error="m", boost_error=False)
    assert len(code.matrix) == layout.MODULES
    side = printed.module_mm * PX_PER_MM
    for row, cells in enumerate(code.matrix):
        for column, is_dark in enumerate(cells):
            if is_dark:
                left, top = scaled(printed.x, printed.y)
                x, y = round(left + column * side), round(top + row * side)
                pen.rectangle((x, y, x + round(side) - 1, y + round(side) - 1), fill=0)


def star(pen: ImageDraw.ImageDraw) -> None:
    """A Siemens star. Its spokes merge where the camera no longer resolves them."""
    x, y, radius = layout.STAR
    box = (*scaled(x - radius, y - radius), *scaled(x + radius, y + radius))
    for spoke in range(SPOKES):
        start = spoke * 360 / SPOKES
        pen.pieslice(box, start, start + 180 / SPOKES, fill=0)


def greys(pen: ImageDraw.ImageDraw) -> None:
    """A row of grey squares from black to white, each with a black border."""
    left, top, side, steps = layout.GREYS
    for step in range(steps):
        x = left + step * side
        fill = round(255 * step / (steps - 1))
        pen.rectangle((*scaled(x, top), *scaled(x + side, top + side)), fill=fill, outline=0, width=4)


def ruler(pen: ImageDraw.ImageDraw) -> None:
    """A ruler with millimetres."""
    left, top, length = layout.RULER
    for mm in range(length + 1):
        tick = 4 if mm % 10 == 0 else 3 if mm % 5 == 0 else 2
        pen.line((*scaled(left + mm, top), *scaled(left + mm, top + tick)), fill=0, width=4)
    words(pen, "100 mm", left + length + 2, top, 3)


def words(pen: ImageDraw.ImageDraw, text: str, x: float, y: float, mm: float) -> None:
    """A line of text, `mm` millimetres high."""
    pen.text(scaled(x, y), text, fill=0, font=ImageFont.load_default(math.ceil(mm * PX_PER_MM)))


def scaled(x: float, y: float) -> tuple[float, float]:
    """A position in millimetres as one in pixels."""
    return x * PX_PER_MM, y * PX_PER_MM


def run(args: argparse.Namespace) -> int:
    """Write the card."""
    suffix = args.file.suffix.lower()
    if suffix not in {".pdf", ".png"}:
        raise InputError(
            f"{args.file}: the name does not end in .pdf or .png", hint="python tools/test_card card.pdf"
        )
    draw().save(args.file, **({"resolution": DPI} if suffix == ".pdf" else {"dpi": (DPI, DPI)}))
    print(f"{args.file}: print it on A4 at 100 %")
    return Exit.OK


TEST_CARD = verb(
    "python tools/test_card",
    "draw the test card of doorward doctor",
    run,
    argument("file", type=Path, help="file to write: its name ends in .pdf or .png"),
    about=__doc__,
)
main = partial(verbs.main, TEST_CARD)
