"""The one limit that every strike output of ours keeps by itself, whoever asks."""

from __future__ import annotations

from typing import Final

from edge.errors import DoorLinkFault

# The longest single release, the door controller's firmware clamps at the same: long enough for a wheelchair
# to reach and pull a door, short enough that a forgotten release does not leave a building open.
MAX_RELEASE_MS: Final = 10_000


def capped(for_ms: int) -> int:
    """How long to release for when asked for `for_ms`. Raises DoorLinkFault below 1 ms."""
    if for_ms < 1:
        raise DoorLinkFault(f"a release of {for_ms} ms is none", hint="release_ms must be above 0")
    return min(for_ms, MAX_RELEASE_MS)
