"""A code as an SVG in a folder, with a page for a browser in kiosk mode that loads it again each second.

The file is replaced whole, so that no half of a code is ever shown. The folder belongs on /run, which is
memory: a write every 20 s for years would wear out an SD card.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Final

import segno

from edge.files.untrusted_folder import UntrustedFolder
from hw.signals.screens.latest import LatestScreen

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NAME: Final = "board.svg"
PAGE: Final = "board.html"
BORDER: Final = 4  # modules of white that ISO 18004 wants around a symbol
_BLANK: Final = b'<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>\n'
_PAGE: Final = b"""<!doctype html>
<html lang="en"><meta charset="utf-8"><title>what this place asks for</title>
<style>html{background:#fff}img{position:fixed;inset:0;margin:auto;width:min(96vw,96vh);height:min(96vw,96vh)}</style>
<img id="code" alt="">
<script>
const code = document.getElementById("code");
setInterval(() => { code.src = "board.svg?" + Date.now(); }, 1000);
</script></html>
"""


def picture_screen(folder: Path, tell: Callable[[str | None], None]) -> LatestScreen:
    """A screen in this folder, which is created if it is missing; blank until a text is posted."""

    def draw(text: str | None) -> None:
        # The browser has its own user, which our umask would lock out; it may write the folder, too.
        with UntrustedFolder.open(folder, mode=0o755) as place:
            place.write(PAGE, _PAGE, mode=0o644)
            place.write(NAME, _BLANK if text is None else drawn(text), mode=0o644)

    return LatestScreen(draw, tell)


def drawn(text: str) -> bytes:
    """An SVG of the symbol. Spare capacity goes to error correction, because glass reflects."""
    out = io.BytesIO()
    symbol = segno.make_qr(text, error="L", boost_error=True)
    symbol.save(out, kind="svg", border=BORDER, light="#fff", omitsize=True)
    return out.getvalue()
