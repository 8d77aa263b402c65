"""The words of a mistake in door.toml: table, key, the value as it is written, and what is allowed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from edge.config.allowed import key_types, shown
from edge.config.root import Config

if TYPE_CHECKING:
    from edge.config.mistakes import TableMistake
    from edge.config.source import ConfigSource
    from edge.errors import ConfigError


def error_of(mistake: TableMistake, table: dict[str, Any], page: ConfigSource) -> ConfigError:
    """The error of a mistake in the tables of a file."""
    if mistake.kind == "unknown":
        return _unknown(mistake, table, page)
    name, *keys = map(str, mistake.path)
    if not keys:
        return page.wrong(
            f"{page.written(name)}: {page.shown(mistake.path, mistake.value)} is not a table",
            at=page.line_of(mistake.path),
            hint=f"write [{page.written(name)}] on a line of its own, and its keys below it",
        )
    place = f"[{page.written(name)}] {keys[0]}"
    at = page.line_of(mistake.path) or page.line(name, keys[0])
    if mistake.kind == "size":
        message = f"{place}: {len(mistake.value)} entries, {mistake.rule}"
        return page.wrong(message, at=at, hint="delete some of them")
    if mistake.rule.startswith("a list") and not isinstance(mistake.value, list):
        hint = f"write a list: {keys[0]} = [{shown(mistake.value)}]"
    else:
        hint = mistake.near or f"read the comment of {place}: doorward config show"
    value = page.shown(mistake.path, mistake.value)
    return page.wrong(f"{place}: {value} is not {mistake.rule}", at=at, hint=hint)


def _unknown(mistake: TableMistake, table: dict[str, Any], page: ConfigSource) -> ConfigError:
    """The error of a key, or of a table, that does not exist."""
    *outer, key = map(str, mistake.path)
    tables = {each.name: key_types(type(each.default)) for each in msgspec.structs.fields(Config)}
    owners = [name for name, keys in tables.items() if key in keys]
    move = f"move it to [{owners[0]}]" if len(owners) == 1 else ""
    hint = mistake.near or move or f"delete it, or use one of {mistake.rule}"
    if outer:
        what = f"unknown key [{page.written(outer[0])}] {key}"
    else:
        what = f"unknown table [{key}]" if isinstance(table[key], dict) else f"unknown key {key}"
    return page.wrong(what, at=page.line_of(mistake.path), hint=hint)
