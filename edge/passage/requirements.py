"""What a place and its past say of a visit, before the face and after it: terms, and what can be asked for.

    card -> venue.evaluate -> Obligations -> risk signals -> step-ups this door can ask for -> Obligations

What nobody here can be asked for becomes STAFF: no factor is ever left out because a part is missing.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from edge.audit.record import Path
from edge.decision import Grant
from edge.errors import Refused, StorageFault
from edge.policy.decide import FaceRule
from edge.policy.obligations import Factor, Obligation, Obligations, OpenVenue, StaffNotice, merge
from edge.policy.risk_signals import RiskContext, of_card, of_face
from edge.policy.risk_table import RiskPolicy
from edge.request.documents import check_documents, match_disclosed
from edge.request.request import check_disclosed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import tzinfo

    from edge.card.claims import Card
    from edge.decision import Decision, Reason
    from edge.face.engine import FaceEvidence
    from edge.passage.request_display import RequestDisplay
    from edge.policy.decide import DoorPolicy
    from edge.policy.obligations import Host, Venue, Visit
    from edge.policy.risk_signals import RiskHistory
    from edge.request.request import Request
    from edge.trust.time.trust_age import TrustState

# Who has no face to compare gives one of these in its place.
_IN_PLACE_OF_A_FACE = frozenset({Factor.PIN, Factor.DOCUMENT, Factor.HOST, Factor.STAFF})
# These nobody has to be able to do: a person comes, or does not.
_ALWAYS = frozenset({Factor.COMPANION, Factor.STAFF})


@dataclass(frozen=True, slots=True)
class Means:
    """What this door has to ask with. `notice`: its own code on its screen."""

    keypad: bool = False
    notice: RequestDisplay | None = None
    host: Host | None = None


@runtime_checkable
class HasStaffNotices(Protocol):
    """A venue that knows things of its visitors besides its terms."""

    def notes(self, visit: Visit) -> frozenset[StaffNotice]: ...


@dataclass(frozen=True, slots=True)
class Requirements:
    """What is said of one visit. `signs`: codes of risk, for the record."""

    terms: Obligations = field(default_factory=Obligations)
    signs: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class VisitRules:
    """The rules of a place beside its door's policy. `kind`: of venue, as records name it.

    `request`: what it asks of everybody; `document_keys`: by issuer's key id, to compare numbers under.
    `items`: takes what the scanner reads that is no card, such as the code of a book; `lines`: what staff see
    of the visit that a host refused.
    """

    kind: str = "door"
    venue: Venue = field(default_factory=OpenVenue)
    risk: RiskPolicy = field(default_factory=RiskPolicy)
    past: RiskHistory | None = None
    means: Means = field(default_factory=Means)
    zone: tzinfo | None = None
    request: Request | None = None
    document_keys: Mapping[bytes, bytes] = field(default_factory=dict, repr=False)
    items: Callable[[str], None] | None = None
    lines: Callable[[], tuple[str, ...]] = tuple

    def advise(self, visit: Visit, footing: TrustState, *, compares: bool) -> Requirements:
        """The terms of this visit. `compares`: its face can be. Raises Refused."""
        self._check_request(visit)
        terms = self.venue.admit(visit)
        able = self._able(visit.card, terms, compares=compares)
        signs: tuple[Reason, ...] = ()
        if self.past is not None:
            moment = RiskContext(visit.now, footing.at.suspect, self.zone)
            signs = of_card(visit.card, self.past, moment, self.risk)
        return Requirements(
            self._possible(merge((terms, Obligations(self.risk.steps(signs, able)))), able), signs
        )

    def reconsider(
        self, card: Card, advice: Requirements, face: FaceEvidence, threshold: float
    ) -> Requirements:
        """The same once the face matches: by how little it does is a sign like others."""
        found = of_face(face, threshold, self.risk)
        if self.past is None or not found or found[0] in advice.signs:
            return advice
        signs = (*advice.signs, *found)
        able = self._able(card, advice.terms, compares=True)
        more = Obligations(self.risk.steps(signs, able))
        return Requirements(self._possible(merge((advice.terms, more)), able), signs)

    def settle(self, visit: Visit, decision: Decision, seq: int) -> None:
        """It was decided, and stands in the journal. Raises StorageFault."""
        if self.past is not None:
            self.past.learn(visit.card, decision, visit.now)
        self.venue.settle(visit, decision, seq)

    def noticed(self, visit: Visit) -> Requirements:
        """What staff should know of a visit that is refused: duress is told whatever the door does."""
        with suppress(StorageFault, Refused):
            if isinstance(self.venue, HasStaffNotices):
                return Requirements(Obligations(notes=self.venue.notes(visit)))
        return Requirements()

    def _check_request(self, visit: Visit) -> None:
        """What this venue asks of everybody: attributes, and documents that are there, and good."""
        if self.request is None:
            return
        card, today = visit.card, visit.now.astimezone(self.zone or UTC).date()
        check_disclosed(card, self.request)
        check_documents(card, self.request.documents, today)
        if key := self.document_keys.get(card.kid):
            match_disclosed(card, today, key=key)

    def _able(self, card: Card, terms: Obligations, *, compares: bool) -> frozenset[Factor]:
        means = self.means
        has = {
            Factor.CHALLENGE: compares and card.face is not None and StaffNotice.NO_FACE not in terms.notes,
            Factor.NONCE: means.notice is not None,
            Factor.PIN: means.keypad and terms.pin is not None,
            Factor.DOCUMENT: True,
            Factor.HOST: means.host is not None,
        }
        return frozenset(factor for factor, is_there in has.items() if is_there)

    def _possible(self, terms: Obligations, able: frozenset[Factor]) -> Obligations:
        asked = tuple(
            item if item.factor in able | _ALWAYS else Obligation(Factor.STAFF, item.reason)
            for item in terms.asked
        )
        return merge((replace(terms, asked=asked),))


def policy_for(policy: DoorPolicy, terms: Obligations, *, face_is_written: bool) -> DoorPolicy:
    """The door's policy under these terms: a challenge needs a face, and who has none gives something else.

    `face_is_written`: the site's signed policy wants a face of everybody, which no venue lifts.
    """
    factors = {item.factor for item in terms.asked}
    if Factor.CHALLENGE in factors:
        return replace(policy, face=FaceRule.REQUIRED)
    if StaffNotice.NO_FACE in terms.notes and factors & _IN_PLACE_OF_A_FACE and not face_is_written:
        return replace(policy, face=FaceRule.NONE)
    return policy


def path_of(terms: Obligations, decision: Decision, *, compared: bool) -> Path:
    """Which of the ways that every venue has this visit took."""
    if any(item.factor is Factor.STAFF for item in terms.asked) and not isinstance(decision, Grant):
        return Path.STAFF
    return Path.FACE if compared else Path.NO_FACE
