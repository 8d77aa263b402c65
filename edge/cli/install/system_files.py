"""Files for systemd and udev, which make this installation a service of its machine.

systemd units, the user doorward and its groups, the folder /var/lib/doorward, and the rules for cameras,
scanners and serial lines. Without --to it prints the files and the places that they are for. With --to it
writes them below DIR; the units then start the `doorward` of this installation.

    sudo doorward config units --to /

Change a unit with `systemctl edit UNIT`, not in its file: this command writes the file again.
"""

from __future__ import annotations

import sys
import sysconfig
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Final

from edge.cli.output import tell
from edge.cli.verbs import argument, json_lines
from edge.errors import Exit, StorageFault
from edge.files.durable import write_durably

if TYPE_CHECKING:
    import argparse

# The folder for each kind of file, where the package of a distribution does not put them.
FOLDERS: Final = {
    ".service": "etc/systemd/system",
    ".sysusers": "etc/sysusers.d",
    ".tmpfiles": "etc/tmpfiles.d",
    ".rules": "etc/udev/rules.d",
}
IN_FILES: Final = "/opt/doorward/.venv/bin/doorward"  # replaced by the program of this installation
HOMES: Final = ("/home/", "/root/", "/run/user/")  # hidden from the units by ProtectHome=
NEXT: Final = (
    "then, as root:",
    "  systemd-sysusers && systemd-tmpfiles --create",
    "  udevadm control --reload && udevadm trigger",
    "  systemctl daemon-reload",
    "  systemctl enable --now doorward-run",
)


def run(args: argparse.Namespace) -> int:
    """Prints the files, or writes them below a folder."""
    program = Path(sysconfig.get_path("scripts")) / "doorward"
    for source in sorted(files("edge.app").joinpath("system").iterdir(), key=lambda each: each.name):
        target = Path(args.to or "/") / _place(source.name)
        if args.to:
            text = source.read_text("utf-8").replace(IN_FILES, str(program))
            _write(target, text)
        tell({"file": str(source), "target": str(target)}, f"{target}  from {source}", as_json=args.json)
    if args.json:
        return Exit.OK
    print(*(NEXT if args.to else ("write them: sudo doorward config units --to /",)), sep="\n")
    if str(program).startswith(HOMES):
        print(f"warning: units cannot see {program}; install doorward below /opt", file=sys.stderr)
    return Exit.OK


def _place(name: str) -> Path:
    """The place of a file below the root. sysusers and tmpfiles read files that end in .conf."""
    file = Path(name)
    folder = Path(FOLDERS[file.suffix])
    return folder / (f"{file.stem}.conf" if file.suffix in {".sysusers", ".tmpfiles"} else name)


def _write(target: Path, text: str) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        write_durably(target, text.encode())
    except OSError as error:
        reason = (error.strerror or "error").lower()
        raise StorageFault(
            f"cannot write {target}: {reason}", hint="run it with sudo, or give another folder: --to DIR"
        ) from error


ARGUMENTS: Final = (
    argument("--to", type=Path, metavar="DIR", help="write the files below DIR; / for this machine"),
    json_lines("one JSON object a file"),
)
