"""`doorward doctor`: checks this device, and prints each problem with one thing to do.

Stop `doorward run` first: one program at a time can use the camera and the serial port.
"""

from __future__ import annotations

import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Final

from edge.cli import config as file
from edge.cli.output import emit, harmless
from edge.cli.verbs import argument, json_lines
from edge.doctor import findings as f
from edge.doctor.checks import CHECKS, examine
from edge.doctor.device_probe import DeviceProbe
from edge.doctor.report import write
from edge.errors import ConfigError, Exit, InputError

if TYPE_CHECKING:
    import argparse

    from edge.doctor.findings import Finding

USUAL: Final = Path("door.toml")


def run(args: argparse.Namespace) -> int:
    """Examine this device; exit 1 if there is an error."""
    unknown = set(args.only) - set(CHECKS)
    if unknown:
        raise InputError(
            f"--only: {', '.join(sorted(unknown))} is not a check", hint=f"choose from {', '.join(CHECKS)}"
        )
    # Only a configuration that was named must be there: a new machine is looked at before it has one.
    is_configured = args.config is not None or os.path.lexists(USUAL)
    source = (args.config or USUAL) if is_configured else None
    try:
        config, base = file.given(source, only_reads=source is None)
    except ConfigError as error:
        _say(args, f.CONFIG_WRONG.found(error.message, error.hint))
        return Exit.REFUSED
    if args.strike and source is None:
        raise InputError("--strike needs the configuration of a door", hint="name it: --config FILE")
    agreed = args.strike and (not args.only or "strike" in args.only) and _agreed()
    probe = DeviceProbe(config, base, strike=agreed, is_configured=is_configured)
    found: list[Finding] = []
    for finding in examine(probe, args.only):
        _say(args, finding)
        found.append(finding)
    if not args.json:
        print(harmless(f.summary(found)), flush=True)
    if args.report:
        write(args.report, probe, found)
    return Exit.REFUSED if f.worst(found) is f.Severity.ERROR else Exit.OK


def _agreed() -> bool:
    """Ask at the terminal whether the lock may be released. Raises InputError without a terminal."""
    if not sys.stdin.isatty():
        raise InputError(
            "--strike asks before it releases the lock, and here is no terminal", hint="run it at a terminal"
        )
    print(
        "The lock will be released once. Is a person at the door to watch it? [y/N] ",
        end="",
        file=sys.stderr,
        flush=True,
    )
    return sys.stdin.readline().strip().lower() in {"y", "yes"}


def _say(args: argparse.Namespace, finding: Finding) -> None:
    if args.json:
        emit(asdict(finding))
        return
    number = f" {finding.number}" if finding.number else ""
    text = finding.text if finding.text.startswith(finding.name) else f"{finding.name}: {finding.text}"
    print(harmless(f'{finding.level}{number} "{text}"'), flush=True)
    if finding.hint:
        print(harmless(f"hint: {finding.hint}"), flush=True)


ARGUMENTS = (
    argument(
        "--config",
        type=Path,
        help="configuration file; left out: door.toml in this folder, or without one the machine alone",
    ),
    json_lines(),
    argument(
        "--only", nargs="+", default=[], metavar="NAME", help="run only these checks: camera, door, clock ..."
    ),
    argument("--strike", action="store_true", help="also release the lock once; asks at the terminal first"),
    argument(
        "--report", type=Path, metavar="FILE.html", help="also write a commissioning report to this file"
    ),
)
