"""A number pad on a wire: keeps the newest keys until the caller takes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge.errors import ReaderFault
from hw.system.reconnecting import ReconnectingReader

if TYPE_CHECKING:
    from collections.abc import Callable

    from hw.scanner.wire import Wire

MAX_KEYS: Final = 16  # a PIN of twelve, its end, and three wrong keys
# Meaning of the keys: enter ends the PIN, the star clears it; every key not listed is ignored.
_MEANS: Final = {ord("\r"): "#", ord("\n"): "#", ord("#"): "#", ord("*"): "*"} | {
    ord(digit): digit for digit in "0123456789"
}


class WiredKeypad:
    """Implements Keypad over the wire that `opens` opens, which raises ReaderFault."""

    def __init__(self, opens: Callable[[], Wire]) -> None:
        self._typed = ""
        self._fault: ReaderFault | None = ReaderFault(
            "the keypad has not answered yet", hint="check its cable"
        )
        self._reader = ReconnectingReader(
            "keypad", opens, take=self._take, lost=self._lost, faults=ReaderFault
        )
        self._reader.start()

    def keys(self) -> str:
        with self._reader.guard:
            self._reader.check()
            if self._fault is not None:
                raise self._fault.with_traceback(None)
            typed, self._typed = self._typed, ""
        return typed

    def close(self) -> None:
        self._reader.close()

    def _take(self, data: bytes | None) -> None:
        meant = "".join(_MEANS.get(byte, "") for byte in data or b"")
        with self._reader.guard:
            self._fault = None
            self._typed = (self._typed + meant)[-MAX_KEYS:]

    def _lost(self, fault: ReaderFault | None) -> None:
        with self._reader.guard:
            self._fault = fault or ReaderFault("the keypad was closed", hint="start the device again")
            self._typed = ""  # keys from before a lost connection must not count for the next visitor
