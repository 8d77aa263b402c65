"""The OpenAPI document of a hub: it has every route, the hub serves it, and the hub's answers follow it."""

from __future__ import annotations

import importlib.util
import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from conftest import ROOT
from nacl.signing import SigningKey
from starlette.routing import Mount, Route
from worlds.fleet import PASSWORD, SENT_MS, History, Hub, serving

from edge.reasons.table import reasons
from edge.upload import protocol as wire
from tools.hub.app import create_app
from tools.hub.openapi import document
from tools.hub.operations import WEBHOOKS
from tools.hub.schema import Database
from tools.hub.store import HubStore

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from starlette.applications import Starlette

KEY = SigningKey(b"k" * 32)


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Starlette]:
    for folder in ("metadata", "targets"):
        (tmp_path / "repository" / folder).mkdir(parents=True)
    (tmp_path / "repository" / "metadata" / "root.json").write_text("{}")
    (tmp_path / "repository" / "targets" / "list.bin").write_bytes(b"0123")
    database = Database(str(tmp_path / "hub.db"))
    database.prepare()
    HubStore(database).add("lobby-1", bytes(KEY.verify_key), SENT_MS)
    yield create_app(
        database,
        password=PASSWORD,
        repository=tmp_path / "repository",
        now_s=lambda: SENT_MS / 1000,
    )
    database.close()


@pytest.fixture
def hub(app: Starlette) -> Iterator[Hub]:
    with serving(app) as hub:
        yield hub


def test_every_route_is_in_the_document(app: Starlette) -> None:
    routes = {
        (f"{route.path}/{{name}}" if isinstance(route, Mount) else route.path): {"GET"}
        if isinstance(route, Mount)
        else (route.methods or set()) - {"HEAD"}
        for route in app.routes
        if isinstance(route, Route | Mount)
    }
    paths = document(app.routes)["paths"]
    assert {path: {method.upper() for method in methods} for path, methods in paths.items()} == routes
    assert len(routes) == len(app.routes)


def test_a_route_without_a_description_makes_no_document(app: Starlette) -> None:
    with pytest.raises(AssertionError, match="has no operation"):
        document([*app.routes, Route("/more", lambda _: None)])


def test_the_parameters_of_a_path_are_those_of_its_operation(app: Starlette) -> None:
    for path, methods in document(app.routes)["paths"].items():
        for operation in methods.values():
            named = {each["name"] for each in operation.get("parameters", ()) if each["in"] == "path"}
            assert named == set(re.findall(r"{(\w+)}", path))


def test_the_document_is_valid_openapi_3_1(app: Starlette) -> None:
    if importlib.util.find_spec("openapi_spec_validator") is None:
        pytest.skip("openapi-spec-validator comes with make setup")
    from openapi_spec_validator import OpenAPIV31SpecValidator

    assert [
        error.message for error in OpenAPIV31SpecValidator(document(app.routes, WEBHOOKS)).iter_errors()
    ] == []


def test_the_hub_serves_its_document_without_a_password(app: Starlette, hub: Hub) -> None:
    answer = hub.call("GET", "openapi.json")
    assert (answer.status, answer.body) == (200, document(app.routes, WEBHOOKS))


def test_the_copy_in_the_repository_is_the_same_document(app: Starlette) -> None:
    copy = json.loads((ROOT / "tools" / "hub" / "openapi.json").read_text("utf-8"))
    assert copy == document(app.routes, WEBHOOKS)


