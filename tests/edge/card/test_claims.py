from __future__ import annotations

from dataclasses import fields

import pytest
from samples.cards import NOW, ordinary

from edge.card.attributes import Disclosure
from edge.card.claims import (
    Card,
    Claims,
    Document,
    Freshness,
    Presentation,
    SealedReference,
    SignedCard,
    StatusPointer,
    TemplateReference,
    pseudonym,
    within,
)
from edge.card.code import Code
from edge.card.cose import Sign1
from edge.card.documents import DisclosedDocument
from edge.card.person import Person

# What the repr of each type shows. All else names a holder, holds a key, or opens a door.
SHOWN = {
    TemplateReference: {"format", "model"},
    SealedReference: set(),
    StatusPointer: {"uri"},
    Document: {"type", "expires_day"},
    Disclosure: {"attribute"},
    DisclosedDocument: {"type", "expires"},
    Presentation: {"presented_at", "audience"},
    SignedCard: {"kid"},
    Sign1: set(),
    Code: {"mended"},
    Person: {"issuer"},
}
OF_ALL = {"issuer", "issued_at", "not_before", "expires", "status", "face", "documents", "scope", "assurance"}
OF_A_CARD = {"kid", "person", "pseudonym", "presented_at", "audience", "list_issued_at", "list_age"}


@pytest.mark.parametrize(
    ("kind", "shown"),
    [*SHOWN.items(), (Claims, OF_ALL), (Card, OF_ALL | OF_A_CARD | {"list_freshness"})],
    ids=lambda each: getattr(each, "__name__", ""),
)
def test_a_repr_shows_these_fields_and_no_other(kind, shown):
    assert {each.name for each in fields(kind) if each.repr} == shown


def test_records_use_the_words_of_freshness():
    assert [*Freshness] == ["fresh", "ageing", "stale"]


def test_a_card_is_worth_nothing_more_than_it_says():
    plain = Claims(
        issuer="a",
        issued_at=NOW,
        not_before=NOW,
        expires=NOW,
        card_id=b"",
        holder_key=b"",
        status=StatusPointer("", 0),
    )
    assert (plain.assurance, plain.face, plain.documents, plain.scope, plain.redacted) == (
        0,
        None,
        (),
        (),
        (),
    )


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
