"""A process that is killed after so many lines of our code: every line can be the last, whatever time it takes."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType, ModuleType


def folders(*modules: ModuleType) -> tuple[str, ...]:
    """Where the lines that count are written."""
    return tuple(str(Path(module.__file__ or "").parent) for module in modules)


class _Countdown:
    """Kills this process at the n-th line that it runs of the files that count."""

    def __init__(self, counted: tuple[str, ...], lines: int | None) -> None:
        self.ran = 0
        self._counted = counted
        self._lines = lines

    def __call__(self, frame: FrameType, event: str, _: object) -> _Countdown | None:
        if not frame.f_code.co_filename.startswith(self._counted):
            return None
        if event == "line":
            self.ran += 1
            if self.ran == self._lines:
                os.kill(os.getpid(), signal.SIGKILL)
        return self


def lines_run(act: Callable[[], object], counted: tuple[str, ...], *, lines: int | None) -> int:
    """Run `act` in a forked process that dies after so many lines; returns how many it ran, or 0 if it died."""
    readable, writable = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
            countdown = _Countdown(counted, lines)
            sys.settrace(countdown)
            act()
            sys.settrace(None)
            os.write(writable, str(countdown.ran).encode())
        finally:
            os._exit(0)
    os.close(writable)
    with os.fdopen(readable, "rb") as pipe:
        said = pipe.read()
    os.waitpid(child, 0)
    return int(said or 0)
