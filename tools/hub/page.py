"""The operator's pages, with a password: all devices, one device, its records as a download."""

from __future__ import annotations

import binascii
import secrets
from base64 import b64decode, b64encode
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import jinja2
from markupsafe import Markup
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response, StreamingResponse

from edge.audit.record import decode
from edge.policy.staff_messages import StaffLevel, StaffMessage
from edge.reasons.table import reasons
from edge.upload.protocol import MAX_SKEW_S
from edge.version import software_version
from tools.hub import operations
from tools.hub.export import FORMATS, lines
from tools.hub.fleet import ROWS, Fleet
from tools.hub.openapi import ApiRoute
from tools.hub.staff.record_row import told

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from sqlalchemy import RowMapping
    from starlette.requests import Request

    from tools.hub.fleet import AgeScale
    from tools.hub.numbers import HubMetrics
    from tools.hub.openapi import ApiOperation
    from tools.hub.staff.messages import StaffLog
    from tools.hub.store import HubStore

HERE: Final = Path(__file__).resolve().parent
LAST: Final = 100  # records on a device's page; the downloads have all records
SORTS: Final = ("contact", "lists", "name")
REFRESH_S: Final = 30
DAY_S: Final = 86_400
LEVELS: Final = {level.name.lower(): level for level in StaffLevel}

_CSS: Final = (HERE / "page.css").read_text("utf-8")
# A page loads no file and runs no script; its only style sheet is allowed by its hash.
_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; form-action 'self'; base-uri 'none'; "
    f"frame-ancestors 'none'; style-src 'sha256-{b64encode(sha256(_CSS.encode()).digest()).decode()}'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


@dataclass(frozen=True, slots=True)
class AgeLabel:
    """A word, its age, and its tone; the word alone is enough, the colour only helps."""

    word: str
    age: str
    tone: str


