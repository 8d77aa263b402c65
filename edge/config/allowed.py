"""The allowed values of a key in words, from its type: for errors and for `doorward config show`."""

from __future__ import annotations

import json
import types
import typing
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from msgspec import Meta, Struct

if TYPE_CHECKING:
    from typing import TypeGuard

# The comment of the key says more than these words.
PLAIN: Final = ("a path",)
MAX_SHOWN: Final = 60  # characters of a value in an error
_LONG: Final = 200  # characters; a value written by hand does not reach a limit above this


def key_types(struct: type[Struct]) -> dict[str, Any]:
    """The type of each key of a table, with its limits."""
    return typing.get_type_hints(struct, include_extras=True)


def allowed(kind: Any) -> str:  # noqa: ANN401  any type that a key has
    """The values of this type, as the end of the sentence `VALUE is not ...`."""
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if origin is Annotated:
        return _limited(*inner)
    if origin in (types.UnionType, typing.Union):
        return " or ".join(allowed(each) for each in inner if each is not types.NoneType)
    if origin is tuple:
        return _list_of(*inner)
    if words := choices(kind):
        return f"one of {', '.join(words)}"
    if origin is dict or is_struct(kind):
        return "a table"
    return "true or false" if kind is bool else _limited(kind, Meta())


def shown(value: object) -> str:
    """A value as TOML writes it, on one line, cut to a length that fits into an error."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}..."


def choices(kind: Any) -> tuple[str, ...]:  # noqa: ANN401
    """The words that a key of this type, or each item of its list, can be; empty: it is of another kind."""
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if origin is Literal:
        return tuple(str(word) for word in inner)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return tuple(str(each.value) for each in kind)
    return tuple(word for each in inner for word in choices(each)) if origin else ()


def is_struct(kind: Any) -> TypeGuard[type[Struct]]:  # noqa: ANN401
    """Whether a type is that of a table with fixed keys."""
    return isinstance(kind, type) and issubclass(kind, Struct)


def _limited(base: Any, meta: Meta) -> str:  # noqa: ANN401
    if typing.get_origin(base) is dict:
        return "a table"
    if typing.get_origin(base) is tuple:
        return _list_of(*typing.get_args(base), most=meta.max_length)
    if base is str:
        return _text(meta)
    name = "a whole number" if base is int else "a number"
    return name if meta.ge is None else f"{name} from {meta.ge} to {meta.le}"


def _list_of(item: Any, *more: Any, most: int | None = None) -> str:  # noqa: ANN401
    size = "" if more[0] is Ellipsis else f" of {1 + len(more)}"
    return f"a list{f' of at most {most}' if most else size} (each item: {allowed(item)})"


def _text(meta: Meta) -> str:
    if meta.min_length:
        return f"text of {meta.min_length} to {meta.max_length} characters"
    if not meta.description:
        return f"text of at most {meta.max_length} characters"
    if meta.max_length is None or meta.max_length > _LONG:
        return meta.description
    return f"{meta.description}, at most {meta.max_length} characters"
