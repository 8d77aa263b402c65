"""Signals on a board without lamps: one log line for each change, for whoever watches the service's log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge.log import log_line

if TYPE_CHECKING:
    from edge.decision import Signal


class LogSignals:
    """A Signals port that is read."""

    def __init__(self) -> None:
        self._shown: Signal | None = None

    def prompt(self, words: str | None) -> None:
        """Log what the holder is asked to do."""
        log_line("prompt", words=words or "none")

    def show(self, signal: Signal | None) -> None:
        """Log the signal where it differs from the one shown before."""
        if signal != self._shown:
            log_line("signal", show=signal.value if signal else "none")
        self._shown = signal
