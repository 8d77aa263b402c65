"""A keypad on which a test types."""

from __future__ import annotations

from typing import Final

from edge.errors import ReaderFault

MAX_KEYS: Final = 16  # as for every keypad: a PIN and its end


class SimKeypad:
    """Implements Keypad. `type` presses keys; `unplugged`: whether its cable is out."""

    def __init__(self) -> None:
        self.unplugged = False
        self._typed = ""

    def type(self, keys: str) -> None:
        """Press these keys, one after the other."""
        self._typed = (self._typed + keys)[-MAX_KEYS:]

    def keys(self) -> str:
        if self.unplugged:
            self._typed = ""
            raise ReaderFault("the keypad was unplugged", hint="check its cable")
        typed, self._typed = self._typed, ""
        return typed

    def close(self) -> None:
        self._typed = ""
