"""Work in rounds, once or until told to stop, and a bar for what takes long."""

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

EVERY_S: Final = 1.0  # how soon a registration that was made a moment ago is on its way


def rounds(work: Callable[[], int], *, every_s: float = EVERY_S) -> int:
    """One round after the other until SIGTERM, whatever goes wrong in one."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    said = ""
    while not stop.is_set():
        try:
            work()
            said = ""
        except EdgeError as error:
            if error.message != said:  # a full disk is told of once, not once a second
                fail(error)
            said = error.message
        stop.wait(every_s)
    return Exit.OK


@contextmanager
def bar(label: str, *, counts_bytes: bool = True) -> Iterator[Callable[[int, int], None]]:
    """Told (done, total) of bytes or things; drawn on standard error while a terminal is attached there."""
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
