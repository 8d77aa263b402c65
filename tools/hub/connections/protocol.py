"""HTTP/1.1 protocol of uvicorn that notes what a connection waits for, and bounds the head of a request."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from tools.hub.connections.budget import Client, Wait

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

HEAD_BYTES: Final = 16_384  # a signed request of a device takes 600 bytes, one through a proxy 2 kB


class GuardedConfig(uvicorn.Config):
    """The configuration of a hub. `client`: the place of a connection in the budget, by its descriptor."""

    client: Callable[[int], Client | None]


class GuardedProtocol(H11Protocol):
    """One connection, in a budget."""

    _client: Client | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        assert isinstance(self.config, GuardedConfig)
        self._client = self.config.client(transport.get_extra_info("socket").fileno())

    def data_received(self, data: bytes) -> None:
        if self.conn.their_state is h11.IDLE:
            head = self.conn.trailing_data[0] + data[: HEAD_BYTES + 1]
            if len(head) > HEAD_BYTES and b"\r\n\r\n" not in head[:HEAD_BYTES]:
                self.send_400_response("The head of the request is too long.")
                return
        super().data_received(data)
        self._note()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._note()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._note()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._note()

    def _note(self) -> None:
        if self._client is not None:
            self._client.waits(self._wait(), time.monotonic())

    def _wait(self) -> Wait:
        cycle: Any = self.cycle
        if cycle is None:
            return Wait.HEAD
        if cycle.response_complete:
            return Wait.NEXT
        if self.flow.write_paused:
            return Wait.READER
        return Wait.BODY if cycle.more_body else Wait.NOTHING
