"""The venue `check`: requires the attributes of its purpose, and makes findings. CHECK.md sections 1, 2."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from edge.decision import Deny, Grant, Reason
from edge.errors import Refused
from edge.keyed_digest import DigestDomain
from edge.policy.obligations import Obligations
from edge.venues.check.result import PSEUDONYM_BYTES

if TYPE_CHECKING:
    from datetime import datetime

    from edge.card.attributes import Attribute
    from edge.card.person import Person
    from edge.decision import Decision
    from edge.policy.obligations import Visit


@dataclass(frozen=True, slots=True, kw_only=True)
class Purpose:
    """The purpose of a check. `request`: the attributes that it needs; the host receives no others.

    `tells_reason`: the host receives the reason of a denial; `compares`: a card's face is compared.
    """

    name: str
    request: tuple[Attribute, ...] = ()
    tells_reason: bool = False
    compares: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckFinding:
    """The finding of a check, before it is sealed and signed. `pseudonym`, `attributes`: of a grant only."""

    seq: int
    at: datetime
    site: str
    purpose: str
    granted: bool
    face: bool
    pseudonym: bytes | None = field(default=None, repr=False)
    attributes: tuple[tuple[Attribute, str], ...] = field(default=(), repr=False)
    reason: Reason | None = None


class Results(Protocol):
    """The store of findings. Raises StorageFault."""

    def enter(self, finding: CheckFinding) -> None:
        """Store it durably; the same `seq` at the same time again changes nothing."""
        ...


class CheckVenue:
    """Implements Venue: requires the attributes of its purpose, and stores each finding for the host."""

    def __init__(self, purpose: Purpose, sector_key: bytes, results: Results) -> None:
        """`sector_key`: 32 bytes that all devices of one host share, and no other host."""
        self._purpose = purpose
        self._key = sector_key
        self._results = results

    def evaluate(self, visit: Visit) -> Obligations:
        said = dict(visit.card.disclosed)
        if any(name not in said for name in self._purpose.request):
            raise Refused(Reason.DISCLOSURE_MISSING)
        return Obligations()

    def commit(self, visit: Visit, decision: Decision, seq: int) -> None:
        said = dict(visit.card.disclosed)
        granted = isinstance(decision, Grant)
        tells = isinstance(decision, Deny) and self._purpose.tells_reason
        self._results.enter(
            CheckFinding(
                seq=seq,
                at=visit.now,
                site=visit.site,
                purpose=self._purpose.name,
                granted=granted,
                face=granted and self._purpose.compares and visit.card.face is not None,
                pseudonym=self.pseudonym(visit.card.person) if granted else None,
                attributes=tuple((name, said[name]) for name in self._purpose.request if name in said)
                if granted
                else (),
                reason=decision.reason if tells and isinstance(decision, Deny) else None,
            )
        )

    def pseudonym(self, person: Person) -> bytes:
        """The pseudonym of a holder for this host only."""
        return person.digest(self._key, DigestDomain.CHECK_SUBJECT, size=PSEUDONYM_BYTES)
