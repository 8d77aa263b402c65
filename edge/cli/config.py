"""`doorward config`: check, explain and describe the configuration."""

from __future__ import annotations

import json
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from edge.cli.command.as_owner import refuse_root
from edge.cli.output import emit, fail
from edge.cli.verbs import Verb, argument, json_lines, verb
from edge.config import MAX_CONFIG_BYTES, Config, explain, parse_config, profile
from edge.config.allowed import PLAIN, allowed, key_types
from edge.config.parse import source_of
from edge.config.profiles import VENUES, about
from edge.config.profiles.pages import page_of
from edge.config.profiles.placeholders import is_placeholder, placeholders, profile_with_placeholders
from edge.errors import ConfigError, EdgeError, Exit, InputError
from edge.venue_names import venue_name

if TYPE_CHECKING:
    import argparse

_WIDTH: Final = 110  # columns of a comment


def read(file: Path) -> Config:
    """The configuration in a file. Raises ConfigError."""
    return parse_config(_bytes(file), file)


def _bytes(file: Path) -> bytes:
    try:
        with file.open("rb") as stream:
            return stream.read(MAX_CONFIG_BYTES + 1)  # parse_config refuses what is longer
    except OSError as err:
        hint = "check the path, or write a new file: doorward config show > door.toml"
        raise ConfigError(
            f"cannot be read: {(err.strerror or 'error').lower()}", file=file, hint=hint
        ) from err


def given(file: Path | None, *, only_reads: bool = False) -> tuple[Config, Path]:
    """The configuration in a file, or the defaults, and the folder that its paths are relative to.

    `only_reads`: the command writes no file of the device. Raises ConfigError, also for a placeholder that is
    left, and InputError if root would write into the folder of another user.
    """
    if file is None:
        config, base = Config(), Path()
    else:
        data = _bytes(file)
        config, base = parse_config(data, file), file.parent
        if left := list(placeholders(config, source_of(data, file))):
            raise ConfigError.joined(left)
    if not only_reads:
        refuse_root(config, base)
    return config, base


def _check(args: argparse.Namespace) -> int:
    from edge.cli.config_files import findings, host_notes  # `show` does not need their imports

    data = _bytes(args.file)
    try:
        config = parse_config(data, args.file)
    except ConfigError as error:
        if args.json:
            _emit_result(args.file, "invalid", [error, *error.also])
        raise
    found: list[EdgeError] = [*placeholders(config, source_of(data, args.file))]
    notes: list[EdgeError] = []
    if not args.text:
        cut_off, notes = host_notes(config)
        found += findings(config, args.file.parent) + cut_off
    for finding in found:
        fail(finding)
    for note in notes:
        fail(note, word="warning")
    result = "unfit" if found else "valid"
    if args.json:
        every = [each for finding in found for each in (finding, *finding.also)]
        _emit_result(args.file, result, every, config=msgspec.to_builtins(config))
    elif not found:
        print(f"{args.file}: valid")
    return Exit.REFUSED if found else Exit.OK


def _emit_result(file: Path, result: str, errors: list[EdgeError], **more: object) -> None:
    rows = [{"line": getattr(each, "line", 0), "error": each.message, "hint": each.hint} for each in errors]
    emit({"file": str(file), "result": result} | ({"errors": rows} if rows else {}) | more)


def _schema(_: argparse.Namespace) -> int:
    from edge.config.schema import schema

    print(json.dumps(schema(), indent=2, ensure_ascii=False))
    return Exit.OK


def _show(args: argparse.Namespace) -> int:
    if args.file and args.venue:
        raise InputError(
            "--venue and FILE exclude each other: FILE names its venue", hint="leave one of the two out"
        )
    config = _shown(args.file, args.venue)
    values = msgspec.to_builtins(config)
    if args.json:
        emit(values)
        return Exit.OK
    for line in about(config.door.venue):
        print(f"# {line}")
    print()
    kinds = {each.name: key_types(type(each.default)) for each in msgspec.structs.fields(Config)}
    table = None
    for section, key, _, note in explain():
        if section != table:
            print(f"{'' if table is None else chr(10)}[{section}]")
            _comment(f"Explained in {page_of(section)}.")
            table = section
        value = values[section][key]
        _comment(note)
        if page := page_of(section, key):
            _comment(f"Explained in {page}.")
        if (words := allowed(kinds[section][key])) not in PLAIN:
            _comment(f"Allowed: {words}.")
        if is_placeholder(value):
            _comment("Placeholder: replace it. No command that works the device accepts it.")
        # What JSON writes for a string or a number, TOML reads.
        print(f"#{key} =" if value is None else f"{key} = {json.dumps(value, ensure_ascii=False)}")
    return Exit.OK


def _shown(file: Path | None, venue: str | None) -> Config:
    """The configuration to print: a file's, a venue's with placeholders, or the defaults."""
    if file:
        return read(file)
    return profile_with_placeholders(venue) if venue else profile("door")


def _comment(text: str) -> None:
    lines = textwrap.wrap(text, _WIDTH, initial_indent="# ", subsequent_indent="# ", break_on_hyphens=False)
    print(*lines, sep="\n")


VERBS = (
    verb(
        "check",
        "check a configuration file, and the files that it names",
        _check,
        argument("file", type=Path, help="configuration file"),
        argument("--text", action="store_true", help="check only the text, not the files that it names"),
        json_lines("print the result as one JSON object"),
        about="Checks the text, and the files, folders and secrets that it names; prints every mistake.",
    ),
    verb(
        "show",
        "print every key with its value, its meaning and the allowed values",
        _show,
        argument("file", type=Path, nargs="?", help="configuration file; left out: the defaults"),
        argument(
            "--venue",
            type=venue_name,
            choices=VENUES,
            help="print the profile of this kind of place, with placeholders for what the site must set",
        ),
        json_lines("print the configuration as one JSON object"),
    ),
    verb("schema", "print the JSON Schema of the configuration, for editors", _schema),
    Verb(
        "units",
        "print the files for systemd and udev, or write them for this machine",
        "edge.cli.install.system_files:run",
        "edge.cli.install.system_files:ARGUMENTS",
    ),
    Verb(
        "unit",
        "print the systemd drop-ins for the hosts, devices and folders of door.toml, or write them",
        "edge.cli.install.unit:run",
        "edge.cli.install.unit:ARGUMENTS",
    ),
)