PASS = {"Authorization": f"Bearer {PASSWORD}"}
NOW_S = SENT_MS // 1000
SIGNED = {
    wire.TIME_HEADER: str(NOW_S),
    wire.SIGNATURE_HEADER: wire.sign(wire.next_message("lobby-1", NOW_S), KEY),
}
# A request for each row: the path in the document, the path of the request, the headers, the status.
ASKED: list[tuple[str, str, dict[str, str], int]] = [
    ("/healthz", "healthz", {}, 200),
    ("/readyz", "readyz", {}, 200),
    ("/openapi.json", "openapi.json", {}, 200),
    ("/v1/devices/{device}", "v1/devices/lobby-1", SIGNED, 200),
    ("/v1/devices/{device}", "v1/devices/lobby-1", {}, 401),
    ("/v1/devices/{device}", "v1/devices/lobby-2", SIGNED, 403),
    ("/metadata/{name}", "metadata/root.json", {}, 200),
    ("/targets/{name}", "targets/list.bin", {"Range": "bytes=1-"}, 206),
    ("/targets/{name}", "targets/list.bin", {"Range": "bytes=9-"}, 416),
    ("/targets/{name}", "targets/none.bin", {}, 404),
    ("/", "", PASS, 200),
    ("/", "", {}, 401),
    ("/staff", "staff?level=duress", PASS, 200),
    ("/staff", "staff", {}, 401),
    ("/devices/{device}", "devices/lobby-1", PASS, 200),
    ("/devices/{device}", "devices/lobby-2", PASS, 404),
    ("/devices/{device}/records.{format}", "devices/lobby-1/records.jsonl", PASS, 200),
    ("/devices/{device}/records.{format}", "devices/lobby-1/records.csv", PASS, 200),
    ("/reasons", "reasons", PASS, 200),
    ("/api", "api", PASS, 200),
    ("/metrics", "metrics", PASS, 200),
]


def check(operation: dict[str, Any], status: int, answer: Any) -> None:
    """Check that the document has the status and the media type of the answer."""
    assert answer.status == status
    described = operation["responses"][str(status)]
    media = answer.headers.get("content-type", "").partition(";")[0]
    if "content" in described and "application/octet-stream" not in described["content"]:
        assert media in described["content"]
    for header in described.get("headers", ()):
        assert header in answer.headers


@pytest.mark.parametrize(("path", "asked", "headers", "status"), ASKED)
def test_the_answers_of_the_hub_follow_the_document(
    app: Starlette, hub: Hub, path: str, asked: str, headers: dict[str, str], status: int
) -> None:
    operation = document(app.routes)["paths"][path]["get"]
    check(operation, status, hub.call("GET", asked, headers=headers))


def test_every_operation_that_reads_is_tested(app: Starlette) -> None:
    reading = {path for path, methods in document(app.routes)["paths"].items() if "get" in methods}
    assert {path for path, *_ in ASKED} == reading


def test_the_answer_to_a_batch_follows_the_document(app: Starlette, hub: Hub) -> None:
    operation = document(app.routes)["paths"]["/v1/devices/{device}/records"]["post"]
    assert list(operation["requestBody"]["content"]) == [wire.CONTENT_TYPE]
    history = History(4, device="lobby-1", key=KEY)
    check(operation, 200, hub.give(history.batch(0, 4), device="lobby-1", key=KEY))
    check(operation, 409, hub.give(history.batch(0, 2), device="lobby-1", key=KEY))
    check(operation, 401, hub.send(b"x", device="lobby-1", key=SigningKey(b"x" * 32)))
    check(operation, 403, hub.send(b"x", device="lobby-2", key=KEY))
    check(operation, 415, hub.send(b"x", device="lobby-1", key=KEY, headers={"Content-Type": "text/plain"}))
    check(operation, 422, hub.send(b"x", device="lobby-1", key=KEY))


# -- pages ---------------------------------------------------------------------------------------------


def test_the_page_of_the_interface_has_every_operation(app: Starlette, hub: Hub) -> None:
    page = hub.page("api")
    whole = document(app.routes, WEBHOOKS)
    for path, methods in (whole["paths"] | whole["webhooks"]).items():
        for method, operation in methods.items():
            assert f"{method.upper()} {path}" in page
            assert operation["summary"].replace("'", "&#39;") in page


def test_the_page_of_reasons_has_an_anchor_for_each_code(hub: Hub) -> None:
    page = hub.page("reasons")
    assert re.findall(r'<tr id="([^"]+)">', page) == list(reasons())
    assert "<code>doorward sync</code>" in page


def test_a_record_leads_to_its_reason(hub: Hub) -> None:
    history = History(4, device="lobby-1", key=KEY)
    assert hub.give(history.batch(0, 4), device="lobby-1", key=KEY).status == 200
    linked = set(re.findall(r'href="/reasons#([^"]+)"', hub.page("devices/lobby-1")))
    assert linked == {"card.revoked"}
