"""Errors for keys that do not exist and for values that are not allowed, with the nearest right word."""

from __future__ import annotations

import difflib
import json
import re
import typing
from typing import TYPE_CHECKING, Any, Final

import msgspec

from edge.config.allowed import allowed, choices, key_types
from edge.config.root import Config

if TYPE_CHECKING:
    from msgspec import Struct

    from edge.config.source import ConfigSource
    from edge.errors import ConfigError

_MAX_SHOWN: Final = 60  # characters of a value in an error


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
            f"{page.written(name)}: {_shown(table[name])} is not a table",
            at=page.line(None, name) or page.line(name, ""),
            hint=f"write [{page.written(name)}] on a line of its own, and its keys below it",
        )
    key, *index = keys
    kind, value = key_types(_table(name))[key], table[name][key]
    for number in index:
        kind, value = _item_type(kind), value[int(number)]
    place = f"[{page.written(name)}] {key}"
    if _item_type(kind) and not isinstance(value, list):
        hint = f"write a list: {key} = [{_shown(value)}]"
    elif close := difflib.get_close_matches(str(value).lower(), choices(kind), n=1):
        hint = f"did you mean {close[0]}?"
    else:
        hint = f"read the comment of {place}: doorward config show"
    message = f"{place}: {_shown(value)} is not {allowed(kind)}"
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
    if close := difflib.get_close_matches(key, known, n=1):
        hint = f"did you mean {close[0]}?"
    elif len(owners) == 1:
        hint = f"move it to [{owners[0]}]"
    else:
        hint = f"delete it, or use one of {', '.join(known)}"
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


def _shown(value: object) -> str:
    """A value as TOML writes it, on one line, cut to a length that fits into an error."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}..."


def _table(name: str) -> type[Struct]:
    """The type of a table of the configuration."""
    return next(type(field.default) for field in msgspec.structs.fields(Config) if field.name == name)
