"""Ports of a verifier, and the values that it returns: step results and passage outcomes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from edge.decision import Deny

if TYPE_CHECKING:
    from edge.audit.record import ClockEvent
    from edge.decision import Decision, Reason, Signal
    from edge.face.engine import FaceEvidence
    from edge.passage import machine as m
    from edge.policy.obligations import Obligations
    from edge.policy.staff_messages import StaffNews
    from edge.ports import Clock, CodeReader, ColourLight, DoorEvent, Keypad, Scanner, Signals, Strike, Symbol
    from edge.trust.time.trust_age import TrustState


@dataclass(frozen=True, slots=True)
class PassageOutcome:
    """A decided passage. `seq`: None if its record could not be made durable.

    `card`: the pseudonym of the card as it is on record; None if no card was verified.
    """

    decision: Decision
    seq: int | None
    micros: dict[str, int]
    card: str | None = None

    @property
    def reason(self) -> Reason | None:
        return self.decision.reason if isinstance(self.decision, Deny) else None


@dataclass(frozen=True, slots=True)
class StepResult:
    """The outcome of one frame: for screens, reports and tests. Holds no card and no template.

    `trust_state`: of the passage, or of this moment. `clock`: changes of trust in this device's clock since
    the last frame. `obligations`: those of the visit, with the notices for staff; for the staff's screen,
    never for a log. `background`: the number of codes found to be background since the last frame.
    `journal_fails`: the last record could not be written. `staff`: the messages to staff in its records.
    """

    tick_ms: int
    state: m.PassageState
    signal: Signal | None
    prompt: str | None = None
    symbols: tuple[Symbol, ...] = field(default=(), repr=False)
    evidence: FaceEvidence | None = None
    door: tuple[DoorEvent, ...] = ()
    outcome: PassageOutcome | None = None
    trust_state: TrustState | None = None
    clock: tuple[ClockEvent, ...] = ()
    obligations: Obligations | None = field(default=None, repr=False)
    background: int = 0
    journal_fails: bool = False
    staff: tuple[StaffNews, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """The devices of one passage.

    `scanner`: reads codes beside the camera; `keypad`: takes a PIN; `light`: for the colour challenge; None
    if the door has none.
    """

    reader: CodeReader
    strike: Strike
    signals: Signals
    clock: Clock
    scanner: Scanner | None = None
    keypad: Keypad | None = None
    light: ColourLight | None = None
