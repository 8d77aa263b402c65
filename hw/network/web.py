"""Connections to a web server with urllib3, each request with a deadline that the server cannot extend.

TLS is always verified; proxies come from the environment.
"""

from __future__ import annotations

import socket
import ssl
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from threading import Event, Timer
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError, NameResolutionError, NewConnectionError, ProxyError, SSLError
from urllib3.exceptions import TimeoutError as Late

from edge.errors import FetchError

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_RETRY_AFTER_S: Final = 3_600.0  # a server may delay a device for an hour at most
# All exceptions of a request; urllib3 raises ValueError for an answer that HTTP does not allow.
_ERRORS: Final = (HTTPError, HTTPException, OSError, ValueError)


class Web:
    """Connections to the server of one address; `manager` opens and keeps them."""

    def __init__(self, base: str, *, trust: ssl.SSLContext | None = None) -> None:
        """`trust`: certificates for TLS, to trust and to show; left out: the system's certificates."""
        self.base = base if base.endswith("/") else f"{base}/"
        self._lines: list[socket.socket] = []
        self.manager = _manager(self.base, trust or ssl.create_default_context(), self._lines)

    @contextmanager
    def at_most(self, seconds: float) -> Iterator[None]:
        """End every open connection after this time: a timeout of a socket starts again with every byte."""
        over = Event()
        timer = Timer(seconds, self._hang_up, (over,))
        timer.daemon = True
        timer.start()
        try:
            yield
        except _ERRORS as error:
            if over.is_set():
                raise Late(f"not complete after {seconds:g} s") from error
            raise
        finally:
            timer.cancel()
        if over.is_set():  # a body without a length seems to end normally
            raise Late(f"not complete after {seconds:g} s")

    @contextmanager
    def errors(self, name: str, *, setting: str) -> Iterator[None]:
        """Raise every error of a request for `name` as a FetchError; `setting`: it holds the address."""
        try:
            yield
        except _ERRORS as error:
            what, hint = _explained(error, setting)
            raise FetchError(f"{shown_address(self.base)}{name}: {what}", hint=hint) from error

    def _hang_up(self, over: Event) -> None:
        over.set()
        for line in list(self._lines):
            with suppress(OSError):  # the socket itself: the TLS above it belongs to the reading thread
                socket.socket.shutdown(line, socket.SHUT_RDWR)


def shown_address(url: str) -> str:
    """An address for errors and logs: the server, without a password or a path, which may be a token."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    server = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}/"
    return server if parts.path in {"", "/"} else f"{server}.../"


def retry_after(text: str) -> float:
    """The delay of a Retry-After header in s, from seconds or a date (RFC 9110, 10.2.3); 0 for other text."""
    if text.isascii() and text.isdigit():
        return min(float(text), MAX_RETRY_AFTER_S)
    with suppress(ValueError, TypeError, OverflowError):
        wait = (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds()
        return min(max(wait, 0.0), MAX_RETRY_AFTER_S)
    return 0.0


def _manager(base: str, trust: ssl.SSLContext, lines: list[socket.socket]) -> urllib3.PoolManager:
    """A manager that puts its sockets into `lines`, and uses the proxy of the environment if there is one."""

    def note(line: socket.socket | None) -> None:
        # A connection drops its socket before the last answer on it; the answer still reads from the socket.
        lines[:] = [open_line for open_line in lines if open_line.fileno() >= 0]
        if line is not None:
            lines.append(line)

    class Line(HTTPConnection):
        def connect(self) -> None:
            super().connect()
            note(self.sock)

    class SecureLine(HTTPSConnection):
        def connect(self) -> None:
            super().connect()  # the whole handshake has the timeout of one read
            note(self.sock)

    class Pool(HTTPConnectionPool):
        ConnectionCls = Line

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = SecureLine

    address = urlsplit(base)
    proxies = getproxies()
    proxy = proxies.get(address.scheme) or proxies.get("all")
    if proxy and not proxy_bypass(address.netloc.rpartition("@")[2]):
        manager: urllib3.PoolManager = urllib3.ProxyManager(proxy, ssl_context=trust, num_pools=2)
    else:
        manager = urllib3.PoolManager(ssl_context=trust, num_pools=2)
    manager.pool_classes_by_scheme = {"http": Pool, "https": SecurePool}
    return manager


def _explained(error: Exception, setting: str) -> tuple[str, str]:
    """The cause of an error and a hint, for a technician."""
    match error:
        case NameResolutionError():  # urllib3 makes it a NewConnectionError, and that one a time-out
            return "its name is not known", f"check {setting}, and the network's name server"
        case NewConnectionError():
            return "cannot be reached", f"check {setting}, and the network"
        case Late():
            return "is too slow", "check the network; the next sync resumes the download"
        case SSLError() | ssl.SSLError():
            return "no TLS connection", "check the clock, and the server's certificate"
        case ProxyError():
            return "the proxy refuses the connection", "check https_proxy in the environment"
        case _:
            return "the connection failed", "check the network; the next sync resumes the download"
