"""The clock of this machine."""

from __future__ import annotations

import time
from datetime import UTC, datetime


class SystemClock:
    """UTC, which a user can set, and monotonic ticks, which no user can set."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def tick_ms(self) -> int:
        return time.monotonic_ns() // 1_000_000
