from __future__ import annotations

import re
from dataclasses import FrozenInstanceError, fields, replace
from datetime import datetime, timedelta

import pytest
from conftest import ROOT
from hypothesis import given
from hypothesis import strategies as st
from worlds.trust import DAY, GATE, ISSUER, KID, LIST, NOW, TRUST, URI, claims, shown, verified

from edge.card import ecard
from edge.card.claims import (
    Card,
    Document,
    Freshness,
    SealedReference,
    StatusPointer,
    TemplateReference,
    pseudonym,
)
from edge.card.code import parse_code
from edge.card.person import Person
from edge.decision import Reason
from edge.errors import Refused
from edge.trust.issuer_file import issuer_file, read_issuer
from edge.trust.scope import Scope
from edge.trust.snapshot import TrustSnapshot
from edge.trust.time.clock_slack import CLOCK_SLACK
from edge.trust.time.freshness import Budgets
from edge.trust.verify import verify

FACES = [None, TemplateReference(101, "mfn1", b"t" * 64), SealedReference(hash=b"h" * 16, key=b"k" * 16)]


@given(
    st.sampled_from(FACES),
    st.none() | st.just("pairwise"),
    st.booleans(),
    st.lists(st.integers(3, 15), max_size=2),
    st.sampled_from([(), ("tower-1",), ("tower-2/x", "tower-3")]),
    st.integers(0, 3),
)
def test_a_verified_card_holds_the_claims_of_its_issuer(face, subject, later, documents, scope, assurance):
    said = claims(
        face=face,
        subject=subject,
        not_before=NOW if later else NOW - DAY,
        documents=tuple(Document(7, b"document", 20_700, index) for index in documents),
        scope=scope,
        assurance=assurance,
    )
    changes = {field.name: getattr(said, field.name) for field in fields(said)}
    card = verified(**changes)
    assert card.person == Person(said.issuer, subject or said.card_id)
    del changes["subject"]
    assert {name: getattr(card, name) for name in changes} == changes
    assert (card.kid, card.presented_at, card.pseudonym) == (KID, NOW, pseudonym(KID, b"card0001"))
    assert (card.list_issued_at, card.list_age) == (LIST.issued_at, timedelta(hours=1))


def test_a_verified_card_cannot_be_changed():
    card = verified()
    with pytest.raises(FrozenInstanceError):
        card.assurance = 3


AGES = {
    "signed this second": (timedelta(0), Freshness.FRESH),
    "a day old": (DAY, Freshness.FRESH),
    "a day and a second": (DAY + timedelta(seconds=1), Freshness.AGEING),
    "a week": (7 * DAY, Freshness.AGEING),
    "a week and a second": (7 * DAY + timedelta(seconds=1), Freshness.STALE),
}


@pytest.mark.parametrize(("age", "expected"), AGES.values(), ids=AGES)
def test_the_age_of_the_list_comes_with_the_card(age, expected):
    trust = TrustSnapshot.of([ISSUER], {(KID, URI): replace(LIST, issued_at=NOW - age)})
    card = verified(trust=trust)
    assert (card.list_age, card.list_freshness) == (age, expected)


def test_a_list_past_its_exp_is_stale_at_any_age():
    trust = TrustSnapshot.of([ISSUER], {(KID, URI): replace(LIST, expires=NOW)})
    assert verified(trust=trust).list_freshness is Freshness.STALE


def test_a_site_may_set_other_budgets():
    signed = ecard.decode(parse_code(shown()))
    strict = replace(GATE, budgets=Budgets(fresh=timedelta(minutes=1), ageing=timedelta(minutes=2)))
    assert verify(signed, TRUST, now=NOW, context=strict).list_freshness is Freshness.STALE


def test_a_clock_before_the_floor_is_untrusted():
    with pytest.raises(Refused) as caught:
        verified(trust=replace(TRUST, floor=NOW + CLOCK_SLACK + timedelta(seconds=1)))
    assert caught.value.reason is Reason.CLOCK_UNTRUSTED


def test_a_clock_that_is_behind_is_the_reason_and_not_the_card():
    """The reason is the clock even for a card that is expired, not yet valid or stale by it."""
    for changes in ({}, {"not_before": NOW + DAY}, {"status": StatusPointer(URI, 1)}):
        with pytest.raises(Refused) as caught:
            verified(now=NOW - 300 * DAY, **changes)
        assert caught.value.reason is Reason.CLOCK_UNTRUSTED


def test_an_issuer_key_counts_only_at_sites_of_its_scope():
    here = replace(ISSUER, scope=Scope(("door",), ("tower-1",), ("CN-GD", "MO")))
    trust = TrustSnapshot.of([here], TRUST.status_lists)
    signed = ecard.decode(parse_code(shown()))
    gate_here = replace(GATE, jurisdiction="MO")
    assert verify(signed, trust, now=NOW, context=gate_here).issuer == "CN-GD"
    for elsewhere in (
        {"site": "tower-2"},
        {"venue": "desk"},
        {"jurisdiction": "CN-GX"},
        {"jurisdiction": None},
    ):
        with pytest.raises(Refused) as caught:
            verify(signed, trust, now=NOW, context=replace(gate_here, **elsewhere))
        assert caught.value.reason is Reason.ISSUER_SCOPE


