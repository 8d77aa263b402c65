"""Lamps and buzzer of a door's controller: the signals of the holder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge.decision import Signal
from hw.signals.log import LogSignals

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge.screen_text import ScreenText

# LINK.md section 3, SIGNAL
_NUMBERS: Final = {
    None: 0,
    Signal.LOOK_HERE: 1,
    Signal.TRY_AGAIN: 2,
    Signal.WAIT: 3,
    Signal.ASK_STAFF: 4,
    Signal.WELCOME: 5,
}


class DoorSignals:
    """A Signals port. `send`: sends a number to the controller; after a lost link the link sends it again.

    There is no screen for prompts; the log has their kind, and every signal.
    """

    def __init__(self, send: Callable[[int], None]) -> None:
        self._send = send
        self._log = LogSignals()
        self.number = 0

    def show(self, signal: Signal | None) -> None:
        self._log.show(signal)
        number = _NUMBERS[signal]
        if number != self.number:
            self.number = number
            self._send(number)

    def prompt(self, text: ScreenText | None) -> None:
        self._log.prompt(text)
