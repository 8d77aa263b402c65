"""Signals in memory that keep every signal and prompt."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edge.decision import Signal
    from edge.screen_text import ScreenText


class SimSignals:
    """Implements Signals. `shown`: every signal in order, None for dark; `asked`: every prompt."""

    def __init__(self) -> None:
        self.shown: list[Signal | None] = []
        self.asked: list[str | None] = []

    @property
    def current(self) -> Signal | None:
        return self.shown[-1] if self.shown else None

    def prompt(self, text: ScreenText | None) -> None:
        self.asked.append(text.words if text else None)

    def show(self, signal: Signal | None) -> None:
        self.shown.append(signal)
