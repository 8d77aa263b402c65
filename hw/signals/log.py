"""Signals as lines of the service's log, one for each change, on a board without lamps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge.log import log_line

if TYPE_CHECKING:
    from edge.decision import Signal


class LogSignals:
    """A Signals port that writes to the log."""

    def __init__(self) -> None:
        self._shown: Signal | None = None

    def prompt(self, words: str | None) -> None:
        """Log the words that tell the holder what to do."""
        log_line("prompt", words=words or "none")

    def show(self, signal: Signal | None) -> None:
        """Log the signal if it differs from the last one."""
        if signal != self._shown:
            log_line("signal", show=signal.value if signal else "none")
        self._shown = signal
