"""Draws the picture of the demo's page for README.md: run `make demo` first, then `tools/pictures`.

The page shows photographs, which are no part of this repository. The picture has an outline in their place.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PIL import Image

from edge.cli import verbs
from edge.cli.verbs import argument, verb
from edge.errors import Exit, InputError

if TYPE_CHECKING:
    import argparse

ROOT: Final = Path(__file__).resolve().parents[2]
PAGE: Final = ROOT / "demo-out" / "report.html"
PICTURE: Final = ROOT / "tools" / "guide" / "pictures" / "demo.png"
ROWS: Final = 12  # rows of the table in the picture
SIZE: Final = (1240, 1040)  # pixels of the window; GitHub shows a README 1,012 wide at most
COLOURS: Final = 128  # the page has few colours; the file is a third as large as in true colour

# Frames of the camera that show a face. The demo draws the frames with codes itself: they stay.
FACE: Final = re.compile(r'<img src="data:image/jpeg;base64,[^"]*" alt="[^"]*" width="264" height="198">')
OUTLINE: Final = (
    '<svg width="264" height="198" viewBox="0 0 264 198"'
    ' style="height:198px;width:100%;border-radius:6px;background:#6b6259">'
    '<path d="M60 198c4-44 30-56 72-56s68 12 72 56z" fill="#2d3236"/>'
    '<ellipse cx="132" cy="86" rx="36" ry="46" fill="#c9b8a8"/>'
    '<rect x="88" y="34" width="88" height="106" fill="none" stroke="#3db8ff" stroke-width="2"/></svg>'
)
SHORT: Final = (
    f"<style>tr:nth-child(n+{ROWS + 2}), section:nth-of-type(n+2), footer {{ display: none }}"
    " .film figure:nth-child(n+5) { display: none }</style>"
)


def without_photographs(page: str) -> str:
    """The demo's page, shortened, with an outline in place of each frame that shows a face."""
    return FACE.sub(OUTLINE, page) + SHORT


def screenshot(page: Path, picture: Path) -> None:
    """A PNG of a page, as Chromium shows it.

    Raises:
        InputError: Chromium is not installed, or it wrote no picture.

    """
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if browser is None:
        raise InputError("no Chromium on this machine", hint="sudo apt-get install chromium")
    options = ("--headless", "--no-sandbox", "--hide-scrollbars", f"--window-size={SIZE[0]},{SIZE[1]}")
    subprocess.run(
        [browser, *options, f"--screenshot={picture}", page.as_uri()], capture_output=True, check=False
    )
    if not picture.exists():
        raise InputError(f"{browser} wrote no picture", hint=f"open {page} in it, and read its message")


def run(args: argparse.Namespace) -> int:
    """Write the picture."""
    if not PAGE.exists():
        raise InputError(f"{PAGE.relative_to(ROOT)} is missing", hint="run: make demo")
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "page.html"
        page.write_text(without_photographs(PAGE.read_text("utf-8")), "utf-8")
        shot = Path(folder) / "page.png"
        screenshot(page, shot)
        with Image.open(shot) as image:
            image.convert("RGB").quantize(COLOURS).save(args.file, optimize=True)
    print(f"{args.file}: {args.file.stat().st_size // 1000} kB")
    return Exit.OK


PICTURES = verb(
    "python tools/pictures",
    "draw the picture of the demo's page for README.md",
    run,
    argument(
        "file",
        type=Path,
        nargs="?",
        default=PICTURE,
        help="file to write; left out: the picture of README.md",
    ),
    about=__doc__,
)
main = partial(verbs.main, PICTURES)
