"""The verifier: frames in, effects performed. The only shell around the pure rooms.

Single-threaded: one frame at a time is taken through the machine, and every effect is performed
before the next frame. It owns no device; `edge.app` hands it the ports.
"""

from __future__ import annotations

from collections import deque
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from edge.audit.record import DevicePart
from edge.card.numbers import PREFIX
from edge.decision import Deny, Grant, Reason, signal_for
from edge.errors import DoorDenied, DoorLinkFault, StorageFault
from edge.passage import machine as m
from edge.passage.clock_monitor import ClockMonitor
from edge.passage.face_capture import FaceCapture
from edge.passage.factors import Given, Heard, out_of_time
from edge.passage.inputs.code_tracker import GAP_MS, PresentationTracker
from edge.passage.inputs.input_poll import InputPoll
from edge.passage.inputs.merge_codes import merge_codes
from edge.passage.lockout import Lockout
from edge.passage.record.record_builder import RecordBuilder
from edge.passage.record.recorder import Recorder
from edge.passage.snapshot import PassageOutcome, Ports, StepResult
from edge.passage.stages import Presented, TurnedAway
from edge.policy.decide import Matches
from edge.ports import DoorEventKind, Frame
from edge.trust.time.trusted_clock import TrustedClock

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge.audit.record import StopCause
    from edge.card.claims import Card
    from edge.decision import Decision, Signal
    from edge.face.engine import FaceEvidence
    from edge.passage.factors import Asking
    from edge.passage.requirements import Requirements
    from edge.passage.stages import Stages
    from edge.policy.obligations import Obligation, Obligations, Visit
    from edge.ports import DoorEvent, Scan, Symbol
    from edge.trust.snapshot import TrustSnapshot
    from edge.trust.time.trust_age import TrustState

__all__ = ["PassageOutcome", "Ports", "StepResult", "Verifier"]

# How often the clocks and the ages are looked at while nobody comes.
PULSE_MS = 1_000
# What is seen while the camera is away: no pixels, in which no code is found.
_NOTHING = np.zeros((0, 0, 3), np.uint8)
# After these a granted passage is over; a panel never says what it did with the number it was shown.
_SETTLES = (DoorEventKind.RELOCKED, DoorEventKind.PRESENTED)


