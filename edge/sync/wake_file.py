"""The wake file: another process writes new bytes to it to ask the syncing process for a sync now.

A signal would need a process id, which may belong to another process by then.
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
    """Ask for a sync. A disk error is ignored, because the next scheduled sync comes anyway."""
    with suppress(OSError):
        state.mkdir(parents=True, exist_ok=True)
        (state / NAME).write_bytes(secrets.token_bytes(WORD_BYTES))


class WakeFile:
    """The reader of the wake file: `changed` is True once after each request."""

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
