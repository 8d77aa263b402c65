"""Signals on a board without lamps: one log line for each change, for whoever watches the service's log."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from edge.decision import Signal


class LogSignals:
    """Implements the Signals port with structlog."""

    def __init__(self) -> None:
        self._log = structlog.get_logger("doorward.signals")
        self._shown: Signal | None = None

    def show(self, signal: Signal | None) -> None:
        """Log the signal where it differs from the one shown before."""
        if signal != self._shown:
            self._log.info("signal", show=signal.value if signal else "none")
        self._shown = signal
