"""`doorward config check|show|schema|units`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from edge.cli.output import emit, fail
from edge.cli.verbs import Verb, argument, json_lines, verb
from edge.config import MAX_CONFIG_BYTES, Config, explain, parse_config, profile
from edge.config.profiles import VENUES, about
from edge.errors import ConfigError, Exit, InputError
from edge.venue_names import venue_name

if TYPE_CHECKING:
    import argparse


def read(file: Path) -> Config:
    """The configuration in a file. Raises ConfigError."""
    try:
        with file.open("rb") as stream:
            data = stream.read(MAX_CONFIG_BYTES + 1)  # parse_config refuses what is longer
    except OSError as err:
        hint = "start from: doorward config show"
        raise ConfigError(
            f"cannot be read: {(err.strerror or 'error').lower()}", file=file, hint=hint
        ) from err
    return parse_config(data, file)


def given(file: Path | None) -> tuple[Config, Path]:
    """What a command works by: that file, or the defaults, in this folder; and where its paths begin.

    Raises ConfigError.
    """
    return (read(file), file.parent) if file else (Config(), Path())


def _check(args: argparse.Namespace) -> int:
    from edge.cli.config_files import findings  # `show` does without

    config = read(args.file)
    found = [] if args.text else findings(config, args.file.parent)
    for finding in found:
        fail(finding)
    result = "unfit" if found else "valid"
    if args.json:
        emit({"file": str(args.file), "result": result, "config": msgspec.to_builtins(config)})
    elif not found:
        print(f"{args.file}: valid")
    return Exit.REFUSED if found else Exit.OK


def _schema(_: argparse.Namespace) -> int:
    from edge.config.schema import schema

    print(json.dumps(schema(), indent=2, ensure_ascii=False))
    return Exit.OK


def _show(args: argparse.Namespace) -> int:
    if args.file and args.venue:
        raise InputError("--venue shows a profile, and FILE names its own", hint="leave one of them out")
    config = read(args.file) if args.file else profile(args.venue or "door")
    values = msgspec.to_builtins(config)
    if args.json:
        emit(values)
        return Exit.OK
    for line in about(config.door.venue):
        print(f"# {line}")
    print()
    table = None
    for section, key, _, note in explain():
        if section != table:
            print(f"{'' if table is None else chr(10)}[{section}]")
            table = section
        value = values[section][key]
        print(f"# {note}" if note else "#")
        # What JSON writes for a string or a number, TOML reads.
        print(f"#{key} =" if value is None else f"{key} = {json.dumps(value, ensure_ascii=False)}")
    return Exit.OK


VERBS = (
    verb(
        "check",
        "is this configuration right",
        _check,
        argument("file", type=Path),
        argument("--text", action="store_true", help="the text alone: not what it names on this machine"),
        json_lines("the result as one JSON object"),
        about="Finds every mistake that it can name.",
    ),
    verb(
        "show",
        "every key, its value here and what it means",
        _show,
        argument("file", type=Path, nargs="?", help="left out: the defaults"),
        argument(
            "--venue",
            type=venue_name,
            choices=VENUES,
            help="the profile of this kind of place, as it is unchanged",
        ),
        json_lines("one JSON object a key"),
    ),
    verb("schema", "JSON Schema, for editors that complete and check", _schema),
    Verb(
        "units",
        "files for systemd and udev: print them, or write them for this machine",
        "edge.cli.install.system_files:run",
        "edge.cli.install.system_files:ARGUMENTS",
    ),
)
