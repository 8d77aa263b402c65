"""The lane's verifier: sights in, effects performed. The shell around the table of `edge.venue.lane.machine`.

Single-threaded, and one look after the other: first what doors, sensors and officers have to say, then the clock,
then what the cameras show. Every effect is performed before the next look. It owns no device.
"""

from __future__ import annotations

from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import numpy as np

from edge.audit.record import Part
from edge.decision import Deny, Grant, Reason
from edge.errors import DoorLinkFault, ReaderFault, StorageFault
from edge.passage.attention import GAP_MS, Attention
from edge.passage.backoff import Backoff
from edge.passage.lane.authority import grants
from edge.passage.lane.cases import Cases
from edge.passage.lane.looking import Looking, are_two, strictest
from edge.passage.lane.shown import LaneMoment, LaneOutcome
from edge.passage.sources import together
from edge.passage.stages import Presented
from edge.venue.lane import events as e
from edge.venue.lane.events import Side, Why
from edge.venue.lane.machine import Lane, State
from edge.venue.lane.party import Parties
from edge.venue.lane.situation import Situation, situation

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from edge.audit.record import StopCause
    from edge.decision import Decision, Signal
    from edge.face.engine import FaceEvidence
    from edge.passage.lane.authority import Authority
    from edge.passage.lane.shown import LanePorts, Sights
    from edge.ports import Floats, Frame, Scan, Symbol
    from edge.venue.lane.times import Times

