"""Waits for what another thread or process does."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

PATIENCE_S = 60.0  # for a busy machine; no measurement


def until(holds: Callable[[], object], *, for_s: float = PATIENCE_S) -> None:
    """Return as soon as that holds. The limit is for a busy machine, and no measurement."""
    give_up = time.monotonic() + for_s
    pause = threading.Event()
    while not holds():
        assert time.monotonic() < give_up, "it never happened"
        pause.wait(0.001)
