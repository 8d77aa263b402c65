"""One authority at a lane: whom it believes, what it asks, and the journal that is its own.

Where two inspect jointly, each judges the same code under its own trust, jurisdiction, policy and lists, and
writes its own record with its own key. Nothing of one is handed to the other but yes or no.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Final, Protocol

from msgspec import structs

from edge.audit.record import DevicePart, Passage, Path, Visited
from edge.decision import Deny, Grant, Reason
from edge.errors import StorageFault
from edge.passage.clock_monitor import ClockMonitor
from edge.passage.lane.events import Side
from edge.passage.lane.recheck import recheck
from edge.passage.record.record_builder import RecordBuilder
from edge.passage.stages import Presented, TurnedAway
from edge.policy.decide import FaceRule
from edge.policy.obligations import Factor
from edge.trust.time.trusted_clock import TrustedClock

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from edge.audit.record import AuditRecord, StopCause
    from edge.decision import Decision
    from edge.face.engine import FaceEvidence
    from edge.passage.lane.officer_messages import Officers
    from edge.passage.stages import Stages
    from edge.policy.obligations import Visit
    from edge.ports import Clock, DoorEvent, Symbol
    from edge.trust.snapshot import TrustSnapshot
    from edge.trust.time.trust_age import TrustState


# Who goes back of their own accord is nobody's case.
_TURNED_BACK: Final = frozenset({Reason.PASSAGE_INTERRUPTED})


class Writes(Protocol):
    """What of a Journal is needed here."""

    def append(self, record: AuditRecord) -> int: ...


class NoOfficers:
    """The officers of an authority that has none at this lane: nobody hears, nobody answers."""

    def tell(self, news: object) -> None:
        pass

    def rulings(self) -> tuple[()]:
        return ()


class Authority:
    """Who decides at a lane, alone or with another. Belongs to the lane's single thread."""

    def __init__(
        self,
        stages: Stages,
        trust: Callable[[], TrustSnapshot],
        journal: Writes,
        clock: Clock,
        *,
        version: str,
        keeper: TrustedClock | None = None,
        officers: Officers | None = None,
    ) -> None:
        """`trust` returns this authority's snapshot of the moment; `keeper`: what it remembers of time."""
        self.stages = stages
        self.officers: Officers = officers or NoOfficers()
        self.presented: Presented | None = None
        self.last_seq = 0  # of its journal, as far as this program wrote there
        self._trust = trust
        self._journal = journal
        self._timing = ClockMonitor(clock, keeper or TrustedClock(), stages.holders, trust)
        self._said = {side: self._testimony(side, version) for side in Side}
        self._visit: Visit | None = None
        self._way = Path.FACE  # which the holder began on, before the outer door

    def _testimony(self, side: Side, version: str) -> RecordBuilder:
        """What is on record of one of the doors, which has a name of its own within the lane."""
        policy = replace(self.stages.policy, site=f"{self.stages.policy.site}/{side.value}")
        model = self.stages.engine.model_id if self.stages.engine else None
        return RecordBuilder(policy, model, version, venue=self.stages.counsel.kind)

    # -- what is judged ----------------------------------------------------------------------------------

    def ground(self, tick_ms: int) -> tuple[TrustSnapshot, TrustState]:
        """What this authority believes now."""
        trust = self._trust()
        footing = self.stages.weigh(trust, self._timing.at(trust))
        self._note_clock(tick_ms)
        return trust, footing

    def present(self, symbols: Sequence[Symbol], tick_ms: int) -> Deny | Presented | None:
        """What this authority makes of a code: a card to go on with, a refusal, or nothing to read."""
        trust, footing = self.ground(tick_ms)
        for said in self._said.values():
            said.begin(footing, tick_ms)
        self._visit = None
        match self.stages.present(symbols, trust, footing):
            case TurnedAway(deny=deny, card=card, advice=advice):
                if card is not None:
                    for said in self._said.values():
                        said.card(card)
                        said.advised(advice, frozenset())
                    self._visit = self.stages.visit(card, footing)
                return deny
            case Presented() as presented:
                self.presented = presented
                for said in self._said.values():
                    said.card(presented.card)
                    said.advised(presented.advice, presented.given)
                self._visit = self.stages.visit(presented.card, footing)
                return presented
            case None:
                return None

    def wants_face_outside(self) -> bool:
        """Whether this authority asks for a face before the outer door, whatever the lane does otherwise.

        The outer door leads nowhere but into the lane. It asks for a face there where something is uncertain,
        and not because the policy of the whole passage wants one: that is seen to inside.
        """
        assert self.presented is not None
        asked = {item.factor for item in self.presented.advice.terms.asked}
        return Factor.CHALLENGE in asked or self.stages.needs_face(_without_face(self.presented))

    def conclude_outside(self, evidence: FaceEvidence | None, *, compared: bool) -> Decision:
        """Whether the outer door may open. `compared`: a face was asked for, and `evidence` shows it."""
        assert self.presented is not None
        self.presented.face = evidence
        return self.stages.conclude(self.presented if compared else _without_face(self.presented))

    def conclude_inside(self, evidence: FaceEvidence, tick_ms: int) -> Decision:
        """Whether the inner door may open for this face, by the trust of this moment."""
        presented = self._now(tick_ms)
        if isinstance(presented, Deny):
            return presented
        presented.face = evidence
        return self.stages.conclude(presented)

    def conclude_by_eye(self, tick_ms: int) -> Decision:
        """The same where an officer has looked: they stand in for the face, and for nothing of the card."""
        presented = self._now(tick_ms)
        if isinstance(presented, Deny):
            return presented
        seen = replace(_without_face(presented), given=presented.given | {Factor.CHALLENGE})
        return self.stages.conclude(seen)

    def _now(self, tick_ms: int) -> Presented | Deny:
        """The card in the lane on the footing of this moment, or what has come to stand against it."""
        assert self.presented is not None
        card = self.presented.card
        trust, footing = self.ground(tick_ms)
        stood = recheck(card, trust, footing.at.now)
        return stood or replace(self.presented, footing=footing.under(card), face=None)

    def forget(self) -> None:
        """Overwrite what is known of the holder."""
        if self.presented is not None:
            self.presented.wipe()
        self.presented = None
        self._visit = None

    # -- what is put on record ---------------------------------------------------------------------------

    def took(self, side: Side, stage: str, nanoseconds: int) -> None:
        """How long a stage of the passage took."""
        self._said[side].took(stage, nanoseconds)

    def face(self, side: Side, evidence: FaceEvidence) -> None:
        """One look at one of the doors."""
        self._said[side].face(evidence)

    def record(self, side: Side, decision: Decision, tick_ms: int, officer: str | None = None) -> int:
        """Make this decision durable; returns its seq. Raises StorageFault.

        `officer`: the role of who decided it in the machine's place, which stands in the record.
        """
        said = self._said[side]
        if self.presented is not None:
            said.advised(self.presented.advice, self.presented.given)
        record = said.passage(decision, self._timing.now(), tick_ms)
        if officer is not None:
            record = by_officer(record, officer)
        elif side is Side.INNER and isinstance(decision, Deny):
            record = on_way(record, self._way if decision.reason in _TURNED_BACK else Path.STAFF)
        self.last_seq = seq = self._journal.append(record)
        said.recorded(decision, seq)
        if isinstance(record.visit, Visited):
            self._way = record.visit.path
        return seq

    def settle(self, decision: Decision, seq: int, tick_ms: int) -> None:
        """Tell the venue how the visit came out, once it stands in the journal."""
        visit, self._visit = self._visit, None
        if visit is None:
            return
        try:
            self.stages.counsel.settle(visit, decision, seq)
        except StorageFault:
            self.fault(Side.INNER, DevicePart.STORAGE, tick_ms)

    def emptied(self, officer: str, tick_ms: int) -> None:
        """An officer has looked into the lane: put on record, though no card is concerned."""
        said = self._said[Side.INNER]
        plain = said.passage(Deny(Reason.LANE_REFERRED), self._timing.now(), tick_ms)
        self._note(by_officer(plain, officer, "emptied"))

    def door(self, side: Side, event: DoorEvent) -> None:
        """What one of the doors did."""
        self._note(self._said[side].door(event, self._timing.now()))

    def fault(self, side: Side, part: DevicePart, tick_ms: int) -> None:
        """A part of the lane failed."""
        self._note(self._said[side].fault(part, self._timing.now(), tick_ms))

    def started(self, tick_ms: int) -> None:
        """This lane is ready. Raises StorageFault: without a journal, no lane."""
        said = self._said[Side.OUTER]
        self.last_seq = self._journal.append(said.started(self._timing.now(), tick_ms))
        self._note_clock(tick_ms)

    def ending(self) -> None:
        """The program ends: from here on it is what relocks."""
        for said in self._said.values():
            said.ending()

    def stopped(self, cause: StopCause, tick_ms: int) -> None:
        """The program has ended."""
        self._note(self._said[Side.OUTER].stopped(cause, self._timing.now(), tick_ms))

    def pulse(self, tick_ms: int) -> None:
        """Once a second: look at the clocks, and forget codes that could not be shown any more."""
        _, footing = self.ground(tick_ms)
        self.stages.replay.tidy(footing.at.now)

    def micros(self, side: Side) -> Mapping[str, int]:
        """Microseconds by stage so far."""
        return self._said[side].micros()

    def _note_clock(self, tick_ms: int) -> None:
        for event, off in self._timing.changes():
            self._note(self._said[Side.OUTER].clock(event, off, self._timing.now(), tick_ms))

    def _note(self, record: AuditRecord) -> None:
        """Append what is no decision, or go on without: the next decision finds out in time."""
        with suppress(StorageFault):
            self.last_seq = self._journal.append(record)


