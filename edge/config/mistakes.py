"""Finds every mistake of a table against its type: unknown and missing keys, values that are not allowed.

For door.toml (`edge.config.parse`) and site.toml (`edge.venues.door.rules_file`). A mistake names its place
by a path; the reader of the file adds line and words.
"""

from __future__ import annotations

import types
import typing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import msgspec

from edge.config.allowed import allowed, choices, is_struct, key_types
from edge.nearest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edge.formats.toml_places import TomlPath

MAX_MISTAKES: Final = 50  # told at once; more are a file of another kind


@dataclass(frozen=True, slots=True)
class TableMistake:
    """One mistake.

    `kind`: an unknown key, a missing one, a number of entries, a name of an entry, or a value. `path`: of the
    key or value. `rule`: the allowed keys, entries or values in words. `near`: the nearest right words, as a
    hint.
    """

    kind: Literal["unknown", "missing", "size", "name", "value"]
    path: TomlPath
    value: Any
    rule: str
    near: str = ""


def mistakes_of(value: Any, kind: Any, path: TomlPath = ()) -> Iterator[TableMistake]:  # noqa: ANN401
    """All mistakes of a value of a TOML text against a type; msgspec converts a value without one."""
    bare, limits = _bare(kind)
    origin, inner = typing.get_origin(bare), typing.get_args(bare)
    if origin in (types.UnionType, typing.Union):
        yield from _of_alternatives(value, kind, inner, path)
    elif is_struct(bare) and isinstance(value, dict):
        yield from _of_table(value, bare, path)
    elif origin is dict and isinstance(value, dict):
        yield from _of_entries(value, inner, path)
        yield from _of_size(value, limits, path)
    elif origin is tuple and isinstance(value, list):
        if inner[-1] is not Ellipsis and len(value) != len(inner):
            yield TableMistake("value", path, value, allowed(kind))
            return
        for number, item in enumerate(value):
            yield from mistakes_of(item, inner[0], (*path, number))
        yield from _of_size(value, limits, path)
    elif not _fits(value, kind):
        yield TableMistake("value", path, value, allowed(kind), did_you_mean(str(value), choices(kind)))


def without(value: Any, wrong: list[TomlPath]) -> Any:  # noqa: ANN401
    """A copy of tables without the keys that these paths name, or lie in."""
    copy = dict(value)
    for first in {path[0] for path in wrong if path}:
        rest = [path[1:] for path in wrong if path[:1] == (first,)]
        if not isinstance(copy.get(str(first)), dict) or () in rest:
            copy.pop(str(first), None)
        else:
            copy[str(first)] = without(copy[str(first)], rest)
    return copy


def _of_table(value: dict[str, Any], kind: type[msgspec.Struct], path: TomlPath) -> Iterator[TableMistake]:
    known = key_types(kind)
    for field in msgspec.structs.fields(kind):
        if field.required and field.name not in value:
            yield TableMistake("missing", (*path, field.name), None, field.name)
    for key, inner in value.items():
        if key in known:
            yield from mistakes_of(inner, known[key], (*path, key))
        else:
            near = did_you_mean(key, known)
            yield TableMistake("unknown", (*path, key), inner, ", ".join(known), near)


def _of_entries(value: dict[str, Any], inner: tuple[Any, ...], path: TomlPath) -> Iterator[TableMistake]:
    name_kind, value_kind = inner
    for name, entry in value.items():
        if not _fits(name, name_kind):
            yield TableMistake("name", (*path, name), name, allowed(name_kind))
        yield from mistakes_of(entry, value_kind, (*path, name))


def _of_alternatives(value: Any, kind: Any, inner: tuple[Any, ...], path: TomlPath) -> Iterator[TableMistake]:  # noqa: ANN401
    if _fits(value, kind):
        return
    lists = [each for each in inner if typing.get_origin(_bare(each)[0]) is tuple]
    if lists and isinstance(value, list):  # its items say more than the list
        yield from mistakes_of(value, lists[0], path)
    else:
        yield TableMistake("value", path, value, allowed(kind), did_you_mean(str(value), choices(kind)))


def _of_size(
    value: dict[str, Any] | list[Any], limits: msgspec.Meta, path: TomlPath
) -> Iterator[TableMistake]:
    if limits.max_length is not None and len(value) > limits.max_length:
        yield TableMistake("size", path, value, f"at most {limits.max_length} are allowed")
    if limits.min_length is not None and len(value) < limits.min_length:
        yield TableMistake("size", path, value, f"at least {limits.min_length} are allowed")


def _fits(value: Any, kind: Any) -> bool:  # noqa: ANN401
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError:
        return False
    return True


def _bare(kind: Any) -> tuple[Any, msgspec.Meta]:  # noqa: ANN401
    """A type without its limits, and the limits."""
    if typing.get_origin(kind) is Annotated:
        return typing.get_args(kind)
    return kind, msgspec.Meta()
