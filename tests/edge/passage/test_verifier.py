"""The device's promises, for any sequence of events at a door.

Hypothesis lets codes and people come and go, disks fill, cables break, clocks jump, lists change and parts
fail, in any order. Cards, trust, policy and the table are real; the ports are simulated.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from worlds.passage_site import FRAME_MS, LOOKS, PIXELS, REVOKED, SETTLED, Bug, Site
from worlds.trust import DAY, ISSUER, KID, LIST, NOW, URI

from edge.audit.record import (
    AuditRecord,
    DevicePart,
    DoorChange,
    Faulted,
    Outcome,
    Passage,
    StopCause,
    Stopped,
)
from edge.card.claims import StatusPointer
from edge.decision import Deny, Grant, Reason, Signal
from edge.errors import ModelFault
from edge.passage.machine import PassageState
from edge.passage.requirements.lockout import FREE, LONGEST_MS
from edge.policy.decide import FaceRule
from edge.policy.obligations import Factor, Obligation, Obligations, StaffNotice
from edge.policy.pin import Pin, verifier
from edge.ports import Frame
from edge.trust.snapshot import TrustSnapshot
from hw.sim.door import Visitor

# -- any sequence ------------------------------------------------------------------------------------------

CODES: dict[str, Callable[[Site, int], tuple[str, ...]]] = {
    "nothing": lambda *_: (),
    "a card": lambda site, who: (site.code(card_id=b"card%04d" % who, status=StatusPointer(URI, 3 + who)),),
    "a revoked card": lambda site, _: (site.code(status=StatusPointer(URI, 1)),),
    "no face": lambda site, _: (site.code(face=None),),
    "two cards": lambda site, who: (site.code(), site.code(card_id=b"card%04d" % who)),
    "a web address": lambda *_: ("https://example.org/menu",),
    "the code shown last": lambda site, _: site.reader.in_view,
}

PIN = Pin(verifier("1234", shortest=4), verifier("4321", shortest=4))
TERMS: dict[str, Obligations] = {
    "nothing": Obligations(),
    "a PIN": Obligations((Obligation(Factor.PIN, Reason.RISK_HIGH),), pin=PIN),
    "a PIN that the holder does not have": Obligations((Obligation(Factor.PIN, Reason.RISK_HIGH),)),
    "a nonce": Obligations((Obligation(Factor.NONCE, Reason.RISK_HIGH),)),
    "a document": Obligations((Obligation(Factor.DOCUMENT, Reason.RISK_HIGH),)),
    "the host": Obligations((Obligation(Factor.HOST, Reason.HOST_UNAVAILABLE),)),
    "everything": Obligations(tuple(Obligation(factor, Reason.RISK_HIGH) for factor in Factor), pin=PIN),
    "a companion": Obligations((Obligation(Factor.COMPANION, Reason.PERSON_ALONE),)),
    "movements": Obligations((Obligation(Factor.CHALLENGE, Reason.RISK_HIGH),)),
    "a PIN for a face": Obligations(
        (Obligation(Factor.PIN, Reason.PERSON_UNKNOWN),), pin=PIN, notices=frozenset({StaffNotice.NO_FACE})
    ),
}

STEPS = st.one_of(
    st.tuples(st.just("wait"), st.integers(1, 30)),
    st.tuples(st.just("blind"), st.integers(1, 5)),
    st.tuples(st.just("show"), st.sampled_from(sorted(CODES)), st.integers(0, 3)),
    st.tuples(st.just("stand"), st.sampled_from(sorted(LOOKS))),
    st.tuples(st.just("disk"), st.booleans()),
    st.tuples(st.just("cable"), st.booleans()),
    st.tuples(st.just("push"), st.booleans()),
    st.tuples(st.just("jump"), st.integers(-200_000, 200_000)),
    st.tuples(st.just("lists"), st.booleans()),
    st.tuples(st.just("force")),
    st.tuples(st.just("terms"), st.sampled_from(sorted(TERMS))),
    st.tuples(st.just("type"), st.sampled_from(["1234#", "4321#", "9999#", "12", "*", "#" * 9, "1" * 16])),
    st.tuples(st.just("host"), st.sampled_from([None, Obligations(), Reason.PATRON_BLOCKED])),
    st.tuples(st.just("refuse"), st.sampled_from([None, Reason.SCHEDULE_CLOSED])),
    st.tuples(st.just("answer"), st.sampled_from(["here", "elsewhere"])),
    st.tuples(st.just("forget"), st.booleans()),
)
# Visitors with a card, and time until the door is at rest again, so that grants are common among the faults.
GUEST = st.tuples(st.integers(0, 3), st.sampled_from([1, 50])).map(
    lambda guest: [
        ("show", "a card", guest[0]),
        ("wait", 1),
        ("stand", "holder"),
        ("wait", 1),
        ("show", "nothing", 0),
        ("wait", guest[1]),
    ]
)
# Visitors who are asked for a factor, and mostly give it.
ASKED = {
    "a PIN": ("type", "1234#"),
    "a nonce": ("answer", "here"),
    "the host": ("host", Obligations()),
    "a PIN for a face": ("type", "4321#"),
}
CAREFUL = st.tuples(st.sampled_from(sorted(ASKED)), st.sampled_from([1, 50])).map(
    lambda guest: [
        ("terms", guest[0]),
        ("show", "a card", 0),
        ("wait", 1),
        ("stand", "holder"),
        ("wait", 12),  # a phone that makes another code is newer by a second
        ASKED[guest[0]],
        ("wait", guest[1]),
        ("show", "nothing", 0),
        ("wait", 15),
        ("terms", "nothing"),
    ]
)
ENDS = st.sampled_from(["stop", "model fault", "bug in the engine", "bug in the lamp", "camera fault"])
SEQUENCES = st.lists(st.one_of(GUEST, CAREFUL, STEPS.map(lambda step: [step])), max_size=25).map(
    lambda parts: list(itertools.chain.from_iterable(parts))
)


def do(site: Site, step: tuple) -> None:
    match step:
        case ("wait", frames):
            site.see(frames)
        case ("blind", seconds):
            site.miss(seconds)
        case ("show", kind, who):
            site.reader.in_view = CODES[kind](site, who)
        case ("stand", who):
            site.engine.who = who
        case ("disk", full):
            site.tape.full = full
        case ("cable", cut):
            site.tape.cut = cut
        case ("push", pushes):
            site.door.visitor = Visitor() if pushes else None
        case ("jump", seconds):
            site.clock.jump(max(site.clock.now() + timedelta(seconds=seconds), NOW - 30 * DAY))
        case ("lists", revoked):
            site.trust = TrustSnapshot.of([ISSUER], {(KID, URI): REVOKED if revoked else LIST})
        case ("force",):
            site.door.force_open()
        case ("terms", name):
            site.venue.obligations = TERMS[name]
        case ("type", keys):
            site.keypad.type(keys)
        case ("host", answer):
            site.venue.says = answer
        case ("refuse", reason):
            site.venue.refuses = reason
        case ("answer", where):
            site.answer(elsewhere=where == "elsewhere")
        case ("forget", forgets):
            site.venue.forgets = forgets


def come_to(end: str, site: Site) -> StopCause:
    """End the device as `edge.app.door_device` does, without the parts that need a process."""
    match end:
        case "camera fault":
            site.verifier.fault(DevicePart.CAMERA)
            return StopCause.FAULT
        case "model fault" | "bug in the engine":
            site.engine.fails = ModelFault if end == "model fault" else Bug
        case "bug in the lamp":
            site.signals.fails = True
    cause = StopCause.END
    site.reader.in_view = (site.code(card_id=b"the last"),)
    try:
        site.see(5)
    except ModelFault:
        site.verifier.fault(DevicePart.MODEL)
        cause = StopCause.FAULT
    except Bug:
        cause = StopCause.BUG
    site.signals.fails = False
    return cause


@given(SEQUENCES, ENDS, st.sampled_from([FaceRule.REQUIRED, FaceRule.IF_BOUND]))
def test_the_promises_hold_for_any_sequence(steps: list[tuple], end: str, face: FaceRule) -> None:
    site = Site(face=face)
    for step in steps:
        do(site, step)
    cause = come_to(end, site)
    before = site.verifier.state
    last = site.verifier.stop(cause)

    # No release without a durable grant just before it, and none for the same grant twice.
    grants = list(at_release(site.tape.entries))
    assert len(grants) == len(set(grants))
    # No grant without every required factor; staff and a companion never count as given.
    for record in site.passages:
        if record.outcome is Outcome.GRANT:
            assert record.visit is not msgspec.UNSET
            assert set(record.visit.required) <= set(record.visit.given) - {"staff", "companion"}
    # The venue is told every recorded decision once.
    told = {seq: decision for decision, seq in site.venue.settled}
    assert len(told) == len(site.venue.settled)
    for seq, decision in told.items():
        record = site.tape.records[seq]
        assert isinstance(record, Passage)
        assert (record.reason is None) == isinstance(decision, Grant)
    # Every passage has one decision; each decision that could be written is one record.
    outcomes = [result.outcome for result in site.moments if result.outcome] + ([last] if last else [])
    written = [outcome.seq for outcome in outcomes if outcome.seq is not None]
    if cause is StopCause.END:
        assert written == [seq for seq, record in enumerate(site.tape.records) if isinstance(record, Passage)]
        assert (last is not None) == (before not in SETTLED)
    for earlier, later in itertools.pairwise(site.moments):
        if earlier.state not in SETTLED:
            assert (later.state not in SETTLED) == (later.outcome is None)
    # After a stop, no strike moves, and no data of a holder is left.
    if site.tape.cut:
        site.clock.advance(10_000)  # an unreachable strike relocks by itself
    assert not site.door.energised
    assert all(reference.wiped for reference in site.engine.references)
    assert site.signals.current is None
    assert site.board.text is None
    # Each event of the door belongs to a grant, or to no decision.
    granted = {
        seq for seq, record in enumerate(site.tape.records) if record in site.passages and not record.reason
    }
    assert {r.decision for r in site.tape.records if isinstance(r, DoorChange)} <= granted | {None}
    if not site.tape.full:
        assert site.tape.records[-1].cause is cause


def at_release(entries: Sequence[AuditRecord | str]) -> Iterator[int]:
    """The seq of the grant behind each release: the passage recorded last before it."""
    seq, latest = -1, None
    for entry in entries:
        if entry == "release":
            assert latest is not None
            assert latest[1].outcome is Outcome.GRANT
            yield latest[0]
        else:
            seq += 1
            latest = (seq, entry) if isinstance(entry, Passage) else latest


# -- single sequences --------------------------------------------------------------------------------------


def test_a_grant_says_welcome_until_the_strike_is_locked_again() -> None:
    site = Site()
    site.admit()
    assert site.signals.current is Signal.WELCOME
    assert site.door.energised
    for _ in range(200):
        site.see()
        assert (site.signals.current is Signal.WELCOME) == site.door.energised
        if site.verifier.state is PassageState.IDLE:
            break
    assert site.verifier.state is PassageState.IDLE


def test_no_refused_visitor_sees_welcome() -> None:
    site = Site()
    site.reader.in_view = (site.code(),)
    site.see()
    site.engine.who = "stranger"
    for _ in range(200):
        site.see()
    assert site.passages[0].reason is not None
    assert Signal.WELCOME not in site.signals.shown


def test_a_release_that_fails_shows_no_welcome() -> None:
    site = Site()
    site.reader.in_view = (site.code(),)
    site.see()
    site.tape.cut = True
    site.engine.who = "holder"
    site.see()
    assert Signal.WELCOME not in site.signals.shown
    assert site.signals.current is Signal.ASK_STAFF


def test_a_stop_in_mid_release_ends_the_welcome() -> None:
    site = Site()
    site.admit()
    site.verifier.stop(StopCause.SIGNAL)
    assert site.signals.current is None


def test_the_steps_reach_a_release() -> None:
    site = Site()
    site.admit()
    assert site.door.energised
    assert list(at_release(site.tape.entries)) == [1]


def test_a_release_that_a_bug_left_in_the_queue_does_not_happen_at_the_stop() -> None:
    """The record is written, then wiping the reference fails: the strike must not move any more."""
    site = Site()
    site.reader.in_view = (site.code(),)
    site.see()
    (reference,) = site.engine.references
    reference._vector.flags.writeable = False
    site.engine.who = "holder"
    with pytest.raises(ValueError, match="read-only"):
        site.see()
    reference._vector.flags.writeable = True
    site.verifier.stop(StopCause.BUG)
    assert "release" not in site.tape.entries
    assert [passage.outcome for passage in site.passages] == [Outcome.GRANT]
    assert site.door.history == []


def test_a_strike_that_cannot_be_released_shows_ask_staff_at_once() -> None:
    site = Site()
    site.reader.in_view = (site.code(),)
    site.see()
    site.engine.who = "holder"
    site.tape.cut = True
    step = site.see()
    assert (step.state, step.signal) == (PassageState.COOLDOWN, Signal.ASK_STAFF)
    assert step.outcome is not None
    assert step.outcome.seq == 2
    told = site.tape.records[1:]
    assert [type(record) for record in told] == [
        Faulted,
        Passage,
        Faulted,
    ]  # the door does not answer, granted, not released
    assert site.see(15).state is PassageState.IDLE


@pytest.mark.parametrize(("denies", "faults"), [(True, set()), (False, {DevicePart.DOOR})])
def test_a_door_that_denies_is_not_a_fault(denies: bool, faults: set[DevicePart]) -> None:
    site = Site()
    site.reader.in_view = (site.code(),)
    site.see()
    site.tape.denies, site.tape.cut = denies, not denies
    site.engine.who = "holder"
    site.see()
    assert {record.part for record in site.tape.records if isinstance(record, Faulted)} == faults
    assert "release" not in site.tape.entries
    assert site.moments[-1].signal is Signal.ASK_STAFF


def test_stopping_twice_is_safe_and_frames_after_it_do_nothing() -> None:
    site = Site()
    site.admit()
    site.verifier.stop(StopCause.SIGNAL)
    site.reader.in_view = (site.code(card_id=b"another1"),)
    assert site.see(30).state is PassageState.HALTED
    assert site.verifier.stop(StopCause.SIGNAL) is None
    assert len(site.passages) == 1
    assert [event.kind for event in site.door.history] == ["released", "relocked"]


def test_a_passage_without_its_camera_is_denied_and_the_next_one_is_granted() -> None:
    site = Site()
    site.reader.in_view = (site.code(),)
    assert site.see().state is PassageState.FACE
    site.engine.who = "holder"
    step = site.miss()
    assert step.outcome is not None
    assert step.outcome.reason is Reason.DEVICE_FAULT
    assert (step.state, step.signal) == (PassageState.COOLDOWN, Signal.ASK_STAFF)
    site.reader.in_view = ()
    assert site.miss(3).state is PassageState.IDLE
    told = [record.part if isinstance(record, Faulted) else record.reason for record in site.tape.records[1:]]
    assert told == [DevicePart.CAMERA, Reason.DEVICE_FAULT]  # the outage of the camera once
    site.see(20)
    site.reader.in_view = (site.code(card_id=b"another1"),)
    assert site.see(2).state is PassageState.RELEASED


def test_a_second_outage_of_the_camera_is_recorded_again() -> None:
    site = Site()
    for _ in range(2):
        site.see()
        site.miss(2)
    assert [record.part for record in site.tape.records[1:]] == [DevicePart.CAMERA, DevicePart.CAMERA]


def test_a_release_ends_in_time_during_an_outage_of_the_camera() -> None:
    site = Site()
    site.admit()
    site.miss(5)
    assert [event.kind for event in site.door.history] == ["released", "relocked"]
    assert site.verifier.state is PassageState.IDLE


def test_time_does_not_go_back_when_the_camera_comes_back() -> None:
    site = Site()
    blind = site.miss()
    seen = site.verifier.see(Frame(PIXELS, PIXELS, blind.tick_ms - 60))
    assert seen.tick_ms == blind.tick_ms


@pytest.mark.parametrize(
    ("part", "records"),
    [
        (DevicePart.CAMERA, ["fault", "deny device.fault", "stop"]),
        (None, ["deny passage.interrupted", "stop"]),
    ],
)
def test_an_interrupted_passage_is_denied_with_the_cause(part: DevicePart | None, records: list[str]) -> None:
    site = Site()
    site.reader.in_view = (site.code(),)
    site.see()
    if part:
        site.verifier.fault(part)
    site.verifier.stop(StopCause.FAULT if part else StopCause.SIGNAL)
    words = {Passage: lambda r: f"deny {r.reason}", Faulted: lambda _: "fault", Stopped: lambda _: "stop"}
    assert [words[type(record)](record) for record in site.tape.records[1:]] == records


def test_the_outcome_of_a_step_is_the_recorded_one() -> None:
    site = Site()
    site.admit()
    outcome = site.moments[-1].outcome
    assert outcome is not None
    assert isinstance(outcome.decision, Grant)
    assert outcome.reason is None
    assert outcome.seq == 1
    assert set(outcome.micros) == {"code", "verify", "face", "record"}


def test_a_record_that_cannot_be_written_is_an_outcome_without_a_number() -> None:
    site = Site()
    site.tape.full = True
    site.reader.in_view = (site.code(),)
    site.see()
    site.engine.who = "holder"
    outcome = site.see().outcome
    assert outcome is not None
    assert outcome.decision == Deny(Reason.DEVICE_FAULT)
    assert outcome.seq is None
    assert "release" not in site.tape.entries


@pytest.mark.parametrize("full", [False, True], ids=["written", "disk full"])
def test_staff_are_told_once_what_a_record_has_for_them_written_or_not(full: bool) -> None:
    site = Site()
    site.tape.full = full
    site.venue.refuses = Reason.SCHEDULE_CLOSED
    site.venue.noted = frozenset({StaffNotice.DURESS, StaffNotice.ASSISTED})
    site.reader.in_view = (site.code(),)
    (news,) = site.see().staff
    assert [message.code for message in news.messages] == ["notice.duress", "notice.assisted"]
    assert news.seq == (None if full else 1)
    assert site.see().staff == ()


# -- failed tries ------------------------------------------------------------------------------------------


def visit(site: Site, who: str, **card: object) -> Reason | None:
    """Show a new code of a card, stand there as `who`, walk off; the reason of the passage."""
    site.reader.in_view = (site.code(**card),)
    site.engine.who = who
    before = len(site.passages)
    site.see()
    site.reader.in_view = ()
    while len(site.passages) == before or site.verifier.state is not PassageState.IDLE:
        site.see()
    site.see(1_500 // FRAME_MS)  # until the phone counts as gone
    return site.passages[-1].reason


def test_a_found_phone_gets_three_tries_and_the_next_after_a_minute() -> None:
    site = Site()
    reasons = [visit(site, "stranger") for _ in range(FREE + 1)]
    assert reasons == [Reason.FACE_NO_MATCH] * FREE + [Reason.RISK_LOCKED_OUT]
    assert visit(site, "holder") is Reason.RISK_LOCKED_OUT
    assert [m.signal for m in site.moments if m.outcome and m.outcome.reason is Reason.RISK_LOCKED_OUT] == [
        Signal.ASK_STAFF
    ] * 2
    assert visit(site, "holder", card_id=b"card0007") is None
    site.see(LONGEST_MS // FRAME_MS)
    assert visit(site, "holder") is None
    assert visit(site, "stranger") is Reason.FACE_NO_MATCH  # the grant has reset the count


@pytest.mark.parametrize("end", ["time", "camera", "second attack"])
def test_an_attack_makes_the_card_wait_and_then_move_its_head(end: str) -> None:
    """One frame is enough, whatever ends its passage: no next code of the card begins anew."""
    site = Site()
    site.reader.in_view = (site.code(),)
    site.see()
    site.engine.who = "attack"
    site.see()
    site.engine.who = "attack" if end == "second attack" else "holder"
    if end == "camera":
        site.miss()
    while not site.passages:
        site.see()
    site.reader.in_view = ()
    site.see(3_000 // FRAME_MS)
    assert visit(site, "holder") is Reason.RISK_LOCKED_OUT
    site.see(LONGEST_MS // FRAME_MS)
    site.reader.in_view = (site.code(),)
    site.see(3)
    assert site.verifier.state is PassageState.CHALLENGE


@pytest.mark.parametrize("stays", ["https://example.com", "EQ1:QED8WEX0", "a printed code"])
def test_a_code_that_stays_before_the_camera_refuses_no_visitor(stays: str) -> None:
    site = Site()
    printed = site.code(card_id=b"card0007") if stays == "a printed code" else stays
    site.reader.in_view = (printed,)
    site.see(70_000 // FRAME_MS)
    assert sum(step.background for step in site.moments) == 1
    before = len(site.passages)
    for number in range(3):
        site.reader.in_view = (printed, site.code(card_id=f"card100{number}".encode()))
        site.engine.who = "holder"
        while len(site.passages) == before + number:
            site.see()
        site.reader.in_view = (printed,)
        site.see(10_000 // FRAME_MS)
    assert [record.reason for record in site.passages[before:]] == [None] * 3


def test_two_codes_before_a_poster_are_still_two() -> None:
    site = Site()
    site.reader.in_view = ("https://example.com", site.code(), site.code(card_id=b"card0007"))
    assert site.see().outcome is not None
    assert site.passages[-1].reason is Reason.CODE_SEVERAL


def test_no_face_is_captured_during_a_lockout() -> None:
    site = Site()
    for _ in range(FREE):
        visit(site, "stranger")
    references = len(site.engine.references)
    visit(site, "holder")
    assert not any(step.evidence for step in site.moments[-20:])
    assert all(reference.wiped for reference in site.engine.references[references:])
