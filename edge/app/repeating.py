"""Calls a function repeatedly in a thread beside the passage loop."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@contextmanager
def repeating(name: str, every_s: float, look: Callable[[], object]) -> Iterator[None]:
    """Call `look` in a thread of this name, first after `every_s`; the block ends after the last call."""
    stop = threading.Event()

    def run() -> None:
        while not stop.wait(every_s):
            look()

    thread = threading.Thread(target=run, name=name, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
