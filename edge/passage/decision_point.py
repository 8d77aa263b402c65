"""Judges and records for one authority, at one door or at both of a lane [XACML: policy decision point]."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from edge.audit.record import DevicePart
from edge.card.code import foreign_among, shows_mended
from edge.decision import Grant, Reason
from edge.errors import StorageFault
from edge.passage.clock_monitor import ClockMonitor
from edge.passage.presented import TurnedAway
from edge.passage.record.record_builder import RecordBuilder
from edge.passage.record.recorder import Recorder
from edge.trust.time.trusted_clock import TrustedClock

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from edge.audit.journal import Journal
    from edge.audit.record import StopCause
    from edge.decision import Decision
    from edge.passage.presented import Presented
    from edge.passage.stages import Stages
    from edge.policy.decide import DoorPolicy
    from edge.policy.obligations import Visit
    from edge.ports import Clock, Symbol
    from edge.trust.snapshot import TrustSnapshot
    from edge.trust.time.trust_age import TrustState

PULSE_MS: Final = 1_000  # between two checks of the clocks and the ages while no visitor comes
ONE_DOOR: Final = ("",)


@dataclass(frozen=True, slots=True, kw_only=True)
class PointParts:
    """The parts of one authority. `trust` returns the snapshot of the moment.

    `trusted_clock`: keeps the latest signed times; left out: one without any.
    """

    stages: Stages
    trust: Callable[[], TrustSnapshot]
    journal: Journal
    trusted_clock: TrustedClock = field(default_factory=TrustedClock)


class DecisionPoint:
    """The trust, the rules, the clock and the journal of one authority.

    `recorders`: one for each of its doors, by name. Only the passage's thread uses it.
    """

    def __init__(
        self, parts: PointParts, clock: Clock, version: str, doors: Sequence[str] = ONE_DOOR
    ) -> None:
        """`version`: of the software, which stands in every record."""
        self.stages = stages = parts.stages
        self._trust = parts.trust
        self._clock_monitor = ClockMonitor(clock, parts.trusted_clock, stages.phone_offset, parts.trust)
        model = stages.engine.model_id if stages.engine else None
        self.recorders = {
            door: Recorder(
                parts.journal,
                RecordBuilder(_at(door, stages.policy), model, version, venue=stages.visit_rules.kind),
                self._clock_monitor,
            )
            for door in doors
        }
        self.recorder = self.recorders[doors[0]]
        self.trust_state: TrustState | None = None  # of the last check of the trust
        self._visit: Visit | None = None
        self._pulse_ms: int | None = None

    def adopt(self, stages: Stages) -> None:
        """Use these stages from the next passage on."""
        self.stages = stages
        for door, recorder in self.recorders.items():
            recorder.builder.adopt(_at(door, stages.policy))
        self._pulse_ms = None  # the new policy may have another rule for old lists

    def started(self, tick_ms: int) -> None:
        """Record that this device is ready. Raises StorageFault: a door needs its journal."""
        self.recorder.started(tick_ms)
        self.recorder.clock(tick_ms)

    def ending(self) -> None:
        """The program ends: from now on it is the cause of a relock."""
        for recorder in self.recorders.values():
            recorder.builder.ending()

    def stopped(self, cause: StopCause, tick_ms: int) -> None:
        """Record that the program has ended."""
        self.recorder.stopped(cause, tick_ms)

    def ground(self, tick_ms: int) -> tuple[TrustSnapshot, TrustState]:
        """The trust of this moment, and its age."""
        trust = self._trust()
        self.trust_state = trust_state = self.stages.weigh(trust, self._clock_monitor.at(trust))
        self.recorder.clock(tick_ms)
        return trust, trust_state

    def pulse(self, tick_ms: int) -> TrustState | None:
        """Once a second, check the clocks, and forget codes that have expired."""
        if self._pulse_ms is not None and tick_ms < self._pulse_ms + PULSE_MS:
            return None
        self._pulse_ms = tick_ms
        _, trust_state = self.ground(tick_ms)
        self.stages.replay.tidy(trust_state.at.now)
        return trust_state

    def present(self, symbols: Sequence[Symbol], tick_ms: int) -> Presented | TurnedAway | None:
        """The card that these symbols present, or its refusal, or None if there is no code."""
        trust, trust_state = self.ground(tick_ms)
        self._visit = None
        is_mended = shows_mended(symbols)
        for recorder in self.recorders.values():
            recorder.builder.begin(trust_state, tick_ms)
            if is_mended:
                recorder.builder.mended()
        found = self.stages.present(symbols, trust, trust_state)
        if isinstance(found, TurnedAway) and found.deny.reason is Reason.CODE_FOREIGN:
            kind = foreign_among(symbols).ident
            for recorder in self.recorders.values():
                recorder.builder.foreign(kind)
        if found is not None and found.card is not None:
            self._visit = self.stages.visit(found.card, trust_state)
            for recorder in self.recorders.values():
                recorder.builder.card(found.card)
                recorder.builder.required(found.requirements, frozenset())
        return found

    def settle(self, decision: Decision, seq: int, tick_ms: int) -> None:
        """Tell the venue the decision, once. A fault of its store is recorded, and the door works on."""
        visit, self._visit = self._visit, None
        if visit is None:
            return
        if isinstance(decision, Grant):
            self._clock_monitor.agreed()
        try:
            self.stages.visit_rules.commit(visit, decision, seq)
        except StorageFault:
            self.recorder.fault(DevicePart.STORAGE, tick_ms)

    def forget(self) -> None:
        """Drop the visit without a word to its venue."""
        self._visit = None


def _at(door: str, policy: DoorPolicy) -> DoorPolicy:
    """The policy of one door; a door of a lane has its own name."""
    return replace(policy, site=f"{policy.site}/{door}") if door else policy
