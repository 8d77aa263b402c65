"""Whole passages at a place without a lock: from a code on a phone to the records of the venue."""

from __future__ import annotations

from dataclasses import replace

from worlds.passage_site import FACE, Site
from worlds.trust import HOLDER, SEED, claims

from edge.card.attributes import Attribute, Disclosure
from edge.card.encode import sign_card, sign_presentation
from edge.decision import Reason
from edge.passage.machine import PassageState
from edge.passage.requirements.visit_rules import VisitRules
from edge.policy.obligations import Venue
from hw.door.strike_none import NoStrike


class Counter(Site):
    """A device that moves no lock, with the rules of a venue."""

    def __init__(self, kind: str, venue: Venue) -> None:
        super().__init__()
        self.strike = NoStrike(self.clock)
        self.tape._door = self.strike
        visit_rules = VisitRules(kind=kind, venue=venue)
        self.verifier.adopt(replace(self.stages, visit_rules=visit_rules), self.times)

    def shows(self, said: dict[str, str], *, who: str = "holder", subject: str = "s1") -> Reason | None:
        """One passage to its end: the reason on record, or None for a granted passage."""
        told = [
            Disclosure(bytes([n]) * 16, text, Attribute(name)) for n, (name, text) in enumerate(said.items())
        ]
        digests = tuple(sorted(one.digest() for one in told))
        card = sign_card(claims(face=FACE, subject=subject, redacted=digests), SEED)
        before = len(self.passages)
        text = sign_presentation(card, HOLDER, iat=self.clock.now(), disclosures=told)
        self.reader.in_view, self.engine.who = (text,), who
        for _ in range(400):
            self.see()
            if len(self.passages) > before:
                self.reader.in_view = ()
                if self.verifier.state is PassageState.IDLE:
                    break
        assert self.verifier.state is PassageState.IDLE, "the passage did not end"
        (passage,) = self.passages[before:]
        return passage.reason