def _without_face(presented: Presented) -> Presented:
    return replace(presented, policy=replace(presented.policy, face=FaceRule.NONE))


def on_way(record: Passage, path: Path) -> Passage:
    """The record of a denial inside: a referral is the staff's, who turned back is on the way they came."""
    if not isinstance(record.visit, Visited):
        return record
    return structs.replace(record, visit=structs.replace(record.visit, path=path))


def by_officer(record: Passage, officer: str, *notes: str) -> Passage:
    """The record of a decision that a person took: who it was stands in it, by their role."""
    words = (f"officer.{officer}", *notes)
    if not isinstance(record.visit, Visited):
        visit = Visited(venue="lane", path=Path.STAFF, notes=words)
    else:
        given = tuple(dict.fromkeys((*record.visit.given, Factor.STAFF.value)))
        visit = structs.replace(
            record.visit, path=Path.STAFF, given=given, notes=(*record.visit.notes, *words)
        )
    return structs.replace(record, visit=visit)


def grants(decisions: Sequence[Decision]) -> Grant | None:
    """The one that all of these amount to: the shortest. None where one of them is no grant."""
    given = [decision for decision in decisions if isinstance(decision, Grant)]
    return min(given, key=lambda grant: grant.release_ms) if len(given) == len(decisions) else None
