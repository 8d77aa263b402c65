"""Scope and key of an issuer: where its cards may be used, and how its signatures are checked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from edge.card.claims import within
from edge.venue_names import venue_name

if TYPE_CHECKING:
    from datetime import datetime

    from edge.trust.status.jwk import ForeignKey


ANYWHERE: Final = "*"  # written out, so that a forgotten scope is an empty one


@dataclass(frozen=True, slots=True)
class Scope:
    """Where an issuer's cards may be used at all: kinds of venue, sites, and whose law holds there.

    `jurisdictions` are codes of ISO 3166-1 ("MO") and 3166-2 ("CN-GD"); a country's covers its parts.
    `venues` stay as the issuer wrote them: `gate` and `library` name one kind, and either covers the other.
    """

    venues: tuple[str, ...]
    sites: tuple[str, ...]
    jurisdictions: tuple[str, ...]

    def covers(self, *, venue: str, site: str, jurisdiction: str | None) -> bool:
        """Whether a door of this kind at this place is meant; one that names no jurisdiction is in none."""
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
    """One key of one issuer. `name` is the only `iss` its cards may carry; times are aware UTC.

    `list_key`: what its foreign status lists are signed with; None where that is the key itself.
    """

    kid: bytes
    name: str
    public_key: bytes
    scope: Scope
    valid_from: datetime
    valid_until: datetime
    issued_at: datetime
    list_key: ForeignKey | None = None
