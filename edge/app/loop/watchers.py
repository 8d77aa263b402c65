"""Watchers that every device has, door or lane: functions that are called with each step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

from edge.app.clock_store import log_clock
from edge.face.pad.grey import NO_COLOUR, NO_COLOUR_HINT
from edge.face.quality import Component
from edge.log import log_line
from edge.passage.snapshot import StepResult
from edge.sync.wake_file import wake

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import ExitStack
    from pathlib import Path

    from edge.app.authority import AuthorityParts
    from edge.config import Config
    from edge.passage.lane.snapshot import LaneStepResult

    Watcher: TypeAlias = Callable[[StepResult | LaneStepResult], None]

# A contact that bounces all night makes six syncs a minute at most; each is one request of 1 kB without news.
WAKE_EVERY_MS: Final = 10_000


def open_watchers(config: Config, base: Path, own: AuthorityParts, stack: ExitStack) -> list[Watcher]:
    """The logs of the clock, of codes in the background and for staff, and the metrics of its own authority.

    `base`: the folder of the configuration. Raises ConfigError.
    """
    watchers: list[Watcher] = [
        log_clock,
        log_background,
        ColourWatch().see,
        StaffWatch(base / config.paths.state).see,
    ]
    if config.metrics.port is None:
        return watchers
    from edge.app.loop.metrics import Metrics  # loaded with [metrics] port only

    metrics = Metrics(replay=lambda: len(own.stages.replay), records=lambda: own.journal.size)
    stack.enter_context(metrics.serve(config.metrics.port))
    return [*watchers, metrics.see]


def log_background(step: StepResult | LaneStepResult) -> None:
    """Write one log line for codes that stay before the camera, without their texts: staff should look."""
    if step.background:
        log_line(
            "code",
            level="warning",
            state="background",
            count=step.background,
            hint="look for a poster, a sticker or a printed code before the camera, and take it away",
        )


class ColourWatch:
    """Logs once that the camera gives no colour, and once that it gives colour again."""

    def __init__(self) -> None:
        self._is_told = False

    def see(self, step: StepResult | LaneStepResult) -> None:
        """Take one step; only frames of a holder's face tell."""
        evidence = step.evidence if isinstance(step, StepResult) else step.update.evidence
        if evidence is None:
            return
        is_grey = evidence.fta is Component.NATURAL_COLOUR
        if is_grey and not self._is_told:
            log_line("camera", level="warning", state="fault", error=NO_COLOUR, hint=NO_COLOUR_HINT)
        elif self._is_told and not is_grey:
            log_line("camera", state="colour")
        self._is_told = is_grey


class StaffWatch:
    """Writes a log line for each record with a message to staff; an alarm also asks for a sync at once.

    The sync, in its own process, brings the record to the hub and to the broker. `state`: the state folder.
    """

    def __init__(self, state: Path) -> None:
        self._state = state
        self._wants_sync = False
        self._last_ms: int | None = None

    def see(self, step: StepResult | LaneStepResult) -> None:
        """Take one step: its messages go to the log, and its alarms wake the sync."""
        for news in step.staff:
            log_line("staff", level="warning", codes=news.words, record=news.seq, door=news.door)
            self._wants_sync |= news.is_alarm
        waits = self._last_ms is not None and step.tick_ms < self._last_ms + WAKE_EVERY_MS
        if self._wants_sync and not waits:
            self._wants_sync, self._last_ms = False, step.tick_ms
            wake(self._state)
