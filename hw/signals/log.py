"""Signals as lines of the service's log, one for each change, on a board without lamps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge.log import log_line

if TYPE_CHECKING:
    from edge.decision import Signal
    from edge.screen_text import ScreenText


class LogSignals:
    """A Signals port that writes to the log."""

    def __init__(self) -> None:
        self._shown: Signal | None = None

    def prompt(self, text: ScreenText | None) -> None:
        """Log the kind of text that a screen shows, never its words: they may name a book or a person."""
        log_line("prompt", kind=text.kind.value if text else "none")

    def show(self, signal: Signal | None) -> None:
        """Log the signal if it differs from the last one."""
        if signal != self._shown:
            log_line("signal", show=signal.value if signal else "none")
        self._shown = signal
