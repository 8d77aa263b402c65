"""A code in half blocks on a terminal: a console on the door's screen, or a technician's window."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Final, TextIO

import segno

from hw.signals.screens.latest import LatestScreen

if TYPE_CHECKING:
    from collections.abc import Callable

CLEAR: Final = "\x1b[H\x1b[2J"
BORDER: Final = 2  # modules; the terminal around it is dark, and has few lines


def terminal_screen(stream: TextIO, tell: Callable[[str | None], None]) -> LatestScreen:
    """A screen on this stream; the caller closes the stream."""

    def draw(text: str | None) -> None:
        try:
            stream.write(CLEAR if text is None else CLEAR + drawn(text))
            stream.flush()
        except ValueError as error:  # the stream was closed
            raise OSError("the terminal is closed") from error

    return LatestScreen(draw, tell)


def drawn(text: str) -> str:
    """The symbol as lines of half blocks, two rows of modules each."""
    out = io.StringIO()
    segno.make_qr(text, error="L", boost_error=False).terminal(out=out, compact=True, border=BORDER)
    return out.getvalue()
