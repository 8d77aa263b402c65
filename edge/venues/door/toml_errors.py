"""Errors in site.toml: the key, the value as it is written, and the values that are allowed."""

from __future__ import annotations

import re
import types
import typing
from enum import Enum
from typing import Annotated, Any, Final, TypeVar

import msgspec
from msgspec import Struct

from edge.config.allowed import allowed, choices, key_types, shown
from edge.nearest import did_you_mean

_T = TypeVar("_T", bound=Struct)
_PAGE: Final = "see DOOR_RULES.md section 2"


class RulesMistake(ValueError):
    """An error in a site's rules; its text begins with the key."""

    def __init__(self, message: str, hint: str = _PAGE) -> None:
        super().__init__(message)
        self.hint = hint


def converted(table: dict[str, Any], kind: type[_T]) -> _T:
    """The table of a TOML text as a `kind`. Raises RulesMistake."""
    try:
        return msgspec.convert(table, kind)
    except msgspec.ValidationError as error:
        for key, of in key_types(kind).items():
            entries = table.get(key)
            if isinstance(entries, dict) and not _is_struct(of):
                for name, entry in entries.items():  # msgspec does not say which entry is wrong
                    _check(key, {name: entry}, of)
        raise _mistake("", str(error), table, kind) from error


def _check(key: str, entry: dict[str, Any], kind: Any) -> None:  # noqa: ANN401  any type that a key has
    try:
        msgspec.convert(entry, kind)
    except msgspec.ValidationError as error:
        raise _mistake(key, str(error), entry, kind) from error


def _mistake(where: str, message: str, value: Any, kind: Any) -> RulesMistake:  # noqa: ANN401
    """The error of msgspec in words. `value`, `kind`: those at `where`, from which its path starts."""
    found = re.search(r"`\$([^`]*)`", message)
    for step in re.findall(r"\[\.\.\.\]|\w+", found[1]) if found else ():
        kind = _inner(kind, step)
        key = next(iter(value)) if step == "[...]" else step
        value = value[int(step)] if step.isdigit() else value[key]
        where += f"[{step}]" if step.isdigit() else f".{key}"
    where = where.removeprefix(".")
    before = f"{where}: " if where else ""
    if missing := re.search(r"missing required field `([^`]+)`", message):
        return RulesMistake(f"{before}{missing[1]} is missing", f"add {missing[1]}: {_PAGE}")
    if unknown := re.search(r"unknown field `([^`]+)`", message):
        known = key_types(kind)
        hint = did_you_mean(unknown[1], known) or f"delete it, or use one of {', '.join(known)}"
        return RulesMistake(f"{before}unknown key {unknown[1]}", hint)
    if "at `key` in" in message:
        (name,) = value
        return RulesMistake(f"{before}{shown(name)} is not {_allowed(typing.get_args(_bare(kind))[0])}")
    if size := re.search(r"`(?:array|object)` of length ([<>])= (\d+)", message):
        least = "at least" if size[1] == ">" else "at most"
        return RulesMistake(f"{before}{len(value)} entries, {least} {size[2]} are allowed")
    hint = did_you_mean(str(value), _choices(kind)) or _PAGE
    return RulesMistake(f"{before}{shown(value)} is not {_allowed(kind)}", hint)


def _inner(kind: Any, step: str) -> Any:  # noqa: ANN401
    """The type of this key or item of a value of type `kind`; None if it has none."""
    kind = _bare(kind)
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if origin in (types.UnionType, typing.Union):
        return next((found for each in inner if (found := _inner(each, step))), None)
    if origin is tuple:
        return inner[0]
    if origin is dict:
        return inner[1]
    return key_types(kind).get(step) if _is_struct(kind) else None


def _allowed(kind: Any) -> str:  # noqa: ANN401
    if words := _choices(kind):
        return f"one of {', '.join(words)}"
    return "a table" if _is_struct(kind) or typing.get_origin(_bare(kind)) is dict else allowed(kind)


def _choices(kind: Any) -> tuple[str, ...]:  # noqa: ANN401
    return tuple(kind) if isinstance(kind, type) and issubclass(kind, Enum) else choices(kind)


def _bare(kind: Any) -> Any:  # noqa: ANN401
    """A type without its limits."""
    return typing.get_args(kind)[0] if typing.get_origin(kind) is Annotated else kind


def _is_struct(kind: Any) -> bool:  # noqa: ANN401
    return isinstance(kind, type) and issubclass(kind, Struct)
