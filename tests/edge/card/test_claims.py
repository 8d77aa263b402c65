from __future__ import annotations

import pytest
from samples.cards import ordinary

from edge.card.claims import pseudonym, within

WITHIN = {
    "itself": ("tower-1", ("tower-1",), True),
    "a door inside": ("tower-1/lobby", ("tower-1",), True),
    "two levels inside": ("tower-1/b/lobby", ("tower-1",), True),
    "one of several": ("b/x", ("a", "b"), True),
    "a name with the same beginning": ("tower-10", ("tower-1",), False),
    "the site that contains it": ("tower-1", ("tower-1/lobby",), False),
    "a neighbour": ("tower-1/garage", ("tower-1/lobby",), False),
    "nowhere": ("tower-1", (), False),
}


@pytest.mark.parametrize(("site", "places", "expected"), WITHIN.values(), ids=WITHIN)
def test_a_site_covers_itself_and_the_sites_inside(site, places, expected):
    assert within(site, places) is expected


def test_a_card_without_a_scope_covers_every_site_of_its_issuer():
    assert ordinary().covers("tower-9/cellar")


def test_a_card_with_a_scope_covers_only_that():
    card = ordinary(scope=("tower-1/lobby", "tower-2"))
    assert [card.covers(site) for site in ("tower-1/lobby", "tower-2/x", "tower-1")] == [True, True, False]


def test_each_card_of_each_issuer_has_its_own_pseudonym():
    names = {
        pseudonym(kid, card) for kid in (b"issuer-1", b"issuer-2") for card in (b"card-001", b"card-002")
    }
    assert len(names) == 4
    assert all(len(name) == 12 and int(name, 16) >= 0 for name in names)
    assert pseudonym(b"issuer-1", b"card-001") == "a3b98f32873d"
