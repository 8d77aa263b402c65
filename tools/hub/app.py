"""One hub as an ASGI application: takes records, serves files, shows pages to operators. Keeps no state."""

from __future__ import annotations

import sys
import time
from functools import cache
from typing import TYPE_CHECKING, Any

import structlog
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, PlainTextResponse, Response

from edge.errors import StorageFault
from tools.hub import operations
from tools.hub.files import mounts
from tools.hub.fleet import AgeScales, Fleet
from tools.hub.numbers import HubMetrics
from tools.hub.openapi import ApiRoute, document
from tools.hub.page import Pages
from tools.hub.staff.messages import StaffLog
from tools.hub.store import HubStore
from tools.hub.upload import UploadEndpoint

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from starlette.requests import Request
    from starlette.routing import BaseRoute
    from structlog.typing import FilteringBoundLogger

    from tools.hub.schema import Database


def create_app(
    database: Database,
    *,
    password: str,
    repository: Path | None = None,
    scales: AgeScales | None = None,
    log: FilteringBoundLogger | None = None,
    now_s: Callable[[], float] = time.time,
    vouch: Callable[[str], None] = lambda _host: None,
) -> Starlette:
    """The hub over a database whose tables exist.

    Args:
        database: see `Database.prepare`.
        password: of the pages.
        repository: folder of the trust repository, if this hub serves it.
        scales: the ages at which contact is late and lists are old.
        log: gets a line for each answer; left out: JSON Lines on standard error.
        now_s: UTC, seconds since 1970.
        vouch: called with the address of a client that signed, or gave the password.

    Raises:
        InputError: `repository` is not a repository.
    """
    log = log or json_lines()
    store, fleet = HubStore(database), Fleet(database, scales or AgeScales())
    staff_log = StaffLog(database)
    numbers = HubMetrics(
        lambda: fleet.counts(int(now_s())),
        staff_log.counts,
        lambda: staff_log.waiting_count(int(now_s() * 1000)),
    )

    async def alive(_: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def ready(_: Request) -> Response:
        await run_in_threadpool(database.ready)
        return PlainTextResponse("ready\n")

    def no_database(_: Request, error: Exception) -> Response:
        log.error("database", error=str(error))
        return PlainTextResponse("the database does not answer\n", 503, {"Retry-After": "5"})

    @cache  # any client may ask, and it is always the same
    def interface_document() -> dict[str, Any]:
        return document(routes, operations.WEBHOOKS)

    async def interface(_: Request) -> Response:
        return JSONResponse(interface_document())

    routes: list[BaseRoute] = [
        ApiRoute("/healthz", alive, operations.ALIVE),
        ApiRoute("/readyz", ready, operations.READY),
        ApiRoute("/openapi.json", interface, operations.DOCUMENT),
        *UploadEndpoint(store, numbers, log, now_s=now_s, vouch=vouch).routes(),
        *(mounts(repository) if repository else []),
        *Pages(
            store, fleet, staff_log, numbers, password, now_s=now_s, api=interface_document, vouch=vouch
        ).routes(),
    ]
    return Starlette(routes=routes, exception_handlers={StorageFault: no_database})


def json_lines() -> FilteringBoundLogger:
    """A log of one JSON object a line on standard error."""
    log: FilteringBoundLogger = structlog.wrap_logger(
        structlog.PrintLogger(sys.stderr),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.JSONRenderer(),
        ],
    )
    return log
