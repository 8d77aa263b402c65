"""The wake file: another process writes new bytes into it, and so asks the syncing process to sync now.

A signal would need a process id, and might meet another process that has it by then.
"""

from __future__ import annotations

import secrets
from contextlib import suppress
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

NAME: Final = "wake"
WORD_BYTES: Final = 8


def wake(state: Path) -> None:
    """Ask for a sync. A disk that does not take it is no reason to fail: the next one comes anyway."""
    with suppress(OSError):
        state.mkdir(parents=True, exist_ok=True)
        (state / NAME).write_bytes(secrets.token_bytes(WORD_BYTES))


class WakeFile:
    """The other end: `changed` says once for each time that somebody rang since."""

    def __init__(self, state: Path) -> None:
        self._file = state / NAME
        self._last = self._word()

    def changed(self) -> bool:
        now = self._word()
        before, self._last = self._last, now
        return now != before

    def _word(self) -> bytes:
        try:
            with self._file.open("rb") as file:
                return file.read(WORD_BYTES)
        except OSError:
            return b""
