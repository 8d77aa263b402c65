"""Whom this device believes, at one moment. Never changed, only replaced whole."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from edge.card.claims import within
from edge.trust.time.freshness import TrustInput

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from edge.trust.generation import Generation
    from edge.trust.site_policy import SitePolicy
    from edge.trust.status.jwk import ForeignKey
    from edge.trust.status.status import StatusList

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


@dataclass(frozen=True, slots=True)
class TrustSnapshot:
    """Issuers by key id, status lists by (key id, uri), and the latest time signed by any of them.

    `policy`: the written policy of the site. `published_at`: the signed time of the publication that all of
    this came in. `synced_at`: when a network was last there, by this device's own clock. None: there is none.
    """

    issuers: Mapping[bytes, IssuerKey]
    status_lists: Mapping[tuple[bytes, str], StatusList] = field(repr=False)
    floor: datetime
    sealed: Mapping[bytes, bytes] = field(
        default_factory=dict, repr=False
    )  # by `edge.trust.sealed_template.box_id`
    policy: SitePolicy | None = None
    published_at: datetime | None = None
    synced_at: datetime | None = None

    @classmethod
    def of(
        cls,
        issuers: Iterable[IssuerKey],
        status_lists: Mapping[tuple[bytes, str], StatusList],
        sealed: Mapping[bytes, bytes] = MappingProxyType({}),
        *,
        policy: SitePolicy | None = None,
        generation: Generation | None = None,
    ) -> TrustSnapshot:
        """A snapshot whose floor is the latest signed time in it. At least one issuer."""
        by_kid = {issuer.kid: issuer for issuer in issuers}
        published_at = generation.signed_at if generation else None
        signed = [issuer.issued_at for issuer in by_kid.values()]
        signed += [status.issued_at for status in status_lists.values()]
        signed += [policy.issued_at] if policy else []
        signed += [published_at] if published_at else []
        return cls(
            MappingProxyType(by_kid),
            MappingProxyType(dict(status_lists)),
            max(signed),
            MappingProxyType(dict(sealed)),
            policy,
            published_at,
            generation.network_at if generation else None,
        )

    def issued(self, kind: TrustInput) -> datetime | None:
        """When this kind of data was signed; None where there is none of it.

        Whoever publishes says with it that these are the keys and this is the policy, however long ago they
        were made. Of several lists the oldest counts.
        """
        match kind:
            case TrustInput.KEYS:
                made = max((issuer.issued_at for issuer in self.issuers.values()), default=None)
                return _latest(made, self.published_at)
            case TrustInput.STATUS:
                return min((status.issued_at for status in self.status_lists.values()), default=None)
            case TrustInput.POLICY:
                return _latest(self.policy.issued_at, self.published_at) if self.policy else None
            case TrustInput.TIME:
                return self.floor

    def raised_to(self, known: datetime) -> TrustSnapshot:
        """The same trust, with a floor of at least `known`."""
        return replace(self, floor=max(self.floor, known))


def _latest(*times: datetime | None) -> datetime | None:
    return max((time for time in times if time is not None), default=None)
