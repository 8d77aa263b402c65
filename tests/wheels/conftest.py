"""The two wheels, built from the files that git tracks, and an environment that has nothing else of this checkout."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

import pytest
from conftest import ROOT, tracked

from models import build, fetch, manifest


@dataclass(frozen=True, slots=True)
class Wheels:
    main: Path
    office: Path


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Wheels:
    pytest.importorskip("setuptools", minversion="77", reason="too old to build: make setup")
    source, target = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("dist")
    for name in tracked():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, source / name)
    manual = [sys.executable, str(source / "tools" / "manual")]
    subprocess.run(
        [*manual, "man", "build/share/man/man1"], cwd=source, stdout=subprocess.DEVNULL, check=True
    )
    subprocess.run([*manual, "completion", "build/share"], cwd=source, stdout=subprocess.DEVNULL, check=True)
    options = ["--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", str(target)]
    pip("wheel", *options, str(source), str(source / "tools"))
    (main,), (office,) = target.glob("doorward-*.whl"), target.glob("doorward_office-*.whl")
    return Wheels(main, office)


def pip(*words: str) -> None:
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@dataclass(frozen=True, slots=True)
class Installed:
    """An environment with wheels of ours, over the libraries of this environment but not its checkout."""

    programs: Path
    folder: Path

    def run(self, program: str, *words: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        """One command, as a user without a checkout runs it."""
        kept = {
            name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "DOORWARD_MODELS"}
        }
        return subprocess.run(
            [self.programs / program, *words],
            cwd=cwd or self.folder,
            env=kept | {"DOORWARD_MODELS": str(self.folder / "models")},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )


def install(folder: Path, *wheels: Path) -> Installed:
    """A new virtual environment with these wheels."""
    environment = folder / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True)
    programs = environment / "bin"
    # A folder that a .pth file names is searched, but its own .pth files, with the checkout, are not read.
    packages = sysconfig.get_path("purelib", vars={"base": str(environment), "platbase": str(environment)})
    (Path(packages) / "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n")
    pip("--python", str(programs / "python"), "install", "--no-deps", "--no-index", *map(str, wheels))
    return Installed(programs, folder)


@pytest.fixture(scope="session")
def device(wheels: Wheels, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """A device: the wheel of doorward alone, and the packages of its models in the cache, carried by hand."""
    folder = tmp_path_factory.mktemp("device")
    page = manifest.load(build.MANIFEST)
    cache = ROOT / "models" / "cache"
    if fetch.missing_packages(page.packages, cache):
        pytest.skip("the packages are not fetched: make models")
    (folder / "models" / "cache").mkdir(parents=True)
    for package in page.packages.values():
        shutil.copy(cache / package.archive, folder / "models" / "cache")
    return install(folder, wheels.main)


@pytest.fixture(scope="session")
def office(wheels: Wheels, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """An office: both wheels."""
    return install(tmp_path_factory.mktemp("office"), wheels.main, wheels.office)