class Pages:
    """The pages of one hub."""

    def __init__(
        self,
        store: HubStore,
        fleet: Fleet,
        staff_log: StaffLog,
        numbers: HubMetrics,
        password: str,
        *,
        now_s: Callable[[], float],
        api: Callable[[], dict[str, Any]],
        vouch: Callable[[str], None],
    ) -> None:
        self._store = store
        self._fleet = fleet
        self._staff_log = staff_log
        self._numbers = numbers
        self._password = sha256(password.encode()).digest()
        self._now_s = now_s
        self._api = api
        self._vouch = vouch
        environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader(HERE),
            autoescape=True,
            trim_blocks=True,
            lstrip_blocks=True,
            undefined=jinja2.StrictUndefined,
        )
        environment.globals |= {"css": Markup(_CSS), "version": software_version()}  # noqa: S704  our own file
        environment.filters |= {"thousands": "{:,}".format, "utc": utc}
        self._templates = environment

    def routes(self) -> list[ApiRoute]:
        pages: dict[str, tuple[Callable[[Request], Response], ApiOperation]] = {
            "/": (self.devices, operations.DEVICES_PAGE),
            "/staff": (self.staff, operations.STAFF_PAGE),
            "/devices/{device}": (self.device, operations.DEVICE_PAGE),
            "/devices/{device}/records.{format}": (self.records, operations.RECORDS_FILE),
            "/reasons": (self.reasons, operations.REASONS_PAGE),
            "/api": (self.api, operations.API_PAGE),
            "/metrics": (self.metrics, operations.METRICS),
        }
        return [ApiRoute(path, self._guarded(page), operation) for path, (page, operation) in pages.items()]

    def devices(self, request: Request) -> Response:
        """The page of all devices, those with an alarm first."""
        sort = request.query_params.get("sort", SORTS[0])
        find = request.query_params.get("find", "")[:40]
        now_s = self._now_s()
        counts = self._fleet.counts(int(now_s))
        rows = self._fleet.rows(sort=sort if sort in SORTS else SORTS[0], find=find)
        return self._html(
            "devices.html.j2",
            devices=[self._row(row, now_s) for row in rows],
            counts=counts,
            total=sum(counts["contact"].values()),
            most=ROWS,
            sort=sort,
            find=find,
            forced=self._forced(now_s),
            refresh=REFRESH_S if "refresh" in request.query_params else 0,
            now=now_s * 1000,
        )

    def staff(self, request: Request) -> Response:
        """The page of messages to staff: duress of the last day first, then all, newest first."""
        level = request.query_params.get("level", "")
        find = request.query_params.get("find", "")[:40]
        now_s = self._now_s()
        rows = self._staff_log.latest(level=LEVELS.get(level), find=find)
        return self._html(
            "staff.html.j2",
            messages=[
                {**row, "explained": StaffMessage(StaffLevel.NOTE, row["code"]).reason} for row in rows
            ],
            forced=self._forced(now_s),
            levels=LEVELS,
            level=level if level in LEVELS else "",
            find=find,
            refresh=REFRESH_S if "refresh" in request.query_params else 0,
            now=now_s * 1000,
        )

    def _forced(self, now_s: float) -> Sequence[RowMapping]:
        """The messages about duress of the last day."""
        return self._staff_log.latest(level=StaffLevel.DURESS, since_ms=int((now_s - DAY_S) * 1000))

    def device(self, request: Request) -> Response:
        """The page of one device: its state, its alarms, its last records."""
        row = self._history(request)
        now_s = self._now_s()
        latest = self._store.latest(row["serial"], LAST)
        return self._html(
            "device.html.j2",
            device=self._row(row, now_s),
            missing=self._store.missing(row),
            alarms=self._store.alarms(row["serial"]),
            others=[r for r in self._store.histories(row["id"]) if r["serial"] != row["serial"]],
            records=[{"received_ms": r["received_ms"], **told(decode(r["body"].encode()))} for r in latest],
            formats=FORMATS,
            refresh=0,
            now=now_s * 1000,
        )

    def records(self, request: Request) -> Response:
        """The download of all records of a history."""
        form = request.path_params["format"]
        if form not in FORMATS:
            raise HTTPException(404)
        row = self._history(request)
        name = f"{row['id']}.{form}"
        return StreamingResponse(
            lines(self._store.bodies(row["serial"]), form),
            media_type=FORMATS[form],
            headers={**_HEADERS, "Content-Disposition": f'attachment; filename="{name}"'},
        )

    def reasons(self, _: Request) -> Response:
        """Every reason code, explained, with an anchor for each."""
        groups = [(group, list(rows)) for group, rows in groupby(reasons().values(), lambda row: row.group)]
        return self._html("reasons.html.j2", groups=groups, refresh=0, now=self._now_s() * 1000)

    def api(self, _: Request) -> Response:
        """The interface of this hub: its OpenAPI document as a page."""
        return self._html("api.html.j2", api=self._api(), refresh=0, now=self._now_s() * 1000)

    def metrics(self, _: Request) -> Response:
        """The metrics for Prometheus."""
        return Response(self._numbers.page(), media_type="text/plain; version=0.0.4", headers=_HEADERS)

    def _history(self, request: Request) -> RowMapping:
        """The history that a request names: the newest of this name, or the one of `?history=`."""
        found = self._store.histories(request.path_params["device"])
        wanted = request.query_params.get("history")
        for row in found:
            if wanted is None or wanted == str(row["serial"]):
                return row
        raise HTTPException(404)

    def _row(self, row: RowMapping, now_s: float) -> dict[str, Any]:
        heard_ms, lists_s, note_size = row["heard_ms"], row["lists_issued_s"], row["note_size"] or 0
        ahead_s = 0 if heard_ms is None else (row["sent_ms"] - row["arrived_ms"]) / 1000
        scales = self._fleet.scales
        return {
            **row,
            "contact": state(scales.contact, None if heard_ms is None else now_s - heard_ms / 1000),
            "lists": state(scales.lists, None if lists_s is None else now_s - lists_s),
            "waiting": max(0, note_size - row["size"]),
            "clock_off": f"{span(abs(ahead_s))} {'fast' if ahead_s > 0 else 'slow'}"
            if abs(ahead_s) > MAX_SKEW_S
            else "",
        }

    def _html(self, template: str, **values: object) -> Response:
        page = self._templates.get_template(template).render(values)
        return HTMLResponse(page, headers=_HEADERS)

    def _guarded(self, page: Callable[[Request], Response]) -> Callable[[Request], Awaitable[Response]]:
        async def guarded(request: Request) -> Response:
            given = sha256(_given(request.headers.get("authorization", ""))).digest()
            if not secrets.compare_digest(given, self._password):
                raise HTTPException(
                    401,
                    headers={"WWW-Authenticate": 'Basic realm="doorward hub", charset="UTF-8"', **_HEADERS},
                )
            if request.client:
                self._vouch(request.client.host)
            return await run_in_threadpool(page, request)

        return guarded


def _given(authorization: str) -> bytes:
    """The password in a header: the token of Bearer, or the part after the user name of Basic."""
    scheme, _, rest = authorization.partition(" ")
    if scheme.lower() == "bearer":
        return rest.strip().encode()
    if scheme.lower() == "basic":
        try:
            return b64decode(rest.strip(), validate=True).partition(b":")[2]
        except (binascii.Error, ValueError):
            return b""
    return b""


def state(scale: AgeScale, age_s: float | None) -> AgeLabel:
    """The label of an age."""
    word = scale.state(age_s)
    tone = {scale.good: "good", scale.worse: "worse"}.get(word, "bad")
    if age_s is not None and -MAX_SKEW_S <= age_s < 0:
        age_s = 0
    return AgeLabel(word, "" if age_s is None else span(age_s), tone)


def span(seconds: float) -> str:
    """A duration in its largest unit, such as "3 d"."""
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if abs(seconds) >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


def utc(ms: float) -> str:
    """A moment in UTC, to the second."""
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")
