"""The driver of the pins works in a folder in which it can make no file."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT

from edge.errors import ConfigError
from hw.pins.library import CHOSEN, advice, pin_factory

pytest.importorskip("gpiozero")
from gpiozero.exc import BadPinFactory

# What lgpio does when it is imported: a pipe in the folder LG_WD, or else in the current one.
DRIVER = """\
import os
place = os.environ.get("LG_WD") or "."
os.mkfifo(f"{place}/.lgd-nfy0")
os.stat(f"{place}/.lgd-nfy0")
print(place)
"""
PROGRAM = """\
import os
from hw.pins.library import gpiozero_library
print(gpiozero_library().__name__)
import driver
print(oct(os.stat(os.environ["LG_WD"]).st_mode & 0o777))
"""


def in_folder(folder: Path, **more: str) -> list[str]:
    """The lines of the program, started in this folder."""
    env = {"PYTHONPATH": f"{ROOT}:{folder.parent}", "PATH": os.environ["PATH"]} | more
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        env=env,
        cwd=folder,
    )
    return ran.stdout.splitlines()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "driver.py").write_text(DRIVER)
    (tmp_path / "cwd").mkdir()
    return tmp_path / "cwd"


def test_the_driver_makes_no_file_in_the_current_folder(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "tmp").mkdir()
    name, place, mode = in_folder(folder, TMPDIR=str(tmp_path / "tmp"))
    assert (name, mode) == ("gpiozero", "0o700")
    assert Path(place).parent == tmp_path / "tmp"
    assert list(folder.iterdir()) == []
    assert list((tmp_path / "tmp").iterdir()) == [], "the folder is removed at the end"


def test_a_folder_that_the_operator_chose_is_used(folder: Path, tmp_path: Path) -> None:
    chosen = tmp_path / "chosen"
    chosen.mkdir()
    assert in_folder(folder, LG_WD=str(chosen))[1] == str(chosen)
    assert [path.name for path in chosen.iterdir()] == [".lgd-nfy0"]


def test_each_driver_of_pins_imports_gpiozero_there() -> None:
    users = [
        path
        for path in (ROOT / "hw").rglob("*.py")
        if "import gpiozero\n" in path.read_text().replace("  #", "\n")
    ]
    assert [path.name for path in users] == ["library.py"]


def test_without_gpiod_gpiozero_makes_a_factory_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(CHOSEN, raising=False)
    for name in ("hw.pins.factory", "hw.pins.pin"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setitem(sys.modules, "gpiod", None)  # its import fails
    assert pin_factory() is None


def test_the_factory_that_the_operator_chose_is_left_to_gpiozero(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CHOSEN, "mock")
    assert pin_factory() is None


ADVICE = {
    "no chip": (ConfigError("no chip", hint="use a Raspberry Pi"), "use a Raspberry Pi"),
    "a pin in use elsewhere": (OSError(errno.EBUSY, "busy"), "gpioinfo"),
    "no factory works": (BadPinFactory("none"), "doorward[pi]"),
    "any other": (ValueError("no pin"), "a pin of its own"),
}


@pytest.mark.parametrize("case", ADVICE)
def test_the_hint_for_a_pin_fits_its_error(case: str) -> None:
    error, hint = ADVICE[case]
    assert hint in advice(error)
