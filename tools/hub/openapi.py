"""The OpenAPI document of a hub, built from its own route table: each route carries its description."""

from __future__ import annotations

import re
from dataclasses import dataclass
from inspect import cleandoc
from typing import TYPE_CHECKING, Any, Final

import msgspec
from starlette.routing import BaseRoute, Mount, Route

from edge.upload.protocol import SIGNATURE_HEADER

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

VERSION: Final = "1"  # of this interface; a change that breaks a caller gets the next number
REF: Final = "#/components/schemas/{name}"
JSON: Final = "application/json"

_SECURITY: Final[Mapping[str, Mapping[str, str]]] = {
    "signature": {
        "type": "apiKey",
        "in": "header",
        "name": SIGNATURE_HEADER,
        "description": "ed25519= and a base64 signature by the device's key (edge/upload/UPLOAD.md).",
    },
    "password": {
        "type": "http",
        "scheme": "basic",
        "description": "Any user name, and the password of the hub.",
    },
    "token": {"type": "http", "scheme": "bearer", "description": "The password of the hub as a token."},
}
# The ways to be let in, by the word in an operation: any one of them is enough.
_WAYS: Final[Mapping[str, Sequence[Mapping[str, Sequence[str]]]]] = {
    "": [],
    "signature": [{"signature": []}],
    "password": [{"password": []}, {"token": []}],
}


@dataclass(frozen=True, slots=True)
class ApiParameter:
    """A part of the path, a field of the query or a header. `kind`: the type of its text."""

    name: str
    place: str
    text: str
    kind: object = str
    required: bool = True


@dataclass(frozen=True, slots=True)
class ApiContent:
    """An answer, or the body of a request. `kind`: the type of its JSON; None for any other content.

    `also`: other media types of the same content, of which the document has no schema.
    """

    text: str
    media: str = ""
    kind: object = None
    headers: tuple[str, ...] = ()
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiOperation:
    """One operation of the hub. `security`: none, "signature" of a device, or "password" of an operator."""

    name: str
    tag: str
    text: str
    answers: Mapping[int, ApiContent]
    parameters: tuple[ApiParameter, ...] = ()
    body: ApiContent | None = None
    security: str = ""

    def kinds(self) -> list[object]:
        """The types that its schemas are made of."""
        contents = [*self.answers.values(), *([self.body] if self.body else [])]
        kinds = [*(each.kind for each in contents), *(each.kind for each in self.parameters)]
        return [kind for kind in kinds if kind is not None]


class ApiRoute(Route):
    """A route with its operation."""

    def __init__(
        self, path: str, endpoint: Callable[..., Any], operation: ApiOperation, *, method: str = "GET"
    ) -> None:
        super().__init__(path, endpoint, methods=[method], name=operation.name)
        self.method = method
        self.operation = operation


class ApiMount(Mount):
    """A folder of files with the operation that reads one of them."""

    def __init__(self, path: str, app: Callable[..., Any], operation: ApiOperation) -> None:
        super().__init__(path, app, name=operation.name)
        self.operation = operation


def document(routes: Sequence[BaseRoute], webhooks: Sequence[ApiOperation] = ()) -> dict[str, Any]:
    """The OpenAPI 3.1 document of these routes; every one of them is an ApiRoute or an ApiMount.

    `webhooks`: requests that the hub itself sends.
    """
    operations = [_placed(route) for route in routes]
    every = [*(operation for *_, operation in operations), *webhooks]
    kinds = {str(kind): kind for operation in every for kind in operation.kinds()}
    schemas, components = msgspec.json.schema_components(list(kinds.values()), ref_template=REF)
    by_kind = dict(zip(kinds, schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for path, method, operation in operations:
        paths.setdefault(path, {})[method] = _operation(operation, by_kind)
    tags = dict.fromkeys(operation.tag for operation in every)
    whole: dict[str, Any] = _plain(
        {
            "openapi": "3.1.0",
            "info": {
                "title": "Doorward hub",
                "version": VERSION,
                "summary": "Takes records of devices, serves the trust repository, shows the fleet.",
                "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
            },
            "servers": [{"url": "/"}],
            "tags": [{"name": tag} for tag in tags],
            "paths": paths,
            "webhooks": {each.name: {"post": _operation(each, by_kind)} for each in webhooks},
            "components": {"schemas": components, "securitySchemes": _SECURITY},
        }
    )
    return whole


def _placed(route: BaseRoute) -> tuple[str, str, ApiOperation]:
    match route:
        case ApiRoute():
            return route.path, route.method.lower(), route.operation
        case ApiMount():
            return f"{route.path}/{{name}}", "get", route.operation
    raise AssertionError(f"{route} has no operation")


def _operation(operation: ApiOperation, schemas: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {
        "operationId": operation.name,
        "tags": [operation.tag],
        "summary": operation.text,
        "security": _WAYS[operation.security],
        "responses": {
            str(status): {"description": answer.text, **_content(answer, schemas), **_headers(answer)}
            for status, answer in operation.answers.items()
        },
    }
    if operation.parameters:
        found["parameters"] = [
            {
                "name": each.name,
                "in": each.place,
                "description": each.text,
                "required": each.required,
                "schema": schemas[str(each.kind)],
            }
            for each in operation.parameters
        ]
    if operation.body is not None:
        found["requestBody"] = {
            "description": operation.body.text,
            "required": True,
            **_content(operation.body, schemas),
        }
    return found


def _content(content: ApiContent, schemas: Mapping[str, Any]) -> dict[str, Any]:
    if not content.media:
        return {}
    described = {"schema": schemas[str(content.kind)]} if content.kind else {}
    return {"content": {content.media: described, **{media: {} for media in content.also}}}


def _headers(content: ApiContent) -> dict[str, Any]:
    if not content.headers:
        return {}
    return {"headers": {name: {"schema": {"type": "string"}} for name in content.headers}}


def _plain(part: Any) -> Any:  # noqa: ANN401  any part of a JSON document
    r"""This part with `^` and `$` for Python's `\A` and `\Z`, and without the indents of docstrings."""
    match part:
        case dict():
            return {
                name: cleandoc(value) if name == "description" and isinstance(value, str) else _plain(value)
                for name, value in part.items()
            }
        case list() | tuple():
            return [_plain(value) for value in part]
        case str() if part.startswith(r"\A"):
            return re.sub(r"\\A(.*)\\Z", r"^\1$", part)
    return part
