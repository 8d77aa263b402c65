"""Listening socket that gives each connection a place in the budget before its first byte, and before TLS."""

from __future__ import annotations

import socket
import time
from contextlib import suppress
from typing import Any, Final

from tools.hub.connections.budget import MOST_OPEN, Client, ConnectionBudget, peer_of

QUEUE: Final = 1_024  # a full queue costs a client a second, until its kernel tries again


class GuardedListener(socket.socket):
    """A listening socket whose connections are in a budget. Its owner closes it."""

    def __init__(self, listener: socket.socket, budget: ConnectionBudget) -> None:
        """Takes the place of `listener`, which is closed."""
        super().__init__(fileno=listener.detach())
        self._budget = budget
        self._clients: dict[int, Client] = {}

    def listen(self, _backlog: int = 0) -> None:
        """Let a burst of clients wait in the kernel: asyncio's number is how many it accepts in one turn."""
        super().listen(QUEUE)

    def accept(self) -> tuple[socket.socket, Any]:
        """The next connection; one without a place is closed. Raises OSError."""
        connection, address = super().accept()
        held = _HeldSocket(connection, self)
        if len(self._clients) < MOST_OPEN and (
            client := self._budget.enter(peer_of(str(address[0])), time.monotonic(), held.cut)
        ):
            self._clients[held.fileno()] = client
            return held, address
        held.close()
        raise ConnectionAbortedError  # asyncio continues with the next one

    def client(self, descriptor: int) -> Client | None:
        """The place of a connection in the budget."""
        return self._clients.get(descriptor)

    def ended(self, descriptor: int) -> None:
        """Free the place of a connection that is closed."""
        if client := self._clients.pop(descriptor, None):
            self._budget.leave(client)


class _HeldSocket(socket.socket):
    def __init__(self, connection: socket.socket, listener: GuardedListener) -> None:
        super().__init__(fileno=connection.detach())
        self._listener = listener

    def cut(self) -> None:
        """End the connection; its transport notices, and closes it."""
        with suppress(OSError):
            self.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._listener.ended(self.fileno())
        super().close()
