"""A real web server on the loopback interface for tests: files, ranges, and every kind of misbehaviour."""

from __future__ import annotations

import re
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

Answer = Callable[[BaseHTTPRequestHandler], None]


@dataclass
class Web:
    """The content of a server, and its requests as (path, headers). `answers` take precedence over `files`."""

    files: Mapping[str, bytes]
    ranges: bool = True
    answers: MutableMapping[str, Answer] = field(default_factory=dict)
    asked: list[tuple[str, Mapping[str, str]]] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    """The bodies of the POST requests."""
    over: threading.Event = field(default_factory=threading.Event)
    """Set when the server closes: an endless answer waits for it."""
    url: str = ""

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.asked]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 20
    web: Web

    def do_GET(self) -> None:
        name = unquote(urlsplit(self.path).path).lstrip("/")
        self.web.asked.append((name, dict(self.headers.items())))
        answer = self.web.answers.get(name)
        if answer is not None:
            answer(self)
        elif name in self.web.files:
            self._file(self.web.files[name])
        else:
            reply(self, 404, b"no such file")

    def do_POST(self) -> None:
        name = unquote(urlsplit(self.path).path).lstrip("/")
        self.web.asked.append((name, dict(self.headers.items())))
        self.web.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
        self.web.answers.get(name, lambda handler: reply(handler, 404, b"no such thing"))(self)

    def _file(self, data: bytes) -> None:
        wanted = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        if not wanted or not self.web.ranges:
            reply(self, 200, data)
        elif (start := int(wanted[1])) >= len(data):
            reply(self, 416, b"", {"Content-Range": f"bytes */{len(data)}"})
        else:
            part = f"bytes {start}-{len(data) - 1}/{len(data)}"
            reply(self, 206, data[start:], {"Content-Range": part})

    def log_message(self, *_: object) -> None:
        """Log nothing."""


def reply(handler: BaseHTTPRequestHandler, status: int, body: bytes, headers: Mapping[str, str] = {}) -> None:
    """Send one complete answer."""
    handler.send_response(status)
    for name, value in {"Content-Length": str(len(body)), **headers}.items():
        handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(body)


def answers(status: int, body: bytes = b"", **headers: str) -> Answer:
    """An answer to any request; `Retry_After` is the header Retry-After."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda handler: reply(handler, status, body, named)


def breaking_off(sent: bytes) -> Answer:
    """An answer of exactly these bytes; then the connection closes."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(sent)
        handler.close_connection = True

    return answer


def dripping(web: Web, start: bytes, drip: bytes) -> Answer:
    """An endless answer: `start`, then `drip` again and again, each before a time-out."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(start)
        while not web.over.wait(0.02):
            handler.wfile.write(drip)

    return answer


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Print nothing: in many tests the client closes the connection."""


@contextmanager
def serve(
    files: Mapping[str, bytes], *, ranges: bool = True, tls: ssl.SSLContext | None = None
) -> Iterator[Web]:
    """Serve at `web.url` until the block ends."""
    web = Web(files, ranges)
    handler = type("Handler", (_Handler,), {"web": web})
    with _Server(("127.0.0.1", 0), handler) as server:
        if tls:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        web.url = f"{'https' if tls else 'http'}://localhost:{server.server_address[1]}/"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield web
        finally:
            web.over.set()
            server.shutdown()
            thread.join()
