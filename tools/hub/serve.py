"""A hub on a socket: uvicorn with limits, TLS if there is a certificate, one log line when it is ready."""

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

# Each may hold 1 MB in memory while it arrives; what comes beyond is told to come again.
MOST_AT_ONCE: Final = 200
GRACE_S: Final = 10  # for answers under way when the service is stopped


@dataclass(frozen=True, slots=True)
class Tls:
    """A certificate for this server; with `client_ca`, only devices with one of that authority are let in."""

    cert: Path
    key: Path
    client_ca: Path | None = None


def run(app: Starlette, address: tuple[str, int], *, tls: Tls | None, log: FilteringBoundLogger) -> None:
    """Serve until a signal ends it. Port 0 takes any; the ready line says which. Raises InputError."""
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,  # each answer to a device is one line of our own
        server_header=False,
        proxy_headers=False,  # nobody is believed for the address that they say they have
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
            f"certificate cannot be used: {err.strerror or 'failed'}", hint="--cert, --cert-key: PEM files"
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
            f"{host}:{port}: {(err.strerror or 'cannot listen').lower()}", hint="is a hub running there?"
        ) from err