class Verifier:
    """One device at one door."""

    def __init__(
        self,
        ports: Ports,
        stages: Stages,
        *,
        version: str,
        times: m.PassageTimes | None = None,
        keeper: TrustedClock | None = None,
        gap_ms: int = GAP_MS,
    ) -> None:
        """`keeper`: what this device remembers of time; left out, it remembers nothing.

        `gap_ms`: what is not read for longer than this has gone.
        """
        self._ports = ports
        self._stages = stages
        self._machine = m.PassageMachine(times)
        self._attention = PresentationTracker(gap_ms)
        self._backoff = Lockout()
        self._testimony = RecordBuilder(
            stages.policy,
            stages.engine.model_id if stages.engine else None,
            version,
            venue=stages.counsel.kind,
        )
        self._timing = ClockMonitor(ports.clock, keeper or TrustedClock(), stages.holders, ports.trust)
        self._events: deque[m.PassageEvent] = deque()
        self._deadline_ms: int | None = None
        self._tick_ms = 0
        self._presented: Presented | None = None
        self._encounter: FaceCapture | None = None
        self._prompt: str | None = None
        self._signal: Signal | None = None
        self._outcome: PassageOutcome | None = None
        self._asked: tuple[Obligation, Asking] | None = None
        self._visit: Visit | None = None
        self._terms: Obligations | None = None
        self._camera_answers = True
        self._chronicle = Recorder(ports.journal, self._testimony, self._timing, lambda: self._tick_ms)
        self._inputs = InputPoll(ports, self._chronicle.fault)
        self._footing: TrustState | None = None
        self._pulse_ms: int | None = None

    @property
    def state(self) -> m.PassageState:
        return self._machine.state

    def see(self, frame: Frame) -> StepResult:
        """Take one frame through the machine. Raises the Faults of camera-side models only."""
        self._camera_answers = True
        self._outcome = None
        # Of a camera that was away, the first picture may be a little older than our last look at the clock.
        return self._take(replace(frame, tick_ms=self._tick_ms) if frame.tick_ms < self._tick_ms else frame)

    def miss(self) -> StepResult:
        """There is no frame to see. A passage that looks for a face ends; the door and its scanner go on.

        A camera that is gone is put on record once.
        """
        self._outcome = None
        self._tick_ms = max(self._tick_ms, self._ports.clock.tick_ms())
        if self._camera_answers:
            self._chronicle.fault(DevicePart.CAMERA)
        self._camera_answers = False
        if self._machine.state in (m.PassageState.FACE, m.PassageState.CHALLENGE):
            self._on(m.Denied(Deny(Reason.DEVICE_FAULT)))
        return self._take(Frame(_NOTHING[..., 0], _NOTHING, self._tick_ms))

    def _take(self, frame: Frame) -> StepResult:
        self._tick_ms = frame.tick_ms
        if self._pulse_ms is None or frame.tick_ms >= self._pulse_ms + PULSE_MS:
            self._feel_pulse()
        symbols: tuple[Symbol, ...] = ()
        evidence: FaceEvidence | None = None
        door = self._hear_door()
        scans, keys = self._cards(self._inputs.scans()), self._inputs.keys()
        if self._deadline_ms is not None and frame.tick_ms >= self._deadline_ms:
            self._on(m.TimedOut())
        match self._machine.state:
            case m.PassageState.IDLE:
                symbols = self._read(frame, scans)
            case m.PassageState.FACE | m.PassageState.CHALLENGE:
                self._attention.hold(frame.tick_ms)
                evidence = self._look(frame)
            case m.PassageState.FACTOR:
                symbols = self._hear(frame, scans, keys)
            case _:
                self._attention.hold(frame.tick_ms)
        return StepResult(
            frame.tick_ms,
            self._machine.state,
            self._signal,
            self._prompt,
            symbols,
            evidence,
            door,
            self._outcome,
            self._footing,
            self._chronicle.told_of_clock(),
            self._terms,
        )

    def start(self) -> None:
        """Put on record that this device is ready. Raises StorageFault: without a journal, no door."""
        self._chronicle.started()
        self._chronicle.clock()

    def adopt(self, stages: Stages, times: m.PassageTimes) -> None:
        """Judge by these from the next passage on; only between two of them. The door and its alarms stay."""
        assert self._machine.state is m.PassageState.IDLE, "a passage is concluded by what it began with"
        self._stages = stages
        self._machine.times = times
        self._testimony.adopt(stages.policy)
        self._pulse_ms = None  # what the policy makes of old lists may be another thing now

    def fault(self, part: DevicePart) -> None:
        """A part failed: the open passage is denied for it and the strike relocks."""
        self._chronicle.fault(part)
        self._halt(m.Interrupted(Reason.DEVICE_FAULT))

    def stop(self, cause: StopCause) -> PassageOutcome | None:
        """Relock, complete the record of an open passage, forget the holder. Safe at any time."""
        self._outcome = None
        self._testimony.ending()
        self._halt(m.Interrupted())
        self._hear_door()
        self._chronicle.stopped(cause)
        return self._outcome

    def _read(self, frame: Frame, scans: Sequence[Scan]) -> tuple[Symbol, ...]:
        started = self._stages.stopwatch()
        symbols = merge_codes(self._ports.reader.read(frame.luma), scans, frame.tick_ms)
        read = self._stages.stopwatch()
        fresh = self._attention.fresh(symbols, frame.tick_ms)
        if fresh:
            self._visit = self._terms = None
            trust, footing = self._ground()
            self._testimony.begin(footing, frame.tick_ms)
            self._testimony.took("code", read - started)
            presented = self._stages.present(fresh, trust, footing)
            self._testimony.took("verify", self._stages.stopwatch() - read)
            self._begin(presented)
            self._footing = self._testimony.footing
        return symbols

    def _cards(self, scans: Sequence[Scan]) -> Sequence[Scan]:
        """What the scanner read, without what is no card where a venue has a use for that."""
        take = self._stages.counsel.items
        if take is None:
            return scans
        for scan in scans:
            if not scan.symbol.text.startswith(PREFIX):
                take(scan.symbol.text)
        return [scan for scan in scans if scan.symbol.text.startswith(PREFIX)]

    def _begin(self, presented: Presented | TurnedAway | None) -> None:
        match presented:
            case TurnedAway(deny=deny, card=card):
                if card is not None:
                    self._meet(card, presented.advice)
                self._on(m.Denied(deny))
            case Presented():
                self._presented = presented
                self._meet(presented.card, presented.advice)
                if objection := self._backoff.objection(presented.card, self._tick_ms):
                    self._on(m.Denied(objection))
                elif not self._stages.needs_face(presented):
                    self._go_on()
                else:
                    self._encounter = FaceCapture(self._stages, presented)
                    self._on(m.FaceWanted())
            case None:
                pass

    def _look(self, frame: Frame) -> FaceEvidence:
        assert self._encounter is not None
        started = self._stages.stopwatch()
        evidence, final = self._encounter.look(frame.rgb, frame.tick_ms)
        self._testimony.took("face", self._stages.stopwatch() - started)
        self._testimony.face(evidence)
        if isinstance(final, Deny):
            self._on(m.Denied(final))
        elif isinstance(final, Matches):
            self._matched(evidence)
        elif self._encounter.challenged:
            self._on(m.ChallengeWanted())  # changes nothing once the machine is there
        if self._asked is None:  # a factor has words of its own
            self._ask(self._encounter.prompt if self._encounter else None)
        return evidence

    def _matched(self, evidence: FaceEvidence) -> None:
        presented = self._presented
        assert presented is not None
        assert self._encounter is not None
        again = self._stages.matched(presented, evidence)
        self._testimony.advised(presented.advice, presented.given)
        if again:
            self._encounter.wipe()
            self._encounter = FaceCapture(self._stages, presented)
        else:
            self._go_on()

    def _go_on(self) -> None:
        """Ask for what is still missing; decide where nothing is."""
        presented = self._presented
        assert presented is not None
        self._end_asking()
        self._testimony.advised(presented.advice, presented.given)
        asked = presented.missing()
        if asked is None:
            decision = self._stages.conclude(presented)
            self._on(m.Granted(decision) if isinstance(decision, Grant) else m.Denied(decision))
            return
        asking = self._stages.ask(presented, asked, self._ground)
        self._asked = asked, asking
        self._on(m.FactorWanted(asking.signal))
        self._ask(asking.prompt)

    def _hear(self, frame: Frame, scans: Sequence[Scan], keys: str) -> tuple[Symbol, ...]:
        """Whether what came in since the last frame is what was asked for."""
        assert self._asked is not None
        assert self._presented is not None
        asked, asking = self._asked
        symbols = merge_codes(self._ports.reader.read(frame.luma), scans, frame.tick_ms)
        match asking.hear(Heard(self._attention.fresh(symbols, frame.tick_ms), keys)):
            case Given(terms):
                self._presented.take(asked.factor, terms)
                self._terms = self._presented.advice.terms
                self._go_on()
            case Deny() as deny:
                self._terms = replace(self._presented.advice.terms, lines=self._stages.counsel.lines())
                self._on(m.Denied(deny))
            case None:
                pass
        return symbols

    def _end_asking(self) -> None:
        if self._asked is not None:
            self._asked[1].end()
            self._asked = None

    def _meet(self, card: Card, advice: Requirements) -> None:
        """A card was verified: from here on this is somebody's visit."""
        self._testimony.card(card)
        self._testimony.advised(advice, frozenset())
        self._terms = advice.terms
        footing = self._testimony.footing
        assert footing is not None
        self._visit = self._stages.visit(card, footing)

    def _ground(self) -> tuple[TrustSnapshot, TrustState]:
        """What is believed now."""
        trust = self._ports.trust()
        footing = self._stages.weigh(trust, self._timing.at(trust))
        self._chronicle.clock()
        return trust, footing

    def _halt(self, event: m.Interrupted) -> None:
        # What a crash left unfinished stays so: a release that was still due must not happen while we stop.
        self._events.clear()
        self._on(event)

    def _hear_door(self) -> tuple[DoorEvent, ...]:
        """What the door did since the last frame, on record."""
        events = self._inputs.door() or ()
        for event in events:
            self._chronicle.door(event)
            if event.kind in _SETTLES:
                self._on(m.Relocked())
        return events

    def _on(self, event: m.PassageEvent) -> None:
        self._events.append(event)
        while self._events:
            for effect in self._machine.on(self._events.popleft()):
                self._perform(effect)
        self._settle()

    def _perform(self, effect: m.PassageEffect) -> None:
        match effect:
            case m.Show(signal):
                self._show(signal)
            case m.Arm(for_ms):
                self._deadline_ms = self._tick_ms + for_ms if for_ms else None
            case m.Append(decision):
                self._append(decision)
            case m.Release(grant):
                self._release(grant)
            case m.Relock():
                self._relock()
            case m.GiveUp():
                self._events.append(m.Denied(self._give_up()))
            case m.Forget():
                self._end_asking()
                if self._encounter is not None:
                    self._encounter.wipe()
                if self._presented is not None:
                    self._presented.wipe()
                self._presented = self._encounter = None
                self._ask(None)

    def _give_up(self) -> Deny:
        if self._asked is not None:
            return out_of_time(self._asked[0])
        assert self._encounter is not None
        return self._encounter.give_up()

    def _settle(self) -> None:
        """Tell the venue, once what was decided is durable and done; that its memory fails, no door minds."""
        if self._visit is None or self._outcome is None or self._outcome.seq is None:
            return
        visit, self._visit = self._visit, None
        try:
            self._stages.counsel.settle(visit, self._outcome.decision, self._outcome.seq)
        except StorageFault:
            self._chronicle.fault(DevicePart.STORAGE)

    def _append(self, decision: Decision) -> None:
        started = self._stages.stopwatch()
        if self._presented is not None:
            challenged = self._encounter is not None and self._encounter.challenged
            self._backoff.learn(self._presented.card, decision, self._tick_ms, challenged=challenged)
        try:
            seq = self._chronicle.decided(decision)
        except StorageFault:
            self._outcome = PassageOutcome(Deny(Reason.DEVICE_FAULT), None, self._testimony.micros())
            self._events.append(m.RecordFailed())
            return
        self._testimony.took("record", self._stages.stopwatch() - started)
        self._testimony.recorded(decision, seq)
        self._outcome = PassageOutcome(decision, seq, self._testimony.micros())
        self._events.append(m.Recorded())

    def _release(self, grant: Grant) -> None:
        try:
            seq = self._outcome.seq if self._outcome else None
            self._ports.strike.release(grant.release_ms, grant=seq or 0)
            self._attention.passed()
        except DoorLinkFault as fault:
            if not isinstance(fault, DoorDenied):  # which the door's own event puts on record, with its cause
                self._chronicle.fault(DevicePart.DOOR)
            self._show(signal_for(Reason.DEVICE_FAULT))
            self._events.append(m.TimedOut())  # nothing was released: go on as if its time were over

    def _show(self, signal: Signal | None) -> None:
        self._signal = signal
        self._ports.signals.show(signal)

    def _ask(self, words: str | None) -> None:
        if words != self._prompt:
            self._prompt = words
            self._ports.signals.prompt(words)

    def _feel_pulse(self) -> None:
        """Look at the clocks, and at how old everything is: for the record, and for whoever watches."""
        self._pulse_ms = self._tick_ms
        trust = self._ports.trust()
        at = self._timing.at(trust)
        self._stages.replay.tidy(at.now)
        if self._machine.state is m.PassageState.IDLE:
            self._footing = self._stages.weigh(trust, at)
            if notice := self._stages.counsel.means.notice:
                notice.turn(at.now, self._tick_ms)
        self._chronicle.clock()

    def _relock(self) -> None:
        # A door we cannot reach relocks by itself: every release carries its own end.
        with suppress(DoorLinkFault):
            self._ports.strike.relock()
