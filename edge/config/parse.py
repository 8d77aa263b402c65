"""A TOML text to a Config. An unknown key, a wrong type or a value out of range says file, line and hint."""

from __future__ import annotations

import difflib
import re
import tomllib
from typing import TYPE_CHECKING

import msgspec

from edge.config.checks import check
from edge.config.profiles import under
from edge.config.root import Config
from edge.config.source import ConfigSource
from edge.errors import ConfigError

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
    try:
        config = msgspec.convert(under(table), Config)
    except msgspec.ValidationError as err:
        raise _explain(str(err), ConfigSource(text, file)) from err
    check(config, text, file)
    return config


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
        name = f"[{path[0]}] {key}" if path else key
        at = page.line(path[0] if path else None, key)
        return page.wrong(f"unknown key {name}", at=at, hint=hint)
    table = path[0] if path else None
    key = path[-1].partition("[")[0] if path else ""  # `pad[1]` is the second word of the key `pad`
    what = message.partition(" - at")[0].replace("`", "").lower()
    return page.wrong(f"{'.'.join(path)}: {what}", at=page.line(table, key), hint="see: doorward config show")


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
