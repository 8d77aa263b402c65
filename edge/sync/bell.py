"""How another process asks the one that syncs to do so now: it touches a file.

A signal would need a process id, and might meet another process that has it by then.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

NAME = "wake"


def ring(state: Path) -> None:
    """Ask for a sync. A disk that does not take it is no reason to fail: the next one comes anyway."""
    with suppress(OSError):
        state.mkdir(parents=True, exist_ok=True)
        (state / NAME).write_bytes(b"")


class Bell:
    """The other end: `rung` says once for each time that somebody rang since."""

    def __init__(self, state: Path) -> None:
        self._file = state / NAME
        self._last = self._time()

    def rung(self) -> bool:
        now = self._time()
        before, self._last = self._last, now
        return now != before

    def _time(self) -> int:
        try:
            return self._file.stat().st_mtime_ns
        except OSError:
            return 0
