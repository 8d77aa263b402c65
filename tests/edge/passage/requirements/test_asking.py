"""Each factor while it is asked for: entries one by one, texts, signals, and what is left at its end."""

from __future__ import annotations

from dataclasses import replace

import pytest
from worlds.passage_site import ScriptedVenue, SimBoard
from worlds.trust import HOLDER, NOW, verified, verified_card

from edge.card import cose
from edge.card.claims import Card
from edge.decision import Deny, Reason, Signal
from edge.passage.requirements.factors import (
    TRIES,
    AskDocument,
    AskHost,
    AskNonce,
    AskPin,
    Given,
    Heard,
)
from edge.passage.requirements.request_display import DisplayMode, RequestDisplay
from edge.policy.obligations import Obligations, StaffNotice, Visit
from edge.policy.pin import MAX_DIGITS, MIN_DIGITS, Pin, verifier
from edge.policy.pin_tries import PinTries
from edge.ports import Symbol

NONCE = b"\0\0\0\0\0\0\0\1"
CARD = verified()
PERMIT = replace(CARD, issuer="MO", kid=b"o" * 8, card_id=b"permit01")
SEEN = (Symbol("EC1:A", b"", "sim"),)
LONGEST = "123456789012"
DURESS = Obligations(notices=frozenset({StaffNotice.DURESS}))


def screen(board: SimBoard, show: DisplayMode = DisplayMode.ON_DEMAND) -> RequestDisplay:
    return RequestDisplay(board, lambda _, nonce: nonce.hex(), lambda: NONCE, show)


# -- PIN ---------------------------------------------------------------------------------------------------


class Uncounted(PinTries):
    """Counts that never make a holder wait, so that the entries of one passage alone decide."""

    def objection(self, pin: Pin, tick_ms: int) -> Deny | None:
        return None


def pin(usual: str = LONGEST, duress: str | None = None) -> Pin:
    return Pin(verifier(usual, shortest=4), verifier(duress, shortest=4) if duress else None)


def entries(asking: AskPin, *typed: str) -> list[Given | Deny | None]:
    return [asking.hear(Heard(1_000 * at, keys=keys)) for at, keys in enumerate(typed, 1)]


def test_the_entries_of_one_passage_are_at_most_three() -> None:
    wrong = Deny(Reason.FACTOR_WRONG)
    assert entries(AskPin(pin(), Uncounted()), *["0000#"] * TRIES) == [None, None, wrong]
    assert TRIES == 3


@pytest.mark.parametrize(
    ("typed", "right"),
    [(LONGEST, True), (LONGEST + "3", False), (LONGEST[:-1], False), (LONGEST + "345", False)],
)
def test_a_pin_may_be_as_long_as_it_can_be_and_a_longer_entry_is_wrong(typed: str, right: bool) -> None:
    assert len(LONGEST) == MAX_DIGITS
    assert entries(AskPin(pin(), Uncounted()), f"{typed}#") == [Given() if right else None]


def test_no_more_digits_are_kept_than_a_wrong_entry_needs() -> None:
    asking = AskPin(pin(), Uncounted())
    asking.hear(Heard(1, keys="1" * 99))
    assert len(asking._typed) == MAX_DIGITS + 1


@pytest.mark.parametrize(("shortest", "right"), [(MIN_DIGITS, True), (MIN_DIGITS + 1, False)])
def test_an_entry_shorter_than_the_site_allows_is_wrong(shortest: int, right: bool) -> None:
    asking = AskPin(pin("1234"), Uncounted(), shortest=shortest)
    assert entries(asking, "1234#") == [Given() if right else None]


def test_the_pin_for_duress_is_told_to_staff_also_after_wrong_entries() -> None:
    tries, own = Uncounted(), pin("1234", "4321")
    asking = AskPin(own, tries)
    assert entries(asking, "4321#") == [Given(DURESS)]
    for _ in range(3):
        tries.enter(own, 0)
    many = frozenset({StaffNotice.WRONG_PINS, StaffNotice.DURESS})
    assert entries(asking, "4321#") == [Given(Obligations(notices=many))]


