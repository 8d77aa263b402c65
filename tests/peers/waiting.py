"""Wait for the work of another thread or process."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

DEADLINE_S = 60.0  # for a busy machine; no measurement


def until(holds: Callable[[], object], *, for_s: float = DEADLINE_S) -> None:
    """Return as soon as the condition holds. The limit is for a busy machine; it measures nothing."""
    give_up = time.monotonic() + for_s
    pause = threading.Event()
    while not holds():
        assert time.monotonic() < give_up, "it never happened"
        pause.wait(0.001)
