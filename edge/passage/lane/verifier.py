"""The lane's verifier: sights in, effects performed. The shell around `edge.passage.lane.machine`.

Single-threaded, and one look after the other: first what doors, sensors and officers have to say, then the
clock, then what the cameras show. Every effect is performed before the next look. It owns no device.
"""

from __future__ import annotations

from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import numpy as np

from edge.audit.record import DevicePart
from edge.decision import Deny, Reason
from edge.errors import DoorLinkFault, ReaderFault, StorageFault
from edge.passage.inputs.code_tracker import GAP_MS, PresentationTracker
from edge.passage.inputs.merge_codes import merge_codes
from edge.passage.lane import events as e
from edge.passage.lane.evaluation import LaneEvaluation
from edge.passage.lane.events import Side
from edge.passage.lane.machine import LaneMachine, LaneState
from edge.passage.lane.occupancy import LaneOccupancy, lane_occupancy
from edge.passage.lane.referrals import AllOfficersAdmit, OfficerDecided, Referrals
from edge.passage.lane.snapshot import LaneOutcome, LaneStepResult, LaneUpdate

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from edge.audit.record import StopCause
    from edge.decision import Decision, Grant, Signal
    from edge.passage.lane.authority import Authority
    from edge.passage.lane.snapshot import LaneFrames, LanePorts
    from edge.passage.lane.times import LaneTimes
    from edge.ports import Frame, Scan

PULSE_MS: Final = 1_000  # as at a door: how often the clocks are looked at while nobody comes
_NOTHING: Final = np.zeros((0, 0), np.uint8)
# What the lane must look like in the very moment in which a strike is released.
_CLEAR_FOR: Final = {Side.OUTER: LaneOccupancy.EMPTY, Side.INNER: LaneOccupancy.ONE}
_OTHER: Final = {Side.OUTER: Side.INNER, Side.INNER: Side.OUTER}
# Stages whose time stands in the record of the inner door.
_STAGE: Final = {
    LaneState.ENTERING: "enter",
    LaneState.CLOSING: "shut",
    LaneState.INSIDE: "inside",
    LaneState.REFERRED: "officer",
    LaneState.REFERRED_ALONE: "officer",
}


