"""Builds the record of a passage: collects facts during it, and makes the record when it is decided.

A record holds only versions, ages, identifiers and measurements, and nothing that names a person.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict

import msgspec

from edge.audit.record import (
    ClockTrust,
    DoorChange,
    Outcome,
    Passage,
    Path,
    Started,
    TrustAge,
    Visited,
    utc_ms,
)
from edge.decision import Deny, Grant, Reason
from edge.passage.record.door_causes import DoorCauses
from edge.passage.requirements.visit_rules import Requirements
from edge.policy.obligations import Factor

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet
    from datetime import datetime

    from edge.card.claims import Card
    from edge.decision import Decision
    from edge.face.engine import FaceEvidence
    from edge.policy.decide import DoorPolicy
    from edge.policy.obligations import Obligations
    from edge.ports import DoorEvent
    from edge.trust.time.trust_age import TrustState


class RecordStamp(TypedDict):
    """The fields of every record: time, door, and version of the software."""

    time_ms: int
    tick_ms: int
    door: str
    version: str


@dataclass(frozen=True, slots=True)
class _CardFacts:
    """The fields of a card that a record holds: the card itself, with its template, is not kept."""

    pseudonym: str
    issuer: str
    assurance: int


class RecordBuilder:
    """Collects the facts for the record of one passage, and for the records of its door."""

    def __init__(self, policy: DoorPolicy, model: str | None, version: str, *, venue: str = "door") -> None:
        self._policy = policy
        self._venue = venue
        self._model = model
        self._version = version
        self._causes = DoorCauses()
        self._reset()

    def _reset(self) -> None:
        self._card: _CardFacts | None = None
        self._similarity: float | None = None
        self._fta: str | None = None
        self._foreign: str | None = None
        self._mended = False
        self._trust_state: TrustState | None = None
        self._micros: dict[str, int] = {}
        self._requirements = Requirements()
        self._given: frozenset[Factor] = frozenset()
        self._compared = False
        self._began_ms: int | None = None

    @property
    def trust_state(self) -> TrustState | None:
        """The trust state of the latest presentation."""
        return self._trust_state

    @property
    def obligations(self) -> Obligations | None:
        """The obligations of the visit; None before its card is verified."""
        return self._requirements.obligations if self._card else None

    def begin(self, trust_state: TrustState, tick_ms: int) -> None:
        """Begin a new presentation, judged by this trust state."""
        self._reset()
        self._trust_state = trust_state
        self._began_ms = tick_ms

    def required(self, requirements: Requirements, given: AbstractSet[Factor]) -> None:
        """Note the requirements of venue and risk, and the factors given so far."""
        self._requirements, self._given = requirements, frozenset(given)

    def card(self, card: Card) -> None:
        """Note the verified card."""
        self._card = _CardFacts(card.pseudonym, card.kid.hex(), card.assurance)
        self._trust_state = self._trust_state.under(card) if self._trust_state else None

    def mended(self) -> None:
        """Note that the code was read from a corrected drawing."""
        self._mended = True

    def foreign(self, kind: str) -> None:
        """Note the kind of a code that is not ours."""
        self._foreign = kind

    def face(self, evidence: FaceEvidence) -> None:
        """Note one frame; the record has the best similarity of the passage."""
        if evidence.similarity is not None:
            self._compared = True
            best = self._similarity
            self._similarity = evidence.similarity if best is None else max(best, evidence.similarity)
        self._fta = evidence.fta.value if evidence.fta else None
        for stage, ms in evidence.ms.items():
            self._micros[stage] = round(ms * 1000)

    def took(self, stage: str, nanoseconds: int) -> None:
        """Note the duration of a stage; the last one counts."""
        self._micros[stage] = nanoseconds // 1000

    def micros(self) -> dict[str, int]:
        """Microseconds by stage so far."""
        return dict(self._micros)

    def passage(self, decision: Decision, now: datetime, tick_ms: int) -> Passage:
        """The record of this decision."""
        reason = decision.reason if isinstance(decision, Deny) else None
        similarity, trust_state = self._similarity, self._trust_state
        suspect = reason is Reason.CLOCK_UNTRUSTED or (trust_state is not None and trust_state.at.suspect)
        return Passage(
            **self.stamp(now, tick_ms),
            outcome=Outcome.GRANT if isinstance(decision, Grant) else Outcome.DENY,
            reason=reason,
            card=self._card.pseudonym if self._card else None,
            issuer=self._card.issuer if self._card else None,
            assurance=self._card.assurance if self._card else None,
            similarity_milli=None if similarity is None else round(similarity * 1000),
            threshold_milli=None if similarity is None else round(self._policy.similarity * 1000),
            fta=self._fta if reason else None,
            model=self._model,
            policy=trust_state.policy if trust_state and trust_state.policy else self._policy.version,
            clock=ClockTrust.SUSPECT if suspect else ClockTrust.TRUSTED,
            trust=_ages(trust_state) if trust_state else (),
            stages_us=self._micros,
            visit=self._visited(decision, tick_ms) if self._card else msgspec.UNSET,
            mended=self._mended or msgspec.UNSET,
            foreign=self._foreign if reason is Reason.CODE_FOREIGN and self._foreign else msgspec.UNSET,
        )

    def _visited(self, decision: Decision, tick_ms: int) -> Visited:
        obligations = self._requirements.obligations
        return Visited(
            venue=self._venue,
            path=_path_of(obligations, decision, compared=self._compared),
            risk_signals=tuple(sign.value for sign in self._requirements.risk_signals),
            required=tuple(item.factor.value for item in obligations.required),
            given=tuple(factor.value for factor in Factor if factor in self._given),
            notices=tuple(sorted(note.value for note in obligations.notices)),
            waited_ms=0 if self._began_ms is None else max(0, tick_ms - self._began_ms),
        )

    def recorded(self, decision: Decision, seq: int) -> None:
        """Note that the decision has this number in the journal; only a grant moves the door."""
        if isinstance(decision, Grant):
            self._causes.granted(seq)

    def ending(self) -> None:
        """The program ends: from now on it is the cause of a relock."""
        self._causes.ending()

    def door(self, event: DoorEvent, now: datetime) -> DoorChange:
        """The record of an event of the door, with the passage that caused it."""
        cause, seq = self._causes.of(event)
        mark = event.mark
        return DoorChange(
            **self.stamp(now, event.tick_ms),
            change=event.kind,
            cause=cause,
            decision=seq,
            number=mark.number if mark else None,
            controller_ms=mark.tick_ms if mark else None,
        )

    def started(self, now: datetime, tick_ms: int) -> Started:
        """The record of a device that is ready."""
        return Started(**self.stamp(now, tick_ms), model=self._model, policy=self._policy.version)

    def adopt(self, policy: DoorPolicy) -> None:
        """Name this policy in the next records."""
        self._policy = policy

    def stamp(self, now: datetime, tick_ms: int) -> RecordStamp:
        """The fields that every record of this door has."""
        return RecordStamp(
            time_ms=utc_ms(now), tick_ms=tick_ms, door=self._policy.site, version=self._version
        )


def _path_of(obligations: Obligations, decision: Decision, *, compared: bool) -> Path:
    """The path of this visit: face, no face, or staff."""
    if any(item.factor is Factor.STAFF for item in obligations.required) and not isinstance(decision, Grant):
        return Path.STAFF
    return Path.FACE if compared else Path.NO_FACE


def _ages(trust_state: TrustState) -> tuple[TrustAge, ...]:
    return tuple(
        TrustAge(
            part=part.kind.value,
            issued_s=int(part.issued_at.timestamp()),
            age_s=int(part.age.total_seconds()),
        )
        for part in sorted(trust_state.ages, key=lambda part: part.kind)
    )
