"""Hides the memory of this process from other processes of its user, and from core dumps (prctl(2))."""

from __future__ import annotations

import ctypes
from contextlib import suppress
from typing import Final

_PR_SET_DUMPABLE: Final = 4


def hide_memory() -> None:
    """Forbid ptrace, /proc/PID/mem and core dumps to all but root; without prctl, do nothing."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
