"""Colours on a terminal: NO_COLOR, FORCE_COLOR and a dumb terminal are obeyed, and errors have none."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from samples.journals import write_journal
from worlds.people_folder import DOOR, SITE

if TYPE_CHECKING:
    from pathlib import Path

COLOUR = re.compile(rb"\x1b\[[0-9;]*3[0-9][0-9;]*m")
ESCAPE = re.compile(rb"\x1b")


def terminal(words: list[str], **changes: str) -> bytes:
    """All that `doorward` writes to a terminal."""
    ours, theirs = pty.openpty()
    done = subprocess.Popen(
        [sys.executable, "-m", "edge", *words], stdout=theirs, stderr=theirs, env=env(changes)
    )
    os.close(theirs)
    read = b""
    try:
        while data := os.read(ours, 4096):
            read += data
    except OSError:  # EIO: the other end is closed
        pass
    os.close(ours)
    done.wait()
    return read


def env(changes: dict[str, str]) -> dict[str, str]:
    plain = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "FORCE_COLOR")}
    return {**plain, "TERM": "xterm-256color", **changes}


@pytest.fixture
def show(tmp_path: Path) -> list[str]:
    return ["log", "show", str(write_journal(tmp_path / "journal.db", 6))]


def test_a_terminal_has_colours_unless_it_is_told_otherwise(show: list[str]) -> None:
    assert COLOUR.search(terminal(show))
    assert not COLOUR.search(terminal(show, NO_COLOR="1"))
    assert not ESCAPE.search(terminal(show, TERM="dumb"))


def test_a_pipe_has_colours_only_if_they_are_forced(show: list[str]) -> None:
    def pipe(**changes: str) -> bytes:
        return subprocess.run(
            [sys.executable, "-m", "edge", *show], env=env(changes), capture_output=True, check=True
        ).stdout

    assert not ESCAPE.search(pipe())
    assert COLOUR.search(pipe(FORCE_COLOR="1"))
    assert not COLOUR.search(pipe(FORCE_COLOR="1", NO_COLOR="1"))


def test_a_lock_down_is_red_on_a_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "door.toml").write_text(DOOR)
    (tmp_path / "site.toml").write_text(SITE)
    monkeypatch.chdir(tmp_path)
    red = re.compile(rb"\x1b\[1;31mlock-down  on since ")
    status = ["people", "status"]
    assert not COLOUR.search(terminal(status))
    subprocess.run([sys.executable, "-m", "edge", "people", "lock-down", "on"], env=env({}), check=True)
    assert red.search(terminal(status))
    assert not COLOUR.search(terminal(status, NO_COLOR="1"))


@pytest.mark.parametrize(
    "words", [[], ["log"], ["lgo"], ["log", "show", "no-such-file"], ["explain", "card.revoked"]]
)
def test_help_and_errors_have_no_escapes(words: list[str]) -> None:
    assert not ESCAPE.search(terminal(words))
