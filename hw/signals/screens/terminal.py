"""A code drawn in half blocks on a terminal: a console on the door's own screen, or a technician's window."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Final, TextIO

import segno

from hw.signals.screens.latest import LatestScreen

if TYPE_CHECKING:
    from collections.abc import Callable

CLEAR: Final = "\x1b[H\x1b[2J"
BORDER: Final = 2  # modules; a terminal is dark around it, and every line counts


def terminal_screen(stream: TextIO, tell: Callable[[str | None], None]) -> LatestScreen:
    """A screen on this stream, which stays its owner's to close."""

    def draw(text: str | None) -> None:
        try:
            stream.write(CLEAR if text is None else CLEAR + drawn(text))
            stream.flush()
        except ValueError as error:  # somebody closed it
            raise OSError("the terminal is closed") from error

    return LatestScreen(draw, tell)


def drawn(text: str) -> str:
    """Lines of half blocks, two rows of modules each."""
    out = io.StringIO()
    segno.make_qr(text, error="L", boost_error=False).terminal(out=out, compact=True, border=BORDER)
    return out.getvalue()
