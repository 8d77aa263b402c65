"""The verifier of a door: takes frames, runs the machine, and performs its effects.

Single-threaded: it takes one frame at a time through the machine, and performs every effect before the next
frame. It owns no device; `edge.app` passes it the ports.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import numpy as np

from edge.audit.record import DevicePart
from edge.decision import Deny, Reason, Signal, signal_for, words_for
from edge.errors import DoorDenied, DoorLinkFault, StorageFault
from edge.passage import machine as m
from edge.passage.active_passage import ActivePassage
from edge.passage.events import Arm, Forget, GiveUp, Interrupted, Recorded, RecordFailed, TimedOut
from edge.passage.holder_display import HolderDisplay
from edge.passage.inputs.code_tracker import GAP_MS, PresentationTracker
from edge.passage.inputs.input_poll import InputPoll
from edge.passage.inputs.merge_codes import merge_codes, only_cards
from edge.passage.machine_runner import MachineRunner
from edge.passage.presented import Presented, TurnedAway
from edge.passage.requirements.factors import Heard
from edge.passage.requirements.lockout import Lockout
from edge.passage.snapshot import PassageOutcome, Ports, StepResult
from edge.ports import DoorEventKind, Frame

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge.audit.record import StopCause
    from edge.decision import Decision, Grant
    from edge.face.engine import FaceEvidence
    from edge.on_record import OnRecord
    from edge.passage.decision_point import DecisionPoint
    from edge.passage.stages import Stages
    from edge.ports import DoorEvent, Scan, Symbol
    from edge.trust.time.trust_age import TrustState

__all__ = ["PassageOutcome", "Ports", "StepResult", "Verifier"]

# The frame while the camera gives none: without pixels, so no code is found in it.
_NOTHING = np.zeros((0, 0, 3), np.uint8)
# After these events a granted passage is over; a panel never reports its decision on a number.
_SETTLES = (DoorEventKind.RELOCKED, DoorEventKind.PRESENTED)


class Verifier:
    """One device at one door."""

    def __init__(
        self,
        ports: Ports,
        point: DecisionPoint,
        *,
        times: m.PassageTimes | None = None,
        gap_ms: int = GAP_MS,
    ) -> None:
        """`gap_ms`: a code that is not read for longer than this has left the view."""
        self._ports = ports
        self._point = point
        self._machine = m.PassageMachine(times)
        self._runner = MachineRunner(self._machine.on, self._perform, self._settle)
        self._display = HolderDisplay(ports.signals, ports.light)
        self._inputs = InputPoll(self._note_fault, ports.strike, ports.scanner, ports.keypad)
        self._tracker = PresentationTracker(gap_ms)
        self._lockout = Lockout()
        self._passage: ActivePassage | None = None
        self._outcome: PassageOutcome | None = None  # of this frame
        self._allowed: OnRecord | None = None  # the grant on record, until the strike is asked
        self._trust_state: TrustState | None = None  # of the latest card, or of this moment

    @property
    def state(self) -> m.PassageState:
        return self._machine.state

    @property
    def stages(self) -> Stages:
        """The stages of the next passage."""
        return self._point.stages

    def see(self, frame: Frame) -> StepResult:
        """Take one frame through the machine. Raises the Faults of camera-side models only."""
        self._outcome = None
        self._inputs.camera(answers=True)
        # After an outage of the camera, its first frame may be a little older than our last tick.
        return self._take(frame.at(max(frame.tick_ms, self._runner.tick_ms)))

    def miss(self) -> StepResult:
        """Go on without a frame: end a passage that waits for a face; serve the door and its scanner.

        The outage of a camera is recorded once.
        """
        self._outcome = None
        self._runner.tick_ms = max(self._runner.tick_ms, self._ports.clock.tick_ms())
        self._inputs.camera(answers=False)
        if self._machine.state in (m.PassageState.FACE, m.PassageState.CHALLENGE):
            self._runner.on(m.Denied(Deny(Reason.DEVICE_FAULT)))
        return self._take(Frame(_NOTHING[..., 0], _NOTHING, self._runner.tick_ms))

    def _take(self, frame: Frame) -> StepResult:
        self._runner.tick_ms = frame.tick_ms
        self._feel_pulse()
        symbols: Sequence[Symbol] = ()
        evidence: FaceEvidence | None = None
        door = self._hear_door()
        scans = only_cards(self._inputs.scans(), self.stages.visit_rules.items)
        keys = self._inputs.keys()
        if self._runner.is_due:
            self._runner.on(TimedOut())
        match self._machine.state:
            case m.PassageState.IDLE:
                symbols = self._read(frame, scans)
            case m.PassageState.FACE | m.PassageState.CHALLENGE:
                self._tracker.hold(frame.tick_ms)
                evidence = self._look(frame)
            case m.PassageState.FACTOR:
                symbols = self._hear(frame, scans, keys)
            case _:
                self._tracker.hold(frame.tick_ms)
        if self._passage is not None:
            self._display.prompt(self._passage.prompt, self._passage.colour)
        recorder = self._point.recorder
        return StepResult(
            frame.tick_ms,
            self._machine.state,
            self._display.signal,
            self._display.words,
            tuple(symbols),
            evidence,
            door,
            self._outcome,
            self._trust_state,
            recorder.told_of_clock(),
            recorder.builder.obligations,
            self._tracker.take_background(),
            recorder.fails,
            recorder.told_to_staff(),
        )

    def start(self) -> None:
        """Record that this device is ready. Raises StorageFault: a door needs its journal."""
        self._point.started(self._runner.tick_ms)

    def free_access(self, tick_ms: int) -> OnRecord:
        """Record that the site's hours order free access; its proof. Raises StorageFault."""
        return self._point.recorder.free_access(tick_ms)

    def adopt(self, stages: Stages, times: m.PassageTimes) -> None:
        """Use these from the next passage on; only between two passages. The door and its alarms stay."""
        assert self._machine.state is m.PassageState.IDLE, "a passage ends with the stages it began with"
        self._machine.times = times
        self._point.adopt(stages)

    def fault(self, part: DevicePart) -> None:
        """Record that a part failed: deny the open passage, and relock the strike."""
        self._note_fault(part)
        self._runner.halt(Interrupted(Reason.DEVICE_FAULT))

    def stop(self, cause: StopCause) -> PassageOutcome | None:
        """Relock, complete the record of an open passage, forget the holder. Safe at any time."""
        self._outcome = None
        self._point.ending()
        self._runner.halt(Interrupted())
        self._hear_door()
        self._point.stopped(cause, self._runner.tick_ms)
        return self._outcome

    # -- inputs ------------------------------------------------------------------------------------------

    def _feel_pulse(self) -> None:
        """Check the clocks and the age of the trust, for the record and for screens."""
        trust_state = self._point.pulse(self._runner.tick_ms)
        if trust_state is None or self._machine.state is not m.PassageState.IDLE:
            return
        self._trust_state = trust_state
        if display := self.stages.visit_rules.means.display:
            display.turn(trust_state.at.now, self._runner.tick_ms)

    def _hear_door(self) -> tuple[DoorEvent, ...]:
        """Record the door's events since the last frame."""
        events = self._inputs.door()
        for event in events:
            self._point.recorder.door(event)
            if event.kind in _SETTLES:
                self._display.locked()
                self._runner.on(m.Relocked())
        return events

    def _read(self, frame: Frame, scans: Sequence[Scan]) -> Sequence[Symbol]:
        stopwatch, record = self.stages.stopwatch, self._point.recorder.builder
        started = stopwatch()
        symbols = merge_codes(self._ports.reader.read(frame.luma), scans, frame.tick_ms)
        read = stopwatch()
        fresh = self._tracker.fresh(symbols, frame.tick_ms, {scan.symbol.text for scan in scans})
        if fresh:
            found = self._point.present(fresh, frame.tick_ms)
            record.took("code", read - started)
            record.took("verify", stopwatch() - read)
            self._trust_state = record.trust_state
            self._begin(found)
        return symbols

    def _begin(self, found: Presented | TurnedAway | None) -> None:
        match found:
            case TurnedAway(deny):
                self._runner.on(m.Denied(deny))
                self._display.prompt(words_for(deny.reason))  # until the signal goes
            case Presented() as presented:
                point = self._point
                if self._lockout.attacked(presented.card, self._runner.tick_ms):
                    presented = self.stages.with_movements(presented)
                self._passage = ActivePassage(
                    self.stages, presented, point.recorder.builder, lambda: point.ground(self._runner.tick_ms)
                )
                objection = self._lockout.objection(presented.card, self._runner.tick_ms)
                self._runner.on(m.Denied(objection) if objection else self._passage.begin())
            case None:
                pass

    def _look(self, frame: Frame) -> FaceEvidence:
        assert self._passage is not None
        evidence, event = self._passage.look(frame.rgb, frame.tick_ms)
        if event is not None:
            self._runner.on(event)
        return evidence

    def _hear(self, frame: Frame, scans: Sequence[Scan], keys: str) -> Sequence[Symbol]:
        """Take the codes and keys since the last frame for the factor that is asked for."""
        assert self._passage is not None
        symbols = merge_codes(self._ports.reader.read(frame.luma), scans, frame.tick_ms)
        event = self._passage.hear(Heard(frame.tick_ms, self._tracker.fresh(symbols, frame.tick_ms), keys))
        if event is not None:
            self._runner.on(event)
        return symbols

    # -- effects -----------------------------------------------------------------------------------------

    def _settle(self) -> None:
        """Tell the venue the decision, once it is durable and its effects are done; then drop the card."""
        if self._outcome is not None and self._outcome.seq is not None:
            self._point.settle(self._outcome.decision, self._outcome.seq, self._runner.tick_ms)
        elif self._passage is None:
            self._point.forget()

    def _perform(self, effect: m.PassageEffect) -> None:
        match effect:
            case m.Show(signal):
                self._display.show(signal)
                if signal is None:
                    self._display.prompt(None)
            case Arm(for_ms):
                self._runner.arm(for_ms)
            case m.Append(decision):
                self._append(decision)
            case m.Release(grant):
                self._release(grant)
            case m.Relock():
                # An unreachable door relocks by itself: every release has its own end.
                with suppress(DoorLinkFault):
                    self._ports.strike.relock()
                self._display.locked()
            case GiveUp():
                assert self._passage is not None
                self._runner.put(self._passage.give_up())
            case Forget():
                if self._passage is not None:
                    self._passage.wipe()
                self._passage = None
                self._display.prompt(None)

    def _append(self, decision: Decision) -> None:
        stopwatch, recorder = self.stages.stopwatch, self._point.recorder
        started = stopwatch()
        if self._passage is not None:
            self._lockout.learn(
                self._passage.card,
                decision,
                self._runner.tick_ms,
                challenged=self._passage.challenged,
                attacked=self._passage.attacked,
            )
        record = recorder.passage(decision, self._runner.tick_ms)
        try:
            seq, self._allowed = recorder.decided(decision, record)
        except StorageFault:
            fault, micros = Deny(Reason.DEVICE_FAULT), recorder.builder.micros()
            self._outcome = PassageOutcome(fault, None, micros, record.card)
            self._runner.put(RecordFailed())
            return
        recorder.builder.took("record", stopwatch() - started)
        self._outcome = PassageOutcome(decision, seq, recorder.builder.micros(), record.card)
        self._runner.put(Recorded())

    def _release(self, grant: Grant) -> None:
        allowed, self._allowed = self._allowed, None
        assert allowed is not None, "the machine releases after the grant is on record"
        try:
            self._ports.strike.release(grant.release_ms, allowed)
            self._tracker.passed(self._runner.tick_ms)
            self._display.show(Signal.WELCOME)
        except DoorLinkFault as fault:
            if not isinstance(fault, DoorDenied):  # the door's own event records that, with its cause
                self._note_fault(DevicePart.DOOR)
            self._display.show(signal_for(Reason.DEVICE_FAULT))
            self._runner.put(TimedOut())  # no strike was released: go on as if its time were over

    def _note_fault(self, part: DevicePart) -> None:
        self._point.recorder.fault(part, self._runner.tick_ms)
