"""Waits for edges of all watched lines in one thread, so that they are told in the order of their file."""

from __future__ import annotations

import os
import selectors
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

from edge.log import log_line

if TYPE_CHECKING:
    from collections.abc import Callable


class EdgeWatcher:
    """Calls a function whenever a file descriptor has something to read. Its thread starts with the first."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._wake_read, self._wake = os.pipe()
        os.set_blocking(self._wake, False)
        self._selector.register(self._wake_read, selectors.EVENT_READ)
        self._thread: threading.Thread | None = None
        self._is_closed = False

    def add(self, fd: int, readable: Callable[[], None]) -> None:
        """Call `readable`, in the watcher's thread, whenever `fd` can be read."""
        self._selector.register(fd, selectors.EVENT_READ, readable)
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="pins", daemon=True)
            self._thread.start()
        self._awaken()

    def remove(self, fd: int) -> None:
        """Watch `fd` no longer. A call may be under way: it must bear that its file is closed.

        Nothing waits for it here: it may itself wait for a lock that the caller holds.
        """
        with suppress(KeyError):
            self._selector.unregister(fd)
        self._awaken()

    def close(self) -> None:
        """End the thread."""
        if self._is_closed:
            return
        self._is_closed = True
        self._awaken()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()
        self._selector.close()
        os.close(self._wake)
        os.close(self._wake_read)

    def _awaken(self) -> None:
        with suppress(BlockingIOError):  # full of earlier calls: it wakes anyway
            os.write(self._wake, b"\0")

    def _run(self) -> None:
        while not self._is_closed:
            for key, _ in self._selector.select():
                if key.fd == self._wake_read:
                    os.read(key.fd, 4096)
                elif self._selector.get_map().get(key.fd) is key:  # it may have been removed since
                    _call(key.data)


def _call(readable: Callable[[], None]) -> None:
    """Call it; an error ends this call alone, because the other lines have the same thread."""
    try:
        readable()
    except Exception as error:  # noqa: BLE001  functions of gpiozero's callers raise any class
        log_line("pins", level="error", error=type(error).__name__)
