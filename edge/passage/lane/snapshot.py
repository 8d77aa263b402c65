"""Ports of a lane, and the values that it takes and returns: frames, outcomes, step results."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edge.audit.record import ClockEvent, DevicePart
    from edge.decision import Decision, Signal
    from edge.face.engine import FaceEvidence
    from edge.passage.lane.events import Side
    from edge.passage.lane.machine import LaneState
    from edge.policy.staff_messages import StaffNews
    from edge.ports import Clock, CodeReader, Frame, LaneSensors, LaneView, Scanner, Signals, Strike, Symbol
    from edge.trust.time.trust_age import TrustState


@dataclass(frozen=True, slots=True, kw_only=True)
class LanePorts:
    """The devices of one lane. `scanner`: reads codes beside the camera outside; None if there is none."""

    reader: CodeReader
    strikes: dict[Side, Strike]
    signals: dict[Side, Signals]
    sensors: LaneSensors
    clock: Clock
    scanner: Scanner | None = None


@dataclass(frozen=True, slots=True)
class LaneFrames:
    """The latest frames of the two cameras, None without a new frame. `lost`: the cameras that failed."""

    outside: Frame | None = None
    inside: Frame | None = None
    lost: frozenset[Side] = frozenset()


@dataclass(frozen=True, slots=True)
class LaneOutcome:
    """One decision about one door. `seqs`: its numbers in the journals; fewer if a journal failed."""

    side: Side
    decisions: tuple[Decision, ...]
    seqs: tuple[int, ...]


@dataclass(slots=True)
class LaneUpdate:
    """The news of one step besides the state of the lane: for screens, reports and tests.

    `passed_ms`: for a holder who has just gone through, the time since the code was first seen. `faults`:
    parts that stopped answering.
    """

    symbols: tuple[Symbol, ...] = field(default=(), repr=False)
    evidence: FaceEvidence | None = None
    outcomes: list[LaneOutcome] = field(default_factory=list)
    passed_ms: int | None = None
    faults: list[tuple[Side, DevicePart]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class LaneStepResult:
    """The lane after one step. Holds no card and no template.

    `trust_state`: of the device's own authority. `clock`: changes of trust in the clock, of any authority.
    `background`: the number of codes found to be background since the last step. `staff`: the messages to
    staff in the records of the device's own authority: another authority's are for its own hub only.
    """

    tick_ms: int
    state: LaneState
    view: LaneView
    signals: dict[Side, Signal | None]
    update: LaneUpdate
    trust_state: TrustState | None = None
    clock: tuple[ClockEvent, ...] = ()
    background: int = 0
    staff: tuple[StaffNews, ...] = ()
