"""A request and its answer: a screen asks, a holder agrees, the desk verifies the answer and refuses others."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from worlds.office import NOW, new_holder, new_issuer

from edge.card import cose, ecard
from edge.card.attributes import Attribute
from edge.card.claims import Card
from edge.card.code import parse_code
from edge.card.documents import DisclosedDocument, DocumentType
from edge.decision import Reason
from edge.errors import Refused
from edge.passage.requirements.request_display import DisplayMode, RequestDisplay
from edge.request.code import RequestSigner, read_request
from edge.request.documents import check_documents, match_disclosed
from edge.request.request import Request, asked_for, check_disclosed
from edge.trust import folder
from edge.trust.verify import VerificationContext, verify
from hw.sim.screen import SimScreen

DEVICE, DOCUMENT_KEY, TODAY = b"d" * 32, b"d" * 32, date(2026, 3, 2)
SAID = {
    Attribute.FAMILY_NAME: "Fernandes",
    Attribute.GIVEN_NAME: "Maria Joana",
    Attribute.NATIONALITY: "PRT",
    Attribute.DOCUMENT_TYPE: "passport",
    Attribute.DOCUMENT_NUMBER: "CA123456",
    Attribute.ADDRESS: "Avenida da Praia Grande 12",
}
REQUEST = Request(
    site="inn/desk",
    purpose="to register you as a guest",
    needed=(Attribute.FAMILY_NAME, Attribute.DOCUMENT_TYPE, Attribute.DOCUMENT_NUMBER),
    optional=(Attribute.NATIONALITY,),
    documents=(DocumentType.PASSPORT,),
    retention_days=30,
)


class Inn:
    """A desk with a screen, and a guest before it."""

    def __init__(self, number: str = "CA123456") -> None:
        issuer = new_issuer()
        papers = (DisclosedDocument(DocumentType.PASSPORT, number, date(2031, 5, 4)),)
        self.wallet = new_holder(issuer, attributes=SAID, papers=papers)
        self.trust = folder.load(dict(issuer.publish(NOW)))
        certificate = issuer.certify(
            cose.public_key(DEVICE), "inn", "Pousada", askable=SAID, retention_days=30, now=NOW
        )
        numbers = iter(number.to_bytes(8, "big") for number in range(1, 99))
        signer = RequestSigner(DEVICE, REQUEST, certificate)
        self.board = SimScreen()
        self.display = RequestDisplay(self.board, signer.at, lambda: next(numbers), DisplayMode.NEEDED)

    def shown(self, second: int) -> str:
        """The code on the screen at this second."""
        self.display.turn(NOW + timedelta(seconds=second), second * 1_000)
        return self.board.current

    def answer(self, screen: str, second: int, *agreed: Attribute) -> str:
        """The code on the guest's phone at this second."""
        now = NOW + timedelta(seconds=second)
        known = read_request(screen, self.wallet.authorities, now=now)
        return self.wallet.code(now, aud=known.request.site, cnonce=known.nonce, disclose=agreed)

    def judge(self, code: str, second: int) -> Card | Reason:
        """The desk's verdict at this second: the card, or the reason of the refusal."""
        context = VerificationContext(
            site="inn/desk", venue="desk", nonce=self.display.nonce, nonce_before=self.display.nonce_before
        )
        try:
            return verify(
                ecard.decode(parse_code(code)),
                self.trust,
                now=NOW + timedelta(seconds=second),
                context=context,
            )
        except Refused as refused:
            return refused.reason


def test_the_desk_verifies_what_a_guest_discloses():
    inn = Inn()
    card = inn.judge(inn.answer(inn.shown(0), 3, *REQUEST.needed), 5)
    assert isinstance(card, Card)
    check_disclosed(card, REQUEST)
    assert dict(asked_for(card, REQUEST)) == {name: SAID[name] for name in REQUEST.needed}
    (passport,) = check_documents(card, REQUEST.documents, TODAY)
    assert match_disclosed(card, TODAY, key=DOCUMENT_KEY) == passport


def test_a_desk_refuses_a_valid_card_that_discloses_nothing_and_names_the_attribute():
    inn = Inn()
    card = inn.judge(inn.answer(inn.shown(0), 3), 5)
    assert card.disclosed == ()
    with pytest.raises(Refused, match=r"disclosure\.missing: not disclosed: family_name"):
        check_disclosed(card, REQUEST)


def test_a_disclosed_number_that_differs_from_the_linked_document_is_a_mismatch():
    inn = Inn(number="CA999999")
    card = inn.judge(inn.answer(inn.shown(0), 3, *REQUEST.needed), 5)
    with pytest.raises(Refused) as refused:
        match_disclosed(card, TODAY, key=DOCUMENT_KEY)
    assert refused.value.reason is Reason.DOCUMENT_MISMATCH


def test_an_answer_is_valid_until_the_screen_has_changed_twice():
    inn = Inn()
    code = inn.answer(inn.shown(0), 19, *REQUEST.needed)
    inn.shown(20)
    assert isinstance(inn.judge(code, 25), Card)
    inn.shown(40)
    assert inn.judge(code, 41) is Reason.CODE_NONCE


def test_an_answer_for_one_desk_is_refused_at_another():
    here, there = Inn(), Inn()
    there.shown(0)
    there.display.nonce = b"another!"
    assert there.judge(here.answer(here.shown(0), 3), 5) is Reason.CODE_NONCE
    plain = here.wallet.code(NOW)
    assert here.judge(plain, 1) is Reason.CODE_NONCE
