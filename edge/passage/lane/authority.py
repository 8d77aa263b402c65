"""One authority at a lane, with its own trust, policy and journal.

If two authorities inspect jointly, each judges the same code by its own trust, jurisdiction, policy and
lists, and writes its own record with its own key. One passes only yes or no to the other.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from msgspec import structs

from edge.audit.record import Path, Visited
from edge.decision import Deny, Grant, Reason
from edge.passage.decision_point import DecisionPoint
from edge.passage.lane.events import Side
from edge.passage.presented import Presented
from edge.passage.stages import attempt
from edge.policy.decide import FaceRule
from edge.policy.obligations import Factor

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge.audit.record import Passage
    from edge.decision import Decision
    from edge.face.engine import FaceEvidence
    from edge.on_record import OnRecord
    from edge.passage.decision_point import PointParts
    from edge.passage.lane.officers.messages import Officers
    from edge.passage.presented import TurnedAway
    from edge.policy.staff_messages import StaffNews
    from edge.ports import Clock, Symbol


# A holder who goes back by their own decision is not referred to an officer.
_TURNED_BACK: Final = frozenset({Reason.PASSAGE_INTERRUPTED})


class NoOfficers:
    """The port `Officers` of an authority without officers at this lane: it sends and answers nothing."""

    def tell(self, news: object) -> None:
        pass

    def decisions(self) -> tuple[()]:
        return ()


class Authority(DecisionPoint):
    """One authority of a lane: judges the holder at both doors, alone or with another authority."""

    def __init__(
        self, parts: PointParts, clock: Clock, version: str, officers: Officers | None = None
    ) -> None:
        super().__init__(parts, clock, version, doors=tuple(Side))
        self.officers: Officers = officers or NoOfficers()
        self.presented: Presented | None = None
        self._way = Path.FACE  # the path of the holder at the outer door

    @property
    def last_seq(self) -> int:
        """The number of the last record that this program wrote into its journal."""
        return max(recorder.last_seq for recorder in self.recorders.values())

    def told_to_staff(self) -> tuple[StaffNews, ...]:
        """The messages to staff in the records of both doors since the last call."""
        return tuple(news for recorder in self.recorders.values() for news in recorder.told_to_staff())

    def present(self, symbols: Sequence[Symbol], tick_ms: int) -> Presented | TurnedAway | None:
        found = super().present(symbols, tick_ms)
        self.presented = found if isinstance(found, Presented) else None
        return found

    def looks_again(self, evidence: FaceEvidence) -> bool:
        """Whether a face that matches must be captured once more, with movements: its margin is small."""
        if self.presented is None:
            return False
        self.presented = self.stages.matched(self.presented, evidence)
        return self.presented.looks_again

    def ask_movements(self) -> None:
        """Ask this holder for movements of the head where a face is compared."""
        assert self.presented is not None
        self.presented = self.stages.with_movements(self.presented)

    def wants_face_outside(self) -> bool:
        """Whether this authority requires a face before the outer door, also in a lane that does not.

        The outer door leads only into the lane. The authority requires a face there if a check is uncertain.
        The face that its policy requires for the passage is compared inside.
        """
        assert self.presented is not None
        asked = {item.factor for item in self.presented.requirements.obligations.required}
        return Factor.CHALLENGE in asked or self.stages.needs_face(_without_face(self.presented))

    def conclude_outside(self, evidence: FaceEvidence | None, *, compared: bool) -> Decision:
        """The decision for the outer door. `compared`: a face was required, and `evidence` shows it."""
        assert self.presented is not None
        self.presented = replace(self.presented, face=evidence)
        return self.stages.conclude(self.presented if compared else _without_face(self.presented))

    def conclude_inside(self, evidence: FaceEvidence, tick_ms: int) -> Decision:
        """The decision for the inner door and this face, by the trust of this moment."""
        presented = self._now(tick_ms)
        if isinstance(presented, Deny):
            return presented
        return self.stages.conclude(replace(presented, face=evidence))

    def conclude_by_eye(self, tick_ms: int) -> Decision:
        """The decision for the inner door after an officer looked: this replaces the face, not the card."""
        presented = self._now(tick_ms)
        if isinstance(presented, Deny):
            return presented
        seen = replace(_without_face(presented), given=presented.given | {Factor.CHALLENGE})
        return self.stages.conclude(seen)

    def _now(self, tick_ms: int) -> Presented | Deny:
        """The card in the lane with the trust state of this moment, or an objection that is new."""
        assert self.presented is not None
        card = self.presented.card
        trust, trust_state = self.ground(tick_ms)
        stood = attempt(self.stages.recheck, card, trust, trust_state)
        return stood or replace(self.presented, trust_state=trust_state.under(card), face=None)

    def forget(self) -> None:
        """Overwrite the data of the holder."""
        super().forget()
        if self.presented is not None:
            self.presented.wipe()
        self.presented = None

    def record(
        self, side: Side, decision: Decision, tick_ms: int, officer: str | None = None
    ) -> tuple[int, OnRecord | None]:
        """Make this decision durable; its seq, and for a grant its proof. Raises StorageFault.

        `officer`: the role of the officer who decided in place of the device; it stands in the record.
        """
        recorder = self.recorders[side]
        if self.presented is not None:
            recorder.builder.required(self.presented.requirements, self.presented.given)
        record = recorder.passage(decision, tick_ms)
        if officer is not None:
            record = by_officer(record, officer)
        elif side is Side.INNER and isinstance(decision, Deny):
            record = on_way(record, self._way if decision.reason in _TURNED_BACK else Path.STAFF)
        made = recorder.decided(decision, record)
        if isinstance(record.visit, Visited):
            self._way = record.visit.path
        return made

    def emptied(self, officer: str, tick_ms: int) -> None:
        """Record that an officer declared the lane empty; no card is concerned."""
        recorder = self.recorders[Side.INNER]
        plain = recorder.passage(Deny(Reason.LANE_REFERRED), tick_ms)
        recorder.note(by_officer(plain, officer, "emptied"))


def _without_face(presented: Presented) -> Presented:
    return replace(presented, policy=replace(presented.policy, face=FaceRule.NONE))


def on_way(record: Passage, path: Path) -> Passage:
    """The record of a denial inside, with this path: staff for a referral, else that of the outer door."""
    if not isinstance(record.visit, Visited):
        return record
    return structs.replace(record, visit=structs.replace(record.visit, path=path))


def by_officer(record: Passage, officer: str, *notes: str) -> Passage:
    """The record of an officer's decision, with the role of the officer."""
    words = (f"officer.{officer}", *notes)
    if not isinstance(record.visit, Visited):
        visit = Visited(venue="lane", path=Path.STAFF, notices=words)
    else:
        given = tuple(dict.fromkeys((*record.visit.given, Factor.STAFF.value)))
        visit = structs.replace(
            record.visit, path=Path.STAFF, given=given, notices=(*record.visit.notices, *words)
        )
    return structs.replace(record, visit=visit)


def grants(decisions: Sequence[Decision]) -> Grant | None:
    """The grant of all decisions together, with the shortest release; None if one of them is a denial."""
    given = [decision for decision in decisions if isinstance(decision, Grant)]
    return min(given, key=lambda grant: grant.release_ms) if len(given) == len(decisions) else None
