"""Builds the controller's firmware, a UF2 for the RP2040, from packages of Debian 13 alone: `make firmware`.

    python tools/firmware build [--root DIR]     into build/firmware/doorward-controller.uf2

The build runs in a separate Debian 13 root, made once with mmdebstrap (as root, for its chroot). MicroPython,
mbedTLS, Raspberry Pi's SDK, TinyUSB and GCC all come from Debian. The same sources and packages give the same
file.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from edge.cli.verbs import argument
from edge.errors import Exit, Fault

if TYPE_CHECKING:
    import argparse

ROOT: Final = Path(__file__).resolve().parents[2]
FIRMWARE: Final = ROOT / "firmware"
OUTPUT: Final = ROOT / "build" / "firmware"
SUITE: Final = "trixie"
MIRROR: Final = "http://deb.debian.org/debian"  # apt checks signatures, so plain HTTP is enough

PACKAGES: Final = (
    "make", "gcc", "libc6-dev", "cmake", "python3", "dpkg-dev", "ca-certificates",
    "gcc-arm-none-eabi", "libnewlib-arm-none-eabi", "libstdc++-arm-none-eabi-newlib",
    "pico-sdk-source", "tinyusb-source", "picotool",
)  # fmt: skip
SOURCES: Final = ("micropython", "mbedtls")
TOLD: Final = ("gcc-arm-none-eabi", "pico-sdk-source", "tinyusb-source", "picotool")

# GCC has libraries for thirty kinds of processor; the RP2040 needs v6-m. The root is 1.1 GB, not 3.7.
LEFT_OUT: Final = (
    "/usr/lib/arm-none-eabi/newlib/arm/*",
    "/usr/lib/arm-none-eabi/newlib/thumb/v7*",
    "/usr/lib/arm-none-eabi/newlib/thumb/v8*",
    "/usr/lib/gcc/arm-none-eabi/*/arm/*",
    "/usr/lib/gcc/arm-none-eabi/*/thumb/v7*",
    "/usr/lib/gcc/arm-none-eabi/*/thumb/v8*",
    "/usr/share/doc/*",
    "/usr/share/man/*",
)
ROOT_MB: Final = 2_500  # 1,100 MB stay; unpacking the packages needs the rest

# Copies two libraries to the places where the build of MicroPython expects them; in Debian they are separate.
PREPARE: Final = """
set -eu
cd /build
micropython=$(echo micropython-*/) mbedtls=$(echo mbedtls-*/)
mkdir -p "$micropython/lib/tinyusb" "$micropython/lib/mbedtls" no-libraries
touch no-libraries/README.md
cp -r /usr/src/tinyusb/. "$micropython/lib/tinyusb/"
cp -r "$mbedtls/." "$micropython/lib/mbedtls/"
make -s -j"$(nproc)" -C "$micropython/mpy-cross"
"""

# cmake, because the port's Makefile needs git submodules.
BUILD: Final = """
set -eu
cd /build
export MICROPY_GIT_TAG=v$(echo micropython-*/ | sed 's/micropython-//; s/[+/].*//') MICROPY_GIT_HASH=debian
rm -rf out
cmake -S "$(echo /build/micropython-*/)ports/rp2" -B out \\
    -DMICROPY_BOARD=DOORWARD -DMICROPY_BOARD_DIR=/build/port \\
    -DMICROPY_FROZEN_MANIFEST=/build/port/manifest.py -DMICROPY_MANIFEST_DOORWARD=/build/modules \\
    -DMICROPY_LIB_DIR=/build/no-libraries -DPICO_SDK_PATH_OVERRIDE=/usr/src/pico-sdk \\
    -DPICO_BUILD_DOCS=0 -DCMAKE_BUILD_TYPE=MinSizeRel
make -C out -j"$(nproc)"
"""


class BuildFault(Fault):
    """The firmware could not be built."""


def run(args: argparse.Namespace) -> int:
    """Make the root with Debian's tools if it is missing, then build the UF2 in it."""
    if os.geteuid() != 0:
        raise BuildFault("the build runs in a chroot, which needs root", hint="run: sudo make firmware")
    root = args.root.resolve()
    _prepare(root)
    _build(root)
    return Exit.OK