def test_no_digit_is_left_after_the_end_and_none_is_in_a_repr() -> None:
    asking = AskPin(pin(), Uncounted())
    asking.hear(Heard(1, keys="2718"))
    asking.end()
    assert asking._typed == ""
    assert "2718" not in repr(Heard(1, keys="2718"))


# -- nonce and document ------------------------------------------------------------------------------------


class Phone:
    """The card that is shown to a factor; each look at it is counted."""

    def __init__(self, shown: Card | Deny | None) -> None:
        self.shown = shown
        self.asked: list[bytes | None] = []

    def again(self, _: object, nonce: bytes | None) -> Card | Deny | None:
        self.asked.append(nonce)
        return self.shown


def test_the_holder_is_told_what_to_do_and_the_screen_rests_at_the_end() -> None:
    board = SimBoard()
    nonce = AskNonce(CARD, screen(board), NOW, Phone(None).again)
    assert (nonce.prompt, nonce.signal) == (
        "scan the code on the screen, then show your code",
        Signal.LOOK_HERE,
    )
    assert board.text == NONCE.hex()
    nonce.end()
    assert board.text is None


def test_a_frame_without_a_code_is_no_try() -> None:
    phone = Phone(Deny(Reason.CODE_NONCE))
    nonce = AskNonce(CARD, screen(SimBoard()), NOW, phone.again)
    document = AskDocument(CARD, phone.again, None, NOW)
    for _ in range(2 * TRIES):
        assert nonce.hear(Heard(1)) is None
        assert document.hear(Heard(1)) is None
    assert phone.asked == []
    assert nonce.wrong is None


SCREENS: dict[str, tuple[DisplayMode | None, bool]] = {
    "no screen": (None, False),
    "a screen that shows the request on demand": (DisplayMode.ON_DEMAND, False),
    "a screen that every code may answer": (DisplayMode.OFFERED, False),
    "a screen that every code must answer": (DisplayMode.NEEDED, True),
}


@pytest.mark.parametrize("case", SCREENS)
def test_a_second_document_answers_the_screen_only_where_every_code_must(case: str) -> None:
    show, answers = SCREENS[case]
    board, phone = SimBoard(), Phone(PERMIT)
    display = screen(board, show) if show else None
    if display and not answers:
        display.demand(NOW)
        board.text = "the request to every visitor"
    asking = AskDocument(CARD, phone.again, display, NOW)
    before = board.text
    assert asking.prompt == (
        "scan the code on the screen, then show your second document"
        if answers
        else "show your second document"
    )
    assert asking.hear(Heard(1, SEEN)) == Given()
    assert phone.asked == [NONCE if answers else None]
    asking.end()
    assert board.text == (None if answers else before)


DOCUMENTS: dict[str, tuple[Card, Given | Deny | None]] = {
    "the first card, still in view": (CARD, None),
    "a document of another issuer": (PERMIT, Given()),
    "a document of another issuer with the number of the card": (replace(PERMIT, card_id=CARD.card_id), Given()),
    "another card of the issuer, signed with another of its keys": (
        replace(CARD, kid=b"k" * 8), Deny(Reason.DOCUMENT_MISMATCH),
    ),
    "another card of the issuer": (replace(CARD, card_id=b"another1"), Deny(Reason.DOCUMENT_MISMATCH)),
    "a document of another phone": (
        replace(PERMIT, holder_key=cose.public_key(b"x" * 32)), Deny(Reason.DOCUMENT_MISMATCH),
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", DOCUMENTS)
def test_a_second_document_is_of_another_issuer_and_the_same_phone(case: str) -> None:
    assert CARD.holder_key == cose.public_key(HOLDER)
    shown, expected = DOCUMENTS[case]
    assert AskDocument(CARD, Phone(shown).again, None, NOW).hear(Heard(1, SEEN)) == expected


# -- host --------------------------------------------------------------------------------------------------


def test_the_holder_waits_for_the_host() -> None:
    asking = AskHost(ScriptedVenue(), Visit(verified_card(), "tower-1", NOW))
    assert (asking.prompt, asking.signal) == (None, Signal.WAIT)
    assert asking.hear(Heard(1)) is None
