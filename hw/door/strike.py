"""The longest release, which every strike output enforces for all callers."""

from __future__ import annotations

from typing import Final

from edge.errors import DoorLinkFault

# The longest single release; the door controller's firmware has the same limit. It is long enough to reach
# and pull a door from a wheelchair, and short enough that a forgotten release leaves no building open.
MAX_RELEASE_MS: Final = 10_000


def capped(for_ms: int) -> int:
    """The time of a release that is asked for `for_ms`, in ms. Raises DoorLinkFault below 1 ms."""
    if for_ms < 1:
        raise DoorLinkFault(f"release_ms: {for_ms} is not above 0", hint="set release_ms above 0")
    return min(for_ms, MAX_RELEASE_MS)
