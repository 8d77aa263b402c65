"""Whom this device believes, at one moment. Never changed, only replaced whole."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from edge.card.claims import within

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from edge.trust.status import StatusList

ANYWHERE: Final = "*"  # written out, so that a forgotten scope is an empty one


@dataclass(frozen=True, slots=True)
class Scope:
    """Where an issuer's cards may be used at all: kinds of venue, sites, and whose law holds there.

    `jurisdictions` are codes of ISO 3166-1 ("MO") and 3166-2 ("CN-GD"); a country's covers its parts.
    """

    venues: tuple[str, ...]
    sites: tuple[str, ...]
    jurisdictions: tuple[str, ...]

    def covers(self, *, venue: str, site: str, jurisdiction: str | None) -> bool:
        """Whether a door of this kind at this place is meant; one that names no jurisdiction is in none."""
        return (
            (ANYWHERE in self.venues or venue in self.venues)
            and (ANYWHERE in self.sites or within(site, self.sites))
            and (ANYWHERE in self.jurisdictions or self._reaches(jurisdiction))
        )

    def _reaches(self, jurisdiction: str | None) -> bool:
        return jurisdiction is not None and (
            jurisdiction in self.jurisdictions or jurisdiction.partition("-")[0] in self.jurisdictions
        )


@dataclass(frozen=True, slots=True)
class IssuerKey:
    """One key of one issuer. `name` is the only `iss` its cards may carry; times are aware UTC."""

    kid: bytes
    name: str
    public_key: bytes
    scope: Scope
    valid_from: datetime
    valid_until: datetime
    issued_at: datetime


@dataclass(frozen=True, slots=True)
class TrustSnapshot:
    """Issuers by key id, status lists by (key id, uri), and the latest time signed by any of them."""

    issuers: Mapping[bytes, IssuerKey]
    status_lists: Mapping[tuple[bytes, str], StatusList] = field(repr=False)
    floor: datetime
    sealed: Mapping[bytes, bytes] = field(default_factory=dict, repr=False)  # by `edge.trust.sealed.box_id`

    @classmethod
    def of(
        cls,
        issuers: Iterable[IssuerKey],
        status_lists: Mapping[tuple[bytes, str], StatusList],
        sealed: Mapping[bytes, bytes] = MappingProxyType({}),
    ) -> TrustSnapshot:
        """A snapshot whose floor is the latest signed time in it. At least one issuer."""
        by_kid = {issuer.kid: issuer for issuer in issuers}
        signed = [issuer.issued_at for issuer in by_kid.values()]
        signed += [status.issued_at for status in status_lists.values()]
        lists, boxes = MappingProxyType(dict(status_lists)), MappingProxyType(dict(sealed))
        return cls(MappingProxyType(by_kid), lists, max(signed), boxes)

    def raised_to(self, known: datetime) -> TrustSnapshot:
        """The same trust, with a floor of at least `known`: the last time this device stored."""
        return replace(self, floor=max(self.floor, known))
