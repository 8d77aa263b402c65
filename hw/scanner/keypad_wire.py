"""A number pad that types on a wire: its keys are kept until somebody asks, the newest and not many."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

from edge.errors import ReaderFault

if TYPE_CHECKING:
    from collections.abc import Callable

    from hw.scanner.wire import Wire

MAX_KEYS: Final = 16  # a PIN of twelve, its end, and a slip
AGAIN_S: Final = 1.0  # a plug that is pushed back in is found within this time
# What the keys of a pad mean: enter ends, the star begins anew; every other key means nothing.
_MEANS: Final = {ord("\r"): "#", ord("\n"): "#", ord("#"): "#", ord("*"): "*"} | {
    ord(digit): digit for digit in "0123456789"
}


class WiredKeypad:
    """Reads in a thread of its own, and looks for the keypad again when it has gone."""

    def __init__(self, opener: Callable[[], Wire]) -> None:
        self._opener = opener
        self._lock = threading.Lock()
        self._typed = ""
        self._missing: tuple[str, str] | None = ("the keypad has not answered yet", "look at its cable")
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._listen, name="keypad", daemon=True)
        self._thread.start()

    def keys(self) -> str:
        with self._lock:
            typed, self._typed = self._typed, ""
            missing = self._missing
        if missing is not None:
            raise ReaderFault(missing[0], hint=missing[1])
        return typed

    def close(self) -> None:
        self._closing.set()
        self._thread.join()

    def _listen(self) -> None:
        while not self._closing.is_set():
            try:
                self._read()
            except ReaderFault as fault:
                with self._lock:
                    # What was typed into a pad that then went away is nobody's any more.
                    self._missing, self._typed = (fault.message, fault.hint), ""
                self._closing.wait(AGAIN_S)

    def _read(self) -> None:
        wire = self._opener()
        try:
            with self._lock:
                self._missing = None
            while not self._closing.is_set():
                meant = "".join(_MEANS.get(byte, "") for byte in wire.read() or b"")
                with self._lock:
                    self._typed = (self._typed + meant)[-MAX_KEYS:]
        finally:
            wire.close()
