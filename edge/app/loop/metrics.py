"""Metrics for Prometheus, on the loopback interface only. No label names a card, a person or a device."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest

from edge.app.loop.metrics_server import MetricsServer
from edge.decision import Deny
from edge.errors import ConfigError, StorageFault
from edge.passage.lane.events import Side
from edge.passage.verifier import StepResult

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from edge.decision import Decision
    from edge.passage.lane.snapshot import LaneStepResult
    from edge.trust.time.trust_age import TrustState

FRESHNESS: Final = {"fresh": 0, "ageing": 1, "stale": 2}


class Metrics:
    """Counters and gauges of one device. Call `see` in the passage's thread; any thread can read.

    `replay` and `records` return the number of entries in the replay memory and in the journal; they are
    called in the passage's thread.
    """

    def __init__(self, *, replay: Callable[[], int], records: Callable[[], int]) -> None:
        self.registry = registry = CollectorRegistry()
        self._replay, self._records = replay, records
        self._trust_state: TrustState | None = None
        self._age = Gauge(
            "doorward_trust_age_seconds",
            "Age of each trust input since it was signed.",
            ["part"],
            registry=registry,
        )
        self._freshness = Gauge(
            "doorward_trust_freshness",
            "Freshness of each trust input: 0 fresh, 1 ageing, 2 stale.",
            ["part"],
            registry=registry,
        )
        self._suspect = Gauge(
            "doorward_clock_suspect", "1 while the wall clock is not trusted.", registry=registry
        )
        self._off = Gauge(
            "doorward_clock_off_seconds",
            "Seconds by which the wall clock is ahead of the trusted time.",
            registry=registry,
        )
        self._since_sync = Gauge(
            "doorward_clock_since_sync_seconds",
            "Seconds since the clock was last compared with a signed time.",
            registry=registry,
        )
        self._events = Counter(
            "doorward_clock_events", "Changes of the trust in the clock.", ["event"], registry=registry
        )
        self._replays = Gauge("doorward_replay_entries", "Cards in the replay memory.", registry=registry)
        self._journal = Gauge("doorward_journal_records", "Records in the journal.", registry=registry)
        self._passages = Counter(
            "doorward_passages",
            "Passages by outcome; the reason is empty for a grant.",
            ["outcome", "reason"],
            registry=registry,
        )

    def see(self, step: StepResult | LaneStepResult) -> None:
        """Count one step; at a lane, the decisions of the device's own authority."""
        for decision in _decided(step):
            reason = decision.reason.value if isinstance(decision, Deny) else ""
            self._passages.labels("deny" if reason else "grant", reason).inc()
        for event in step.clock:
            self._events.labels(event.value).inc()
        if step.trust_state is not None and step.trust_state is not self._trust_state:
            self._trust_state = step.trust_state
            self._measure(step.trust_state)

    def _measure(self, trust_state: TrustState) -> None:
        for part in trust_state.ages:
            self._age.labels(part.kind.value).set(part.age.total_seconds())
            self._freshness.labels(part.kind.value).set(FRESHNESS[part.freshness.value])
        self._suspect.set(trust_state.at.suspect)
        self._off.set(trust_state.at.off.total_seconds())
        self._since_sync.set(trust_state.at.since_sync.total_seconds())
        self._replays.set(self._replay())
        with suppress(StorageFault):  # the next passage meets this fault too, and reports it
            self._journal.set(self._records())

    @contextmanager
    def serve(self, port: int) -> Iterator[int]:
        """Serve on this port of the loopback interface; 0: any free port. Raises ConfigError."""
        try:
            server = MetricsServer(port, lambda: generate_latest(self.registry))
        except OSError as err:
            raise ConfigError(
                f"[metrics] port: {port}: {(err.strerror or 'cannot be used').lower()}",
                hint="set another port",
            ) from err
        try:
            yield server.port
        finally:
            server.close()


def _decided(step: StepResult | LaneStepResult) -> list[Decision]:
    """The decisions of passages. A grant at a lane's outer door does not count: the inner door decides."""
    if isinstance(step, StepResult):
        return [step.outcome.decision] if step.outcome else []
    return [
        outcome.decisions[0]
        for outcome in step.update.outcomes
        if outcome.side is Side.INNER or isinstance(outcome.decisions[0], Deny)
    ]