PULSE_MS: Final = 1_000  # as at a door: how often the clocks are looked at while nobody comes
_NOTHING: Final = np.zeros((0, 0), np.uint8)
# What the lane must look like in the very moment in which a strike is released.
_CLEAR_FOR: Final = {Side.OUTER: Situation.EMPTY, Side.INNER: Situation.ONE}
# Stages whose time stands in the record of the inner door.
_STAGE: Final = {
    State.ENTERING: "enter",
    State.CLOSING: "shut",
    State.INSIDE: "inside",
    State.REFERRED: "officer",
    State.REFERRED_ALONE: "officer",
}
# What a denial of the camera means where the same holder was looked at before.
_INSIDE: Final = {Reason.FACE_NO_MATCH: Reason.LANE_SWAPPED, Reason.FACE_SEVERAL: Reason.LANE_SEVERAL}


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
        times: Times | None = None,
        gap_ms: int = GAP_MS,
    ) -> None:
        """`stopwatch`: nanoseconds of any monotonic clock. `face_outside`: look before the outer door too."""
        self._ports = ports
        self._authorities = tuple(authorities)
        self._face_outside = face_outside
        self._stopwatch = stopwatch
        self._lane = Lane(times)
        self._cases = Cases(self._authorities, site)
        self._parties = Parties()
        self._attention = Attention(gap_ms)
        self._backoff = Backoff()
        self._events: deque[e.Event] = deque()
        self._deadline_ms: int | None = None
        self._pulse_ms: int | None = None
        self._tick_ms = 0
        self._view = ports.sensors.view()
        self._lights: dict[Side, Signal | None] = dict.fromkeys(Side)
        self._silent: set[tuple[Side, Part]] = set()
        self._unreached: set[Side] = set()
        self._lost: frozenset[Side] = frozenset()
        self._clear_moment()
        self._forget()

    @property
    def state(self) -> State:
        return self._lane.state

    # -- the loop ----------------------------------------------------------------------------------------

    def start(self) -> None:
        """Put on record that this lane is ready, both doors locked. Raises StorageFault."""
        self._tick_ms = self._ports.clock.tick_ms()
        for authority in self._authorities:
            authority.started(self._tick_ms)
        for side in Side:
            self._relock(side)
        self._deadline_ms = self._tick_ms + self._lane.times.clear_ms

    def see(self, sights: Sights) -> LaneMoment:
        """Take one look at everything. Raises the Faults of models only."""
        self._tick_ms = max(self._tick_ms, self._ports.clock.tick_ms())
        self._clear_moment()
        if self._pulse_ms is None or self._tick_ms >= self._pulse_ms + PULSE_MS:
            self._pulse_ms = self._tick_ms
            for authority in self._authorities:
                authority.pulse(self._tick_ms)
        self._note_cameras(sights.lost)
        self._hear_doors()
        scans = self._hear_scanner()
        self._sense()
        self._hear_officers()
        if self._deadline_ms is not None and self._tick_ms >= self._deadline_ms:
            self._on(e.TimedOut())
        match self._lane.state:
            case State.IDLE:
                self._read(sights.outside, scans)
            case State.OUTSIDE:
                self._look(Side.OUTER, sights.outside)
            case State.INSIDE:
                self._look(Side.INNER, sights.inside)
            case _:
                pass
        if self._lane.state is not State.IDLE:
            self._attention.hold(self._tick_ms)
        self._cases.update(
            people=self._view.people,
            admissible=self._lane.state is State.REFERRED_ALONE,
            party=self._parties.progress,
        )
        return LaneMoment(
            self._tick_ms,
            self._lane.state,
            self._view,
            dict(self._lights),
            self._symbols,
            self._evidence,
            tuple(self._outcomes),
            self._passed_ms,
            tuple(self._faults),
        )

    def fault(self, part: Part) -> None:
        """A part of the program failed: the open passage is denied for it, and both doors lock."""
        self._note_fault(Side.OUTER, part)
        self._halt(e.Interrupted(Reason.DEVICE_FAULT))

    def stop(self, cause: StopCause) -> None:
        """Lock both doors, complete the record of an open passage, forget the holder. Safe at any time."""
        for authority in self._authorities:
            authority.ending()
        self._halt(e.Interrupted())
        self._hear_doors()
        for authority in self._authorities:
            authority.stopped(cause, self._tick_ms)

    def _halt(self, event: e.Interrupted) -> None:
        self._events.clear()  # what a crash left unfinished stays so: no release that was still due
        self._on(event)

    # -- what comes in -----------------------------------------------------------------------------------

    def _hear_doors(self) -> None:
        for side, strike in self._ports.strikes.items():
            try:
                events = tuple(strike.events())
            except DoorLinkFault:
                self._missed(side, Part.DOOR)
                continue
            self._silent.discard((side, Part.DOOR))
            for event in events:
                for authority in self._authorities:
                    authority.door(side, event)

    def _hear_scanner(self) -> Sequence[Scan]:
        if self._ports.scanner is None:
            return ()
        try:
            scans = self._ports.scanner.scans()
        except ReaderFault:
            self._missed(Side.OUTER, Part.READER)
            return ()
        self._silent.discard((Side.OUTER, Part.READER))
        return scans

    def _note_cameras(self, lost: frozenset[Side]) -> None:
        self._lost = lost
        for side in Side:
            if side in lost:
                self._missed(side, Part.CAMERA)
            else:
                self._silent.discard((side, Part.CAMERA))

    def _sense(self) -> None:
        self._view = self._ports.sensors.view()
        self._on(e.Saw(situation(self._view)))

    def _hear_officers(self) -> None:
        match self._cases.hear():
            case (int() as at, e.SentBack(officer) as event):
                self._by = {at: officer}
                self._on(event)
            case (int() as at, e.Emptied(officer) as event):
                for number, authority in enumerate(self._authorities):
                    authority.emptied(officer if number == at else "joint", self._tick_ms)
                self._on(event)
            case (str(), *_) as officers:
                self._admit([str(officer) for officer in officers])
            case _:
                pass

    def _admit(self, officers: Sequence[str]) -> None:
        """Every authority's officer answers for who stands there: ask policy about the card."""
        if self._lane.state is not State.REFERRED_ALONE or not self._is_known():
            return
        decisions = [authority.conclude_by_eye(self._tick_ms) for authority in self._authorities]
        grant = grants(decisions)
        if grant is None:
            self._cases.object([each.reason for each in self._own(decisions)])
            return
        self._by = dict(enumerate(officers))
        self._decided(decisions, e.Admitted(grant, officers[0]))

    # -- before the outer door ---------------------------------------------------------------------------

    def _read(self, frame: Frame | None, scans: Sequence[Scan]) -> None:
        started = self._stopwatch()
        seen = self._ports.reader.read(frame.luma if frame is not None else _NOTHING)
        read = self._stopwatch()
        self._symbols = together(seen, scans, self._tick_ms)
        fresh = self._attention.fresh(self._symbols, self._tick_ms)
        if not fresh:
            return
        found = [authority.present(fresh, self._tick_ms) for authority in self._authorities]
        self._took(Side.OUTER, "code", read - started)
        self._took(Side.OUTER, "verify", self._stopwatch() - read)
        if all(each is None for each in found):
            return
        self._began_ms = self._tick_ms
        refusals = [
            None if isinstance(each, Presented) else each or Deny(Reason.CODE_UNREADABLE) for each in found
        ]
        if any(refusals):
            self._object(refusals)
        elif objection := self._objection():
            self._object([objection] * len(refusals))
        else:
            self._begin()

    def _objection(self) -> Deny | None:
        """What stands against this card besides what its authorities say: the lane itself."""
        card = self._presented()[0].card
        if Side.INNER in self._lost:
            return Deny(Reason.DEVICE_FAULT)  # nobody is led where nothing can see them
        return self._parties.objection(card, self._tick_ms) or self._backoff.objection(card, self._tick_ms)

    def _begin(self) -> None:
        wanted = self._face_outside or any(each.wants_face_outside() for each in self._authorities)
        self._looking = self._begin_to_look() if wanted else None
        if self._looking is not None:
            self._on(e.FaceWanted())
        else:
            self._conclude_outside(None)

    def _conclude_outside(self, evidence: FaceEvidence | None) -> None:
        compared = evidence is not None or self._face_outside
        decisions = [each.conclude_outside(evidence, compared=compared) for each in self._authorities]
        grant = grants(decisions)
        if grant is None:
            self._object(self._own(decisions))
        else:
            self._decided(decisions, e.Granted(grant))

    # -- the two looks -----------------------------------------------------------------------------------

    def _begin_to_look(self) -> Looking | None:
        """A look by the strictest of what all authorities ask; None where no card has a face to compare."""
        found = strictest(self._presented())
        if found is None:
            return None
        self._reference_of, presented = found
        return Looking(self._authorities[self._reference_of].stages, presented)

    def _look(self, side: Side, frame: Frame | None) -> None:
        looking = self._looking
        if side in self._lost:
            self._object([Deny(Reason.DEVICE_FAULT)] * len(self._authorities), Why.DEVICE)
        if side in self._lost or frame is None or looking is None:
            return
        started = self._stopwatch()
        self._evidence, verdict = looking.look(frame.rgb, self._tick_ms)
        self._took(side, "face", self._stopwatch() - started)
        for authority in self._authorities:
            authority.face(side, self._evidence)
        if isinstance(verdict, Deny):
            self._face_objects(verdict, side)
        elif side is Side.INNER and looking.shows_several:
            self._face_objects(Deny(Reason.FACE_SEVERAL), side)
        elif verdict is not None:
            self._matched(self._evidence, side)
        elif looking.challenged:
            self._on(e.ChallengeWanted())
        self._ask(side, self._looking.prompt if self._looking else None)

    def _matched(self, evidence: FaceEvidence, side: Side) -> None:
        assert self._looking is not None
        again = [
            each.stages.matched(each.presented, evidence) for each in self._authorities if each.presented
        ]
        if any(again):
            self._look_away()
            self._looking = self._begin_to_look()
            return
        seen = self._looking.mean()
        if side is Side.OUTER:
            self._before = seen
            self._look_away()
            self._conclude_outside(evidence)
            return
        swapped = self._before is not None and are_two(self._before, seen)
        seen.fill(0)
        if swapped:
            self._face_objects(Deny(Reason.FACE_NO_MATCH), side)
            return
        decisions = [each.conclude_inside(evidence, self._tick_ms) for each in self._authorities]
        grant = grants(decisions)
        if grant is None:
            self._object(self._own(decisions))
        else:
            self._decided(decisions, e.Granted(grant))

    def _face_objects(self, deny: Deny, side: Side) -> None:
        """What the camera says is everybody's to know; what a rule says beside it, its own authority's."""
        reason = deny.reason
        if side is Side.INNER and (reason is not Reason.FACE_NO_MATCH or self._before is not None):
            reason = _INSIDE.get(reason, reason)
        own: list[Deny | None] = [Deny(reason)] * len(self._authorities)
        if not reason.value.startswith(("face.", "lane.")):
            own = [Deny(reason) if at == self._reference_of else None for at in range(len(own))]
        challenged = self._looking is not None and self._looking.challenged
        self._backoff.learn(self._presented()[0].card, deny, self._tick_ms, challenged=challenged)
        self._object(own)

    # -- what it comes to --------------------------------------------------------------------------------

    def _own(self, decisions: Sequence[Decision]) -> list[Deny | None]:
        return [each if isinstance(each, Deny) else None for each in decisions]

    def _object(self, own: Sequence[Deny | None], why: Why = Why.FACE) -> None:
        """Deny: each authority by its own reason, and those that have none because another one objects."""
        verdicts = [each or Deny(Reason.INSPECTION_REFUSED) for each in own]
        # Where staff have to be asked for one of them, another try helps with none.
        reasons = sorted((each for each in own if each), key=lambda each: each.signal.value != "ask staff")
        self._decided(verdicts, e.Denied(reasons[0], why))

    def _decided(self, verdicts: Sequence[Decision], event: e.Event) -> None:
        self._verdicts = tuple(verdicts)
        self._on(event)

    def _on(self, event: e.Event) -> None:
        self._events.append(event)
        while self._events:
            before = self._lane.state
            effects = self._lane.on(self._events.popleft())
            self._time(before)
            for effect in effects:
                self._perform(effect)

    def _time(self, before: State) -> None:
        """Count the time that was spent in a stage whose time is on record."""
        if self._lane.state is before:
            return
        if stage := _STAGE.get(before):
            self._spent[stage] = self._spent.get(stage, 0) + self._tick_ms - self._since_ms
        self._since_ms = self._tick_ms

    def _perform(self, effect: e.Effect) -> None:
        match effect:
            case e.Show(side, signal):
                self._lights[side] = signal
                self._ports.signals[side].show(signal)
            case e.Arm(for_ms):
                self._deadline_ms = self._tick_ms + for_ms if for_ms else None
            case e.Append(side, decision):
                self._append(side, decision)
            case e.Release(side, grant):
                self._release(side, grant)
            case e.Relock(side):
                self._relock(side)
            case e.LookInside():
                self._look_inside()
            case e.LookAway():
                self._look_away()
            case e.GiveUp():
                self._give_up()
            case e.Tell(reason, why):
                self._cases.open(self._reasons or (reason,) * len(self._authorities), why)
            case e.Dismiss():
                self._cases.close()
            case e.Reset():
                self._ports.sensors.emptied()
            case e.Passed():
                self._passed_ms = self._tick_ms - self._began_ms
                self._parties.passed(self._presented()[0].card, self._tick_ms)
                self._has_passed = True
            case e.Forget():
                self._forget()

    def _append(self, side: Side, decision: Decision) -> None:
        """Make a decision durable in every journal. One that is in some of them only releases nothing."""
        count = len(self._authorities)
        verdicts, self._verdicts = self._verdicts, ()
        officers, self._by = self._by, {}
        if not verdicts:
            verdicts = (decision,) * count
            if officers:  # who sent the holder back did so for one authority
                verdicts = tuple(
                    decision if at in officers else Deny(Reason.INSPECTION_REFUSED) for at in range(count)
                )
        if side is Side.INNER:
            for stage, ms in self._spent.items():
                self._took(side, stage, ms * 1_000_000)
        started = self._stopwatch()
        seqs: list[int | None] = [None] * count
        try:
            for at, authority in enumerate(self._authorities):
                seqs[at] = authority.record(side, verdicts[at], self._tick_ms, officers.get(at))
        except StorageFault:
            self._note_fault(side, Part.STORAGE)
            self._events.append(e.RecordFailed())
        else:
            self._took(side, "record", self._stopwatch() - started)
            self._last = [
                (verdict, seq) for verdict, seq in zip(verdicts, seqs, strict=True) if seq is not None
            ]
            self._events.append(e.Recorded())
        self._reasons = tuple(
            each.reason if isinstance(each, Deny) else Reason.DEVICE_FAULT for each in verdicts
        )
        self._grant_seq = seqs[0]
        self._outcomes.append(LaneOutcome(side, verdicts, tuple(seqs)))

    def _release(self, side: Side, grant: Grant) -> None:
        """Release one door, if the other is locked and the lane looks in this very moment as it must."""
        other = Side.INNER if side is Side.OUTER else Side.OUTER
        self._view = self._ports.sensors.view()
        now = situation(self._view)
        if now is not _CLEAR_FOR[side]:
            self._events.append(e.Saw(now))
            return
        if other in self._unreached:
            self._events.append(e.ReleaseFailed())  # it may still be released: its own end is to come
            return
        try:
            self._ports.strikes[side].release(grant.release_ms, grant=self._grant_seq or 0)
        except DoorLinkFault:
            self._note_fault(side, Part.DOOR)
            self._events.append(e.ReleaseFailed())
            return
        if side is Side.OUTER:
            self._attention.passed()
            self._parties.began(self._presented()[0].card, self._tick_ms)
            self._spent.clear()

    def _relock(self, side: Side) -> None:
        try:
            self._ports.strikes[side].relock()
        except DoorLinkFault:
            self._unreached.add(side)
        else:
            self._unreached.discard(side)

    def _look_inside(self) -> None:
        self._look_away()
        self._looking = self._begin_to_look()
        if self._looking is None:
            self._verdicts = (Deny(Reason.LANE_REFERRED),) * len(self._authorities)
            self._events.append(e.Denied(Deny(Reason.LANE_REFERRED), Why.BY_EYE))

    def _look_away(self) -> None:
        if self._looking is not None:
            self._looking.wipe()
        self._looking = None
        for side in Side:
            self._ask(side, None)

    def _give_up(self) -> None:
        side = Side.OUTER if self._lane.state is State.OUTSIDE else Side.INNER
        assert self._looking is not None
        self._face_objects(self._looking.give_up(), side)

    def _ask(self, side: Side, words: str | None) -> None:
        if words != self._prompts.get(side):
            self._prompts[side] = words
            self._ports.signals[side].prompt(words)

    # -- what is remembered ------------------------------------------------------------------------------

    def _clear_moment(self) -> None:
        self._symbols: tuple[Symbol, ...] = ()
        self._evidence: FaceEvidence | None = None
        self._outcomes: list[LaneOutcome] = []
        self._passed_ms: int | None = None
        self._faults: list[tuple[Side, Part]] = []

    def _forget(self) -> None:
        """Wipe what is known of the holder; nobody is in the lane any more, or nobody whom we know."""
        if hasattr(self, "_looking"):
            self._settle()
            self._look_away()
            if self._before is not None:
                self._before.fill(0)
        self._looking: Looking | None = None
        self._before: Floats | None = None
        self._reference_of = 0
        self._verdicts: tuple[Decision, ...] = ()
        self._reasons: tuple[Reason, ...] = ()
        self._last: list[tuple[Decision, int]] = []
        self._by: dict[int, str] = {}
        self._grant_seq: int | None = None
        self._has_passed = False
        self._began_ms = self._since_ms = self._tick_ms
        self._spent: dict[str, int] = {}
        self._prompts: dict[Side, str | None] = {}
        for authority in self._authorities:
            authority.forget()

    def _settle(self) -> None:
        """Tell venues and parties how it came out, once nothing of it can change any more."""
        if not self._is_known():
            return
        card = self._presented()[0].card
        if not self._has_passed:
            self._parties.stopped(card, self._tick_ms)
        if len(self._last) == len(self._authorities):
            for authority, (decision, seq) in zip(self._authorities, self._last, strict=True):
                authority.settle(decision, seq, self._tick_ms)

    def _is_known(self) -> bool:
        return all(authority.presented is not None for authority in self._authorities)

    def _presented(self) -> list[Presented]:
        return [each.presented for each in self._authorities if each.presented is not None]

    # -- what failed -------------------------------------------------------------------------------------

    def _took(self, side: Side, stage: str, nanoseconds: int) -> None:
        for authority in self._authorities:
            authority.took(side, stage, nanoseconds)

    def _missed(self, side: Side, part: Part) -> None:
        """A part fell silent; told once until it was heard again."""
        if (side, part) not in self._silent:
            self._silent.add((side, part))
            self._note_fault(side, part)

    def _note_fault(self, side: Side, part: Part) -> None:
        self._faults.append((side, part))
        for authority in self._authorities:
            with suppress(StorageFault):
                authority.fault(side, part, self._tick_ms)
