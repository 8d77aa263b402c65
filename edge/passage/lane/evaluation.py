"""Evaluates the subject of a lane for all authorities: code, face at both doors, and an officer's decision.

Every method takes one observation and returns the event that results from it, or None. Each authority's own
decision is kept beside it until it is recorded.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from edge.decision import Deny, Reason, Signal
from edge.passage.events import ChallengeWanted, FaceWanted, Granted
from edge.passage.face.attempt_counter import AttemptCounter
from edge.passage.face.face_capture import FaceCapture
from edge.passage.lane import events as e
from edge.passage.lane.authority import grants
from edge.passage.lane.events import Side, Why
from edge.passage.lane.party import Parties
from edge.passage.lane.same_face import SEVERAL_LOOKS, are_two, strictest
from edge.passage.presented import Presented, TurnedAway
from edge.passage.requirements.lockout import Lockout

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from edge.card.claims import Card
    from edge.decision import Decision
    from edge.face.engine import FaceEvidence
    from edge.passage.lane.authority import Authority
    from edge.ports import Floats, Pixels, Symbol

# Reasons for denials of the camera inside: if the face had matched outside, and for several faces.
_SWAPPED: Final = {Reason.FACE_NO_MATCH: Reason.LANE_SWAPPED}
_SEVERAL: Final = {Reason.FACE_SEVERAL: Reason.LANE_SEVERAL}


@dataclass(slots=True)
class LaneSubject:
    """The holder who is in the lane or before it. `before`: the embedding of the face outside.

    `verdicts`: the last decision of each authority until it is recorded. `last`: the recorded decisions.
    """

    began_ms: int = 0
    capture: FaceCapture | None = None
    attempts: AttemptCounter = field(default_factory=AttemptCounter)
    before: Floats | None = field(default=None, repr=False)
    verdicts: tuple[Decision, ...] = ()
    last: tuple[tuple[Decision, int], ...] = ()
    was_admitted: bool = False
    has_passed: bool = False

    @property
    def was_stopped(self) -> bool:
        """Whether the holder was stopped in the lane; a holder who turns back was not stopped."""
        reasons = {each.reason for each, _ in self.last if isinstance(each, Deny)}
        return self.was_admitted and not self.has_passed and reasons != {Reason.PASSAGE_INTERRUPTED}


class LaneEvaluation:
    """The decisions of all authorities of one lane, made one event. Only the lane's thread uses it."""

    def __init__(
        self, authorities: Sequence[Authority], *, stopwatch: Callable[[], int], face_outside: bool
    ) -> None:
        self.subject = LaneSubject()
        self._authorities = tuple(authorities)
        self._stopwatch = stopwatch
        self._face_outside = face_outside
        self._parties = Parties()
        self._lockout = Lockout()

    @property
    def progress(self) -> tuple[int, int] | None:
        """Numbers of a party on its way: members who went through, and all members; or None."""
        return self._parties.progress

    @property
    def prompt(self) -> str | None:
        """The prompt for the holder."""
        return self.subject.capture.prompt if self.subject.capture else None

    @property
    def _card(self) -> Card:
        return self._presented()[0].card

    # -- before the outer door ---------------------------------------------------------------------------

    def present(self, symbols: Sequence[Symbol], tick_ms: int, *, blind_inside: bool) -> e.LaneEvent | None:
        """Take a new code. `blind_inside`: the camera in the lane gives no frames."""
        started = self._stopwatch()
        found = [authority.present(symbols, tick_ms) for authority in self._authorities]
        self.took(Side.OUTER, "verify", self._stopwatch() - started)
        if all(each is None for each in found):
            return None
        self.subject.began_ms = tick_ms
        refusals = [_refusal(each) for each in found]
        if any(refusals):
            return self._object(refusals)
        if objection := self._objection(tick_ms, blind_inside=blind_inside):
            return self._object([objection] * len(refusals))
        if self._lockout.attacked(self._card, tick_ms):
            for authority in self._authorities:
                authority.ask_movements()
        wanted = self._face_outside or any(each.wants_face_outside() for each in self._authorities)
        self.subject.capture = self._begin_to_look() if wanted else None
        return FaceWanted() if self.subject.capture else self._conclude_outside(None)

    def _objection(self, tick_ms: int, *, blind_inside: bool) -> Deny | None:
        """The objection of the lane itself, besides those of the authorities."""
        if blind_inside:
            return Deny(Reason.DEVICE_FAULT)  # no visitor goes into a lane without a working camera
        return self._parties.objection(self._card, tick_ms) or self._lockout.objection(self._card, tick_ms)

    def _conclude_outside(self, evidence: FaceEvidence | None) -> e.LaneEvent:
        compared = evidence is not None or self._face_outside
        return self._concluded(
            [each.conclude_outside(evidence, compared=compared) for each in self._authorities]
        )

    # -- the faces at the two doors ----------------------------------------------------------------------

    def look(self, side: Side, rgb: Pixels, tick_ms: int) -> tuple[FaceEvidence | None, e.LaneEvent | None]:
        """Take one frame of the camera at this door."""
        looking = self.subject.capture
        if looking is None:
            return None, None
        started = self._stopwatch()
        evidence, verdict = looking.look(rgb, tick_ms)
        self.took(side, "face", self._stopwatch() - started)
        for authority in self._authorities:
            authority.recorders[side].builder.face(evidence)
        if isinstance(verdict, Deny):
            return evidence, self._face_objects(verdict, side, tick_ms)
        if side is Side.INNER and looking.several_looks >= SEVERAL_LOOKS:
            return evidence, self._face_objects(Deny(Reason.FACE_SEVERAL), side, tick_ms)
        if verdict is not None:
            return evidence, self._matched(evidence, side, tick_ms)
        return evidence, ChallengeWanted() if looking.challenged else None

    def look_inside(self) -> e.LaneEvent | None:
        """Begin to capture the face in the lane; for a card without a face, refer to an officer."""
        self.look_away()
        self.subject.capture = self._begin_to_look()
        if self.subject.capture is not None:
            return None
        return self._object([Deny(Reason.LANE_REFERRED)] * len(self._authorities), Why.BY_EYE)

    def look_away(self) -> None:
        """Stop the face capture, and overwrite its embeddings."""
        if self.subject.capture is not None:
            self.subject.capture.wipe()
        self.subject.capture = None

    def give_up(self, side: Side, tick_ms: int) -> e.LaneEvent:
        """The denial when the time of this face capture is over."""
        assert self.subject.capture is not None
        return self._face_objects(self.subject.capture.give_up(), side, tick_ms)

    def lost(self) -> e.LaneEvent:
        """The denial when the camera before the holder gives no frames."""
        return self._object([Deny(Reason.DEVICE_FAULT)] * len(self._authorities), Why.DEVICE)

    def _begin_to_look(self) -> FaceCapture | None:
        """A face capture by the strictest rules of all authorities; None if no card has a face to compare."""
        found = strictest(self._presented())
        if found is None:
            return None
        whose, presented = found
        return FaceCapture(self._authorities[whose].stages, presented, self.subject.attempts)

    def _matched(self, evidence: FaceEvidence, side: Side, tick_ms: int) -> e.LaneEvent | None:
        assert self.subject.capture is not None
        # A list, not a generator: every authority must take this evidence.
        again = [each.looks_again(evidence) for each in self._authorities]
        if any(again):
            self.look_away()
            self.subject.capture = self._begin_to_look()
            return None
        seen = self.subject.capture.mean()
        if side is Side.OUTER:
            self.subject.before = seen
            self.look_away()
            return self._conclude_outside(evidence)
        swapped = self.subject.before is not None and are_two(self.subject.before, seen)
        seen.fill(0)
        if swapped:
            return self._face_objects(Deny(Reason.FACE_NO_MATCH), side, tick_ms)
        return self._concluded([each.conclude_inside(evidence, tick_ms) for each in self._authorities])

    def _face_objects(self, deny: Deny, side: Side, tick_ms: int) -> e.LaneDenied:
        """Deny with the camera's reason, which is the same for all authorities."""
        assert self.subject.capture is not None
        self._lockout.learn(
            self._card,
            deny,
            tick_ms,
            challenged=self.subject.capture.challenged,
            attacked=self.subject.attempts.attacked,
        )
        reason = deny.reason
        if side is Side.INNER:
            reason = (_SEVERAL | (_SWAPPED if self.subject.before is not None else {})).get(reason, reason)
        return self._object([Deny(reason)] * len(self._authorities))

    # -- results -----------------------------------------------------------------------------------------

    def by_eye(self, officer: str, tick_ms: int) -> e.Admitted | list[Reason | None]:
        """The decision on the card after every authority's officer confirmed the person in the lane."""
        decisions = [authority.conclude_by_eye(tick_ms) for authority in self._authorities]
        grant = grants(decisions)
        if grant is None:
            return [each.reason if isinstance(each, Deny) else None for each in decisions]
        self.subject.verdicts = tuple(decisions)
        return e.Admitted(grant, officer)

    def verdicts(self, decision: Decision, officers: Sequence[int]) -> tuple[Decision, ...]:
        """Each authority's decision, for its record. `officers`: the authorities whose officer decided.

        A decision of the lane itself counts for all authorities, one of an officer for their own authority.
        """
        own, self.subject.verdicts = self.subject.verdicts, ()
        if own:
            return own
        spoke = officers or range(len(self._authorities))
        other = Deny(Reason.INSPECTION_REFUSED)
        return tuple(decision if at in spoke else other for at in range(len(self._authorities)))

    def admitted(self, tick_ms: int) -> None:
        """Note that the outer door was released."""
        self.subject.was_admitted = True
        self._parties.began(self._card, tick_ms)

    def passed(self, tick_ms: int) -> int:
        """Note that the holder went through; returns the time since the code was first seen, in ms."""
        self.subject.has_passed = True
        self._parties.passed(self._card, tick_ms)
        for decision, _ in self.subject.last[:1]:
            self._lockout.learn(self._card, decision, tick_ms, challenged=False)  # resets the failures
        return tick_ms - self.subject.began_ms

    def forget(self, tick_ms: int) -> None:
        """End this subject: tell venues and parties the result, and wipe all its data."""
        subject, self.subject = self.subject, LaneSubject(began_ms=tick_ms)
        if self.is_known:
            if subject.was_stopped:
                self._parties.stopped(self._card, tick_ms)
            if subject.attempts.attacked and not self._lockout.attacked(self._card, tick_ms):
                end = Deny(Reason.PASSAGE_INTERRUPTED)  # nothing else ended this passage as an attack
                self._lockout.learn(self._card, end, tick_ms, challenged=False, attacked=True)
            for authority, (decision, seq) in zip(self._authorities, subject.last, strict=False):
                authority.settle(decision, seq, tick_ms)
        if subject.capture is not None:
            subject.capture.wipe()
        if subject.before is not None:
            subject.before.fill(0)
        for authority in self._authorities:
            authority.forget()

    def took(self, side: Side, stage: str, nanoseconds: int) -> None:
        """Note the duration of a stage, for the record of every authority."""
        for authority in self._authorities:
            authority.recorders[side].builder.took(stage, nanoseconds)

    @property
    def is_known(self) -> bool:
        """Whether every authority has verified a card."""
        return all(authority.presented is not None for authority in self._authorities)

    def _presented(self) -> list[Presented]:
        return [each.presented for each in self._authorities if each.presented is not None]

    def _concluded(self, decisions: Sequence[Decision]) -> e.LaneEvent:
        grant = grants(decisions)
        if grant is None:
            return self._object([each if isinstance(each, Deny) else None for each in decisions])
        self.subject.verdicts = tuple(decisions)
        return Granted(grant)

    def _object(self, own: Sequence[Deny | None], why: Why = Why.FACE) -> e.LaneDenied:
        """Deny: each authority with its own reason; one without a reason, because the other one objects."""
        self.subject.verdicts = tuple(each or Deny(Reason.INSPECTION_REFUSED) for each in own)
        # If one of the reasons needs staff, another try helps with none of them.
        told = sorted(
            (each for each in own if each is not None), key=lambda each: each.signal is not Signal.ASK_STAFF
        )
        return e.LaneDenied(told[0], why)


def _refusal(found: Presented | TurnedAway | None) -> Deny | None:
    match found:
        case Presented():
            return None
        case TurnedAway(deny):
            return deny
        case None:  # the other authority has read a code
            return Deny(Reason.CODE_UNREADABLE)
