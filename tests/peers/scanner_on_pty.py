"""A scanner's engine at the other end of a real pty: it sends the bytes of a test, also malformed ones."""

from __future__ import annotations

import os
import select
import tty
from contextlib import suppress
from pathlib import Path


class EngineOnPty:
    """A scanner's engine. `path`: its serial port, the same after the cable was pulled and plugged in again."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "scanner"
        self._master = self._slave = -1
        self._commands = b""
        self.plug_in()

    def plug_in(self) -> None:
        """Open a new pty, as a USB device returns under another name; `path` stays, as a link to it."""
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        fresh = self.path.with_name("fresh")
        fresh.symlink_to(os.ttyname(self._slave))
        fresh.rename(self.path)

    def pull_cable(self) -> None:
        self.path.unlink()
        os.close(self._master)
        os.close(self._slave)
        self._master = self._slave = -1

    def say(self, *chunks: bytes) -> None:
        """Send bytes to the host, as fast as it reads them."""
        for chunk in chunks:
            left = memoryview(chunk)
            while left:
                _, ready, _ = select.select([], [self._master], [], 20)
                assert ready, "the host does not read"
                left = left[os.write(self._master, left) :]

    def commands(self) -> bytes:
        """All bytes that the host has sent so far."""
        with suppress(BlockingIOError):
            self._commands += os.read(self._master, 4_096)
        return self._commands

    def close(self) -> None:
        if self._master >= 0:
            self.pull_cable()
