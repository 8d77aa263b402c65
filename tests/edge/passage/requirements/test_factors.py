"""Factors that a holder is asked for, row by row, at a complete device with simulated hardware."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import msgspec
import pytest
from worlds.passage_site import FRAME_MS, SimBoard, Site, verdicts
from worlds.trust import DAY, HOLDER, ISSUER, LIST, NOW, SEED, URI, claims, verified

from edge.audit.record import Passage, Path, Visited
from edge.card import cose
from edge.card.attributes import Attribute
from edge.card.claims import Card, Document, StatusPointer
from edge.card.encode import sign_card, sign_presentation
from edge.decision import Deny, Grant, Reason, Signal
from edge.errors import StorageFault
from edge.passage.inputs.code_tracker import HELD_MS
from edge.passage.machine import PassageState, PassageTimes
from edge.passage.requirements.factors import AskNonce, AskPin, Given, Heard
from edge.passage.requirements.request_display import DisplayMode, RequestDisplay
from edge.policy.decide import FaceRule
from edge.policy.obligations import Factor, Obligation, Obligations, StaffNotice
from edge.policy.pin import Pin, verifier
from edge.policy.pin_tries import LONGEST_MS, PinTries
from edge.policy.risk.table import RiskLevel, RiskPolicy
from edge.request.request import Request
from edge.trust.snapshot import TrustSnapshot

PIN = Pin(verifier("271828"), verifier("314159"))


def asks(*factors: Factor, **terms: object) -> Obligations:
    reasons = {Factor.HOST: Reason.HOST_UNAVAILABLE, Factor.COMPANION: Reason.PERSON_ALONE}
    return Obligations(
        tuple(Obligation(factor, reasons.get(factor, Reason.RISK_HIGH)) for factor in factors),
        pin=PIN,
        **terms,  # type: ignore[arg-type]
    )


def typed(keys: str) -> Callable[[Site], None]:
    return lambda site: site.keypad.type(keys)


def says(answer: Obligations | Reason) -> Callable[[Site], None]:
    def say(site: Site) -> None:
        site.venue.says = answer

    return say


def reads_the_screen(site: Site) -> None:
    site.clock.advance(1_000)  # codes carry whole seconds
    site.answer()


def relayed(site: Site) -> None:
    for _ in range(3):
        site.clock.advance(1_000)
        site.answer(elsewhere=True)
        site.see()


OTHER_SEED = b"o" * 32
OTHER = replace(
    ISSUER, kid=cose.kid_of(cose.public_key(OTHER_SEED)), name="MO", public_key=cose.public_key(OTHER_SEED)
)


def second_card(
    seed: bytes = OTHER_SEED, issuer: str = "MO", phone: bytes = HOLDER, **card: object
) -> Callable[[Site], None]:
    def show(site: Site) -> None:
        site.trust = TrustSnapshot.of([ISSUER, OTHER], {(each.kid, URI): LIST for each in (ISSUER, OTHER)})
        plain = {
            "card_id": b"permit01",
            "status": StatusPointer(URI, 5),
            "holder_key": cose.public_key(phone),
        }
        signed = sign_card(claims(**({"issuer": issuer} | plain | card)), seed)
        nonce = bytes.fromhex(site.board.text.split()[1]) if site.board.text else None
        site.reader.in_view = (sign_presentation(signed, phone, iat=site.clock.now(), cnonce=nonce),)

    return show


def both(first: Callable[[Site], None], second: Callable[[Site], None]) -> Callable[[Site], None]:
    def do(site: Site) -> None:
        first(site)
        second(site)

    return do


def nothing(_: Site) -> None:
    pass


ROWS: dict[str, tuple[Obligations, Callable[[Site], None], Reason | None]] = {
    "the right PIN opens": (asks(Factor.PIN), typed("271828#"), None),
    "a mistyped PIN is cleared and typed again": (asks(Factor.PIN), typed("2718*271828#"), None),
    "a second try is right": (asks(Factor.PIN), typed("0000#271828#"), None),
    "three wrong tries": (asks(Factor.PIN), typed("0000#1111#2222#"), Reason.FACTOR_WRONG),
    "a PIN that begins right is wrong": (asks(Factor.PIN), typed("2718281#2718#27182#"), Reason.FACTOR_WRONG),
    "an empty PIN is wrong": (asks(Factor.PIN), typed("###"), Reason.FACTOR_WRONG),
    "a PIN without # is not given": (asks(Factor.PIN), typed("271828"), Reason.FACTOR_ABSENT),
    "the PIN for duress opens": (asks(Factor.PIN), typed("314159#"), None),
    "the number on the screen": (asks(Factor.NONCE), reads_the_screen, None),
    "a number from another screen": (asks(Factor.NONCE), relayed, Reason.CODE_NONCE),
    "the code from before the screen": (asks(Factor.NONCE), nothing, Reason.FACTOR_ABSENT),
    "a second document of the same holder": (asks(Factor.DOCUMENT), second_card(), None),
    "a second document that is revoked": (
        asks(Factor.DOCUMENT),
        second_card(status=StatusPointer(URI, 1)),
        Reason.CARD_REVOKED,
    ),
    "a second document of the same issuer, perhaps an older issue of the card": (
        asks(Factor.DOCUMENT),
        second_card(SEED, "CN-GD", issued_at=NOW - 200 * DAY, not_before=NOW - 200 * DAY),
        Reason.DOCUMENT_MISMATCH,
    ),
    "a second document of another site": (
        asks(Factor.DOCUMENT),
        second_card(scope=("tower-2",)),
        Reason.DOOR_NOT_PERMITTED,
    ),
    "a second document of another phone": (
        asks(Factor.DOCUMENT),
        second_card(phone=b"x" * 32),
        Reason.DOCUMENT_MISMATCH,
    ),
    "a second document with the id of the first card": (
        asks(Factor.DOCUMENT),
        second_card(card_id=b"card0001"),
        None,
    ),
    "a host that agrees": (asks(Factor.HOST), says(Obligations()), None),
    "a host that refuses": (asks(Factor.HOST), says(Reason.PATRON_BLOCKED), Reason.PATRON_BLOCKED),
    "a host that is silent": (asks(Factor.HOST), nothing, Reason.HOST_UNAVAILABLE),
    "no companion comes": (asks(Factor.COMPANION), nothing, Reason.PERSON_ALONE),
    "staff come before the face": (asks(Factor.STAFF), nothing, Reason.RISK_HIGH),
    "a PIN, then a host": (asks(Factor.PIN, Factor.HOST), both(typed("271828#"), says(Obligations())), None),
    "no movements": (asks(Factor.CHALLENGE), nothing, Reason.FACE_QUALITY),
}


@pytest.mark.parametrize("row", ROWS)
def test_the_door_opens_only_if_the_factors_are_given(row: str) -> None:
    obligations, does, reason = ROWS[row]
    site = Site()
    site.venue.obligations = obligations
    began(site)
    does(site)
    passed(site)
    assert [record.reason for record in site.passages] == [reason]
    assert ("release" in site.tape.entries) == (reason is None)
    assert site.board.text is None


def began(site: Site) -> None:
    """A holder shows a card, and is seen."""
    site.reader.in_view = (site.code(),)
    site.see()
    site.engine.who = "holder"
    site.see()


def passed(site: Site) -> None:
    """Time until the passage is decided."""
    for _ in range((PassageTimes().challenge_ms + PassageTimes().factor_ms) // FRAME_MS):
        if site.passages:
            return
        site.see()


def test_a_pin_is_asked_for_after_the_face_only() -> None:
    site = Site()
    site.venue.obligations = asks(Factor.PIN)
    site.reader.in_view = (site.code(),)
    site.see()
    site.keypad.type("271828#")
    site.see()
    assert site.verifier.state is PassageState.FACE
    site.engine.who = "holder"
    site.see()
    assert (site.verifier.state, site.moments[-1].prompt) == (PassageState.FACTOR, "type your PIN")
    assert site.moments[-1].signal is Signal.LOOK_HERE
    site.see(10)
    assert site.verifier.state is PassageState.FACTOR, "a PIN that was typed before the prompt does not count"


def test_the_record_has_the_required_and_the_given_factors() -> None:
    site = Site()
    site.venue.obligations = asks(Factor.PIN, notices=frozenset({StaffNotice.ASSISTED}), release_ms=9_000)
    began(site)
    site.keypad.type("314159#")
    passed(site)
    (record,) = site.passages
    assert isinstance(record.visit, Visited)
    assert record.visit == Visited(
        venue="door",
        path=Path.FACE,
        required=("pin",),
        given=("pin",),
        notices=("assisted", "duress"),
        waited_ms=2 * FRAME_MS,
    )
    assert site.venue.settled == [(Grant(9_000), 1)]


def test_a_refused_code_has_no_visit() -> None:
    site = Site()
    site.reader.in_view = ("https://example.org/menu",)
    site.see(HELD_MS // 100 + 1)
    assert site.passages[0].visit is msgspec.UNSET
    assert site.venue.settled == []


def test_a_refusal_of_the_venue_is_recorded_and_committed() -> None:
    site = Site()
    site.venue.refuses = Reason.SCHEDULE_CLOSED
    site.reader.in_view = (site.code(),)
    site.see()
    assert site.venue.settled == [(Deny(Reason.SCHEDULE_CLOSED), 1)]
    assert not any(step.evidence for step in site.moments), "no face is captured for a refused visit"


def test_a_venue_whose_store_fails_is_a_recorded_fault_and_the_door_opens() -> None:
    site = Site()
    site.venue.forgets = True
    began(site)
    assert site.verifier.state is PassageState.RELEASED
    assert verdicts(site)[-1] == "fault storage"


def test_a_person_without_a_face_gives_a_pin_in_its_place() -> None:
    site = Site()
    site.venue.obligations = asks(Factor.PIN, notices=frozenset({StaffNotice.NO_FACE}))
    site.reader.in_view = (site.code(),)
    site.see()
    assert site.verifier.state is PassageState.FACTOR
    site.keypad.type("271828#")
    passed(site)
    (record,) = site.passages
    assert record.reason is None
    assert isinstance(record.visit, Visited)
    assert record.visit.path is Path.NO_FACE
    assert site.engine.references == []


def test_a_path_without_a_face_needs_another_factor() -> None:
    site = Site()
    site.venue.obligations = Obligations(notices=frozenset({StaffNotice.NO_FACE}))
    site.reader.in_view = (site.code(),)
    site.see()
    assert site.verifier.state is PassageState.FACE


def test_a_wrong_pin_makes_the_next_try_wait() -> None:
    site = Site(face=FaceRule.NONE)
    site.venue.obligations = asks(Factor.PIN)
    for keys, reason in (("0#1#2#", Reason.FACTOR_WRONG), ("271828#", Reason.RISK_LOCKED_OUT)):
        site.reader.in_view = (site.code(),)
        site.see()
        site.keypad.type(keys)
        site.reader.in_view = ()
        while site.verifier.state is not PassageState.IDLE:
            site.see()
        site.see(20)
        assert site.passages[-1].reason is reason


# -- tries at one factor -------------------------------------------------------------------------------------

CARD, OTHER_CARD = verified(), verified(card_id=b"card0002", status=StatusPointer(URI, 3))
Answer = Card | Deny
SLIPS: dict[str, tuple[Answer, Reason]] = {
    "a code for another number": (Deny(Reason.CODE_NONCE), Reason.CODE_NONCE),
    "a code that was shown before": (Deny(Reason.CARD_REPLAYED), Reason.CODE_NONCE),
    "a code that cannot be read": (Deny(Reason.CODE_UNREADABLE), Reason.CODE_NONCE),
    "a code of another card": (OTHER_CARD, Reason.FACTOR_WRONG),
}


def nonces(*answers: Answer) -> list[Given | Deny | None]:
    """The end of a visit in which these codes are shown, one after the other."""
    left = iter(answers)
    display = RequestDisplay(SimBoard(), lambda _, nonce: nonce.hex(), lambda: bytes(8))
    asking = AskNonce(CARD, display, NOW, lambda _symbols, _nonce: next(left))
    return [asking.hear(Heard(tick_ms, symbols=("a code",))) for tick_ms in range(len(answers))]


@pytest.mark.parametrize(("slip", "reason"), SLIPS.values(), ids=SLIPS)
def test_two_codes_may_be_wrong_and_the_third_wrong_one_denies(slip: Answer, reason: Reason) -> None:
    assert nonces(slip, slip, CARD) == [None, None, Given()]
    assert nonces(slip, slip, slip) == [None, None, Deny(reason)]


def test_a_refused_card_denies_at_its_first_code() -> None:
    assert nonces(Deny(Reason.CARD_REVOKED)) == [Deny(Reason.CARD_REVOKED)]


def pins(*entries: str, tries: PinTries | None = None) -> list[Given | Deny | None]:
    """The end of a visit in which these PINs are typed, one after the other."""
    asking = AskPin(PIN, PinTries() if tries is None else tries)
    return [asking.hear(Heard(tick_ms, keys=f"{entry}#")) for tick_ms, entry in enumerate(entries)]


def test_two_pins_may_be_wrong_and_the_third_wrong_one_denies() -> None:
    assert pins("0", "1", "271828") == [None, None, Given()]
    assert pins("0", "1", "2") == [None, None, Deny(Reason.FACTOR_WRONG)]
    assert pins("0", "1", "2", "271828")[2:] == [Deny(Reason.FACTOR_WRONG), Deny(Reason.RISK_LOCKED_OUT)]


def test_a_wrong_pin_of_the_passage_before_is_one_of_the_three() -> None:
    tries = PinTries()
    assert pins("0", tries=tries) == [None]
    assert pins("1", "2", tries=tries) == [None, Deny(Reason.FACTOR_WRONG)]


def test_a_right_pin_gives_back_all_three_tries() -> None:
    tries = PinTries()
    assert pins("0", "1", "271828", tries=tries)[-1] == Given()
    assert pins("0", "1", "271828", tries=tries)[-1] == Given()


# -- guessing a PIN ------------------------------------------------------------------------------------------


def guess(site: Site, keys: str, **card: object) -> Passage:
    """One code of a found phone, these keys, and nothing more until the door rests again."""
    site.reader.in_view = (site.code(**card),)
    site.see(2)
    site.reader.in_view = ()
    site.keypad.type(keys)
    while site.verifier.state is not PassageState.IDLE:
        site.see(5)
    site.see(15)
    return site.passages[-1]


def found_phone(risk: RiskPolicy | None = None, **changes: object) -> Site:
    """A door that takes a PIN in place of a face."""
    site = Site(face=FaceRule.NONE, risk=risk, **changes)  # type: ignore[arg-type]
    site.venue.obligations = asks(Factor.PIN)
    return site


def test_two_wrong_pins_and_a_walk_away_are_counted() -> None:
    site = found_phone()
    assert guess(site, "000000#111111#").reason is Reason.FACTOR_WRONG
    assert site.stages.visit_rules.pin_tries.count(PIN) == 2
    site.clock.advance(LONGEST_MS)
    assert guess(site, "").reason is Reason.FACTOR_ABSENT, "a passage without an entry is no failure"


@pytest.mark.slow
def test_a_night_of_two_wrong_pins_a_code_is_a_few_entries() -> None:
    site = found_phone()
    entries, end_ms = 0, site.clock.tick_ms() + 3_600_000
    while site.clock.tick_ms() < end_ms:
        entries += guess(site, "000000#111111#").reason is Reason.FACTOR_WRONG
    count = site.stages.visit_rules.pin_tries.count(PIN)
    assert count <= 10, "before: 216 in an hour"
    assert entries <= count


def test_many_wrong_pins_are_a_risk_signal_and_a_notice_to_staff() -> None:
    site = found_phone(RiskPolicy(levels={Reason.RISK_FAILURES: RiskLevel.NONE}))
    guess(site, "000000#111111#")
    site.clock.advance(LONGEST_MS)
    assert guess(site, "222222#").visit.notices == ("wrong-pins",)
    waiting = guess(site, "333333#")
    assert waiting.reason is Reason.RISK_LOCKED_OUT
    site.clock.advance(LONGEST_MS)
    right = guess(site, "271828#")
    assert right.reason is None
    assert (right.visit.notices, right.visit.risk_signals) == (("wrong-pins",), ("risk.failures",))
    site.clock.advance(LONGEST_MS)
    assert guess(site, "271828#").visit.notices == ()


def restarted(site: Site, counts: dict[str, int]) -> Site:
    """A door as before, after a power cut: only the stored counts are left."""
    again = found_phone()
    again.clock.advance(site.clock.tick_ms())
    with_tries(again, PinTries(counts, since_ms=again.clock.tick_ms()))
    return again


def with_tries(site: Site, tries: PinTries) -> None:
    visit_rules = replace(site.stages.visit_rules, pin_tries=tries)
    site.stages = replace(site.stages, visit_rules=visit_rules)
    site.verifier.adopt(site.stages, site.times)


def test_a_power_cut_after_each_entry_takes_none_back() -> None:
    site, disk = found_phone(), {}
    for number in range(1, 4):
        with_tries(site, PinTries(disk, disk.update))
        site.reader.in_view = (site.code(),)
        site.see(2)
        site.keypad.type("000000#")
        site.see()  # and the power is cut before any verdict
        assert list(disk.values()) == [number]
        site = restarted(site, disk)
    assert guess(site, "271828#").reason is Reason.RISK_LOCKED_OUT


def test_a_clock_that_is_set_ends_no_wait() -> None:
    site = found_phone()
    guess(site, "000000#111111#222222#")
    count = site.stages.visit_rules.pin_tries.count(PIN)
    site.clock.jump(site.clock.now() + DAY)
    guess(site, "333333#")
    assert site.stages.visit_rules.pin_tries.count(PIN) == count


def test_two_cards_of_one_person_share_the_entries() -> None:
    site = found_phone()
    guess(site, "000000#111111#")
    site.clock.advance(LONGEST_MS)
    other = {"card_id": b"card0002", "status": StatusPointer(URI, 5)}
    guess(site, "222222#", **other)
    assert site.stages.visit_rules.pin_tries.count(PIN) == 3
    assert guess(site, "271828#", **other).reason is Reason.RISK_LOCKED_OUT


def test_an_entry_that_cannot_be_stored_is_not_compared() -> None:
    def full(_: Mapping[str, int]) -> None:
        raise StorageFault("the disk is full")

    site = found_phone()
    with_tries(site, PinTries(keep=full))
    assert guess(site, "271828#").reason is Reason.DEVICE_FAULT
    assert "release" not in site.tape.entries


def test_a_pin_shorter_than_the_site_allows_does_not_open() -> None:
    site = found_phone()
    short = Pin(verifier("2718", shortest=4))
    site.venue.obligations = replace(asks(Factor.PIN), pin=short)
    means = replace(site.stages.visit_rules.means, pin_digits=6)
    site.stages = replace(site.stages, visit_rules=replace(site.stages.visit_rules, means=means))
    site.verifier.adopt(site.stages, site.times)
    assert guess(site, "2718#").reason is Reason.FACTOR_WRONG


def test_a_number_for_another_screen_counts_without_a_verdict() -> None:
    site = Site(face=FaceRule.NONE)
    site.venue.obligations = asks(Factor.NONCE)
    site.reader.in_view = (site.code(),)
    site.see()
    site.clock.advance(1_000)
    site.answer(elsewhere=True)
    site.see()
    site.reader.in_view = ()
    passed(site)
    assert site.passages[-1].reason is Reason.CODE_NONCE


# -- movements of the door itself --------------------------------------------------------------------------


def unattended(face: FaceRule = FaceRule.REQUIRED) -> Site:
    """A door that asks for two movements, but not besides a PIN."""
    site = Site(face=face)
    rule = replace(site.stages.pad_rule, prompts=2, pin_in_place=True)
    site.stages = replace(site.stages, pad_rule=rule)
    site.verifier.adopt(site.stages, site.times)
    return site


def test_a_face_alone_is_asked_to_move_where_staff_do_not_see_it() -> None:
    site = unattended()
    began(site)
    site.see()
    assert site.verifier.state is PassageState.CHALLENGE


def test_a_holder_who_types_a_pin_is_not_asked_to_move() -> None:
    site = unattended()
    site.venue.obligations = asks(Factor.PIN)
    began(site)
    site.see()
    assert site.verifier.state is PassageState.FACTOR
    site.keypad.type("271828#")
    passed(site)
    assert site.passages[-1].reason is None


def test_a_holder_without_a_pin_is_asked_to_move_besides_another_factor() -> None:
    site = unattended()
    site.venue.obligations = asks(Factor.NONCE)
    began(site)
    site.see()
    assert site.verifier.state is PassageState.CHALLENGE


def test_a_card_that_needs_no_face_is_not_asked_to_move() -> None:
    site = unattended(FaceRule.NONE)
    began(site)
    assert site.verifier.state is PassageState.RELEASED


# -- risk --------------------------------------------------------------------------------------------------


def test_a_face_with_a_small_margin_is_captured_again_with_movements() -> None:
    site = Site(risk=RiskPolicy(margin=0.6))
    began(site)
    assert site.verifier.state is PassageState.FACE
    site.see()
    assert site.verifier.state is PassageState.CHALLENGE
    passed(site)
    (record,) = site.passages
    assert record.reason is Reason.FACE_QUALITY
    assert isinstance(record.visit, Visited)
    assert (record.visit.risk_signals, record.visit.required) == (("risk.margin",), ("challenge",))


def test_a_card_that_failed_here_needs_a_step_up() -> None:
    site = Site(risk=RiskPolicy(failures=1, step_ups=(Factor.PIN,)))
    site.venue.obligations = Obligations(pin=PIN)
    began(site)
    assert site.verifier.state is PassageState.RELEASED
    site.stages.visit_rules.history.learn(
        site.venue.visits[-1].card, Deny(Reason.FACE_ATTACK), site.clock.now()
    )
    site.reader.in_view = ()
    site.see(80)
    site.reader.in_view = (site.code(),)
    site.see(2)
    assert site.verifier.state is PassageState.FACTOR
    site.keypad.type("271828#")
    site.see()
    assert verdicts(site)[-1] == "granted"


def test_a_factor_that_the_door_cannot_ask_for_becomes_staff() -> None:
    site = Site()
    site.venue.obligations = Obligations((Obligation(Factor.PIN, Reason.RISK_HOUR),))  # the holder has no PIN
    site.reader.in_view = (site.code(),)
    site.see()
    (record,) = site.passages
    assert record.reason is Reason.RISK_HOUR
    assert isinstance(record.visit, Visited)
    assert (record.visit.path, record.visit.required) == (Path.STAFF, ("staff",))


# -- the screen --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("show", "answers", "reason"),
    [
        (DisplayMode.OFFERED, False, None),
        (DisplayMode.OFFERED, True, None),
        (DisplayMode.NEEDED, False, Reason.CODE_NONCE),
        (DisplayMode.NEEDED, True, None),
        (DisplayMode.ON_DEMAND, False, None),
    ],
)
def test_a_code_must_or_may_answer_the_screen(
    show: DisplayMode, answers: bool, reason: Reason | None
) -> None:
    site = Site(show=show)
    site.see()
    assert (site.board.text is None) == (show is DisplayMode.ON_DEMAND)
    if answers:
        site.answer()
    else:
        site.reader.in_view = (site.code(),)
    site.engine.who = "holder"
    site.see(2)
    assert [record.reason for record in site.passages] == [reason]


def test_a_phone_may_answer_the_previous_number_and_no_older_one() -> None:
    site = Site(show=DisplayMode.NEEDED)
    site.see()
    site.answer()
    (code,), site.reader.in_view = site.reader.in_view, ()
    site.see(21_000 // FRAME_MS)
    site.reader.in_view = (code,)
    site.see()
    assert site.verifier.state is PassageState.FACE
    other = Site(show=DisplayMode.NEEDED)
    other.see(61_000 // FRAME_MS)
    other.answer(elsewhere=True)
    other.see()
    assert [record.reason for record in other.passages] == [Reason.CODE_NONCE]


# -- requests to every visitor -----------------------------------------------------------------------------

PERMIT = Document(type=2, ref=b"r" * 8, expires_day=30_000, index=9)
REQUESTS: dict[str, tuple[Request, dict[str, object], Reason | None]] = {
    "nothing": (Request(site="a", purpose="b"), {}, None),
    "a needed name that is not disclosed": (
        Request(site="a", purpose="b", needed=(Attribute.FAMILY_NAME,)),
        {},
        Reason.DISCLOSURE_MISSING,
    ),
    "an optional name that is not disclosed": (
        Request(site="a", purpose="b", optional=(Attribute.FAMILY_NAME,)),
        {},
        None,
    ),
    "a document that is linked": (
        Request(site="a", purpose="b", documents=(2,)),
        {"documents": (PERMIT,)},
        None,
    ),
    "a document that is not linked": (
        Request(site="a", purpose="b", documents=(1, 2)),
        {"documents": (PERMIT,)},
        Reason.DOCUMENT_MISSING,
    ),
}


@pytest.mark.parametrize("case", REQUESTS)
def test_a_visit_without_the_requested_data_is_denied(case: str) -> None:
    request, card, reason = REQUESTS[case]
    site = Site()
    site.ask_every_visitor(request)
    site.reader.in_view = (site.code(**card),)
    site.see()
    site.engine.who = "holder"
    site.see()
    assert [record.reason for record in site.passages] == [reason]


REFUSALS = {
    "the venue": (
        lambda site: setattr(site.venue, "refuses", Reason.SCHEDULE_CLOSED),
        Reason.SCHEDULE_CLOSED,
    ),
    "the door's policy": (lambda site: adopts(site, min_assurance=9), Reason.CARD_ASSURANCE),
    "a venue that cannot read its rules": (
        lambda site: setattr(site.venue, "fails", True),
        Reason.DEVICE_FAULT,
    ),
}


def adopts(site: Site, **changes: object) -> None:
    policy = replace(site.stages.policy, **changes)
    site.verifier.adopt(replace(site.stages, policy=policy), site.times)


@pytest.mark.parametrize("refuses", REFUSALS)
def test_staff_are_told_of_duress_also_for_a_refused_visit(refuses: str) -> None:
    arrange, reason = REFUSALS[refuses]
    site = Site()
    arrange(site)
    site.venue.noted = frozenset({StaffNotice.DURESS})
    site.reader.in_view = (site.code(),)
    step = site.see()
    assert step.obligations is not None
    assert step.obligations.notices == {StaffNotice.DURESS}
    (record,) = site.passages
    assert isinstance(record.visit, Visited)
    assert (record.reason, record.visit.notices) == (reason, ("duress",))


def test_a_venue_that_cannot_read_its_notices_refuses_all_the_same() -> None:
    site = Site()
    site.venue.refuses = Reason.SCHEDULE_CLOSED
    site.venue.forgets_notes = True
    site.reader.in_view = (site.code(),)
    step = site.see()
    assert step.obligations is not None
    assert step.obligations.notices == frozenset()
    assert [record.reason for record in site.passages] == [Reason.SCHEDULE_CLOSED]


def test_where_every_code_answers_the_screen_a_second_document_does_too() -> None:
    """Otherwise the second one could be signed ahead."""
    site = Site(show=DisplayMode.NEEDED)
    site.venue.obligations = asks(Factor.DOCUMENT)
    site.see()
    site.clock.advance(1_000)
    site.answer()
    site.see()
    site.engine.who = "holder"
    site.see()
    assert site.verifier.state is PassageState.FACTOR
    shown_now, site.board.text = site.board.text, None
    second_card()(site)
    site.see(3)
    assert site.verifier.state is PassageState.FACTOR
    site.board.text = shown_now
    site.clock.advance(1_000)
    second_card()(site)
    passed(site)
    assert [record.reason for record in site.passages] == [None]
