"""The times that trust as a whole gives: the floor of the clock, and the age of each kind of data."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from worlds.trust import ISSUER, KID, LIST, NOW, URI

from edge.trust.generation import Generation
from edge.trust.site_policy import SitePolicy
from edge.trust.snapshot import TrustSnapshot
from edge.trust.time.freshness import TrustInput
from edge.trust.time.steady_time import FIRST

H = timedelta(hours=1)
OTHER = replace(ISSUER, kid=b"otherkid")


def trust(
    *, issuer: datetime = NOW, other: datetime = NOW, lists: tuple[datetime, ...] = (), **more: object
) -> TrustSnapshot:
    return TrustSnapshot.of(
        [replace(ISSUER, issued_at=issuer), replace(OTHER, issued_at=other)],
        {(KID, f"{URI}{number}"): replace(LIST, issued_at=at) for number, at in enumerate(lists)},
        **more,  # type: ignore[arg-type]
    )


def policy(at: datetime) -> SitePolicy:
    return SitePolicy("1", "*", at)


def published(at: datetime | None) -> Generation:
    return Generation(NOW + 9 * H, at, network_at=NOW + 8 * H)


FLOORS = {
    "a key": trust(issuer=NOW + H),
    "another key": trust(other=NOW + H),
    "a list": trust(lists=(NOW, NOW + H)),
    "the policy": trust(policy=policy(NOW + H)),
    "the publication": trust(generation=published(NOW + H)),
}


@pytest.mark.parametrize("snapshot", FLOORS.values(), ids=FLOORS)
def test_the_latest_signed_time_of_any_kind_is_the_floor(snapshot: TrustSnapshot) -> None:
    assert snapshot.floor == snapshot.issued(TrustInput.TIME) == NOW + H


def test_the_time_of_a_sync_is_that_of_a_network_and_no_floor() -> None:
    snapshot = trust(generation=published(None))
    assert (snapshot.synced_at, snapshot.published_at, snapshot.floor) == (NOW + 8 * H, None, NOW)
    assert trust().synced_at is None


def test_keys_are_as_old_as_the_newest_of_them_or_the_publication() -> None:
    assert trust(issuer=NOW + H).issued(TrustInput.KEYS) == NOW + H
    assert trust(other=NOW + H).issued(TrustInput.KEYS) == NOW + H
    assert trust(generation=published(NOW + 2 * H)).issued(TrustInput.KEYS) == NOW + 2 * H
    assert trust(generation=published(NOW - 2 * H)).issued(TrustInput.KEYS) == NOW


def test_lists_are_as_old_as_the_oldest_of_them() -> None:
    assert trust(lists=(NOW + H, NOW, NOW + 2 * H)).issued(TrustInput.STATUS) == NOW
    assert trust(generation=published(NOW)).issued(TrustInput.STATUS) is None


def test_a_policy_is_as_old_as_its_signature_or_the_publication() -> None:
    assert trust(policy=policy(NOW + H)).issued(TrustInput.POLICY) == NOW + H
    both = trust(policy=policy(NOW + H), generation=published(NOW + 2 * H))
    assert both.issued(TrustInput.POLICY) == NOW + 2 * H
    assert trust(generation=published(NOW)).issued(TrustInput.POLICY) is None


def of_issuers(*times: tuple[bytes, datetime]) -> TrustSnapshot:
    lists = {(kid, f"{URI}{n}"): replace(LIST, issued_at=at) for n, (kid, at) in enumerate(times)}
    return TrustSnapshot.of([ISSUER, OTHER], lists)


def test_a_time_is_vouched_for_by_the_publication_or_by_two_issuers() -> None:
    assert trust(lists=(NOW,), generation=published(NOW + H)).vouched_from == NOW + H
    assert of_issuers((KID, NOW), (OTHER.kid, NOW + 5 * H)).vouched_from == NOW
    assert of_issuers((KID, NOW), (KID, NOW + H), (OTHER.kid, NOW + 5 * H)).vouched_from == NOW + H
    assert of_issuers((KID, NOW), (KID, NOW - H)).vouched_from == NOW, "the only issuer"
    assert of_issuers().vouched_from == FIRST