def _prepare(root: Path) -> None:
    """Install Debian's tools and sources, unless an earlier run installed those of the same lists."""
    stamp = root / "build" / ".ready"
    wanted = hashlib.sha256(repr((PACKAGES, SOURCES, LEFT_OUT, PREPARE)).encode()).hexdigest()
    if stamp.is_file() and stamp.read_text() == wanted:
        return
    if not shutil.which("mmdebstrap"):
        raise BuildFault("mmdebstrap is not installed", hint="run: sudo apt-get install mmdebstrap")
    if root.exists() and any(root.iterdir()) and not stamp.is_file():
        raise BuildFault(f"{root} is not empty, and this command did not make it", hint="use an empty folder")
    making = root.with_name(f"{root.name}.making")  # only this command uses it: an interrupted run left it
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir(parents=True)
    if (free_mb := shutil.disk_usage(making).free // 1_000_000) < ROOT_MB:
        raise BuildFault(
            f"{free_mb} MB are free for {root}, and it needs {ROOT_MB} MB", hint=f"free {ROOT_MB} MB"
        )
    print(
        f"making {root} from Debian 13 (300 MB to download, two minutes, once)", file=sys.stderr, flush=True
    )
    options = [
        "--variant=apt",
        "--components=main",
        f"--include={','.join(PACKAGES)}",
        '--aptopt=APT::Install-Recommends "false"',
        "--customize-hook=mkdir $1/build",
        "--customize-hook=chroot $1 apt-get -qq update",
        f"--customize-hook=chroot $1 sh -c 'cd /build && apt-get -qq source {' '.join(SOURCES)}'",
    ]
    options += [f"--dpkgopt=path-exclude={pattern}" for pattern in LEFT_OUT]
    lines = [f"{kind} {MIRROR} {SUITE} main" for kind in ("deb", "deb-src")]
    _run(["mmdebstrap", "--quiet", *options, SUITE, str(making), *lines], "mmdebstrap")
    _inside(making, PREPARE, "mpy-cross")
    (making / "build" / ".ready").write_text(wanted)
    shutil.rmtree(root, ignore_errors=True)
    making.rename(root)


def _build(root: Path) -> None:
    work = root / "build"
    for name in ("modules", "port"):
        shutil.rmtree(work / name, ignore_errors=True)
    shutil.copytree(FIRMWARE / "port", work / "port")
    (work / "modules").mkdir()
    frozen = {"rp2"}
    for path in sorted(FIRMWARE.glob("*.py")):
        # MicroPython runs _boot.py first. Its own _boot.py would look for a file system.
        name = "_boot.py" if path.name == "boot.py" else path.name
        shutil.copyfile(path, work / "modules" / name)
        frozen.add(name.removesuffix(".py"))
    _inside(root, BUILD, "the firmware", SOURCE_DATE_EPOCH=_source_date())
    OUTPUT.mkdir(parents=True, exist_ok=True)
    image = OUTPUT / "doorward-controller.uf2"
    shutil.copyfile(work / "out" / "firmware.uf2", image)
    told = _inside(root, "picotool info -a /build/out/firmware.uf2", "picotool")
    packages = _inside(
        root,
        f"dpkg-query -W -f '${{Package}} ${{Version}}, ' {' '.join(TOLD)}; ls -d /build/m*-*/",
        "dpkg-query",
    )
    listed = told.partition("frozen modules:")[2].partition("binary start:")[0]
    if (inside := {name.strip() for name in listed.split(",")}) != frozen:
        raise BuildFault(f"missing in the image, or not expected there: {', '.join(sorted(inside ^ frozen))}")
    print(told.strip())
    print(
        f"built with:  {packages.replace('/build/', '').replace('/', '').replace(chr(10), ', ').strip(', ')}"
    )
    content = image.read_bytes()
    print(f"{image.relative_to(ROOT)}: {len(content):,} bytes, sha256 {hashlib.sha256(content).hexdigest()}")


def _source_date() -> str:
    """The date that the build writes into the program: that of the last commit that changed it."""
    git = ["git", "-C", str(ROOT), "log", "-1", "--format=%ct", "--", "firmware/*.py", "firmware/port"]
    try:
        done = subprocess.run(git, capture_output=True, text=True, check=False)
    except OSError:
        return "0"
    return done.stdout.strip() or "0"


def _inside(root: Path, script: str, what: str, **environment: str) -> str:
    """Run a shell script inside the root, and return its output. Raises BuildFault."""
    clean = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "HOME": "/root", **environment}
    return _run(["chroot", str(root), "/bin/sh", "-c", script], what, clean)


def _run(command: list[str], what: str, environment: dict[str, str] | None = None) -> str:
    try:
        done = subprocess.run(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
        )
    except OSError as err:
        raise BuildFault(f"cannot run {command[0]}: {err.strerror}") from err
    if done.returncode:
        log = OUTPUT / "build.log"
        OUTPUT.mkdir(parents=True, exist_ok=True)
        log.write_text(done.stdout)
        lines = done.stdout.splitlines() or ["no output"]
        said = next((line for line in lines if "error" in line.lower()), lines[-1])
        raise BuildFault(f"{what}: {said[:200]}", hint=f"read the whole output in {log}")
    return done.stdout


ARGUMENTS = (
    argument(
        "--root",
        type=Path,
        metavar="DIR",
        default=Path(os.environ.get("DOORWARD_FIRMWARE_ROOT") or ROOT / "build" / "firmware-root"),
        help="folder with Debian's tools; made if it is missing (default build/firmware-root)",
    ),
)
