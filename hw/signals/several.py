"""Joins several Signals ports in one: lamps, a buzzer, a voice and the log."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge.decision import Signal
    from edge.ports import Signals
    from edge.screen_text import ScreenText


class SeveralSignals:
    """A Signals port that passes every call on to all, in this order."""

    def __init__(self, signals: Sequence[Signals]) -> None:
        self._signals = tuple(signals)

    def show(self, signal: Signal | None) -> None:
        for each in self._signals:
            each.show(signal)

    def prompt(self, text: ScreenText | None) -> None:
        for each in self._signals:
            each.prompt(text)
