"""What a door tells a holder with."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edge.ports import Signals, Strike


def open_signals(strike: Strike | None = None) -> Signals:
    """Lamps and buzzer of the door's controller, where it has one; else the signal goes to the log alone."""
    lamps: Signals | None = getattr(strike, "signals", None)
    if lamps is not None:
        return lamps
    from hw.signals_log import LogSignals  # noqa: PLC0415

    return LogSignals()
