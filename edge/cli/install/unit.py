"""Drop-ins for the systemd units of one device, made of its door.toml.

The shipped units are the same on every machine: doorward-run.service reaches no address but localhost, and no
unit writes outside of /var/lib/doorward. A drop-in adds the hosts, devices and folders that FILE names.
Without --to it prints the drop-ins. With --to it writes them below DIR, and removes those that FILE does not
need any more.

    sudo doorward config unit --to / /var/lib/doorward/door.toml
    sudo systemctl daemon-reload && sudo systemctl restart doorward-run

systemd takes addresses only. A host name is looked up now, and its addresses of today are written, with those
of the name servers. If the addresses of a host can change, write an address into door.toml, or run this
command again after the change. Relative paths of FILE are below /var/lib/doorward, as for the units.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from edge.app.machine.drop_in import DROP_IN, DropIn, drop_ins
from edge.cli.config import read
from edge.cli.output import emit
from edge.cli.verbs import argument, json_lines
from edge.errors import Exit, StorageFault
from edge.files.durable import write_durably

if TYPE_CHECKING:
    import argparse

NEXT: Final = "then, as root: systemctl daemon-reload && systemctl restart doorward-run"


def run(args: argparse.Namespace) -> int:
    """Prints the drop-ins, or writes them below a folder."""
    made = drop_ins(read(args.file))
    for each in made:
        place = Path(args.to or "/") / DROP_IN.format(unit=each.unit)
        if args.to:
            _put(place, each)
        if args.json:
            emit({"unit": each.unit, "target": str(place), "text": each.text, "warnings": each.warnings})
        elif args.to:
            print(f"{place}: {'written' if each.text else 'not needed'}")
        else:
            print(f"# {place}" if each.text else f"# {each.unit}: needs no drop-in")
            print(each.text)
        for warning in each.warnings:
            print(f"warning: {warning}", file=sys.stderr)
    if not args.json:
        print(NEXT if args.to else f"# write them: sudo doorward config unit --to / {args.file}")
    return Exit.OK


def _put(place: Path, drop_in: DropIn) -> None:
    try:
        if drop_in.text:
            place.parent.mkdir(parents=True, exist_ok=True)
            write_durably(place, drop_in.text.encode())
        else:
            place.unlink(missing_ok=True)
    except OSError as error:
        reason = (error.strerror or "error").lower()
        raise StorageFault(
            f"cannot write {place}: {reason}", hint="run it with sudo, or give another folder: --to DIR"
        ) from error


ARGUMENTS: Final = (
    argument("file", type=Path, help="configuration file, such as /var/lib/doorward/door.toml"),
    argument("--to", type=Path, metavar="DIR", help="write the drop-ins below DIR; / for this machine"),
    json_lines("one JSON object a unit"),
)
