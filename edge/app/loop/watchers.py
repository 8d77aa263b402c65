"""Watchers that every device has, door or lane: functions that are called with each step."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from edge.app.clock_store import log_clock
from edge.log import log_line

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import ExitStack

    from edge.app.authority import AuthorityParts
    from edge.config import Config
    from edge.passage.lane.snapshot import LaneStepResult
    from edge.passage.verifier import StepResult

    Watcher: TypeAlias = Callable[[StepResult | LaneStepResult], None]


def open_watchers(config: Config, own: AuthorityParts, stack: ExitStack) -> list[Watcher]:
    """The logs of the clock and of codes in the background, and the metrics of the device's own authority.

    Raises ConfigError.
    """
    if config.metrics.port is None:
        return [log_clock, log_background]
    from edge.app.loop.metrics import Metrics  # loaded with [metrics] port only

    metrics = Metrics(replay=lambda: len(own.stages.replay), records=lambda: own.journal.size)
    stack.enter_context(metrics.serve(config.metrics.port))
    return [log_clock, log_background, metrics.see]


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
