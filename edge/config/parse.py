"""A TOML text to a Config. An unknown key, a wrong type or a value out of range says file, line and hint."""

from __future__ import annotations

import difflib
import re
import tomllib
from typing import TYPE_CHECKING, Any

import msgspec

from edge.config.checks import check
from edge.config.profiles import under
from edge.config.root import Config
from edge.config.source import ConfigSource
from edge.errors import ConfigError
from edge.venue_names import FORMER, LIBRARY, venue_name

if TYPE_CHECKING:
    from pathlib import Path

    from msgspec import Struct

# A hundred times the longest sensible configuration.
MAX_CONFIG_BYTES = 64 * 1024


def parse_config(data: bytes, file: Path) -> Config:
    """The configuration in `data`; `file` is named in errors. Raises ConfigError."""
    if len(data) > MAX_CONFIG_BYTES:
        raise ConfigError(
            f"is larger than {MAX_CONFIG_BYTES // 1024} kB", file=file, hint="is this the right file?"
        )
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as err:
        line = data[: err.start].count(b"\n") + 1
        raise ConfigError("is not UTF-8 text", file=file, line=line, hint="save the file as UTF-8") from err
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as err:
        found = re.search(r"at line (\d+)", str(err))
        raise ConfigError(
            str(err).partition(" (at")[0].lower(),
            file=file,
            line=int(found[1]) if found else 0,
            hint="see https://toml.io",
        ) from err
    page = ConfigSource(text, file, FORMER if FORMER in table else LIBRARY)
    try:
        config = msgspec.convert(under(_renamed(table, page)), Config)
    except msgspec.ValidationError as err:
        raise _explain(str(err), page) from err
    check(config, page)
    return config


def _renamed(table: dict[str, Any], page: ConfigSource) -> dict[str, Any]:
    """The tables of a file, with `library` for the old name of that venue. Raises ConfigError."""
    if FORMER in table and LIBRARY in table:
        raise page.wrong(
            f"[{FORMER}] and [{LIBRARY}] are one table",
            at=page.line(None, FORMER),
            hint=f"keep [{LIBRARY}], and move into it what [{FORMER}] says: that is its old name",
        )
    today = {venue_name(name): keys for name, keys in table.items()}
    door = today.get("door")
    if isinstance(door, dict) and "venue" in door:
        today["door"] = door | {"venue": venue_name(door["venue"])}
    return today


def profile(venue: str) -> Config:
    """What a venue has unchanged; what only a site can say, such as a host's address, is still missing."""
    return msgspec.convert(under({"door": {"venue": venue}}), Config)


def explain() -> list[tuple[str, str, object, str]]:
    """Every key as (table, key, default, what it means): the source of `doorward config show`."""
    return [
        (table.name, key.name, key.default, _notes(type(table.default)).get(key.name, ""))
        for table in msgspec.structs.fields(Config)
        for key in msgspec.structs.fields(type(table.default))
    ]


def _explain(message: str, page: ConfigSource) -> ConfigError:
    where = re.search(r"`\$\.?([\w.\[\]]*)`", message)
    path = [part for part in (where[1] if where else "").split(".") if part]
    unknown = re.search(r"unknown field `([^`]+)`", message)
    if unknown:
        key = unknown[1]
        known = [f.name for f in msgspec.structs.fields(_table(path))]
        close = difflib.get_close_matches(key, known, n=1)
        hint = f"did you mean {close[0]}?" if close else f"known here: {', '.join(known)}"
        name = f"[{page.written(path[0])}] {key}" if path else key
        at = page.line(path[0] if path else None, key)
        return page.wrong(f"unknown key {name}", at=at, hint=hint)
    table = path[0] if path else None
    key = path[-1].partition("[")[0] if path else ""  # `pad[1]` is the second word of the key `pad`
    what = message.partition(" - at")[0].replace("`", "").lower()
    written = ".".join([page.written(path[0]), *path[1:]]) if path else ""
    return page.wrong(f"{written}: {what}", at=page.line(table, key), hint="see: doorward config show")


def _table(path: list[str]) -> type[Struct]:
    for field in msgspec.structs.fields(Config):
        if path and field.name == path[0]:
            return type(field.default)
    return Config


def _notes(struct: type[Struct]) -> dict[str, str]:
    """The sentence under each field, read from the source: one text for the code and for the help."""
    import inspect  # only `config show` needs the source

    source = inspect.getsource(struct)
    return {
        name: " ".join(note.split())
        for name, note in re.findall(
            r'^    (\w+): [^\n]*\n    """(.*?)"""', source, flags=re.MULTILINE | re.DOTALL
        )
    }
