"""`doorward library simulate`: a simulated library system, for an entrance without a real one."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

from edge.app.venues.library_lab import lab_items, lab_patrons, settings_for, simulated_library
from edge.cli.output import harmless
from edge.cli.verbs import argument, verb
from edge.errors import Exit

if TYPE_CHECKING:
    import argparse

DEFAULT_PORT: Final = 6_001  # also [library] port


def _simulate(args: argparse.Namespace) -> int:
    def told(line: str) -> None:
        print(harmless(line), flush=True)

    with simulated_library(args.address, args.port, told) as port:
        print("patrons")
        for one in lab_patrons():
            print(f"  {one.number}  {one.state}")
        print("items")
        for name, item in lab_items().items():
            print(f"  {name}  {item.title}{', on hold for another patron' if item.on_hold else ''}")
        print("door.toml of the entrance")
        for line in settings_for(args.address, port).splitlines():
            print(f"  {line}".rstrip())
        print(f"ready: a simulated library system at {args.address}:{port}; Ctrl-C stops", flush=True)
        threading.Event().wait()
    return Exit.OK


SIMULATE: Final = verb(
    "simulate",
    "start a simulated library system, and print each request and its answer",
    _simulate,
    argument(
        "--address",
        default="127.0.0.1",
        metavar="ADDRESS",
        help="address on which it listens; left out: 127.0.0.1, for an entrance on this machine only",
    ),
    argument(
        "--port",
        type=int,
        default=DEFAULT_PORT,
        metavar="PORT",
        help=f"port on which it listens, 0 for any free one; left out: {DEFAULT_PORT}",
    ),
)
