"""The officers' side of a lane: one case at a time on each authority's screens, and the words about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edge.passage.lane import events as e
from edge.passage.lane.officer_messages import OfficerVerb, Referral, ReferralClosed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge.decision import Reason
    from edge.passage.lane.authority import Authority
    from edge.passage.lane.events import Why
    from edge.passage.lane.officer_messages import OfficerDecision


@dataclass(frozen=True, slots=True)
class OfficerDecided:
    """One officer, of the authority with this number, has settled it."""

    authority: int
    event: e.SentBack | e.Emptied


@dataclass(frozen=True, slots=True)
class AllOfficersAdmit:
    """Every authority's officer lets this holder through: their roles, in the order of the authorities."""

    officers: tuple[str, ...]


class Referrals:
    """Tells each authority's officers their own reason, and gathers what they say.

    One officer's "send back" is enough, and one's "empty". An admission needs a word from every authority:
    where two inspect, both let in.
    """

    def __init__(self, authorities: Sequence[Authority], site: str) -> None:
        self._authorities = authorities
        self._site = site
        self._open: list[Referral] = []
        self._told: list[Referral] = []
        self._admitted: dict[int, str] = {}
        self._barred = False  # a rule objects, which no word of an officer lifts

    def open(self, reasons: Sequence[Reason], why: Why) -> None:
        """A new case, to be told with the next update; of an older one nothing counts any more."""
        self.close()
        self._barred = False
        self._open = [
            Referral(case=authority.last_seq, lane=self._site, reason=reason, why=why)
            for authority, reason in zip(self._authorities, reasons, strict=True)
        ]

    def update(self, *, people: int | None, admissible: bool, party: tuple[int, int] | None) -> None:
        """How it looks in the lane now; told where it is news."""
        admissible = admissible and not self._barred
        now = [
            Referral(
                case=case.case,
                lane=case.lane,
                reason=case.reason,
                why=case.why,
                people=None if people is None else min(people, 99),
                admissible=admissible,
                party=party,
            )
            for case in self._open
        ]
        self._open = now
        if self._open != self._told:
            self._told = self._open
            for authority, case in zip(self._authorities, self._open, strict=True):
                authority.officers.tell(case)
        if not admissible:
            self._admitted.clear()  # they spoke of who stood there then

    def object(self, reasons: Sequence[Reason | None]) -> None:
        """They admitted, and a rule objects: each hears what their own authority says."""
        self._admitted.clear()
        self._barred = True
        self._open = [
            case if reason is None else Referral(case=case.case, lane=case.lane, reason=reason, why=case.why)
            for case, reason in zip(self._open, reasons, strict=True)
        ]

    def close(self) -> None:
        """Nobody needs to do anything any more."""
        for authority, case in zip(self._authorities, self._told, strict=False):
            authority.officers.tell(ReferralClosed(case=case.case))
        self._open = self._told = []
        self._admitted.clear()

    def hear(self) -> OfficerDecided | AllOfficersAdmit | None:
        """The first word that settles something."""
        for at, authority in enumerate(self._authorities):
            for ruling in authority.officers.rulings():
                if said := self._weigh(at, ruling):
                    return said
        return None

    def _weigh(self, at: int, ruling: OfficerDecision) -> OfficerDecided | AllOfficersAdmit | None:
        case = self._open[at] if self._open else None
        if case is None or ruling.case != case.case:
            return None  # about somebody who has gone
        match ruling.word:
            case OfficerVerb.SEND_BACK:
                return OfficerDecided(at, e.SentBack(ruling.officer))
            case OfficerVerb.EMPTY:
                return OfficerDecided(at, e.Emptied(ruling.officer))
            case OfficerVerb.ADMIT if case.admissible:
                self._admitted[at] = ruling.officer
                if len(self._admitted) == len(self._authorities):
                    return AllOfficersAdmit(tuple(self._admitted[each] for each in sorted(self._admitted)))
            case OfficerVerb.ADMIT:
                pass  # not alone, or no card to admit: the screen says so
        return None
