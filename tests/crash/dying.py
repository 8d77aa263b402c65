"""A process that is killed after a number of lines of our code: each line can be the last, however short."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType, ModuleType


def folders(*modules: ModuleType) -> tuple[str, ...]:
    """The folders of these modules, whose lines count."""
    return tuple(str(Path(module.__file__ or "").parent) for module in modules)


class _Countdown:
    """Trace function that kills this process at the n-th line of the files that count."""

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
    """Run `act` in a forked process that dies after `lines` lines. Returns the lines that ran, or 0 if it died."""
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
