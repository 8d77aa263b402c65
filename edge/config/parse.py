"""Parses a TOML text into a Config. Errors name file, line, key, value and the allowed values."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING, Any

import msgspec

from edge.config.checks import contradictions
from edge.config.errors_of_keys import error_of
from edge.config.mistakes import MAX_MISTAKES, mistakes_of, without
from edge.config.profiles import under
from edge.config.root import Config
from edge.config.source import ConfigSource
from edge.errors import ConfigError
from edge.formats.toml_mistakes import forgiving_toml_table
from edge.formats.untrusted_text import toml_table
from edge.venue_names import FORMER, LIBRARY, venue_name

if TYPE_CHECKING:
    from pathlib import Path

    from msgspec import Struct

# A hundred times the longest sensible configuration.
MAX_CONFIG_BYTES = 64 * 1024


def parse_config(data: bytes, file: Path) -> Config:
    """The configuration in `data`; `file` is named in errors. Raises ConfigError, which has all mistakes."""
    text = _text(data, file)
    toml = forgiving_toml_table(text)
    table, unread = toml.table, toml.mistakes
    page = ConfigSource(toml.text, file, FORMER if FORMER in table else LIBRARY)
    errors = [page.wrong(each.message, at=each.line, hint=each.hint) for each in unread]
    if FORMER in table and LIBRARY in table:
        errors.append(
            page.wrong(
                f"[{FORMER}] and [{LIBRARY}] are one table: [{FORMER}] is its old name",
                at=page.line(None, FORMER),
                hint=f"move the keys of [{FORMER}] to [{LIBRARY}]",
            )
        )
        raise ConfigError.joined(errors)
    table = under(_renamed(table))
    mistakes = list(islice(mistakes_of(table, Config), MAX_MISTAKES))
    errors += sorted((error_of(each, table, page) for each in mistakes), key=lambda error: error.line)
    if not unread and len(mistakes) < MAX_MISTAKES:
        wrong = [each.path for each in mistakes]
        config = msgspec.convert(without(table, wrong), Config)
        errors += contradictions(config, page, wrong)
        if not errors:
            return config
    raise ConfigError.joined(errors)


def source_of(data: bytes, file: Path) -> ConfigSource:
    """The text of a configuration that was parsed, for more errors about its keys."""
    text = data.decode("utf-8-sig")
    return ConfigSource(text, file, FORMER if FORMER in toml_table(text) else LIBRARY)


def _text(data: bytes, file: Path) -> str:
    if len(data) > MAX_CONFIG_BYTES:
        raise ConfigError(
            f"is larger than {MAX_CONFIG_BYTES // 1024} kB",
            file=file,
            hint="name a configuration, such as door.toml",
        )
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as err:
        line = data[: err.start].count(b"\n") + 1
        raise ConfigError("is not UTF-8 text", file=file, line=line, hint="save the file as UTF-8") from err


def _renamed(table: dict[str, Any]) -> dict[str, Any]:
    """The tables of a file, with `library` in place of its old name."""
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
