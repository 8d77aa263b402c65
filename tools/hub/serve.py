"""Runs a hub on a socket: uvicorn with limits, TLS if there is a certificate, a log line when it is ready."""

from __future__ import annotations

import socket
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import uvicorn

from edge.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.applications import Starlette
    from structlog.typing import FilteringBoundLogger

# Each request may hold 1 MB in memory while it arrives; further clients are asked to retry.
MOST_AT_ONCE: Final = 200
GRACE_S: Final = 10  # to finish answers when the service is stopped


@dataclass(frozen=True, slots=True)
class Tls:
    """A certificate of this server; with `client_ca`, clients need a certificate of that authority."""

    cert: Path
    key: Path
    client_ca: Path | None = None


def run(app: Starlette, address: tuple[str, int], *, tls: Tls | None, log: FilteringBoundLogger) -> None:
    """Serve until a signal. Port 0 takes a free port, which the ready line names. Raises InputError."""
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,  # the hub logs one line for each answer itself
        server_header=False,
        proxy_headers=False,  # a client must not choose its own address
        ws="none",
        lifespan="off",
        limit_concurrency=MOST_AT_ONCE,
        timeout_graceful_shutdown=GRACE_S,
    )
    if tls:
        config.ssl_certfile, config.ssl_keyfile = tls.cert, tls.key
        if tls.client_ca:
            config.ssl_ca_certs, config.ssl_cert_reqs = str(tls.client_ca), ssl.CERT_REQUIRED
    try:
        config.load()
    except (OSError, ssl.SSLError) as err:
        raise InputError(
            f"--cert: the certificate cannot be used: {err.strerror or 'failed'}",
            hint="give PEM files to --cert, --cert-key and --client-ca",
        ) from err
    with _listen(address) as listener:
        _Server(config, log).run(sockets=[listener])


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, log: FilteringBoundLogger) -> None:
        super().__init__(config)
        self._log = log

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        for listener in sockets or ():
            host, port = listener.getsockname()[:2]
            self._log.info("ready", host=host, port=port)


def _listen(address: tuple[str, int]) -> socket.socket:
    host, port = address
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=1024)
    except OSError as err:
        raise InputError(
            f"--listen: {host}:{port}: {(err.strerror or 'cannot listen').lower()}",
            hint="choose another --listen, or stop the program that uses this one",
        ) from err
