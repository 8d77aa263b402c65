"""Errors for keys that do not exist and for values that are not allowed, with the nearest right word."""

from __future__ import annotations

import re
import typing
from typing import TYPE_CHECKING, Any

import msgspec

from edge.config.allowed import allowed, choices, key_types, shown
from edge.config.root import Config
from edge.nearest import did_you_mean

if TYPE_CHECKING:
    from msgspec import Struct

    from edge.config.source import ConfigSource
    from edge.errors import ConfigError


def mistake(message: str, table: dict[str, Any], page: ConfigSource) -> ConfigError:
    """The error that msgspec found, with the value as it is written and the values that are allowed."""
    if (
        "unknown field" in message
    ):  # the key is found in the table: quoted in the message, it may look like a place
        return _unknown(*_stranger(table), table, page)
    where = re.search(r"`\$\.?([\w.\[\]]*)`", message)
    name, *keys = re.findall(
        r"\w+", where[1] if where else ""
    )  # the second word of `pad` is at `$.face.pad[1]`
    if not keys:
        return page.wrong(
            f"{page.written(name)}: {shown(table[name])} is not a table",
            at=page.line(None, name) or page.line(name, ""),
            hint=f"write [{page.written(name)}] on a line of its own, and its keys below it",
        )
    key, *index = keys
    kind, value = key_types(_table(name))[key], table[name][key]
    for number in index:
        kind, value = _item_type(kind), value[int(number)]
    place = f"[{page.written(name)}] {key}"
    if _item_type(kind) and not isinstance(value, list):
        hint = f"write a list: {key} = [{shown(value)}]"
    elif not (hint := did_you_mean(str(value), choices(kind))):
        hint = f"read the comment of {place}: doorward config show"
    message = f"{place}: {shown(value)} is not {allowed(kind)}"
    return page.wrong(message, at=page.line(name, key), hint=hint)


def _stranger(table: dict[str, Any]) -> tuple[str | None, str]:
    """The first name of the file that is none of a table, or the first key that its table does not have."""
    known = {field.name: key_types(type(field.default)) for field in msgspec.structs.fields(Config)}
    for name in table:
        if name not in known:
            return None, name
    keys = ((name, key) for name, held in table.items() if isinstance(held, dict) for key in held)
    return next((name, key) for name, key in keys if key not in known[name])


def _unknown(name: str | None, key: str, table: dict[str, Any], page: ConfigSource) -> ConfigError:
    """The error of a key, or of a table, that does not exist."""
    known = [field.name for field in msgspec.structs.fields(Config if name is None else _table(name))]
    owners = [each.name for each in msgspec.structs.fields(Config) if key in key_types(type(each.default))]
    move = f"move it to [{owners[0]}]" if len(owners) == 1 else ""
    hint = did_you_mean(key, known) or move or f"delete it, or use one of {', '.join(known)}"
    if name is not None:
        what = f"unknown key [{page.written(name)}] {key}"
    else:
        what = f"unknown table [{key}]" if isinstance(table[key], dict) else f"unknown key {key}"
    return page.wrong(what, at=page.line(name, key), hint=hint)


def _item_type(kind: Any) -> Any:  # noqa: ANN401
    """The type of the items of a list that a key holds; None: the key holds no list."""
    inner = typing.get_args(kind)
    if typing.get_origin(kind) is tuple:
        return inner[0]
    return _item_type(inner[0]) if inner else None  # below its limits, or beside None


def _table(name: str) -> type[Struct]:
    """The type of a table of the configuration."""
    return next(type(field.default) for field in msgspec.structs.fields(Config) if field.name == name)