class LaneVerifier:
    """One device at one lane, for one authority or for several that inspect jointly."""

    def __init__(
        self,
        ports: LanePorts,
        authorities: Sequence[Authority],
        *,
        site: str,
        stopwatch: Callable[[], int],
        face_outside: bool = True,
        times: LaneTimes | None = None,
        gap_ms: int = GAP_MS,
    ) -> None:
        """`stopwatch`: nanoseconds of any monotonic clock. `face_outside`: look before the outer door too."""
        self._ports = ports
        self._authorities = tuple(authorities)
        self._stopwatch = stopwatch
        self._lane = LaneMachine(times)
        self._judging = LaneEvaluation(authorities, stopwatch=stopwatch, face_outside=face_outside)
        self._cases = Referrals(self._authorities, site)
        self._attention = PresentationTracker(gap_ms)
        self._events: deque[e.LaneEvent] = deque()
        self._deadline_ms: int | None = None
        self._pulse_ms: int | None = None
        self._tick_ms = self._since_ms = ports.clock.tick_ms()
        self._view = ports.sensors.view()
        self._lights: dict[Side, Signal | None] = dict.fromkeys(Side)
        self._prompts: dict[Side, str | None] = dict.fromkeys(Side)
        self._silent: set[tuple[Side, DevicePart]] = set()
        self._unreached: set[Side] = set()
        self._lost: frozenset[Side] = frozenset()
        self._by: dict[int, str] = {}  # officers whose word is to be recorded next, by authority
        self._reasons: tuple[Reason, ...] = ()  # of the last denial, by authority
        self._grant_seq = 0
        self._spent: dict[str, int] = {}
        self._news = LaneUpdate()

    @property
    def state(self) -> LaneState:
        return self._lane.state

    # -- the loop ----------------------------------------------------------------------------------------

    def start(self) -> None:
        """Put on record that this lane is ready, and lock both doors. Raises StorageFault."""
        self._tick_ms = self._ports.clock.tick_ms()
        for authority in self._authorities:
            authority.started(self._tick_ms)
        for effect in self._lane.begin():
            self._perform(effect)

    def see(self, sights: LaneFrames) -> LaneStepResult:
        """Take one look at everything. Raises the Faults of models only."""
        self._tick_ms = max(self._tick_ms, self._ports.clock.tick_ms())
        self._news = LaneUpdate()
        self._feel_pulse()
        self._note_cameras(sights.lost)
        self._hear_doors()
        scans = self._hear_scanner()
        self._view = self._ports.sensors.view()
        self._on(e.Saw(lane_occupancy(self._view)))
        self._hear_officers()
        if self._deadline_ms is not None and self._tick_ms >= self._deadline_ms:
            self._on(e.LaneTimedOut())
        match self._lane.state:
            case LaneState.IDLE:
                self._read(sights.outside, scans)
            case LaneState.OUTSIDE:
                self._look(Side.OUTER, sights.outside)
            case LaneState.INSIDE:
                self._look(Side.INNER, sights.inside)
            case _:
                pass
        if self._lane.state is not LaneState.IDLE:
            self._attention.hold(self._tick_ms)
        self._cases.update(
            people=self._view.people,
            admissible=self._lane.state is LaneState.REFERRED_ALONE,
            party=self._judging.progress,
        )
        return LaneStepResult(self._tick_ms, self._lane.state, self._view, dict(self._lights), self._news)

    def fault(self, part: DevicePart) -> None:
        """A part of the program failed: the open passage is denied for it, and both doors lock."""
        self._note_fault(Side.OUTER, part)
        self._halt(e.LaneInterrupted(Reason.DEVICE_FAULT))

    def stop(self, cause: StopCause) -> None:
        """Lock both doors, complete the record of an open passage, forget the holder. Safe at any time."""
        for authority in self._authorities:
            authority.ending()
        self._halt(e.LaneInterrupted())
        self._hear_doors()
        for authority in self._authorities:
            authority.stopped(cause, self._tick_ms)

    def _halt(self, event: e.LaneInterrupted) -> None:
        self._events.clear()  # what a crash left unfinished stays so: no release that was still due
        self._on(event)

    # -- what comes in -----------------------------------------------------------------------------------

    def _feel_pulse(self) -> None:
        if self._pulse_ms is None or self._tick_ms >= self._pulse_ms + PULSE_MS:
            self._pulse_ms = self._tick_ms
            for authority in self._authorities:
                authority.pulse(self._tick_ms)

    def _hear_doors(self) -> None:
        for side, strike in self._ports.strikes.items():
            try:
                events = tuple(strike.events())
            except DoorLinkFault:
                self._missed(side, DevicePart.DOOR)
                continue
            self._silent.discard((side, DevicePart.DOOR))
            for event in events:
                for authority in self._authorities:
                    authority.door(side, event)

    def _hear_scanner(self) -> Sequence[Scan]:
        if self._ports.scanner is None:
            return ()
        try:
            scans = self._ports.scanner.scans()
        except ReaderFault:
            self._missed(Side.OUTER, DevicePart.READER)
            return ()
        self._silent.discard((Side.OUTER, DevicePart.READER))
        return scans

    def _note_cameras(self, lost: frozenset[Side]) -> None:
        self._lost = lost
        for side in Side:
            if side in lost:
                self._missed(side, DevicePart.CAMERA)
            else:
                self._silent.discard((side, DevicePart.CAMERA))

    def _hear_officers(self) -> None:
        match self._cases.hear():
            case AllOfficersAdmit(officers):
                self._admit(officers)
            case OfficerDecided(at, e.SentBack(officer) as event):
                self._by = {at: officer}
                self._on(event)
            case OfficerDecided(at, e.Emptied(officer) as event):
                for number, authority in enumerate(self._authorities):
                    authority.emptied(officer if number == at else "joint", self._tick_ms)
                self._on(event)
            case _:
                pass

    def _admit(self, officers: tuple[str, ...]) -> None:
        """Every authority's officer answers for who stands there; policy is asked about the card."""
        if self._lane.state is not LaneState.REFERRED_ALONE or not self._judging.is_known:
            return
        answer = self._judging.by_eye(officers[0], self._tick_ms)
        if isinstance(answer, e.Admitted):
            self._by = dict(enumerate(officers))
            self._on(answer)
        else:
            self._cases.object(answer)

    def _read(self, frame: Frame | None, scans: Sequence[Scan]) -> None:
        started = self._stopwatch()
        seen = self._ports.reader.read(frame.luma if frame is not None else _NOTHING)
        read = self._stopwatch()
        self._news.symbols = merge_codes(seen, scans, self._tick_ms)
        fresh = self._attention.fresh(self._news.symbols, self._tick_ms)
        if not fresh:
            return
        event = self._judging.present(fresh, self._tick_ms, blind_inside=Side.INNER in self._lost)
        self._judging.took(Side.OUTER, "code", read - started)
        if event is not None:
            self._on(event)

    def _look(self, side: Side, frame: Frame | None) -> None:
        event: e.LaneEvent | None = None
        if side in self._lost:
            event = self._judging.lost()
        elif frame is not None:
            self._news.evidence, event = self._judging.look(side, frame.rgb, self._tick_ms)
        if event is not None:
            self._on(event)
        self._ask(side, self._judging.prompt)

    # -- what is done ------------------------------------------------------------------------------------

    def _on(self, event: e.LaneEvent) -> None:
        self._events.append(event)
        while self._events:
            before = self._lane.state
            effects = self._lane.on(self._events.popleft())
            self._count_time(before)
            for effect in effects:
                self._perform(effect)

    def _count_time(self, before: LaneState) -> None:
        if self._lane.state is before:
            return
        if stage := _STAGE.get(before):
            self._spent[stage] = self._spent.get(stage, 0) + self._tick_ms - self._since_ms
        self._since_ms = self._tick_ms

    def _perform(self, effect: e.LaneEffect) -> None:
        match effect:
            case e.LaneAppend(side, decision):
                self._append(side, decision)
            case e.LaneRelease(side, grant):
                self._release(side, grant)
            case e.LaneRelock(side):
                self._relock(side)
            case e.LaneShow(side, signal):
                self._lights[side] = signal
                self._ports.signals[side].show(signal)
            case e.LaneArm(for_ms):
                self._deadline_ms = self._tick_ms + for_ms if for_ms else None
            case e.Reset():
                self._ports.sensors.emptied()
            case _:
                self._perform_inwardly(effect)

    def _perform_inwardly(self, effect: e.LaneEffect) -> None:
        """What moves nothing outside of this program but the officers' screens."""
        match effect:
            case e.LookInside():
                if event := self._judging.look_inside():
                    self._events.append(event)
            case e.LookAway():
                self._judging.look_away()
                self._ask_nothing()
            case e.LaneGiveUp():
                side = Side.OUTER if self._lane.state is LaneState.OUTSIDE else Side.INNER
                self._events.append(self._judging.give_up(side, self._tick_ms))
            case e.Tell(reason, why):
                self._cases.open(self._reasons or (reason,) * len(self._authorities), why)
            case e.Dismiss():
                self._cases.close()
            case e.Passed():
                self._news.passed_ms = self._judging.passed(self._tick_ms)
            case e.LaneForget():
                self._judging.forget(self._tick_ms)
                self._reasons = ()
                self._spent.clear()
                self._ask_nothing()
            case _:
                raise AssertionError(f"nobody performs {effect}")

    def _append(self, side: Side, decision: Decision) -> None:
        """Make a decision durable in every journal. One that is in some of them only releases nothing."""
        officers, self._by = self._by, {}
        verdicts = self._judging.verdicts(decision, tuple(officers))
        if side is Side.INNER:
            for stage, ms in self._spent.items():
                self._judging.took(side, stage, ms * 1_000_000)
        started = self._stopwatch()
        seqs: list[int] = []
        try:
            for at, (authority, verdict) in enumerate(zip(self._authorities, verdicts, strict=True)):
                seqs.append(authority.record(side, verdict, self._tick_ms, officers.get(at)))
        except StorageFault:
            self._note_fault(side, DevicePart.STORAGE)
            self._events.append(e.LaneRecordFailed())
        else:
            self._grant_seq = seqs[0]
            self._judging.took(side, "record", self._stopwatch() - started)
            self._judging.guest.last = tuple(zip(verdicts, seqs, strict=True))
            self._events.append(e.LaneRecorded())
        self._reasons = tuple(
            each.reason if isinstance(each, Deny) else Reason.DEVICE_FAULT for each in verdicts
        )
        self._news.outcomes.append(LaneOutcome(side, verdicts, tuple(seqs)))

    def _release(self, side: Side, grant: Grant) -> None:
        """Release one door, if the other is locked and the lane looks in this very moment as it must."""
        self._view = self._ports.sensors.view()
        now = lane_occupancy(self._view)
        if now is not _CLEAR_FOR[side]:
            self._events.append(e.Saw(now))
            return
        if _OTHER[side] in self._unreached:  # it may still be released: its own end is to come
            self._events.append(e.ReleaseFailed())
            return
        try:
            self._ports.strikes[side].release(grant.release_ms, grant=self._grant_seq)
        except DoorLinkFault:
            self._note_fault(side, DevicePart.DOOR)
            self._events.append(e.ReleaseFailed())
            return
        if side is Side.OUTER:
            self._attention.passed()
            self._judging.admitted(self._tick_ms)

    def _relock(self, side: Side) -> None:
        try:
            self._ports.strikes[side].relock()
        except DoorLinkFault:
            self._unreached.add(side)
        else:
            self._unreached.discard(side)

    def _ask(self, side: Side, words: str | None) -> None:
        if words != self._prompts[side]:
            self._prompts[side] = words
            self._ports.signals[side].prompt(words)

    def _ask_nothing(self) -> None:
        for side in Side:
            self._ask(side, None)

    # -- what failed -------------------------------------------------------------------------------------

    def _missed(self, side: Side, part: DevicePart) -> None:
        """A part fell silent; told once until it was heard again."""
        if (side, part) not in self._silent:
            self._silent.add((side, part))
            self._note_fault(side, part)

    def _note_fault(self, side: Side, part: DevicePart) -> None:
        self._news.faults.append((side, part))
        for authority in self._authorities:
            with suppress(StorageFault):
                authority.fault(side, part, self._tick_ms)
