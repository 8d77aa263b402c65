"""The cards and lists that an issuer signs, and those that it refuses."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from worlds.office import HOLDER, NOW, TEMPLATE, URI, enrolment, new_issuer

from edge.card import cose
from edge.card.claims import SealedReference
from edge.card.documents import DisclosedDocument, DocumentType, digest
from edge.errors import InputError
from edge.trust.folder import load
from edge.trust.sealed_template import unseal
from tools.issuing.issuer import MAX_CARD_BYTES
from tools.issuing.register import CardStanding, IndexUse
from tools.issuing.wallet import Wallet

PASSPORT = DisclosedDocument(DocumentType.PASSPORT, "K 123-456.7", date(2031, 5, 4))
LICENCE = DisclosedDocument(DocumentType.DRIVING_LICENCE, "998877", date(2027, 1, 1))


def claims_of(issued):
    return Wallet(HOLDER, issued.card).claims()


def test_card_has_the_requested_claims_and_no_name():
    issuer = new_issuer()
    issued = issuer.enrol(
        enrolment(scope=("tower-1/lobby",), assurance=3, papers=(PASSPORT, LICENCE)), now=NOW
    )
    claims = claims_of(issued)
    assert claims.issuer == "tower-1"
    assert claims.subject is None
    assert (claims.issued_at, claims.not_before, claims.expires) == (NOW, NOW, NOW + timedelta(days=30))
    assert claims.face == TEMPLATE
    assert claims.scope == ("tower-1/lobby",)
    assert claims.assurance == 3
    assert claims.status.uri == URI
    assert [document.type for document in claims.documents] == [2, 5]
    assert b"1234567" not in issued.card
    assert b"998877" not in issued.card


def test_register_holds_an_entry_for_the_card_and_one_for_each_document():
    issuer = new_issuer()
    issued = issuer.enrol(enrolment(papers=(PASSPORT, LICENCE)), now=NOW)
    claims = claims_of(issued)
    expected = [(claims.status.index, IndexUse.CARD)] + [
        (paper.index, IndexUse.DOCUMENT) for paper in claims.documents
    ]
    assert [(entry.index, entry.part) for entry in issued.entries] == expected
    assert set(issuer.register) == set(issued.entries)
    assert {entry.card_id for entry in issued.entries} == {claims.card_id}


def test_cards_of_one_holder_share_no_id_and_no_document_digest():
    issuer = new_issuer()
    one, other = (claims_of(issuer.enrol(enrolment(papers=(PASSPORT,)), now=NOW)) for _ in range(2))
    assert one.card_id != other.card_id
    assert one.status.index != other.status.index
    assert one.documents[0].ref != other.documents[0].ref


def test_desk_with_key_and_document_makes_the_digest_from_any_grouping_of_the_number():
    claims = claims_of(new_issuer().enrol(enrolment(papers=(PASSPORT,)), now=NOW))
    shown = DisclosedDocument(DocumentType.PASSPORT, "k1234567", date(2031, 5, 4))
    assert digest(shown, card_id=claims.card_id, key=b"d" * 32) == claims.documents[0].ref
    assert digest(shown, card_id=claims.card_id, key=b"e" * 32) != claims.documents[0].ref
    assert claims.documents[0].expires_day == (date(2031, 5, 4) - date(1970, 1, 1)).days


def test_sealed_card_holds_a_key_and_its_box_opens_to_the_template():
    issuer = new_issuer()
    issued = issuer.enrol(enrolment(sealed=True), now=NOW)
    face = claims_of(issued).face
    assert isinstance(face, SealedReference)
    assert issued.box is not None
    assert TEMPLATE.data not in issued.card
    assert TEMPLATE.data not in issued.box
    snapshot = load(dict(issuer.publish(NOW, boxes=[issued.box])))
    assert unseal(face, snapshot.sealed) == TEMPLATE


@pytest.mark.parametrize(("act", "kept"), [("suspend", True), ("revoke", False)])
def test_box_of_a_revoked_card_is_no_longer_published(act, kept):
    issuer = new_issuer()
    issued = issuer.enrol(enrolment(sealed=True), now=NOW)
    getattr(issuer, act)(issued.entries[0].index)
    names = [name for name, _ in issuer.publish(NOW, boxes=[issued.box])]
    assert any(name.startswith("sealed/") for name in names) is kept


def test_box_without_a_card_of_this_issuer_is_not_published():
    names = [name for name, _ in new_issuer().publish(NOW, boxes=[b"a box of another issuer"])]
    assert len(names) == 2


def test_published_list_has_the_standing_of_every_card():
    issuer = new_issuer(capacity=100)
    good, suspended, revoked = (issuer.enrol(enrolment(), now=NOW).entries[0].index for _ in range(3))
    issuer.suspend(suspended)
    issuer.revoke(revoked)
    assert issuer.suspend(good).standing is CardStanding.SUSPENDED
    issuer.reinstate(good)
    (status,) = load(dict(issuer.publish(NOW))).status_lists.values()
    assert status.size == 100
    assert [index for index in range(100) if status.revoked[index // 8] >> index % 8 & 1] == [revoked]
    assert [index for index in range(100) if status.suspended[index // 8] >> index % 8 & 1] == [suspended]
    assert status.issued_at == NOW


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"expires": NOW}, "exp"),
        ({"not_before": NOW + timedelta(days=31)}, "exp"),
        ({"assurance": 4}, "assurance"),
        ({"scope": ("Tower 1",)}, "scope"),
        ({"scope": tuple(f"site-{i}" for i in range(9))}, "scope"),
        ({"holder_key": b"short"}, "cnf"),
        ({"papers": (DisclosedDocument(70_000, "1", date(2030, 1, 1)),)}, "document"),
        ({"papers": (DisclosedDocument(2, "1", NOW.date() - timedelta(days=1)),)}, "expired"),
        ({"papers": (DisclosedDocument(2, "***", date(2030, 1, 1)),)}, "number"),
        ({"papers": (DisclosedDocument(2, "", date(2030, 1, 1)),)}, "number"),
        ({"scope": tuple(f"{'long-' * 12}{i}" for i in range(8))}, "a door reads at most"),
    ],
)
def test_card_that_a_door_would_refuse_is_never_signed_nor_registered(changes, complaint):
    issuer = new_issuer()
    with pytest.raises(InputError, match=complaint):
        issuer.enrol(enrolment(**changes), now=NOW)
    assert list(issuer.register) == []


def test_largest_card_still_makes_a_code_with_the_longest_audience_and_nonce():
    sites = ("a" * 40, "b" * 64, "c" * 64, "d" * 64)
    issued = new_issuer().enrol(enrolment(scope=sites, papers=(PASSPORT, LICENCE)), now=NOW)
    assert MAX_CARD_BYTES - 64 < len(issued.card) <= MAX_CARD_BYTES
    Wallet(HOLDER, issued.card).code(NOW, aud="x" * 64, cnonce=bytes(16))


def test_key_id_is_that_of_the_published_key():
    issuer = new_issuer(seed=9)
    assert issuer.kid == cose.kid_of(cose.public_key(bytes([9]) * 32))
    assert list(load(dict(issuer.publish(NOW))).issuers) == [issuer.kid]
