"""A line in memory with both ends."""

from __future__ import annotations

import threading
from typing import Final

from edge.errors import HostFault

CHUNK_BYTES: Final = 4_096  # the port's own limit


class _Pipe:
    """The bytes of one direction."""

    def __init__(self) -> None:
        self.held = bytearray()
        self.is_shut = False
        self.changed = threading.Condition()


class SimLine:
    """Implements HostLine: one end of a line. `line_pair` makes both ends."""

    def __init__(self, incoming: _Pipe, outgoing: _Pipe) -> None:
        self._in, self._out = incoming, outgoing

    def send(self, data: bytes) -> None:
        with self._out.changed:
            if self._out.is_shut:
                raise HostFault("the other end hung up")
            self._out.held += data
            self._out.changed.notify_all()

    def receive(self, wait_s: float) -> bytes:
        pipe = self._in
        with pipe.changed:
            if not pipe.changed.wait_for(lambda: pipe.held or pipe.is_shut, wait_s):
                return b""
            if not pipe.held:
                raise HostFault("the other end hung up")
            data = bytes(pipe.held[:CHUNK_BYTES])
            del pipe.held[:CHUNK_BYTES]
            return data

    def close(self) -> None:
        for pipe in (self._in, self._out):
            with pipe.changed:
                pipe.is_shut = True
                pipe.changed.notify_all()


def line_pair() -> tuple[SimLine, SimLine]:
    """Both ends of one line."""
    one, other = _Pipe(), _Pipe()
    return SimLine(one, other), SimLine(other, one)
