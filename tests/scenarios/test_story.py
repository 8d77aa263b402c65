"""`doorward run` at a terminal tells a story in words, and no JSON is among it."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow  # visitors walk in real time


def at_terminal(*words: str, cwd) -> str:
    """All that the command writes to a terminal, on standard output and standard error."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "edge", *words]
    process = subprocess.Popen(command, cwd=cwd, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    said = bytearray()
    try:
        while chunk := os.read(ours, 4_096):
            said += chunk
    except OSError:  # the other end is closed
        pass
    finally:
        os.close(ours)
    assert process.wait(60) == 0
    return said.decode().replace("\r\n", "\n")


def test_a_simulated_door_says_who_came_what_happened_and_why(tmp_path, built_models, photos) -> None:
    told = at_terminal("run", "--sim", "--passages", "3", cwd=tmp_path)
    first, *lines = told.splitlines()
    assert first.startswith("ready: a simulated door")
    assert not [line for line in lines if line.startswith("{") or '{"' in line]
    visitors = [line for line in lines if line.startswith("visitor ")]
    assert [line.split(",")[0] for line in visitors] == ["visitor 1", "visitor 2", "visitor 3"]
    denied = sum("is turned away" in line for line in visitors)
    assert sum(line.startswith("    why: ") for line in lines) == denied
    assert sum(line.startswith("    staff: ") for line in lines) == denied


def test_a_door_of_a_film_tells_its_signals_in_words(tmp_path, built_models, photos) -> None:
    from tools.issuer.cli import main as issuer

    portrait = str(photos / "astronaut.png")
    office, wallet = str(tmp_path / "office"), str(tmp_path / "ada.wallet")
    issuer(["init", office, "--name", "t", "--uri", "https://t.example/s"])
    issuer(["enrol", office, "--photo", portrait, "--out", wallet, "--scope", "tower-1"])
    run = ("run", "--config", "door.toml", "--camera", "visit.avi")

    def door(name: str, more: str) -> Path:
        """The folder of a door that has seen no code yet: both films may show the same one."""
        folder = tmp_path / name
        folder.mkdir()
        issuer(["publish", office, "--to", str(folder / "trust")])
        (folder / "door.toml").write_text(f"[door]\nsite = 'tower-1/lobby'\n{more}")
        return folder

    folder = door("alone", "")
    at_terminal("film", wallet, portrait, cwd=folder)
    assert "face.quality" in at_terminal(*run, cwd=folder), "no one told the film how to move"

    folder = door("staffed", "staffed = true\n")
    assert "[door] staffed = true" in at_terminal("film", wallet, portrait, cwd=folder)
    told = at_terminal(*run, cwd=folder)
    lines = told.splitlines()
    assert [line for line in lines if line.startswith("signal: ")] == [
        "signal: look here",
        "signal: wait",
        "signal: welcome",
        "signal: none",
    ]
    (visitor,) = [line for line in lines if line.startswith("visitor ")]
    assert 'may come in, sees "welcome"' in visitor
    assert "{" not in told
