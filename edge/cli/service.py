"""Runs a door or a lane as a service, with status for systemd and a new configuration on SIGHUP."""

from __future__ import annotations

import signal
import sys
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from pathlib import Path

    from edge.app.loop.run import M, RunningDevice, V
    from edge.config import Config


def serve(
    opened: AbstractContextManager[RunningDevice[V, M]],
    config: Config,
    source: Path | None,
    *,
    status: str,
    stop: threading.Event,
    on_ready: Callable[[], None],
    on_moment: Callable[[M], None],
) -> int:
    """Run a door or a lane with its status for systemd; SIGHUP reads `source` again. Returns an exit code."""
    from edge.app.loop.run import run_device
    from edge.app.loop.service import Service, open_manager
    from edge.cli import config as file

    asked = threading.Event()
    if source and not sys.stdout.isatty():  # at a terminal, SIGHUP ends the session
        signal.signal(signal.SIGHUP, lambda *_: asked.set())
    with opened as device:

        def read() -> Config:
            assert source is not None, "without a file, SIGHUP has no handler"
            return file.read(source)

        service = Service(open_manager(), status, config, asked=asked, read=read, adopt=device.adopt)

        def watch(moment: M) -> None:
            service.see(moment)
            on_moment(moment)

        on_ready()
        try:
            return run_device(device, stop=stop, on_moment=watch)
        finally:
            service.stop()
