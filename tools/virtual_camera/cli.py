"""Tests the Pi's camera on a real Picamera2 over libcamera's virtual camera: `make test-picamera2`.

    python tools/virtual_camera run [--root DIR] [-- pytest's arguments]

Debian 13 has libcamera with the virtual camera, which plays pictures; older releases do not. So the tests run
in a separate Debian 13 root, made once with mmdebstrap (as root, for its chroot). Python's packages come from
the same index as those of the checkout.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from edge.cli import verbs
from edge.cli.verbs import Verb, argument, verb
from edge.errors import Fault

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

ROOT: Final = Path(__file__).resolve().parents[2]
SUITE: Final = "trixie"
MIRROR: Final = "http://deb.debian.org/debian"  # apt checks signatures, so plain HTTP is enough
# The compiler is for memory.c, and for python-prctl: picamera2 needs it, and PyPI has only its source.
PACKAGES: Final = (
    "python3", "python3-venv", "python3-dev", "python3-libcamera", "gcc", "libc6-dev", "libcap-dev",
    "libzbar0", "ca-certificates",
)  # fmt: skip
ROOT_MB: Final = 3_000  # 2,000 MB stay
CERTIFICATES: Final = Path("/etc/ssl/certs/ca-certificates.crt")
SOURCES: Final = ("edge", "hw", "tests", "tools", "models")
FILES: Final = ("pyproject.toml", "README.md", "LICENSE")
PICTURES: Final = "/pictures"

# A camera with one size. It does not keep the frame rate: it plays as fast as it can.
CAMERA: Final = f"""\
"Virtual0":
  supported_formats:
  - width: 1280
    height: 720
    frame_rates: [15, 15]
  frames:
    path: "{PICTURES}"
  model: "Doorward's pictures"
"""

# As on a Pi: a venv that sees the system's libcamera, and the extra `pi`.
INSTALL: Final = """
set -eu
python3 -m venv --system-site-packages /opt/doorward
/opt/doorward/bin/pip install -q --no-input --disable-pip-version-check -e '/doorward[pi]' pytest hypothesis
"""

TEST: Final = """
set -eu
mount -t proc proc "$0/proc"
mount --rbind /dev "$0/dev"
exec chroot "$0" sh -eu -c 'cd /doorward
gcc -Wall -Wextra -Werror -O1 -shared -fPIC -o /memory.so tests/virtual_camera/memory.c
rm -rf "$DOORWARD_VIRTUAL_CAMERA"; mkdir "$DOORWARD_VIRTUAL_CAMERA"
export LD_PRELOAD=/memory.so
exec /opt/doorward/bin/python -m pytest -v -s -p no:cacheprovider -p no:unraisableexception \\
    tests/virtual_camera "$@"
' pytest "$@"
"""


class CameraRootFault(Fault):
    """The tests could not be prepared."""


def run(args: argparse.Namespace) -> int:
    """Make the root if it is missing, and test in it. Exit code 1 if a test fails."""
    root = args.root.resolve()
    _prepare(root)
    _copy(root)
    _install(root)
    told = {
        "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
        "LANG": "C.UTF-8",
        "LIBCAMERA_LOG_LEVELS": "*:ERROR",
        "DOORWARD_VIRTUAL_CAMERA": PICTURES,
    }
    # A separate mount namespace: nothing stays mounted after the tests, even if they are killed.
    command = ["unshare", "--mount", "sh", "-c", TEST, str(root), *args.pytest]
    return subprocess.run(command, env=told, check=False).returncode


def _prepare(root: Path) -> None:
    """Install Debian, unless an earlier run installed the packages of the same list."""
    stamp = root / ".doorward"
    wanted = hashlib.sha256(repr((SUITE, PACKAGES)).encode()).hexdigest()
    if stamp.is_file() and stamp.read_text() == wanted:
        return
    if os.geteuid() != 0:
        raise CameraRootFault(
            "the tests run in a chroot, which needs root", hint="run: sudo make test-picamera2"
        )
    if not shutil.which("mmdebstrap"):
        raise CameraRootFault("mmdebstrap is not installed", hint="run: sudo apt-get install mmdebstrap")
    if root.exists() and any(root.iterdir()):
        if not stamp.is_file():  # another folder, named by mistake: do not delete it
            raise CameraRootFault(
                f"{root} is not empty, and this command did not make it", hint="use an empty folder"
            )
        shutil.rmtree(root)
    root.mkdir(parents=True, exist_ok=True)
    if (free_mb := shutil.disk_usage(root).free // 1_000_000) < ROOT_MB:
        raise CameraRootFault(
            f"{free_mb} MB are free for {root}, and it needs {ROOT_MB} MB", hint=f"free {ROOT_MB} MB"
        )
    print(f"making {root} from Debian 13 (a minute, once)", file=sys.stderr, flush=True)
    options = ["--quiet", "--variant=minbase", f"--include={','.join(PACKAGES)}"]
    _run(["mmdebstrap", *options, SUITE, str(root), MIRROR], "mmdebstrap")
    folder = root / "usr/share/libcamera/pipeline/virtual"
    folder.mkdir(parents=True)
    (folder / "virtual.yaml").write_text(CAMERA)
    stamp.write_text(wanted)


def _copy(root: Path) -> None:
    """Copy this checkout, with changes that are not committed."""
    inside = root / "doorward"
    shutil.rmtree(inside, ignore_errors=True)
    inside.mkdir()
    for name in SOURCES:
        leave = shutil.ignore_patterns("__pycache__", "cache", "peers")
        shutil.copytree(ROOT / name, inside / name, ignore=leave)
    for name in FILES:
        shutil.copy2(ROOT / name, inside)


def _install(root: Path) -> None:
    """Install Python's packages, again after each change of pyproject.toml."""
    stamp = root / ".installed"
    wanted = hashlib.sha256((ROOT / "pyproject.toml").read_bytes() + INSTALL.encode()).hexdigest()
    if stamp.is_file() and stamp.read_text() == wanted:
        return
    print("installing Python's packages into it (a minute)", file=sys.stderr, flush=True)
    if CERTIFICATES.is_file():  # the root trusts the same certificate authorities as this machine
        shutil.copy2(CERTIFICATES, root / CERTIFICATES.relative_to("/"))
    shutil.copy2("/etc/resolv.conf", root / "etc")
    _run(["chroot", str(root), "sh", "-c", INSTALL], "pip")
    stamp.write_text(wanted)


def _run(command: Sequence[str], what: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        said = [line for line in (done.stderr or done.stdout).splitlines() if line.strip()]
        raise CameraRootFault(
            f"{what} failed: {said[-1] if said else done.returncode}", hint="check the network"
        )


ARGUMENTS = (
    argument(
        "--root",
        type=Path,
        metavar="DIR",
        default=Path(os.environ.get("DOORWARD_CAMERA_ROOT") or ROOT / "build" / "camera-root"),
        help="folder with Debian 13; made if it is missing (default build/camera-root)",
    ),
    argument("pytest", nargs="*", help="arguments for pytest, after --"),
)
VIRTUAL_CAMERA = Verb(
    "python tools/virtual_camera",
    "test the Pi's camera on a real Picamera2",
    run,
    ARGUMENTS,
    (verb("run", "make the root if it is missing, and test in it", run, *ARGUMENTS, about=__doc__),),
    about=__doc__,
)
main = partial(verbs.main, VIRTUAL_CAMERA)
