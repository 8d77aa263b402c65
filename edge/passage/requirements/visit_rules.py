"""Collects what this visit must show besides card and face, from venue rules and risk signals.

card -> venue.evaluate -> Obligations -> risk signals -> step-ups this door can ask for -> Obligations
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from edge.passage.requirements.means import Means, possible
from edge.policy.obligations import Obligations, OpenVenue, StaffNotice, merge
from edge.policy.pin_tries import PinTries
from edge.policy.risk.signals import RiskContext, of_card, of_face
from edge.policy.risk.table import RiskPolicy
from edge.request.documents import check_documents, match_disclosed
from edge.request.request import check_disclosed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import tzinfo

    from edge.card.claims import Card
    from edge.decision import Decision, Reason
    from edge.face.engine import FaceEvidence
    from edge.policy.obligations import Factor, Venue, Visit
    from edge.policy.risk.signals import RiskHistory
    from edge.request.request import Request
    from edge.trust.time.trust_age import TrustState


@runtime_checkable
class HasStaffNotices(Protocol):
    """A venue that has notices for staff, also for refused visits."""

    def staff_notices(self, visit: Visit) -> frozenset[StaffNotice]: ...


@dataclass(frozen=True, slots=True)
class Requirements:
    """The obligations of one visit. `risk_signals`: their reason codes, for the record."""

    obligations: Obligations = field(default_factory=Obligations)
    risk_signals: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class VisitRules:
    """The rules of a place beside its door's policy. `kind`: the venue, as records name it.

    `request`: the request to every visitor; `document_keys`: keys for comparing document numbers, by the
    issuer's key id. `items`: takes scanned texts that are not cards, such as the code of a book; `lines`: the
    text for staff about a visit that a host refused. `pin_tries`: the wrong entries at each PIN.
    """

    kind: str = "door"
    venue: Venue = field(default_factory=OpenVenue)
    risk: RiskPolicy = field(default_factory=RiskPolicy)
    history: RiskHistory | None = None
    means: Means = field(default_factory=Means)
    pin_tries: PinTries = field(default_factory=PinTries)
    zone: tzinfo | None = None
    request: Request | None = None
    document_keys: Mapping[bytes, bytes] = field(default_factory=dict, repr=False)
    items: Callable[[str], None] | None = None
    lines: Callable[[], tuple[str, ...]] = tuple

    def require(self, visit: Visit, trust_state: TrustState, *, compares: bool) -> Requirements:
        """The requirements of this visit. `compares`: the door compares faces. Raises Refused."""
        self._check_request(visit)
        obligations = self.venue.evaluate(visit)
        signs: tuple[Reason, ...] = ()
        if self.history is not None:
            wrong = self.pin_tries.count(obligations.pin) if obligations.pin else 0
            context = RiskContext(visit.now, trust_state.at.suspect, self.zone, wrong)
            signs = of_card(visit.card, self.history, context, self.risk)
        return self._requirements(
            obligations, signs, self.means.able(visit.card, obligations, compares=compares)
        )

    def require_after_face(
        self, card: Card, requirements: Requirements, face: FaceEvidence, threshold: float
    ) -> Requirements:
        """The requirements once the face matches: a similarity close to the threshold is a risk signal."""
        found = of_face(face, threshold, self.risk)
        if self.history is None or not found or found[0] in requirements.risk_signals:
            return requirements
        able = self.means.able(card, requirements.obligations, compares=True)
        return self._requirements(requirements.obligations, (*requirements.risk_signals, *found), able)

    def commit(self, visit: Visit, decision: Decision, seq: int) -> None:
        """Tell the venue and the history a decision that is in the journal. Raises StorageFault."""
        if self.history is not None:
            self.history.learn(visit.card, decision, visit.now)
        self.venue.commit(visit, decision, seq)

    def notes(self, visit: Visit) -> frozenset[StaffNotice]:
        """The notices for staff about a refused visit: duress is reported for every result.

        Raises StorageFault.
        """
        return self.venue.staff_notices(visit) if isinstance(self.venue, HasStaffNotices) else frozenset()

    def _requirements(
        self, obligations: Obligations, signs: tuple[Reason, ...], able: frozenset[Factor]
    ) -> Requirements:
        risky = Obligations(self.risk.steps(signs, able))
        return Requirements(possible(merge((obligations, risky)), able), signs)

    def _check_request(self, visit: Visit) -> None:
        """Check the attributes and documents that this venue requires of every visitor. Raises Refused."""
        if self.request is None:
            return
        card, today = visit.card, visit.now.astimezone(self.zone or UTC).date()
        check_disclosed(card, self.request)
        check_documents(card, self.request.documents, today)
        if key := self.document_keys.get(card.kid):
            match_disclosed(card, today, key=key)
