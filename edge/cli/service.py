"""Works a door or a lane as a service: the manager hears of it, and SIGHUP reads its configuration again."""

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
    """Work a door or a lane as a service: its manager hears of it, and SIGHUP reads `source` again."""
    from edge.app.loop.run import run_device
    from edge.app.loop.service import Service, open_manager
    from edge.cli import config as file

    asked = threading.Event()
    if source and not sys.stdout.isatty():  # at a terminal, a hangup is the end of the session
        signal.signal(signal.SIGHUP, lambda *_: asked.set())
    with opened as device:

        def read() -> Config:
            assert source is not None, "SIGHUP is not listened to without a file"
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
