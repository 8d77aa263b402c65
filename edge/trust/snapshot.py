"""All trust data of this device at one moment. It is immutable; new trust replaces it whole."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from edge.trust.time.freshness import TrustInput
from edge.trust.time.steady_time import FIRST

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from edge.trust.generation import Generation
    from edge.trust.scope import IssuerKey
    from edge.trust.site_policy import SitePolicy
    from edge.trust.status.status import StatusList


@dataclass(frozen=True, slots=True)
class TrustSnapshot:
    """Issuers by key id, status lists by (key id, uri), and the latest time signed by any of them (`floor`).

    `policy`: the written policy of the site. `published_at`: the signed time of the publication. `synced_at`:
    the time, by this device's own clock, of the last sync over a network that brought a newer signed time.
    Each is None if there is none.
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
        """A snapshot of at least one issuer. Its floor is the latest signed time in it."""
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

    @property
    def vouched_from(self) -> datetime:
        """The signed time by which data may be destroyed (TIME.md section 6); FIRST if there is none.

        That of the publication. In a folder filled by hand: the latest time that two issuers have signed in
        their lists, so that one issuer alone vouches for no time, unless it is the only one.
        """
        if self.published_at is not None:
            return self.published_at
        latest: dict[bytes, datetime] = {}
        for (kid, _), status in self.status_lists.items():
            latest[kid] = max(status.issued_at, latest.get(kid, FIRST))
        return max(sorted(latest.values())[: max(len(latest) - 1, 1)], default=FIRST)

    def issued(self, kind: TrustInput) -> datetime | None:
        """The time at which this kind of data was signed; None if there is none of it.

        A publication confirms its keys and its policy, so they are as old as the publication, even if they
        were signed long before. Of several lists the oldest counts.
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


def _latest(*times: datetime | None) -> datetime | None:
    return max((time for time in times if time is not None), default=None)
