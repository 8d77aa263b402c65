"""The two requests of a device: store these records, and say which is the next record. UPLOAD.md."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Final

import msgspec
from nacl.signing import VerifyKey
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from edge.errors import InputError, StorageFault
from edge.upload import protocol as wire
from edge.upload.batch import MAX_PACKED_BYTES
from tools.hub.intake import Disputed, open_offer
from tools.hub.openapi import ApiRoute
from tools.hub.operations import NEXT_RECORD, TAKE_RECORDS
from tools.hub.store import NoSuchDevice

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request
    from structlog.typing import FilteringBoundLogger

    from edge.errors import EdgeError
    from tools.hub.intake import Offer
    from tools.hub.numbers import HubMetrics
    from tools.hub.store import HubStore, RegisteredDevice

# The largest body at 16 kB/s, which is a poor mobile link; then the connection is closed for other devices.
BODY_S: Final = 60.0
_SIGNED: Final = frozenset({200, 409, 422})  # answers to a request whose signature was valid
RETRY_S: Final = 5  # enough for a lock, or for a restart of the database


class UploadEndpoint:
    """Takes batches. Any number of endpoints may use one database."""

    def __init__(
        self,
        store: HubStore,
        numbers: HubMetrics,
        log: FilteringBoundLogger,
        *,
        now_s: Callable[[], float],
        vouch: Callable[[str], None],
    ) -> None:
        self._store = store
        self._numbers = numbers
        self._log = log
        self._now_s = now_s
        self._vouch = vouch

    def routes(self) -> list[ApiRoute]:
        return [
            ApiRoute("/v1/devices/{device}/records", self.post, TAKE_RECORDS, method="POST"),
            ApiRoute("/v1/devices/{device}", self.get, NEXT_RECORD),
        ]

    async def post(self, request: Request) -> Response:
        """Answer `POST /v1/devices/<device>/records`."""
        device, began = request.path_params["device"], time.perf_counter()
        if request.headers.get("content-type") != wire.CONTENT_TYPE:
            return self._tell(device, 415, wire.Error("malformed", f"send {wire.CONTENT_TYPE}"))
        try:
            async with asyncio.timeout(BODY_S):
                body = await _read(request)
        except TimeoutError:
            return self._tell(device, 408, wire.Error("slow", f"the body took more than {BODY_S:.0f} s"))
        except ClientDisconnect:
            return self._tell(device, 400, wire.Error("cut"))
        if body is None:
            return self._tell(device, 413, wire.Error("large", f"at most {MAX_PACKED_BYTES} bytes"))
        header = request.headers.get(wire.SIGNATURE_HEADER, "")
        response = await run_in_threadpool(self._take, device, header, body)
        self._know(request, response)
        self._numbers.seconds.observe(time.perf_counter() - began)
        return response

    async def get(self, request: Request) -> Response:
        """Answer `GET /v1/devices/<device>`."""
        response = await run_in_threadpool(
            self._next,
            request.path_params["device"],
            request.headers.get(wire.SIGNATURE_HEADER, ""),
            request.headers.get(wire.TIME_HEADER, ""),
        )
        self._know(request, response)
        return response

    def _know(self, request: Request, response: Response) -> None:
        if request.client and response.status_code in _SIGNED:
            self._vouch(request.client.host)

    def _take(self, device: str, header: str, body: bytes) -> Response:
        now_ms = int(self._now_s() * 1000)
        try:
            registered = self._registered(device)
            key = VerifyKey(registered.key)
            wire.check_signature(wire.upload_message(device, body), header, key)
            offer = self._open(registered, key, body, now_ms)
            taken = self._store.take(registered, offer, now_ms)
        except (NoSuchDevice, InputError, Disputed, StorageFault) as error:
            return self._refuse(device, error)
        self._numbers.records.inc(taken.fresh)
        status = 200 if taken.next == offer.batch.next else 409
        seen = taken.sightings if status == 200 and taken.sightings else msgspec.UNSET
        return self._tell(device, status, wire.Next(taken.next, seen, now_ms), records=taken.fresh)

    def _next(self, device: str, header: str, asked: str) -> Response:
        try:
            registered = self._registered(device)
            asked_s = wire.check_time(asked, int(self._now_s()))
            wire.check_signature(wire.next_message(device, asked_s), header, VerifyKey(registered.key))
        except (NoSuchDevice, InputError, StorageFault) as error:
            return self._refuse(device, error)
        return self._tell(device, 200, wire.Next(registered.next, hub_ms=int(self._now_s() * 1000)))

    def _registered(self, device: str) -> RegisteredDevice:
        try:
            name = wire.device_name(device)
        except InputError as err:
            raise NoSuchDevice("of this name") from err
        return self._store.find(name)

    def _open(self, registered: RegisteredDevice, key: VerifyKey, body: bytes, now_ms: int) -> Offer:
        try:
            return open_offer(body, device=registered.id, key=key)
        except Disputed as dispute:
            self._store.raise_alarm(registered, dispute, now_ms)
            raise

    def _refuse(self, device: str, error: EdgeError) -> Response:
        match error:
            case NoSuchDevice():
                return self._tell(device, 403, wire.Error("unknown", error.hint))
            case Disputed():
                return self._tell(device, 422, wire.Error(error.dispute.value, error.message))
            case StorageFault():
                self._log.error("database", error=error.message)
                return self._tell(device, 503, wire.Error("busy"), retry=True)
            case _:
                return self._tell(device, 401, wire.Error("signature", error.message))

    def _tell(
        self,
        device: str,
        status: int,
        content: wire.Next | wire.Error,
        *,
        retry: bool = False,
        records: int = 0,
    ) -> Response:
        """Make the answer, count it and log it."""
        self._numbers.answers.labels(str(status)).inc()
        said = {
            key: value
            for key, value in msgspec.to_builtins(content).items()
            if key not in {"sightings", "hub_ms"}
        }
        self._log.info("upload", device=device[:40], status=status, records=records, **said)
        headers = {"Cache-Control": "no-store"}
        if retry:
            headers["Retry-After"] = str(RETRY_S)
        if status in {408, 413, 415}:
            headers["Connection"] = "close"  # the rest of the body is not read
        return Response(msgspec.json.encode(content), status, headers, media_type="application/json")


async def _read(request: Request) -> bytes | None:
    """The body, or None if it is longer than MAX_PACKED_BYTES. Raises ClientDisconnect."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_PACKED_BYTES:
            return None
    return bytes(body)
