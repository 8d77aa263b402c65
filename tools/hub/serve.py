"""Runs a hub on a socket: uvicorn with a budget of connections, TLS with a certificate, a ready line."""

from __future__ import annotations

import socket
import ssl
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import uvicorn

from edge.errors import InputError
from tools.hub.connections.listener import GuardedListener
from tools.hub.connections.protocol import GuardedConfig, GuardedProtocol

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.applications import Starlette
    from structlog.typing import FilteringBoundLogger

    from tools.hub.connections.budget import ConnectionBudget

ACCEPTS: Final = 64  # connections that are taken in one turn, before the others are served
TICKS: Final = 10  # of 0.1 s, between two looks at deadlines
REPORTS: Final = 600  # of 0.1 s, between two log lines about connections that were ended
GRACE_S: Final = 10  # to finish answers when the service is stopped


@dataclass(frozen=True, slots=True)
class Tls:
    """A certificate of this server; with `client_ca`, clients need a certificate of that authority."""

    cert: Path
    key: Path
    client_ca: Path | None = None


def run(
    app: Starlette,
    address: tuple[str, int],
    *,
    tls: Tls | None,
    log: FilteringBoundLogger,
    budget: ConnectionBudget,
) -> None:
    """Serve until a signal. Port 0 takes a free port, which the ready line names. Raises InputError."""
    config = GuardedConfig(
        app,
        loop="asyncio",  # uvloop would accept connections by itself, past the budget
        http=GuardedProtocol,
        backlog=ACCEPTS,
        log_level="warning",
        access_log=False,  # the hub logs one line for each answer itself
        server_header=False,
        proxy_headers=False,  # a client must not choose its own address
        ws="none",
        lifespan="off",
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
    with GuardedListener(_listen(address), budget) as listener:
        config.client = listener.client
        _Server(config, log, budget).run(sockets=[listener])


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, log: FilteringBoundLogger, budget: ConnectionBudget) -> None:
        super().__init__(config)
        self._log = log
        self._budget = budget
        self._told = 0

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        for listener in sockets or ():
            host, port = listener.getsockname()[:2]
            self._log.info("ready", host=host, port=port)

    async def on_tick(self, counter: int) -> bool:
        if counter % TICKS == 0:
            self._budget.sweep(time.monotonic())
        if counter % REPORTS == 0 and (ended := self._budget.dropped - self._told):
            self._told += ended
            self._log.warning("connections", ended=ended, open=len(self._budget))
        return await super().on_tick(counter)


def _listen(address: tuple[str, int]) -> socket.socket:
    host, port = address
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=ACCEPTS)
    except OSError as err:
        raise InputError(
            f"--listen: {host}:{port}: {(err.strerror or 'cannot listen').lower()}",
            hint="choose another --listen, or stop the program that uses this one",
        ) from err
