"""A scanner's engine at the other end of a real pty: it says what a test tells it to, as badly as engines do."""

from __future__ import annotations

import os
import select
import tty
from contextlib import suppress
from pathlib import Path


class EngineOnPty:
    """`path`: where its serial port can be opened, also after the cable was pulled and put back."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "scanner"
        self._master = self._slave = -1
        self._commands = b""
        self.plug_in()

    def plug_in(self) -> None:
        """A new pty each time, as a USB device comes back under another name; the link stays."""
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
        """Bytes towards the host, as fast as it takes them."""
        for chunk in chunks:
            left = memoryview(chunk)
            while left:
                _, ready, _ = select.select([], [self._master], [], 20)
                assert ready, "nobody reads"
                left = left[os.write(self._master, left) :]

    def commands(self) -> bytes:
        """Everything that the host has said so far."""
        with suppress(BlockingIOError):
            self._commands += os.read(self._master, 4_096)
        return self._commands

    def close(self) -> None:
        if self._master >= 0:
            self.pull_cable()
