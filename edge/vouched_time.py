"""Time by which data may be destroyed: it has passed for certain. TIME.md section 6.

All that erases, gives up or forgets data for its age takes a VouchedTime, and no other time. Only
`edge.trust.time.trusted_clock` makes one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

# No data of this software is older. An earlier time comes from a clock without a battery: the age is unknown.
EARLIEST: Final = datetime(2025, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class VouchedTime:
    """A time that has passed, as a signature and the wall clock both say. True time is `at` or later."""

    at: datetime

    def outlived(self, made: datetime, keep: timedelta) -> bool:
        """Whether data of this time was kept for longer than that; False for a time before EARLIEST."""
        return EARLIEST <= made < self.at - keep

    def made_ms(self, keep: timedelta) -> tuple[int, int]:
        """The times of data that `outlived` is true of: from the first to before the second, UTC ms."""
        return _ms(EARLIEST), _ms(self.at) - int(keep.total_seconds() * 1_000)


UNVOUCHED: Final = VouchedTime(datetime.fromtimestamp(0, UTC))  # nothing has passed for certain


def _ms(at: datetime) -> int:
    return int(at.timestamp() * 1_000)
