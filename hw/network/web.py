"""Connections to a web server that cannot hold us up, with urllib3.

TLS is always verified; proxies are those of the environment.
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

MAX_RETRY_AFTER_S: Final = 3_600.0  # no server may silence a device for longer than an hour
# All that a request can end in; ValueError is urllib3's for what a server sends and HTTP does not allow.
_ERRORS: Final = (HTTPError, HTTPException, OSError, ValueError)


class Web:
    """Connections to the server of one address; `manager` opens and keeps them."""

    def __init__(self, base: str, *, trust: ssl.SSLContext | None = None) -> None:
        """`trust`: whom to believe over TLS, and who we are; left out: the system's certificates."""
        self.base = base if base.endswith("/") else f"{base}/"
        self._lines: list[socket.socket] = []
        self.manager = _manager(self.base, trust or ssl.create_default_context(), self._lines)

    @contextmanager
    def at_most(self, seconds: float) -> Iterator[None]:
        """End every open connection after this time: a timeout of a socket begins anew with every byte."""
        over = Event()
        timer = Timer(seconds, self._hang_up, (over,))
        timer.daemon = True
        timer.start()
        try:
            yield
        except _ERRORS as error:
            if over.is_set():
                raise Late(f"not over after {seconds:g} s") from error
            raise
        finally:
            timer.cancel()
        if over.is_set():  # a body without a length just seems to end
            raise Late(f"not over after {seconds:g} s")

    @contextmanager
    def errors(self, name: str, *, setting: str) -> Iterator[None]:
        """Every error of a request for `name` as a FetchError; `setting` is where the address came from."""
        try:
            yield
        except _ERRORS as error:
            what, hint = _explained(error, setting)
            raise FetchError(f"{self.base}{name}: {what}", hint=hint) from error

    def _hang_up(self, over: Event) -> None:
        over.set()
        for line in list(self._lines):
            with suppress(OSError):  # of the socket itself: the TLS above it belongs to the reading thread
                socket.socket.shutdown(line, socket.SHUT_RDWR)


def retry_after(text: str) -> float:
    """Seconds, or a date, as RFC 9110 section 10.2.3 has it; 0 for what is neither."""
    if text.isascii() and text.isdigit():
        return min(float(text), MAX_RETRY_AFTER_S)
    with suppress(ValueError, TypeError, OverflowError):
        wait = (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds()
        return min(max(wait, 0.0), MAX_RETRY_AFTER_S)
    return 0.0


def _manager(base: str, trust: ssl.SSLContext, lines: list[socket.socket]) -> urllib3.PoolManager:
    """Connections whose sockets are in `lines`, through the proxy of the environment if there is one."""

    def note(line: socket.socket | None) -> None:
        # A connection forgets its socket where the answer will be the last; the answer still reads from it.
        lines[:] = [open_line for open_line in lines if open_line.fileno() >= 0]
        if line is not None:
            lines.append(line)

    class Line(HTTPConnection):
        def connect(self) -> None:
            super().connect()
            note(self.sock)

    class SecureLine(HTTPSConnection):
        def connect(self) -> None:
            super().connect()  # the handshake as a whole has the time of one read
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
    """What went wrong and what to do, for a technician."""
    match error:
        case NameResolutionError():  # a NewConnectionError, which is a time-out, says urllib3
            return "its name is not known", f"check {setting}, and the network's name server"
        case NewConnectionError():
            return "cannot be reached", f"check {setting}, and the network"
        case Late():
            return "is too slow", "check the network; a later sync goes on where this one stopped"
        case SSLError() | ssl.SSLError():
            return "no secure connection", "check the clock, and the server's certificate"
        case ProxyError():
            return "the proxy does not let us through", "check https_proxy in the environment"
        case _:
            return "the connection failed", "check the network; a later sync goes on where this one stopped"
