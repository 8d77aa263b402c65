"""The lane's verifier: takes frames, runs `edge.passage.lane.machine`, and performs its effects.

Single-threaded. Each step takes the doors, sensors and officers first, then the clock, then the frames, and
performs every effect before the next step. It owns no device.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np

from edge.audit.record import DevicePart
from edge.decision import Deny, Reason, Signal, words_for
from edge.errors import DoorLinkFault, StorageFault
from edge.passage.events import Arm, Forget, GiveUp, Interrupted, Recorded, RecordFailed, TimedOut
from edge.passage.holder_display import HolderDisplay
from edge.passage.inputs.code_tracker import GAP_MS, PresentationTracker
from edge.passage.inputs.input_poll import InputPoll
from edge.passage.inputs.merge_codes import merge_codes
from edge.passage.lane import events as e
from edge.passage.lane.evaluation import LaneEvaluation
from edge.passage.lane.events import Side
from edge.passage.lane.machine import LaneState
from edge.passage.lane.occupancy import LaneOccupancy, lane_occupancy
from edge.passage.lane.officers.referrals import Referrals
from edge.passage.lane.snapshot import LaneOutcome, LaneStepResult, LaneUpdate
from edge.passage.lane.timed_lane import TimedLane
from edge.passage.machine_runner import MachineRunner

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from edge.audit.record import StopCause
    from edge.decision import Decision, Grant
    from edge.on_record import OnRecord
    from edge.passage.lane.authority import Authority
    from edge.passage.lane.snapshot import LaneFrames, LanePorts
    from edge.passage.lane.times import LaneTimes
    from edge.passage.stages import Stages
    from edge.ports import Frame, Scan

_NOTHING: Final = np.zeros((0, 0), np.uint8)
# The occupancy that the lane must have at the moment in which a strike is released.
_CLEAR_FOR: Final = {Side.OUTER: LaneOccupancy.EMPTY, Side.INNER: LaneOccupancy.ONE}
_OTHER: Final = {Side.OUTER: Side.INNER, Side.INNER: Side.OUTER}


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
        """`stopwatch`: nanoseconds of a monotonic clock. `face_outside`: compare a face outside too."""
        self._ports = ports
        self._authorities = tuple(authorities)
        self._stopwatch = stopwatch
        self._lane = TimedLane(times, ports.clock.tick_ms)
        self._runner = MachineRunner(self._lane.on, self._perform)
        self._judging = LaneEvaluation(authorities, stopwatch=stopwatch, face_outside=face_outside)
        self._referrals = Referrals(self._authorities, self._judging, site)
        self._tracker = PresentationTracker(gap_ms)
        self._displays = {side: HolderDisplay(signals) for side, signals in ports.signals.items()}
        self._inputs = {
            Side.OUTER: InputPoll(
                partial(self._note_fault, Side.OUTER), ports.strikes[Side.OUTER], ports.scanner
            ),
            Side.INNER: InputPoll(partial(self._note_fault, Side.INNER), ports.strikes[Side.INNER]),
        }
        self._view = ports.sensors.view()
        self._unreached: set[Side] = set()
        self._lost: frozenset[Side] = frozenset()
        self._reasons: tuple[Reason, ...] = ()  # of the last denial, by authority
        self._allowed: OnRecord | None = None  # the grant on record, until its strike is asked
        self._news = LaneUpdate()

    @property
    def state(self) -> LaneState:
        return self._lane.state

    # -- the loop ----------------------------------------------------------------------------------------

    def start(self) -> None:
        """Record that this lane is ready, and lock both doors. Raises StorageFault."""
        self._runner.tick_ms = self._ports.clock.tick_ms()
        for authority in self._authorities:
            authority.started(self._runner.tick_ms)
        for effect in self._lane.begin():
            self._perform(effect)

    def see(self, sights: LaneFrames) -> LaneStepResult:
        """Take one step, with these frames. Raises the Faults of models only."""
        self._runner.tick_ms = max(self._runner.tick_ms, self._ports.clock.tick_ms())
        self._news = LaneUpdate()
        for authority in self._authorities:
            authority.pulse(self._runner.tick_ms)
        self._note_cameras(sights.lost)
        self._hear_doors()
        scans = self._inputs[Side.OUTER].scans()
        self._view = self._ports.sensors.view()
        self._runner.on(e.Saw(lane_occupancy(self._view)))
        alone = self._lane.state is LaneState.REFERRED_ALONE
        if event := self._referrals.hear(self._runner.tick_ms, alone=alone):
            self._runner.on(event)
        if self._runner.is_due:
            self._runner.on(TimedOut())
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
            self._tracker.hold(self._runner.tick_ms)
        self._referrals.update(
            people=self._view.people,
            admissible=self._lane.state is LaneState.REFERRED_ALONE,
            party=self._judging.progress,
        )
        lights = {side: display.signal for side, display in self._displays.items()}
        told = (event for each in self._authorities for event in each.recorder.told_of_clock())
        return LaneStepResult(
            self._runner.tick_ms,
            self._lane.state,
            self._view,
            lights,
            self._news,
            self._authorities[0].trust_state,
            tuple(dict.fromkeys(told)),
            self._tracker.take_background(),
            self._authorities[0].told_to_staff(),
        )

    def adopt(self, stages: Sequence[Stages], times: LaneTimes) -> None:
        """Use these from the next passage on, one for each authority; only between two passages."""
        assert self._lane.state is LaneState.IDLE, "a passage ends with the stages it began with"
        for authority, own in zip(self._authorities, stages, strict=True):
            authority.adopt(own)
        self._lane.times = times

    def fault(self, part: DevicePart) -> None:
        """Record that a part of the program failed: deny the open passage, and lock both doors."""
        self._note_fault(Side.OUTER, part)
        self._runner.halt(Interrupted(Reason.DEVICE_FAULT))

    def stop(self, cause: StopCause) -> None:
        """Lock both doors, complete the record of an open passage, forget the holder. Safe at any time."""
        for authority in self._authorities:
            authority.ending()
        self._runner.halt(Interrupted())
        self._hear_doors()
        for authority in self._authorities:
            authority.stopped(cause, self._runner.tick_ms)

    # -- inputs ------------------------------------------------------------------------------------------

    def _note_cameras(self, lost: frozenset[Side]) -> None:
        self._lost = lost
        for side, inputs in self._inputs.items():
            inputs.camera(answers=side not in lost)

    def _hear_doors(self) -> None:
        for side, inputs in self._inputs.items():
            for event in inputs.door():
                for authority in self._authorities:
                    authority.recorders[side].door(event)

    def _read(self, frame: Frame | None, scans: Sequence[Scan]) -> None:
        started = self._stopwatch()
        seen = self._ports.reader.read(frame.luma if frame is not None else _NOTHING)
        read = self._stopwatch()
        self._news.symbols = merge_codes(seen, scans, self._runner.tick_ms)
        sent = {scan.symbol.text for scan in scans}
        fresh = self._tracker.fresh(self._news.symbols, self._runner.tick_ms, sent)
        if not fresh:
            return
        event = self._judging.present(fresh, self._runner.tick_ms, blind_inside=Side.INNER in self._lost)
        self._judging.took(Side.OUTER, "code", read - started)
        if event is not None:
            self._runner.on(event)
        if isinstance(event, e.LaneDenied):
            self._displays[Side.OUTER].prompt(words_for(event.deny.reason))  # until the signal goes

    def _look(self, side: Side, frame: Frame | None) -> None:
        event: e.LaneEvent | None = None
        if side in self._lost:
            event = self._judging.lost()
        elif frame is not None:
            self._news.evidence, event = self._judging.look(side, frame.rgb, self._runner.tick_ms)
        if event is not None:
            self._runner.on(event)
        self._displays[side].prompt(self._judging.prompt)

    # -- effects -----------------------------------------------------------------------------------------

    def _perform(self, effect: e.LaneEffect) -> None:
        match effect:
            case e.LaneAppend(side, decision):
                self._append(side, decision)
            case e.LaneRelease(side, grant):
                self._release(side, grant)
            case e.LaneRelock(side):
                self._relock(side)
            case e.LaneShow(side, signal):
                self._displays[side].show(signal)
                if signal is None:
                    self._displays[side].prompt(None)
            case Arm(for_ms):
                self._runner.arm(for_ms)
            case e.Reset():
                self._ports.sensors.emptied()
            case _:
                self._perform_inwardly(effect)

    def _perform_inwardly(self, effect: e.LaneEffect) -> None:
        """Perform an effect within this program, or on the officers' screens."""
        match effect:
            case e.LookInside():
                if event := self._judging.look_inside():
                    self._runner.put(event)
            case e.LookAway():
                self._judging.look_away()
                self._ask_nothing()
            case GiveUp():
                side = Side.OUTER if self._lane.state is LaneState.OUTSIDE else Side.INNER
                self._runner.put(self._judging.give_up(side, self._runner.tick_ms))
            case e.Tell(reason, why):
                self._referrals.open(self._reasons or (reason,) * len(self._authorities), why)
            case e.Dismiss():
                self._referrals.close()
            case e.Passed():
                self._news.passed_ms = self._judging.passed(self._runner.tick_ms)
            case Forget():
                self._judging.forget(self._runner.tick_ms)
                self._reasons = ()
                self._lane.spent_ms.clear()
                self._ask_nothing()
            case _:
                raise AssertionError(f"no code performs {effect}")

    def _append(self, side: Side, decision: Decision) -> None:
        """Make a decision durable in every journal; if one of them fails, no strike is released."""
        officers = self._referrals.take_spoken()
        verdicts = self._judging.verdicts(decision, tuple(officers))
        if side is Side.INNER:
            for stage, ms in self._lane.spent_ms.items():
                self._judging.took(side, stage, ms * 1_000_000)
        started = self._stopwatch()
        made: list[tuple[int, OnRecord | None]] = []
        try:
            for at, (authority, verdict) in enumerate(zip(self._authorities, verdicts, strict=True)):
                made.append(authority.record(side, verdict, self._runner.tick_ms, officers.get(at)))
        except StorageFault:
            self._note_fault(side, DevicePart.STORAGE)
            self._runner.put(RecordFailed())
        else:
            self._allowed = made[0][1] if all(proof for _, proof in made) else None
            self._judging.took(side, "record", self._stopwatch() - started)
            self._judging.subject.last = tuple(
                (verdict, seq) for verdict, (seq, _) in zip(verdicts, made, strict=True)
            )
            self._runner.put(Recorded())
        self._reasons = tuple(
            each.reason if isinstance(each, Deny) else Reason.DEVICE_FAULT for each in verdicts
        )
        self._news.outcomes.append(LaneOutcome(side, verdicts, tuple(seq for seq, _ in made)))

    def _release(self, side: Side, grant: Grant) -> None:
        """Release one door if the other is locked and the lane has the right occupancy at this moment."""
        allowed, self._allowed = self._allowed, None
        self._view = self._ports.sensors.view()
        now = lane_occupancy(self._view)
        if now is not _CLEAR_FOR[side]:
            self._runner.put(e.Saw(now))
            return
        # An unreached door may still be released, until its release ends by itself.
        if allowed is None or _OTHER[side] in self._unreached:
            self._runner.put(e.ReleaseFailed())
            return
        try:
            self._ports.strikes[side].release(grant.release_ms, allowed)
        except DoorLinkFault:
            self._note_fault(side, DevicePart.DOOR)
            self._runner.put(e.ReleaseFailed())
            return
        self._displays[side].show(Signal.WELCOME)
        if side is Side.OUTER:
            self._tracker.passed(self._runner.tick_ms)
            self._judging.admitted(self._runner.tick_ms)

    def _relock(self, side: Side) -> None:
        try:
            self._ports.strikes[side].relock()
        except DoorLinkFault:
            self._unreached.add(side)
        else:
            self._unreached.discard(side)

    def _ask_nothing(self) -> None:
        for display in self._displays.values():
            display.prompt(None)

    def _note_fault(self, side: Side, part: DevicePart) -> None:
        self._news.faults.append((side, part))
        for authority in self._authorities:
            authority.recorders[side].fault(part, self._runner.tick_ms)
