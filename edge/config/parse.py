"""Parses a TOML text into a Config. Errors name file, line, key, value and the allowed values."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import msgspec

from edge.config.checks import check
from edge.config.mistakes import mistake
from edge.config.profiles import under
from edge.config.root import Config
from edge.config.source import ConfigSource
from edge.errors import ConfigError
from edge.formats.untrusted_text import UnreadableText, toml_table
from edge.venue_names import FORMER, LIBRARY, venue_name

if TYPE_CHECKING:
    from pathlib import Path

    from msgspec import Struct

# A hundred times the longest sensible configuration.
MAX_CONFIG_BYTES = 64 * 1024
_TOML: Final = 'write key = "text", key = 3, key = true, key = ["a", "b"], or [table] on a line of its own'


def parse_config(data: bytes, file: Path) -> Config:
    """The configuration in `data`; `file` is named in errors. Raises ConfigError."""
    if len(data) > MAX_CONFIG_BYTES:
        raise ConfigError(
            f"is larger than {MAX_CONFIG_BYTES // 1024} kB",
            file=file,
            hint="name a configuration, such as door.toml",
        )
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as err:
        line = data[: err.start].count(b"\n") + 1
        raise ConfigError("is not UTF-8 text", file=file, line=line, hint="save the file as UTF-8") from err
    try:
        table = toml_table(text)
    except UnreadableText as err:
        found = re.search(r"at line (\d+)", str(err))
        message = str(err).partition(" (at")[0].lower()
        is_double = "twice" in message or "overwrite" in message
        raise ConfigError(
            message,
            file=file,
            line=int(found[1]) if found else 0,
            hint="write each table and each key once: delete one of the two" if is_double else _TOML,
        ) from err
    page = ConfigSource(text, file, FORMER if FORMER in table else LIBRARY)
    table = under(_renamed(table, page))
    try:
        config = msgspec.convert(table, Config)
    except msgspec.ValidationError as err:
        raise mistake(str(err), table, page) from err
    check(config, page)
    return config


def _renamed(table: dict[str, Any], page: ConfigSource) -> dict[str, Any]:
    """The tables of a file, with `library` in place of its old name. Raises ConfigError."""
    if FORMER in table and LIBRARY in table:
        raise page.wrong(
            f"[{FORMER}] and [{LIBRARY}] are one table: [{FORMER}] is its old name",
            at=page.line(None, FORMER),
            hint=f"move the keys of [{FORMER}] to [{LIBRARY}]",
        )
    today = {venue_name(name): keys for name, keys in table.items()}
    door = today.get("door")
    if isinstance(door, dict) and "venue" in door:
        today["door"] = door | {"venue": venue_name(door["venue"])}
    return today


def profile(venue: str) -> Config:
    """The configuration of a venue before a site changes it; a host's address, for example, is missing."""
    return msgspec.convert(under({"door": {"venue": venue}}), Config)


def explain() -> list[tuple[str, str, object, str]]:
    """Every key as (table, key, default, description): the source of `doorward config show`."""
    return [
        (table.name, key.name, key.default, _notes(type(table.default)).get(key.name, ""))
        for table in msgspec.structs.fields(Config)
        for key in msgspec.structs.fields(type(table.default))
    ]


def _notes(struct: type[Struct]) -> dict[str, str]:
    """The text under each field, read from the source: one text for the code and for the help."""
    import inspect  # only `config show` needs the source

    source = inspect.getsource(struct)
    return {
        name: " ".join(note.split())
        for name, note in re.findall(
            r'^    (\w+): [^\n]*\n    """(.*?)"""', source, flags=re.MULTILINE | re.DOTALL
        )
    }
