"""Operations of a hub, one for each of its routes: parameters, body and answers, for its OpenAPI document."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from msgspec import Meta

from edge.audit.record import JournalEntry
from edge.config import DeviceName
from edge.upload import protocol as wire
from tools.hub.openapi import JSON, ApiContent, ApiOperation, ApiParameter
from tools.hub.staff.push import StaffPush

_TEXT: Final = "text/plain"
_HTML: Final = "text/html"
_Seconds = Annotated[int, Meta(ge=0, le=999_999_999_999)]
_Sort = Literal["contact", "lists", "name"]
_Level = Literal["duress", "alarm", "note"]
_Find = Annotated[str, Meta(max_length=40)]
_FileName = Annotated[str, Meta(min_length=1)]

_DEVICE: Final = ApiParameter("device", "path", "The name of a device.", DeviceName)
_HISTORY: Final = ApiParameter(
    "history", "query", "The number of a history of this name; left out: the newest.", int, required=False
)
_NO_PASSWORD: Final = ApiContent("The password is missing or wrong.", _TEXT, headers=("WWW-Authenticate",))
_NO_DEVICE: Final = ApiContent("The hub has no device of this name.", _TEXT)
_BUSY: Final = ApiContent(
    "The database does not answer: retry after some seconds.", JSON, wire.Error, ("Retry-After",)
)
_SIGNATURE: Final = ApiContent("The signature or the time of the request is wrong.", JSON, wire.Error)
_UNKNOWN: Final = ApiContent("The device is not registered at this hub.", JSON, wire.Error)

ALIVE: Final = ApiOperation(
    name="healthz",
    tag="health",
    text="Says that the process works. A service manager restarts a hub that does not answer.",
    answers={200: ApiContent("The process works.", _TEXT)},
)
READY: Final = ApiOperation(
    name="readyz",
    tag="health",
    text="Says that the database answers. A load balancer sends requests to a hub that is ready.",
    answers={
        200: ApiContent("The database answers.", _TEXT),
        503: ApiContent("The database does not answer.", _TEXT, headers=("Retry-After",)),
    },
)
DOCUMENT: Final = ApiOperation(
    name="openapi",
    tag="health",
    text="Returns this document.",
    answers={200: ApiContent("The OpenAPI document of this hub.", JSON)},
)
TAKE_RECORDS: Final = ApiOperation(
    name="take_records",
    tag="devices",
    text="Stores a batch of records. The device signs the body (edge/upload/UPLOAD.md).",
    security="signature",
    parameters=(_DEVICE,),
    body=ApiContent(
        "One zstd frame over the head and the records, at most 1,000,000 bytes.", wire.CONTENT_TYPE
    ),
    answers={
        200: ApiContent("The hub has all records of the batch.", JSON, wire.Next),
        400: ApiContent("The body ended early.", JSON, wire.Error),
        401: _SIGNATURE,
        403: _UNKNOWN,
        408: ApiContent("The body took more than 60 seconds.", JSON, wire.Error),
        409: ApiContent("The hub needs the records from another number on.", JSON, wire.Next),
        413: ApiContent("The body is too large: send fewer records.", JSON, wire.Error),
        415: ApiContent(f"The body is not {wire.CONTENT_TYPE}.", JSON, wire.Error),
        422: ApiContent("The records contradict the history of the device: an alarm.", JSON, wire.Error),
        503: _BUSY,
    },
)
NEXT_RECORD: Final = ApiOperation(
    name="next_record",
    tag="devices",
    text="Returns the number of the first record that the hub does not have. The device signs name and time.",
    security="signature",
    parameters=(
        _DEVICE,
        ApiParameter(wire.TIME_HEADER, "header", "The time of the request, in seconds since 1970.", _Seconds),
    ),
    answers={
        200: ApiContent("The number of the next record.", JSON, wire.Next),
        401: _SIGNATURE,
        403: _UNKNOWN,
        503: _BUSY,
    },
)


def file_of(folder: str, text: str) -> ApiOperation:
    """The operation that reads one file of the trust repository. `text`: the content of the folder."""
    return ApiOperation(
        name=folder,
        tag="trust repository",
        text=f"Returns one file of the trust repository: {text} (edge/sync/REPOSITORY.md).",
        parameters=(
            ApiParameter("name", "path", "The path below the folder; it may hold slashes.", _FileName),
        ),
        answers={
            200: ApiContent("The whole file.", "application/octet-stream", headers=("Cache-Control", "ETag")),
            206: ApiContent("The part of the file that the header Range names.", "application/octet-stream"),
            304: ApiContent("The file has not changed."),
            404: ApiContent("The repository has no such file.", _TEXT),
            416: ApiContent("The file is shorter than the range.", _TEXT),
        },
    )


def _page(
    name: str, text: str, *parameters: ApiParameter, answers: dict[int, ApiContent] | None = None
) -> ApiOperation:
    return ApiOperation(
        name=name,
        tag="operators",
        text=text,
        security="password",
        parameters=parameters,
        answers={200: ApiContent("The page.", _HTML), 401: _NO_PASSWORD, **(answers or {})},
    )


DEVICES_PAGE: Final = _page(
    "devices_page",
    "Shows all devices, those with an alarm first.",
    ApiParameter("sort", "query", "The order; left out: the longest silence first.", _Sort, required=False),
    ApiParameter("find", "query", "A part of the name.", _Find, required=False),
    ApiParameter("refresh", "query", "If it is there, the page refreshes itself.", str, required=False),
)
STAFF_PAGE: Final = _page(
    "staff_page",
    "Shows the messages to staff: duress, alarms and notes of all devices, newest first.",
    ApiParameter("level", "query", "The urgency; left out: all.", _Level, required=False),
    ApiParameter("find", "query", "A part of the name of the device.", _Find, required=False),
    ApiParameter("refresh", "query", "If it is there, the page refreshes itself.", str, required=False),
)
DEVICE_PAGE: Final = _page(
    "device_page",
    "Shows one device: its state, its alarms and its last records.",
    _DEVICE,
    _HISTORY,
    answers={404: _NO_DEVICE},
)
RECORDS_FILE: Final = _page(
    "records_file",
    "Downloads all records of a device: as they were signed (jsonl), or as a table (csv).",
    _DEVICE,
    ApiParameter("format", "path", "The form of the file.", Literal["jsonl", "csv"]),
    _HISTORY,
    answers={
        200: ApiContent(
            "The records. The schema is that of one line of jsonl.",
            "application/jsonl",
            JournalEntry,
            ("Content-Disposition",),
            ("text/csv",),
        ),
        404: _NO_DEVICE,
    },
)
REASONS_PAGE: Final = _page("reasons_page", "Explains every reason code.")
API_PAGE: Final = _page("api_page", "Shows this document as a page.")
METRICS: Final = _page(
    "metrics",
    "Returns numbers for Prometheus.",
    answers={200: ApiContent("The numbers, in Prometheus' text format.", _TEXT)},
)

STAFF_PUSH: Final = ApiOperation(
    name="staff_message",
    tag="webhook",
    text="The hub sends this request to the address of --webhook, at least once for each message.",
    parameters=(
        ApiParameter("Idempotency-Key", "header", "The same key is the same message.", str),
        ApiParameter(
            "Doorward-Signature", "header", "ed25519= and a signature by the hub's key (DELIVERY.md 2).", str
        ),
    ),
    body=ApiContent("One message to staff.", JSON, StaffPush),
    answers={
        200: ApiContent("The receiver has the message. Any answer of 201 to 299 says the same."),
        400: ApiContent(
            "The receiver refuses it: the hub does not send it again. Likewise 410, 413, 415, 422."
        ),
        503: ApiContent("The hub sends it again later, and after any other answer, up to 7 days."),
    },
)
WEBHOOKS: Final = (STAFF_PUSH,)
