"""The signal and the text that one door shows to its holder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge.decision import Signal
from edge.screen_text import ScreenText, ScreenTextKind

if TYPE_CHECKING:
    from edge.ports import Signals


class HolderDisplay:
    """Keeps the shown signal and text; a text is sent once, so that a speaker says it once."""

    def __init__(self, signals: Signals) -> None:
        self._signals = signals
        self.signal: Signal | None = None
        self.words: str | None = None

    def show(self, signal: Signal | None) -> None:
        """Show one signal, or none."""
        self.signal = signal
        self._signals.show(signal)

    def locked(self) -> None:
        """End "welcome", if it is shown: a locked door must not say that it is free."""
        if self.signal is Signal.WELCOME:
            self.show(None)

    def prompt(self, words: str | None) -> None:
        """Show this text to the holder; None: no text."""
        if words != self.words:
            self.words = words
            self._signals.prompt(ScreenText(ScreenTextKind.INSTRUCTION, words) if words else None)
