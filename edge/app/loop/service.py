"""Reports a running device to systemd, and applies a new configuration between passages."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from edge.app.loop.run import IDLE
from edge.config.live import merged
from edge.errors import EdgeError
from edge.log import log_line

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from edge.config import Config
    from edge.passage.lane.snapshot import LaneStepResult
    from edge.passage.verifier import StepResult
    from hw.system.notify import ServiceManager


def open_manager() -> ServiceManager:
    """The service manager that started this process, if there is one.

    A service hides its memory: the process that downloads runs under the same user.
    """
    from hw.system.notify import ServiceManager

    if "NOTIFY_SOCKET" in os.environ:
        from hw.system.private_memory import hide_memory

        hide_memory()
    return ServiceManager.of(os.environ, os.getpid())


class Service:
    """Sees every step of the device: feeds the watchdog, and applies a new configuration between passages."""

    def __init__(
        self,
        manager: ServiceManager,
        status: str,
        config: Config,
        *,
        asked: threading.Event,
        read: Callable[[], Config],
        adopt: Callable[[Config], None],
    ) -> None:
        """`status`: text for systemd. `asked`: when it is set, the result of `read` goes to `adopt`."""
        self.config = config
        self._manager = manager
        self._status = status
        self._asked = asked
        self._read = read
        self._adopt = adopt
        self._is_ready = False

    def see(self, step: StepResult | LaneStepResult) -> None:
        """Take one step of the loop; the first one reports that the device is ready."""
        if not self._is_ready:
            self._is_ready = True
            self._manager.ready(self._status)
        self._manager.alive()
        if self._asked.is_set() and step.state == IDLE:
            self._asked.clear()
            self._reload()

    def stop(self) -> None:
        """Report that the program ends."""
        self._manager.stopping()
        self._manager.close()

    def _reload(self) -> None:
        self._manager.reloading()
        status = self._status
        try:
            config, now, later = merged(self.config, self._read())
            self._adopt(config)
        except EdgeError as error:
            log_configuration("refused", error=error.message, hint=error.hint)
            status += "; the new configuration is wrong, the old one is in force"
        else:
            self.config = config
            log_configuration("adopted", changed=now, restart_to_apply=later)
            if later:
                status += f"; restart to apply {', '.join(later)}"
        self._manager.ready(status)


def log_configuration(state: str, **more: object) -> None:
    """Write one log line each time that the configuration was read again."""
    log_line("configuration", level="warning" if state == "refused" else "info", state=state, **more)