JURISDICTIONS = {  # of the issuer, of the door, whether its cards count there
    "anywhere, at a door without one": (("*",), None, True),
    "anywhere, at a door with one": (("*",), "MO", True),
    "one, at a door without one": (("MO",), None, False),
    "one of two": (("CN-GD", "MO"), "MO", True),
    "another": (("CN-GD",), "MO", False),
    "a part, at a door in that part": (("CN-GD",), "CN-GD", True),
    "a country, at a door in a part of it": (("CN",), "CN-GD", True),
    "a part, at a door of the country": (("CN-GD",), "CN", False),
    "another part of the country": (("CN-GD",), "CN-GX", False),
    "a code with the same beginning": (("C", "CN-G"), "CN-GD", False),
}


@pytest.mark.parametrize(("of_issuer", "of_door", "counts"), JURISDICTIONS.values(), ids=JURISDICTIONS)
def test_an_issuer_counts_where_its_scope_names_the_doors_jurisdiction(of_issuer, of_door, counts):
    scope = Scope(("*",), ("*",), of_issuer)
    assert scope.covers(venue="door", site="tower-1", jurisdiction=of_door) is counts


VENUES = {  # of the issuer, of the door, whether its cards count there
    "an old issuer, at a library": ("gate", "library", True),
    "an issuer of today, at an old library": ("library", "gate", True),
    "both of today": ("library", "library", True),
    "both old": ("gate", "gate", True),
    "an old issuer, at another venue": ("gate", "door", False),
    "another issuer, at a library": ("desk", "library", False),
}


@pytest.mark.parametrize(("of_issuer", "of_door", "counts"), VENUES.values(), ids=VENUES)
def test_a_gate_is_a_library_in_a_scope(of_issuer, of_door, counts):
    scope = Scope((of_issuer,), ("*",), ("*",))
    assert scope.covers(venue=of_door, site="tower-1", jurisdiction=None) is counts


@pytest.mark.parametrize("of_issuer", ["gate", "library"])
def test_an_issuer_for_libraries_counts_at_one_by_either_name_and_keeps_its_word(of_issuer):
    """The issuer file keeps the venue's old name when an authority publishes it again."""
    name, data = issuer_file(replace(ISSUER, scope=Scope((of_issuer,), ("*",), ("*",))))
    issuer = read_issuer(name, KID, data)
    assert issuer.scope.venues == (of_issuer,)
    trust = TrustSnapshot.of([issuer], TRUST.status_lists)
    signed = ecard.decode(parse_code(shown()))
    for of_door in ("library", "gate"):
        assert verify(signed, trust, now=NOW, context=replace(GATE, venue=of_door)).issuer == "CN-GD"
    with pytest.raises(Refused) as caught:
        verify(signed, trust, now=NOW, context=replace(GATE, venue="door"))
    assert caught.value.reason is Reason.ISSUER_SCOPE


LIVES = {  # begin and end of the key's validity, whether a card issued a day ago is good now
    "begins as the card is issued": (NOW - DAY, NOW + DAY, True),
    "begins after the card was issued": (NOW - DAY + timedelta(seconds=1), NOW + DAY, False),
    "ends as the card is issued": (NOW - 9 * DAY, NOW - DAY, False),
    "ends after the card was issued, before now": (NOW - 9 * DAY, NOW - timedelta(seconds=1), False),
    "ends now": (NOW - 9 * DAY, NOW, False),
    "ends in a second": (NOW - 9 * DAY, NOW + timedelta(seconds=1), True),
}


@pytest.mark.parametrize(("begins", "ends", "good"), LIVES.values(), ids=LIVES)
def test_a_key_is_good_from_its_first_second_to_the_one_before_its_last(begins, ends, good):
    issuer = replace(ISSUER, valid_from=begins, valid_until=ends)
    trust = TrustSnapshot.of([issuer], TRUST.status_lists)
    if good:
        assert verified(trust=trust).issuer == "CN-GD"
    else:
        with pytest.raises(Refused) as caught:
            verified(trust=trust)
        assert caught.value.reason is Reason.ISSUER_SCOPE


def test_a_key_is_good_in_its_first_second():
    trust = TrustSnapshot.of([replace(ISSUER, valid_from=NOW)], TRUST.status_lists)
    assert verified(trust=trust, issued_at=NOW, not_before=NOW).issued_at == NOW


def test_a_card_issued_under_a_clock_ahead_waits_for_the_key_too():
    """The card is shown before the validity of the key begins, which is possible only if nbf is before iat."""
    begins = NOW + CLOCK_SLACK + timedelta(seconds=1)
    trust = TrustSnapshot.of([replace(ISSUER, valid_from=begins)], TRUST.status_lists)
    with pytest.raises(Refused) as caught:
        verified(trust=trust, issued_at=begins, not_before=NOW)
    assert caught.value.reason is Reason.ISSUER_SCOPE


def test_a_naive_time_is_an_assertion_error():
    signed = ecard.decode(parse_code(shown()))
    with pytest.raises(AssertionError, match="aware UTC"):
        verify(signed, TRUST, now=datetime(2026, 6, 15, 10), context=GATE)  # noqa: DTZ001  a naive time on purpose


def test_a_card_is_made_in_one_place_only():
    paths = [path for folder in ("edge", "hw", "tools") for path in (ROOT / folder).rglob("*.py")]
    calls = re.compile(rf"\b{Card.__name__}\((?!CardContent\))")
    makers = [path.relative_to(ROOT).as_posix() for path in paths if calls.search(path.read_text())]
    assert makers == ["edge/trust/verify.py"]


def test_the_repr_of_a_card_hides_its_holder():
    face = TemplateReference(101, "mfn1", b"secret template")
    seen = repr(verified(face=face, subject="pairwise-subject"))
    for secret in ("secret template", "pairwise-subject", "card0001", "index"):
        assert secret not in seen
