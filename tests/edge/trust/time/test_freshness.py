"""The age of signed data, and the action that follows."""

from __future__ import annotations

from datetime import timedelta

import pytest
from worlds.trust import DAY, NOW

from edge.card.claims import Freshness
from edge.trust.time.clock_slack import CLOCK_SLACK
from edge.trust.time.freshness import AgeAction, AgePolicy, TrustInput, aged, strictest

S = timedelta(seconds=1)
FRESH, AGEING, STALE = Freshness.FRESH, Freshness.AGEING, Freshness.STALE
DEFAULTS = {  # kind, age: freshness, action
    "lists of a day": (TrustInput.STATUS, DAY, FRESH, AgeAction.PASS),
    "lists of more than a day": (TrustInput.STATUS, DAY + S, AGEING, AgeAction.PASS),
    "lists of a week": (TrustInput.STATUS, 7 * DAY, AGEING, AgeAction.PASS),
    "lists of more than a week": (TrustInput.STATUS, 7 * DAY + S, STALE, AgeAction.STAFF),
    "lists of now": (TrustInput.STATUS, 0 * S, FRESH, AgeAction.PASS),
    "lists of the future": (TrustInput.STATUS, -CLOCK_SLACK - S, STALE, AgeAction.STAFF),
    "a time of more than a week": (TrustInput.TIME, 7 * DAY + S, STALE, AgeAction.STAFF),
    "keys of a month": (TrustInput.KEYS, 30 * DAY, FRESH, AgeAction.PASS),
    "keys of more than a month": (TrustInput.KEYS, 30 * DAY + S, AGEING, AgeAction.PASS),
    "keys of half a life": (TrustInput.KEYS, 36_000 * DAY, AGEING, AgeAction.PASS),
    "a policy of more than a month": (TrustInput.POLICY, 30 * DAY + S, AGEING, AgeAction.PASS),
}


@pytest.mark.parametrize(("kind", "age", "freshness", "action"), DEFAULTS.values(), ids=DEFAULTS)
def test_each_kind_of_data_has_its_own_ages(
    kind: TrustInput, age: timedelta, freshness: Freshness, action: AgeAction
) -> None:
    found = aged(kind, NOW - age, NOW, AgePolicy().of(kind))
    assert (found.kind, found.issued_at, found.age) == (kind, NOW - age, age)
    assert (found.freshness, found.action) == (freshness, action)


def test_the_strictest_of_nothing_is_to_pass() -> None:
    assert strictest() is AgeAction.PASS
    assert strictest(AgeAction.PASS, AgeAction.STAFF, AgeAction.STEP_UP) is AgeAction.STAFF
