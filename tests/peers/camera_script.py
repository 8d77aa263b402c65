"""A camera driver that a test controls: it returns the given pictures, faults and delays."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from edge.errors import CameraFault
from edge.ports import Clock, Frame


@dataclass
class Kept:
    """A RawFrame that records its use: `ends` has "seen" for a conversion and "dropped" for a drop."""

    luma: int
    tick_ms: int
    ends: list[str] = field(default_factory=list)

    def frame(self) -> Frame:
        self.ends.append("seen")
        rgb = np.full((36, 64, 3), self.luma, np.uint8)
        return Frame(np.full((72, 128), self.luma, np.uint8), rgb, self.tick_ms)

    def drop(self) -> None:
        self.ends.append("dropped")


class Scripted:
    """A Driver. Without `orders` it returns a picture every 2 ms; with `orders` it executes one after the other."""

    def __init__(
        self,
        clock: Clock,
        stop: threading.Event,
        orders: queue.Queue[Kept | CameraFault | Callable[[], object] | None] | None = None,
    ) -> None:
        self._clock = clock
        self._stop = stop
        self._orders = orders
        self.closed = False

    def read(self) -> Kept | None:
        if self._orders is None:
            self._stop.wait(0.002)
            return Kept(90, self._clock.tick_ms())
        while not self._stop.is_set():
            try:
                order = self._orders.get(timeout=0.02)
            except queue.Empty:
                continue
            if isinstance(order, CameraFault):
                raise order
            if callable(order):
                order()
                continue
            return order
        return None

    def close(self) -> None:
        self.closed = True
