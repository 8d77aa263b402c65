"""The signal and the words that one door shows to its holder."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edge.decision import Signal
    from edge.ports import Signals


class HolderDisplay:
    """Remembers what it shows; words are sent once, so that a speaker says them once."""

    def __init__(self, signals: Signals) -> None:
        self._signals = signals
        self.signal: Signal | None = None
        self.words: str | None = None

    def show(self, signal: Signal | None) -> None:
        """Show one signal, or none."""
        self.signal = signal
        self._signals.show(signal)

    def prompt(self, words: str | None) -> None:
        """Tell the holder what to do; None: nothing."""
        if words != self.words:
            self.words = words
            self._signals.prompt(words)
