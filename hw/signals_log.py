"""Signals on a board without lamps: one log line for each change, for whoever watches the service's log.

JSON Lines on standard error: standard output belongs to the rows of the command.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from edge.decision import Signal


class LogSignals:
    """Implements the Signals port with structlog."""

    def __init__(self) -> None:
        self._log = structlog.wrap_logger(
            structlog.PrintLogger(sys.stderr),
            processors=[structlog.processors.TimeStamper(fmt="iso"), structlog.processors.JSONRenderer()],
        )
        self._shown: Signal | None = None

    def prompt(self, words: str | None) -> None:
        """Log what the holder is asked to do."""
        with suppress(OSError):
            self._log.info("prompt", words=words or "none")

    def show(self, signal: Signal | None) -> None:
        """Log the signal where it differs from the one shown before."""
        if signal != self._shown:
            with suppress(OSError):  # a log that nobody reads any more keeps nobody out
                self._log.info("signal", show=signal.value if signal else "none")
        self._shown = signal
