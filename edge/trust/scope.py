"""Scope and key of an issuer: the doors for its cards, and the key for its signatures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from edge.card.claims import within
from edge.venue_names import venue_name

if TYPE_CHECKING:
    from datetime import datetime

    from edge.trust.status.jwk import ForeignKey


ANYWHERE: Final = "*"  # must be written, so that a forgotten scope covers nothing


@dataclass(frozen=True, slots=True)
class Scope:
    """The venues, sites and jurisdictions in which an issuer's cards count.

    `jurisdictions` are codes of ISO 3166-1 ("MO") and 3166-2 ("CN-GD"); a country's code covers its parts.
    `venues` stay as the issuer wrote them: `gate` and `library` name one kind, and each covers the other.
    """

    venues: tuple[str, ...]
    sites: tuple[str, ...]
    jurisdictions: tuple[str, ...]

    def covers(self, *, venue: str, site: str, jurisdiction: str | None) -> bool:
        """Whether the scope covers this door; only "*" covers a door without a jurisdiction."""
        return (
            (ANYWHERE in self.venues or venue_name(venue) in map(venue_name, self.venues))
            and (ANYWHERE in self.sites or within(site, self.sites))
            and (ANYWHERE in self.jurisdictions or self._reaches(jurisdiction))
        )

    def _reaches(self, jurisdiction: str | None) -> bool:
        return jurisdiction is not None and (
            jurisdiction in self.jurisdictions or jurisdiction.partition("-")[0] in self.jurisdictions
        )


@dataclass(frozen=True, slots=True)
class IssuerKey:
    """One key of one issuer. `name` is the only `iss` that its cards may have; times are aware UTC.

    `list_key`: the key that signs its foreign status lists; None if `public_key` signs them.
    """

    kid: bytes
    name: str
    public_key: bytes
    scope: Scope
    valid_from: datetime
    valid_until: datetime
    issued_at: datetime
    list_key: ForeignKey | None = None
