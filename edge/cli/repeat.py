"""Repeats work until the process is stopped, and shows a progress bar for long work."""

from __future__ import annotations

import signal
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from edge.cli.output import fail
from edge.errors import EdgeError, Exit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

EVERY_S: Final = 1.0  # a new registration waits at most this long before it is sent


def rounds(work: Callable[[], int], *, every_s: float = EVERY_S, stop: threading.Event | None = None) -> int:
    """Calls `work` every `every_s` until SIGINT or SIGTERM; an error ends one round, not the others.

    `stop`: is set then; long work that sees it may end by KeyboardInterrupt.
    """
    stop = stop or threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    said = ""
    while not stop.is_set():
        try:
            work()
            said = ""
        except EdgeError as error:
            if error.message != said:  # a full disk is told once, not once a second
                fail(error)
            said = error.message
        except KeyboardInterrupt:
            break
        stop.wait(every_s)
    return Exit.OK


@contextmanager
def bar(label: str, *, counts_bytes: bool = True) -> Iterator[Callable[[int, int], None]]:
    """A function of (done, total), in bytes or items, that draws a bar on standard error at a terminal."""
    if not sys.stderr.isatty():
        yield lambda _done, _total: None
        return
    from rich.console import Console  # only a terminal pays for the import
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

    of_bytes = (TextColumn(label), BarColumn(), DownloadColumn())
    columns = of_bytes if counts_bytes else Progress.get_default_columns()
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(label, total=None, visible=False)
        yield lambda done, total: progress.update(task, completed=done, total=total, visible=True)
