"""Sends referrals of a lane to the officers of each authority, and collects their decisions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import structs

from edge.passage.lane import events as e
from edge.passage.lane.officers.messages import OfficerVerb, Referral, ReferralClosed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge.decision import Reason
    from edge.passage.lane.authority import Authority
    from edge.passage.lane.evaluation import LaneEvaluation
    from edge.passage.lane.events import Why
    from edge.passage.lane.officers.messages import OfficerDecision


class Referrals:
    """Sends each authority's officers their own reason, and collects their decisions.

    One officer's "send back" is enough, and one officer's "empty". An admission needs an officer of every
    authority.
    """

    def __init__(self, authorities: Sequence[Authority], judging: LaneEvaluation, site: str) -> None:
        self._authorities = authorities
        self._judging = judging
        self._site = site
        self._open: list[Referral] = []
        self._told: list[Referral] = []
        self._admitted: dict[int, str] = {}
        self._spoken: dict[int, str] = {}
        self._barred = False  # a rule objects, and no officer can lift it

    def open(self, reasons: Sequence[Reason], why: Why) -> None:
        """Open a new referral, which the next update sends; an older one is closed."""
        self.close()
        self._barred = False
        self._open = [
            Referral(referral=authority.last_seq, lane=self._site, reason=reason, why=why)
            for authority, reason in zip(self._authorities, reasons, strict=True)
        ]

    def update(self, *, people: int | None, admissible: bool, party: tuple[int, int] | None) -> None:
        """Put the state of the lane into the referral, and send it if it has changed."""
        admissible = admissible and not self._barred
        seen = None if people is None else min(people, 99)
        self._open = [
            structs.replace(referral, people=seen, admissible=admissible, party=party)
            for referral in self._open
        ]
        if self._open != self._told:
            self._told = self._open
            for authority, referral in zip(self._authorities, self._open, strict=True):
                authority.officers.tell(referral)
        if not admissible:
            self._admitted.clear()  # their decisions were about the person who was there then

    def close(self) -> None:
        """Close the referral on all screens."""
        for authority, referral in zip(self._authorities, self._told, strict=False):
            authority.officers.tell(ReferralClosed(referral=referral.referral))
        self._open = self._told = []
        self._admitted.clear()

    def take_spoken(self) -> dict[int, str]:
        """The officers whose decision is recorded next: their roles, by the numbers of the authorities."""
        spoken, self._spoken = self._spoken, {}
        return spoken

    def hear(self, tick_ms: int, *, alone: bool) -> e.LaneEvent | None:
        """The event of the first decision that has an effect. `alone`: one person is in the shut lane."""
        for at, authority in enumerate(self._authorities):
            for decision in authority.officers.decisions():
                if event := self._weigh(at, decision, tick_ms, alone=alone):
                    return event
        return None

    def _weigh(self, at: int, decision: OfficerDecision, tick_ms: int, *, alone: bool) -> e.LaneEvent | None:
        referral = self._open[at] if self._open else None
        if referral is None or decision.referral != referral.referral:
            return None  # about a holder who has gone
        match decision.verb:
            case OfficerVerb.SEND_BACK:
                self._spoken = {at: decision.officer}
                return e.SentBack(decision.officer)
            case OfficerVerb.EMPTY:
                for number, authority in enumerate(self._authorities):
                    authority.emptied(decision.officer if number == at else "joint", tick_ms)
                return e.Emptied(decision.officer)
            case OfficerVerb.ADMIT if referral.admissible:
                self._admitted[at] = decision.officer
                return self._all_admit(tick_ms) if alone else None
            case OfficerVerb.ADMIT:
                return None  # not alone, or no card to admit, as the screen shows

    def _all_admit(self, tick_ms: int) -> e.LaneEvent | None:
        """Ask policy about the card once an officer of every authority admits the person."""
        if len(self._admitted) < len(self._authorities) or not self._judging.is_known:
            return None
        officers = {at: self._admitted[at] for at in sorted(self._admitted)}
        answer = self._judging.by_eye(officers[0], tick_ms)
        if isinstance(answer, e.Admitted):
            self._spoken = officers
            return answer
        self._bar(answer)
        return None

    def _bar(self, reasons: Sequence[Reason | None]) -> None:
        """Show the officers the objection of their own authority, which bars the admission."""
        self._admitted.clear()
        self._barred = True
        self._open = [
            referral
            if reason is None
            else Referral(referral=referral.referral, lane=referral.lane, reason=reason, why=referral.why)
            for referral, reason in zip(self._open, reasons, strict=True)
        ]
