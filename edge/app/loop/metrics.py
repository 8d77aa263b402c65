"""Numbers for Prometheus, on the loopback interface only. No label names a card, a person or a device."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

from prometheus_client import CollectorRegistry, Counter, Gauge, start_http_server

from edge.decision import Deny
from edge.errors import ConfigError, StorageFault
from edge.passage.lane.events import Side
from edge.passage.verifier import StepResult

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from edge.decision import Decision
    from edge.passage.lane.snapshot import LaneStepResult
    from edge.trust.time.trust_age import TrustState

HOST: Final = "127.0.0.1"
FRESHNESS: Final = {"fresh": 0, "ageing": 1, "stale": 2}


class Metrics:
    """Counts and measures of one device. `see` belongs to the passage's thread; reading to any.

    `replay` and `records` say how many entries the replay memory and the journal have; they are asked in the
    passage's thread, too.
    """

    def __init__(self, *, replay: Callable[[], int], records: Callable[[], int]) -> None:
        self.registry = registry = CollectorRegistry()
        self._replay, self._records = replay, records
        self._trust_state: TrustState | None = None
        self._age = Gauge(
            "doorward_trust_age_seconds",
            "Age of what decisions rest on, since it was signed.",
            ["part"],
            registry=registry,
        )
        self._freshness = Gauge(
            "doorward_trust_freshness",
            "The same by the site's budgets: 0 fresh, 1 ageing, 2 stale.",
            ["part"],
            registry=registry,
        )
        self._suspect = Gauge(
            "doorward_clock_suspect", "1 while the wall clock is not believed.", registry=registry
        )
        self._off = Gauge(
            "doorward_clock_off_seconds", "Wall clock ahead of the time that is believed.", registry=registry
        )
        self._since_sync = Gauge(
            "doorward_clock_since_sync_seconds",
            "How long the clock has run on its own.",
            registry=registry,
        )
        self._events = Counter(
            "doorward_clock_events", "The clock lost or won belief.", ["event"], registry=registry
        )
        self._replays = Gauge(
            "doorward_replay_entries", "Cards in the memory against replays.", registry=registry
        )
        self._journal = Gauge("doorward_journal_records", "Records in the journal.", registry=registry)
        self._passages = Counter(
            "doorward_passages",
            "Passages by outcome; the reason is empty for a grant.",
            ["outcome", "reason"],
            registry=registry,
        )

    def see(self, step: StepResult | LaneStepResult) -> None:
        """Take in what one frame brought. Of a lane: what its own authority decided."""
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
        with suppress(StorageFault):  # the next passage meets it too, and says so where it counts
            self._journal.set(self._records())

    @contextmanager
    def serve(self, port: int) -> Iterator[int]:
        """Answer on this port of the loopback interface, any free one for 0. Raises ConfigError."""
        try:
            server, thread = start_http_server(port, addr=HOST, registry=self.registry)
        except OSError as err:
            raise ConfigError(
                f"metrics.port {port}: {(err.strerror or 'cannot be used').lower()}",
                hint="choose another port in [metrics], or stop what listens there",
            ) from err
        try:
            yield server.server_port
        finally:
            server.shutdown()
            server.server_close()
            thread.join()


def _decided(step: StepResult | LaneStepResult) -> list[Decision]:
    """The passages that are decided. A grant at a lane's outer door is none: the inner door decides."""
    if isinstance(step, StepResult):
        return [step.outcome.decision] if step.outcome else []
    return [
        outcome.decisions[0]
        for outcome in step.update.outcomes
        if outcome.side is Side.INNER or isinstance(outcome.decisions[0], Deny)
    ]
