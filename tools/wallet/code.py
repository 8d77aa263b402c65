"""Shows a code on the terminal, as text, as a picture, or as a picture of a phone before a camera."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import segno

from edge.app.parts.trust_folder import open_files
from edge.cli.verbs import argument
from tools.issuing.wallet import ROTATION

if TYPE_CHECKING:
    import argparse

    from edge.ports import Pixels

PICTURE_SCALE: Final = 8  # pixels per module of --png: sharp on screens and on paper


def present(text: str, args: argparse.Namespace) -> None:
    """Shows a code in all forms of the options."""
    if args.svg:
        write(args.svg, _drawn(text, "svg"))
    if args.png:
        write(args.png, _drawn(text, "png"))
    if args.held_up:
        write(args.held_up, _png(_held_up(text)))
    if args.text:
        print(text)
    if args.terminal or not (args.svg or args.png or args.held_up or args.text):
        print_code(text)


def symbol(text: str) -> segno.QRCode:
    """The symbol as a phone draws it: with the lowest error correction, because screens are clean."""
    return segno.make_qr(text, error="L", boost_error=False)


def print_code(text: str) -> None:
    """Print the code in half blocks on standard output."""
    symbol(text).terminal(out=sys.stdout, compact=True, border=2)
    sys.stdout.flush()


def write(path: Path, data: bytes, *, secret: bool = False) -> None:
    """Write the whole file or nothing; `secret`: with mode 0600."""
    open_files(path.parent).write(path.name, data, secret=secret)


def _drawn(text: str, kind: str) -> bytes:
    out = io.BytesIO()
    symbol(text).save(out, kind=kind, scale=PICTURE_SCALE, border=4)
    return out.getvalue()


def _held_up(text: str) -> Pixels:
    from hw.sim.pictures.phone import phone  # it needs OpenCV, so only this option imports it
    from hw.sim.pictures.scene import hold_up

    return hold_up(phone(text, left_s=ROTATION.total_seconds()))


def _png(rgb: Pixels) -> bytes:
    from PIL import Image

    out = io.BytesIO()
    Image.fromarray(rgb).save(out, format="PNG")
    return out.getvalue()


# The options of `present`.
FORMS: Final = (
    argument("--terminal", action="store_true", help="print the code as blocks (default)"),
    argument("--text", action="store_true", help="print the text of the code"),
    argument("--svg", type=Path, metavar="FILE", help="write the code as an SVG picture"),
    argument("--png", type=Path, metavar="FILE", help="write the code as a PNG picture"),
    argument(
        "--held-up",
        type=Path,
        metavar="FILE",
        help="write a PNG of a phone with the code before a camera, 1280x720",
    ),
)
