"""A camera for a door without one: empty frames with a time, so that the loop reads its scanner."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

import numpy as np

from edge.ports import Frame

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from edge.ports import Clock, Pixels

# A code waits for the next frame, 20 ms on average, too short to notice; 25 frames take 0.2 % of one core.
PERIOD_MS: Final = 40


class NoCamera:
    """A Camera whose frames have no pixels. `wait`: lets so many ms pass; left out, the thread sleeps."""

    def __init__(self, *, clock: Clock, wait: Callable[[int], object] | None = None) -> None:
        self._clock = clock
        self._closed = threading.Event()
        self._wait = wait or (lambda for_ms: self._closed.wait(for_ms / 1000))

    def frames(self) -> Iterator[Frame]:
        """One frame each 40 ms until the camera is closed."""
        luma: Pixels = np.zeros((0, 0), np.uint8)
        rgb: Pixels = np.zeros((0, 0, 3), np.uint8)
        while not self._closed.is_set():
            yield Frame(luma, rgb, self._clock.tick_ms())
            self._wait(PERIOD_MS)

    def close(self) -> None:
        self._closed.set()
