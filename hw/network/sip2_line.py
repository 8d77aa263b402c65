"""A line to a library system over TCP, with TLS if the configuration asks for it."""

from __future__ import annotations

import socket
import ssl
from contextlib import suppress
from typing import Final

from edge.errors import HostFault

CHUNK_BYTES: Final = 4_096  # the port's own limit
SEND_S: Final = 5.0  # a message has 400 bytes: a system that takes longer hangs


class SocketLine:
    """Implements HostLine over a connected socket."""

    def __init__(self, connection: socket.socket, where: str) -> None:
        self._socket, self._where = connection, where

    def send(self, data: bytes) -> None:
        try:
            self._socket.settimeout(SEND_S)
            self._socket.sendall(data)
        except (OSError, ValueError) as err:
            raise _fault(self._where, err) from err

    def receive(self, wait_s: float) -> bytes:
        try:
            # Not select: TLS may have bytes on the wire without data, or data without bytes on the wire.
            self._socket.settimeout(wait_s)
            data = self._socket.recv(CHUNK_BYTES)
        except (TimeoutError, BlockingIOError, ssl.SSLWantReadError):
            return b""
        except (OSError, ValueError) as err:
            raise _fault(self._where, err) from err
        if not data:
            raise HostFault(
                f"{self._where}: the library system closed the connection", hint="see the log of that system"
            )
        return data

    def close(self) -> None:
        with suppress(OSError):
            self._socket.close()


def open_line(host: str, port: int, *, tls: ssl.SSLContext | None, timeout_s: float) -> SocketLine:
    """Connect, and with `tls` verify the system's certificate. Raises HostFault."""
    where = f"{host}:{port}"
    try:
        raw = socket.create_connection((host, port), timeout=timeout_s)
    except (OSError, UnicodeError) as err:
        raise _fault(where, err) from err
    try:
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        return SocketLine(tls.wrap_socket(raw, server_hostname=host) if tls else raw, where)
    except (OSError, ValueError) as err:
        raw.close()
        raise _fault(where, err) from err


def _fault(where: str, err: Exception) -> HostFault:
    match err:
        case ssl.SSLCertVerificationError():
            what, hint = "its certificate is not trusted", "check the clock, [library] ca and host"
        case ssl.SSLError():
            what, hint = "no TLS connection", "set [library] port to its TLS port, or tls = false"
        case TimeoutError():
            what, hint = "does not answer", "check [library] host and port, and the network"
        case socket.gaierror() | UnicodeError():
            what, hint = "its name is not known", "check [library] host, and the network's name server"
        case ConnectionRefusedError():
            what, hint = "the connection was refused", "start the library system, or check [library] port"
        case _:
            what, hint = "the connection failed", "check the network"
    return HostFault(f"{where}: {what}", hint=hint)
