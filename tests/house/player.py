"""Plays the commands and files of one page, top to bottom, in one empty folder.

The page becomes one bash script whose line numbers are those of the page, so that each error names its line.
A file is written where its block stands. A server has to say `ready` or `Serving` before the page goes on.
"""

from __future__ import annotations

import fcntl
import os
import re
import signal
import subprocess
import sys
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from conftest import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from house.pages import Block

TOOLS = ("issuer", "wallet", "authority", "hub")
DEADLINE_S = 120  # a command that waits for ever is an error
# Line 1 of each script, where a page has its title. On exit all servers end.
PRELUDE = r"""
set -eo pipefail;
trap 'echo "line $LINENO: exit $?: $BASH_COMMAND"' ERR;
trap 'trap "" TERM; kill 0; wait' EXIT;
is_ready() { timeout 30 grep -qm1 -E "ready|Serving" < <(tail -n +1 -f --pid=$! "$1") || { cat "$1"; false; }; };
exits() { [ "$1" = "$2" ] || { echo "exit $1, and the page says exit $2"; false; }; };
""".replace("\n", " ")
END = "END-OF-FILE"
EXIT = re.compile(r"  # exit (\d+)$")


def script(blocks: list[Block]) -> str:
    """The page as a bash script, line for line."""
    lines = [PRELUDE] + [""] * blocks[-1].end
    for block in blocks:
        opening, closing = block.line - 1, block.end - 1  # indices of both fences
        text = block.text.splitlines()
        if block.info == "sh":
            lines[opening + 1 : closing] = with_exits(text)
        elif block.info == "sh server":
            log = f"$HOME/server-{block.line}.log"
            lines[opening], lines[closing] = f": > {log}; {{", f"}} >> {log} 2>&1 & is_ready {log}"
            lines[opening + 1 : closing] = [f"exec {text[0]}", *text[1:]]
        elif block.file is not None:
            lines[opening], lines[closing] = f"cat > {block.file} <<'{END}'", END
            lines[opening + 1 : closing] = text
    return "\n".join(lines) + "\n"


def with_exits(lines: list[str]) -> list[str]:
    """Commands, of which each that ends in `  # exit N` has to exit with N."""
    changed = list(lines)
    for number, line in enumerate(lines):
        if found := EXIT.search(line):
            first = number
            while first and lines[first - 1].endswith("\\"):
                first -= 1
            changed[number] = f"{line[: found.start()]}; }} && code=0 || code=$?; exits $code {found[1]}"
            changed[first] = "{ " + changed[first]
    return changed


def play(blocks: list[Block], folder: Path) -> tuple[bool, str]:
    """Plays a page in this folder, which is made. Returns whether all of it worked, and its output."""
    folder.mkdir()
    around = folder.parent
    (around / "page.sh").write_text(script(blocks), "utf-8")
    with _one_at_a_time(blocks), (around / "output.txt").open("w") as output:
        shell = subprocess.Popen(
            ["bash", "../page.sh"],
            cwd=folder,
            env=environment(around),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            is_right = shell.wait(DEADLINE_S) == 0
        except subprocess.TimeoutExpired:
            output.write(f"no end within {DEADLINE_S} s\n")
            is_right = False
        finally:
            with suppress(ProcessLookupError):
                os.killpg(shell.pid, signal.SIGKILL)
            shell.wait()
    return is_right, (around / "output.txt").read_text("utf-8", "replace")


@contextmanager
def _one_at_a_time(blocks: list[Block]) -> Iterator[None]:
    """A page with a server waits until no other test of this machine has one: they name fixed ports."""
    if not any(block.info == "sh server" for block in blocks):
        yield
        return
    with (Path(tempfile.gettempdir()) / "doorward-pages.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def environment(around: Path) -> dict[str, str]:
    """The environment of a page: the commands of this checkout, whatever is installed."""
    programs = around / "bin"
    programs.mkdir()
    _command(programs / "doorward", "-m edge")
    for tool in TOOLS:
        _command(programs / f"doorward-{tool}", f"{ROOT}/tools/{tool}")
    return {
        "PATH": os.pathsep.join([str(programs), str(Path(sys.executable).parent), os.defpath]),
        "DOORWARD": str(ROOT),
        "PYTHONPATH": str(ROOT),
        "PYTHONUNBUFFERED": "1",  # or `python -m http.server` does not say that it is ready
        "HOME": str(around),
        "LANG": "C.UTF-8",
    }


def _command(file: Path, words: str) -> None:
    file.write_text(f'#!/bin/sh\nexec {sys.executable} {words} "$@"\n')
    file.chmod(0o755)
