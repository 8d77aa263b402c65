"""One hub as an ASGI application: devices come in, files go out, operators look. Keeps no state."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

import structlog
from hub_files import mounts
from hub_fleet import Fleet, Ladders
from hub_numbers import Numbers
from hub_page import Pages
from hub_store import Store
from hub_upload import Uploads
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from edge.errors import StorageFault

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from hub_schema import Database
    from starlette.requests import Request
    from structlog.typing import FilteringBoundLogger


def create_app(
    database: Database,
    *,
    password: str,
    repository: Path | None = None,
    ladders: Ladders | None = None,
    log: FilteringBoundLogger | None = None,
    now_s: Callable[[], float] = time.time,
) -> Starlette:
    """The hub over a database whose tables are there.

    Args:
        database: see `Database.prepare`.
        password: of the pages.
        repository: folder of the trust repository, if this hub serves it.
        ladders: what is called late and old.
        log: where a line for each answer goes; else JSON Lines on standard error.
        now_s: UTC, seconds since 1970.

    Raises:
        InputError: `repository` is none.
    """
    log = log or json_lines()
    store, fleet = Store(database), Fleet(database, ladders or Ladders())
    numbers = Numbers(lambda: fleet.counts(int(now_s())))

    async def alive(_: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def ready(_: Request) -> Response:
        await run_in_threadpool(database.ready)
        return PlainTextResponse("ready\n")

    def no_database(_: Request, error: Exception) -> Response:
        log.error("database", error=str(error))
        return PlainTextResponse("the database does not answer\n", 503, {"Retry-After": "5"})

    return Starlette(
        routes=[
            Route("/healthz", alive),
            Route("/readyz", ready),
            *Uploads(store, numbers, log, now_s=now_s).routes(),
            *(mounts(repository) if repository else []),
            *Pages(store, fleet, numbers, password, now_s=now_s).routes(),
        ],
        exception_handlers={StorageFault: no_database},
    )


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
