"""HTTP server of the metrics: one thread and few connections, so that no client takes resources of the door.

It shares a process with the passages, and any user of this machine can connect. A new connection takes the
place of the oldest one, each has a deadline, and the page is made once a second at most.
"""

from __future__ import annotations

import selectors
import socket
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

HOST: Final = "127.0.0.1"
MOST: Final = 8  # two scrapers and a person with curl take three
WHOLE_S: Final = 3.0  # head and answer; over loopback they take milliseconds
HEAD_BYTES: Final = 4_096  # a scrape of Prometheus has 300
PAGE_S: Final = 1.0
TURN_S: Final = 0.1
ACCEPTS: Final = 64  # in a turn: a flood takes some percent of one core
QUEUE: Final = 128  # connections that wait in the kernel, which holds them without a descriptor of ours


@dataclass(slots=True, eq=False)
class _Scrape:
    """One connection: the head so far, then the rest of the answer."""

    line: socket.socket
    until_s: float
    head: bytearray = field(default_factory=bytearray)
    answer: bytes = b""


class MetricsServer:
    """Serves one page on a port of the loopback interface, in its own thread."""

    def __init__(self, port: int, page: Callable[[], bytes]) -> None:
        """`port`: 0 takes any free one; `page`: makes the page, in the server's thread. Raises OSError."""
        self._make_page = page
        self._page, self._made_s = b"", float("-inf")
        self._scrapes: dict[socket.socket, _Scrape] = {}
        self._listener = socket.create_server((HOST, port), backlog=QUEUE)
        self._listener.setblocking(False)
        self.port: int = self._listener.getsockname()[1]
        self._wake, self._woken = socket.socketpair()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="metrics", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End all connections. Safe to call again."""
        self._closing.set()
        with suppress(OSError):
            self._wake.send(b"x")
        self._thread.join()

    def _serve(self) -> None:
        with selectors.DefaultSelector() as selector, self._listener, self._wake, self._woken:
            selector.register(self._listener, selectors.EVENT_READ)
            selector.register(self._woken, selectors.EVENT_READ)
            while not self._closing.is_set():
                began_s, accepted = time.monotonic(), 0
                while accepted < ACCEPTS and not self._closing.is_set():
                    for key, _ in selector.select(TURN_S):
                        if key.fileobj is self._listener:
                            accepted += 1
                            self._accept(selector)
                        elif (scrape := key.data) in self._scrapes.values():
                            self._go_on(selector, scrape)
                    if time.monotonic() - began_s >= TURN_S:
                        break
                else:
                    self._closing.wait(max(0.0, began_s + TURN_S - time.monotonic()))
                now_s = time.monotonic()
                for scrape in [scrape for scrape in self._scrapes.values() if scrape.until_s < now_s]:
                    self._end(selector, scrape)
            for scrape in tuple(self._scrapes.values()):
                self._end(selector, scrape)

    def _accept(self, selector: selectors.BaseSelector) -> None:
        try:
            line, _ = self._listener.accept()
        except OSError:
            return  # the client has gone
        if len(self._scrapes) >= MOST:
            self._end(selector, next(iter(self._scrapes.values())))
        line.setblocking(False)
        scrape = self._scrapes[line] = _Scrape(line, time.monotonic() + WHOLE_S)
        selector.register(line, selectors.EVENT_READ, scrape)

    def _go_on(self, selector: selectors.BaseSelector, scrape: _Scrape) -> None:
        """Read more of the head, or write more of the answer."""
        try:
            if not scrape.answer:
                data = scrape.line.recv(HEAD_BYTES)
                scrape.head += data
                if b"\r\n\r\n" in scrape.head:
                    scrape.answer = self._answer(bytes(scrape.head))
                    selector.modify(scrape.line, selectors.EVENT_WRITE, scrape)
                elif not data or len(scrape.head) >= HEAD_BYTES:
                    self._end(selector, scrape)
                return
            scrape.answer = scrape.answer[scrape.line.send(scrape.answer) :]
        except BlockingIOError:
            return
        except OSError:
            scrape.answer = b""
        if not scrape.answer:
            self._end(selector, scrape)

    def _answer(self, head: bytes) -> bytes:
        if not head.startswith(b"GET /"):
            return b"HTTP/1.0 405 Method Not Allowed\r\nAllow: GET\r\nContent-Length: 0\r\n\r\n"
        now_s = time.monotonic()
        if now_s - self._made_s >= PAGE_S:
            self._page, self._made_s = self._make_page(), now_s
        length = f"Content-Length: {len(self._page)}\r\n\r\n".encode()
        return b"HTTP/1.0 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\n" + length + self._page

    def _end(self, selector: selectors.BaseSelector, scrape: _Scrape) -> None:
        del self._scrapes[scrape.line]
        selector.unregister(scrape.line)
        scrape.line.close()
