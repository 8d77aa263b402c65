"""Travellers at a lane as stories: visitors, events, and the records of the journals.

Cards, trust, policy, the table and the journal's encoding are real; doors and people are simulated with their
times; faces are vectors. `told` is every recorded decision, at the outer and the inner door, with its officer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest
from worlds.trust import DAY, ISSUER, KID, LIST, NOW, URI
from worlds.venues.lane import CARDS, Border

from edge.audit.record import DevicePart, Passage, Path, Visited
from edge.card.claims import Document
from edge.decision import Reason, Signal
from edge.passage.lane.events import Side, Why
from edge.passage.lane.machine import LaneState
from edge.passage.lane.officers.messages import OfficerVerb
from edge.policy.decide import FaceRule
from edge.trust.scope import Scope
from edge.trust.snapshot import TrustSnapshot

Do = Callable[[Border], None]
GONE = ["outer: granted", "inner: granted"]
REFERRED = (LaneState.REFERRED, LaneState.REFERRED_ALONE)
WAITING = (LaneState.REFERRED, LaneState.REFERRED_ALONE, LaneState.UNKNOWN, LaneState.CLEARING)


# -- steps of the stories ---------------------------------------------------------------------------------------


def comes(name: str, *behind: str, seen: str | None = None, **card: object) -> Do:
    """Show a code and a face outside until that is decided. `behind`: people who slip in; `seen`: the face."""

    def do(border: Border) -> None:
        border.lane.approach(name, *behind)
        border.present(border.code(name, **card), *(() if seen == "none" else (seen or name,)))

    return do


def sends_in(name: str, another: str, **card: object) -> Do:
    """One person shows the face outside, and another goes in."""

    def do(border: Border) -> None:
        comes(name, **card)(border)
        border.lane.approach(another)

    return do


def until(*states: LaneState) -> Do:
    return lambda border: border.until(*states)


def rests(border: Border) -> None:
    """Wait until the lane is idle or waits for an officer."""
    border.see()
    while border.state not in (LaneState.IDLE, *WAITING):
        border.see()
    border.see(13)  # phones are out of view


def stays_long(seconds: int) -> Do:
    return lambda border: [None for _ in range(seconds) if border.see(10)] and None


def says(word: OfficerVerb, desk: int = 0) -> Do:
    def do(border: Border) -> None:
        border.desks[desk].say(word)
        border.see()

    return do


def sets(**what: object) -> Do:
    """Change an attribute of the lane or of the world from here on."""

    def do(border: Border) -> None:
        for name, value in what.items():
            owner = border.lane if hasattr(border.lane, name) else border
            setattr(owner, name, value)

    return do


def does(act: Callable[[Border], object]) -> Do:
    return lambda border: act(border) and None


admits, sends_back, says_empty = says(OfficerVerb.ADMIT), says(OfficerVerb.SEND_BACK), says(OfficerVerb.EMPTY)
turns_back = does(lambda border: border.lane.turn_back())
IF_BOUND: dict[str, object] = {"face": FaceRule.IF_BOUND}
PERMIT, VISA = (Document(3, b"permit01", 30_000, 12), Document(6, b"visa0001", 30_000, 13))
ID_CARD = Document(1, b"idcard01", 30_000, 14)
BOTH: dict[str, object] = {"wanted": (ID_CARD.type, PERMIT.type)}
MEMBER = {"scope": ("border", "party/4/k7f3ac")}
PAIR = {"scope": ("border", "party/2/k7f3ac")}


@dataclass(frozen=True)
class Story:
    """`gone`: the people who passed. `why`, `reason`: those of the officers' screen at the end."""

    does: Sequence[Do]
    told: Sequence[str]
    gone: Sequence[str] = ()
    reason: Reason | None = None
    why: Why | None = None
    inner: Signal | None = None
    lane: dict[str, object] = field(default_factory=dict)


def issuer_becomes(**fields: object) -> Do:
    """The trust of this moment has another entry for the issuer."""

    def change(border: Border) -> None:
        border.trusts[0] = TrustSnapshot.of([replace(ISSUER, **fields)], {(KID, URI): LIST})

    return change


def refused(reason: Reason) -> list[str]:
    return [f"outer: {reason}"]


def referred(reason: Reason) -> list[str]:
    return ["outer: granted", f"inner: {reason}"]


STAFF = Signal.ASK_STAFF
STORIES: dict[str, Story] = {
    # travellers who pass
    "one traveller": Story([comes("Erin"), rests], GONE, ["Erin"]),
    "one after the other": Story([comes("Erin"), rests, comes("Ada"), rests], GONE * 2, ["Erin", "Ada"]),
    "at a lane that looks inside only": Story(
        [comes("Erin", seen="none"), rests], GONE, ["Erin"], lane={"face_outside": False}
    ),
    "with an ID card and a permit, both good": Story(
        [comes("Erin", documents=(PERMIT, VISA)), rests], GONE, ["Erin"]
    ),
    "with both documents that the lane requires": Story(
        [comes("Erin", documents=(ID_CARD, PERMIT)), rests], GONE, ["Erin"], lane=BOTH
    ),
    "with a permit and no ID card, and both are required": Story(
        [comes("Erin", documents=(PERMIT,)), rests], refused(Reason.DOCUMENT_MISSING), lane=BOTH
    ),
    "with an expired permit": Story(
        [comes("Erin", documents=(ID_CARD, replace(PERMIT, expires_day=19_000))), rests],
        refused(Reason.DOCUMENT_MISSING), lane=BOTH,
    ),
    "with an ID card that was revoked": Story(
        [does(lambda b: b.revoke(ID_CARD.index)), comes("Erin", documents=(ID_CARD, PERMIT)), rests],
        refused(Reason.CARD_REVOKED), lane=BOTH,
    ),
    "a holder who needs time to find the camera": Story(
        [sets(seen_inside=()), comes("Erin"), until(LaneState.INSIDE), stays_long(5), sets(seen_inside=None), rests],
        GONE, ["Erin"],
    ),
    "a leaf that opens again before the face is seen": Story(
        [sets(seen_inside=()), comes("Erin"), until(LaneState.INSIDE), does(lambda b: b.lane.outer.leave()),
         until(LaneState.CLOSING), sets(seen_inside=None), rests],
        GONE, ["Erin"],
    ),
    # travellers who do not come in
    "a stranger's face outside": Story(
        [comes("Erin", seen="Mallory"), rests], refused(Reason.FACE_NO_MATCH)
    ),
    "a print outside": Story([comes("Erin", seen="a print"), rests], refused(Reason.FACE_ATTACK)),
    "a card for another border": Story(
        [comes("Erin", scope=("harbour",)), rests], refused(Reason.DOOR_NOT_PERMITTED)
    ),
    "a card that was revoked": Story(
        [does(lambda b: b.revoke(CARDS["Erin"])), comes("Erin"), rests], refused(Reason.CARD_REVOKED)
    ),
    "a valid card and a revoked permit": Story(
        [does(lambda b: b.revoke(PERMIT.index)), comes("Erin", documents=(PERMIT,)), rests],
        refused(Reason.CARD_REVOKED),
    ),
    "a suspended card": Story(
        [does(lambda b: b.revoke(CARDS["Erin"], suspend=True)), comes("Erin"), rests],
        refused(Reason.CARD_SUSPENDED),
    ),
    "a list that is too old": Story(
        [does(lambda b: b.list_of(8 * DAY)), comes("Erin"), rests], refused(Reason.STATUS_STALE)
    ),
    "an untrusted clock": Story(
        [does(lambda b: b.see(2)), does(lambda b: b.jump(b.clock.now() - DAY)), comes("Erin"), rests],
        refused(Reason.CLOCK_UNTRUSTED),
    ),
    "while the inner camera fails": Story(
        [sets(lost=frozenset({Side.INNER})), comes("Erin"), rests], refused(Reason.DEVICE_FAULT)
    ),
    "no room for the record": Story(
        [does(lambda b: b.see()), does(lambda b: setattr(b.books[0], "full", True)), comes("Erin"), rests], []
    ),
    "granted, and does not go in": Story(
        [does(lambda b: setattr(b.lane.outer, "visitor", None)), comes("Erin"), rests],
        referred(Reason.PASSAGE_INTERRUPTED),
    ),
    "opens the door, and does not go in": Story(
        [comes("Erin"), does(lambda b: b.lane.approach()), rests], referred(Reason.PASSAGE_INTERRUPTED)
    ),
    # travellers who go back
    "turns back before the face is compared": Story(
        [sets(seen_inside=()), comes("Erin"), until(LaneState.INSIDE), turns_back, rests, does(lambda b: b.see(60))],
        referred(Reason.PASSAGE_INTERRUPTED),
    ),
    "turns back, and comes again": Story(
        [sets(seen_inside=()), comes("Erin"), until(LaneState.INSIDE), turns_back, until(LaneState.IDLE),
         sets(seen_inside=None), does(lambda b: b.see(300)), comes("Erin"), rests],
        [*referred(Reason.PASSAGE_INTERRUPTED), *GONE], ["Erin"],
    ),
    # travellers who are referred
    "a tail-gater": Story(
        [comes("Erin", "Mallory"), until(*REFERRED)],
        referred(Reason.LANE_SEVERAL), reason=Reason.LANE_SEVERAL, why=Why.SEVERAL, inner=STAFF,
    ),
    "a tail-gater who is sent back": Story(
        [comes("Erin", "Mallory"), until(*REFERRED), sends_back, turns_back, rests, until(LaneState.IDLE)],
        [*referred(Reason.LANE_SEVERAL), "inner: lane.referred by o-1"],
    ),
    "two faces, and the beams counted one": Story(
        [sets(seen_inside=("Erin", "Finn")), comes("Erin"), until(*REFERRED)],
        referred(Reason.LANE_SEVERAL), reason=Reason.LANE_SEVERAL, why=Why.FACE, inner=STAFF,
    ),
    "another person goes in": Story(
        [sends_in("Erin", "Mallory"), until(*REFERRED)],
        referred(Reason.LANE_SWAPPED), reason=Reason.LANE_SWAPPED, why=Why.FACE, inner=STAFF,
    ),
    "another person goes in who matches the reference too": Story(
        [sends_in("Ann", "Eve"), until(*REFERRED)],
        referred(Reason.LANE_SWAPPED), reason=Reason.LANE_SWAPPED, why=Why.FACE,
    ),
    "one person who matches the reference": Story([comes("Ann"), rests], GONE, ["Ann"]),
    "a stranger at a lane that looks inside only": Story(
        [sends_in("Erin", "Mallory"), until(*REFERRED)],
        referred(Reason.FACE_NO_MATCH), reason=Reason.FACE_NO_MATCH, lane={"face_outside": False},
    ),
    "a print inside": Story(
        [sets(seen_inside=("a print",)), comes("Erin"), until(*REFERRED)],
        referred(Reason.FACE_ATTACK), reason=Reason.FACE_ATTACK,
    ),
    "no face inside": Story(
        [sets(seen_inside=()), comes("Erin"), until(*REFERRED)],
        referred(Reason.FACE_ABSENT), reason=Reason.FACE_ABSENT,
    ),
    "the camera inside fails": Story(
        [sets(seen_inside=()), comes("Erin"), until(LaneState.INSIDE), sets(lost=frozenset({Side.INNER})),
         until(*REFERRED)],
        referred(Reason.DEVICE_FAULT), reason=Reason.DEVICE_FAULT, why=Why.DEVICE,
    ),
    "the outer door is held open": Story(
        [does(lambda b: b.lane.hold(b.lane.outer, 60_000)), comes("Erin"), until(*REFERRED)],
        referred(Reason.LANE_REFERRED), reason=Reason.LANE_REFERRED, why=Why.HELD_OPEN,
    ),
    "a person steps in from the other side": Story(
        [sets(seen_inside=()), comes("Erin"), until(LaneState.INSIDE),
         does(lambda b: b.lane.come_from_inside("Mallory")), until(*REFERRED)],
        referred(Reason.LANE_REFERRED), reason=Reason.LANE_REFERRED, why=Why.INNER_OPENED,
    ),
    "sensors that fail with a person inside": Story(
        [sets(seen_inside=()), comes("Erin"), until(LaneState.INSIDE), sets(blind=True), until(*REFERRED)],
        referred(Reason.DEVICE_FAULT), reason=Reason.DEVICE_FAULT, why=Why.SENSORS,
    ),
    "a permit that is revoked between the doors": Story(
        [sets(seen_inside=()), comes("Erin", documents=(PERMIT,)), until(LaneState.INSIDE),
         does(lambda b: b.revoke(PERMIT.index)), sets(seen_inside=None), until(*REFERRED)],
        referred(Reason.CARD_REVOKED), reason=Reason.CARD_REVOKED,
    ),
    "a card that expires between the doors": Story(
        [sets(seen_inside=()), does(lambda b: comes("Erin", expires=b.clock.now().replace(microsecond=0) + timedelta(seconds=6))(b)),
         until(LaneState.INSIDE), stays_long(5), sets(seen_inside=None), until(*REFERRED)],
        referred(Reason.CARD_EXPIRED), reason=Reason.CARD_EXPIRED,
    ),
    **{
        f"an issuer that {change} between the doors": Story(
            [sets(seen_inside=()), comes("Erin"), until(LaneState.INSIDE), issuer_becomes(**fields),
             sets(seen_inside=None), until(*REFERRED)],
            referred(reason), reason=reason,
        )
        for change, fields, reason in (
            ("is over", {"valid_until": NOW}, Reason.ISSUER_SCOPE),
            ("is not valid yet", {"valid_from": NOW + DAY}, Reason.ISSUER_SCOPE),
            ("is limited to another site", {"scope": Scope(("lane",), ("port",), ("*",))}, Reason.ISSUER_SCOPE),
            ("is limited to another venue", {"scope": Scope(("door",), ("*",), ("*",))}, Reason.ISSUER_SCOPE),
            ("is another one with the same key", {"name": "MO"}, Reason.ISSUER_UNKNOWN),
        )
    },
    "stays after the inner door was released": Story(
        [does(lambda b: setattr(b.lane.inner, "visitor", None)), comes("Erin"), until(*REFERRED)],
        [*GONE, "inner: lane.referred"], reason=Reason.LANE_REFERRED, why=Why.NOT_LEAVING,
    ),
    # travellers without a face on the card
    "no face on the card, at a lane that requires one": Story(
        [comes("Erin", face=None), rests], refused(Reason.FACE_TEMPLATE)
    ),
    "no face on the card: an officer compares": Story(
        [comes("Erin", face=None), until(LaneState.REFERRED_ALONE)],
        referred(Reason.LANE_REFERRED), reason=Reason.LANE_REFERRED, why=Why.BY_EYE, lane=IF_BOUND,
    ),
    "no face on the card, and the officer admits": Story(
        [comes("Erin", face=None), until(LaneState.REFERRED_ALONE), admits, rests],
        [*referred(Reason.LANE_REFERRED), "inner: granted by o-1"], ["Erin"], lane=IF_BOUND,
    ),
    "a face on the card at a lane with if-bound": Story([comes("Erin"), rests], GONE, ["Erin"], lane=IF_BOUND),
    # decisions of officers
    "an officer admits a holder who was not recognised": Story(
        [sets(seen_inside=("Mallory",)), comes("Erin"), until(LaneState.REFERRED_ALONE), admits, rests],
        [*referred(Reason.LANE_SWAPPED), "inner: granted by o-1"], ["Erin"],
    ),
    "an officer cannot admit two": Story(
        [comes("Erin", "Mallory"), until(LaneState.REFERRED), stays_long(3), admits, stays_long(3)],
        referred(Reason.LANE_SEVERAL), reason=Reason.LANE_SEVERAL,
    ),
    "an officer cannot admit a card that was revoked": Story(
        [sets(seen_inside=()), comes("Erin"), until(LaneState.INSIDE), does(lambda b: b.revoke(CARDS["Erin"])),
         sets(seen_inside=None), until(LaneState.REFERRED_ALONE), admits, stays_long(2)],
        referred(Reason.CARD_REVOKED), reason=Reason.CARD_REVOKED,
    ),
    "an officer sends back": Story(
        [sets(seen_inside=("Mallory",)), comes("Erin"), until(LaneState.REFERRED_ALONE), sends_back,
         turns_back, until(LaneState.IDLE)],
        [*referred(Reason.LANE_SWAPPED), "inner: lane.referred by o-1"],
    ),
    "a decision about an earlier referral": Story(
        [sets(seen_inside=("Mallory",)), comes("Erin"), until(LaneState.REFERRED_ALONE), does(lambda b: b.see()),
         does(lambda b: b.desks[0].say(OfficerVerb.ADMIT, case=0)), stays_long(2)],
        referred(Reason.LANE_SWAPPED), reason=Reason.LANE_SWAPPED,
    ),
    "no officer answers": Story(
        [sets(seen_inside=("Mallory",)), comes("Erin"), until(*REFERRED), stays_long(125)],
        [*referred(Reason.LANE_SWAPPED), "inner: lane.referred"], reason=None,
    ),
    "referred, and goes back without waiting": Story(
        [sets(seen_inside=("Mallory",)), comes("Erin"), until(LaneState.REFERRED_ALONE), turns_back, until(LaneState.IDLE)],
        referred(Reason.LANE_SWAPPED),
    ),
    # families
    "a family of four": Story(
        [step for name in ("Erin", "Ada", "Bea", "Cleo") for step in (comes(name, **MEMBER), rests)],
        GONE * 4, ["Erin", "Ada", "Bea", "Cleo"],
    ),
    "a stranger between two of a family waits": Story(
        [comes("Erin", **MEMBER), rests, comes("Finn"), rests, comes("Ada", **MEMBER), rests],
        [*GONE, "outer: site.full", *GONE], ["Erin", "Ada"],
    ),
    "a family that is through leaves the lane to others": Story(
        [comes("Erin", **PAIR), rests, comes("Ada", **PAIR), rests, comes("Finn"), rests],
        GONE * 3, ["Erin", "Ada", "Finn"],
    ),
    "one of a family is stopped, and the others are for an officer": Story(
        [comes("Erin", **MEMBER), rests, sends_in("Ada", "Mallory", **MEMBER), until(*REFERRED), sends_back, turns_back,
         until(LaneState.IDLE), does(lambda b: b.see(13)), comes("Bea", **MEMBER), rests],
        [*GONE, *referred(Reason.LANE_SWAPPED), "inner: lane.referred by o-1", "outer: lane.referred"], ["Erin"],
    ),
    "one of a family comes twice": Story(
        [comes("Erin", **MEMBER), rests, does(lambda b: b.see(200)), comes("Erin", **MEMBER), rests],
        [*GONE, "outer: person.passback"], ["Erin"],
    ),
    "the rest of a family never comes": Story(
        [comes("Erin", **MEMBER), rests, stays_long(62), comes("Finn"), rests], GONE * 2, ["Erin", "Finn"]
    ),
    # power cuts, and an unknown number of people
    "the power comes back with a person inside": Story(
        [sets(seen_inside=()), comes("Erin"), until(LaneState.INSIDE), does(lambda b: b.lane.power_cut()), does(Border.start),
         stays_long(25), comes("Ada")],
        ["outer: granted"], reason=Reason.LANE_REFERRED, why=Why.OCCUPANCY,
    ),
    "an officer says that the lane is empty": Story(
        [does(lambda b: b.see(205)), says_empty, until(LaneState.IDLE), comes("Erin"), rests],
        ["inner: lane.referred by o-1 emptied", *GONE], ["Erin"], lane={"presence": False},
    ),
    "a person in the lane without a card": Story(
        [does(lambda b: b.see()), does(lambda b: b.lane.come_from_inside("Mallory")), stays_long(30), comes("Erin")],
        [], reason=Reason.LANE_REFERRED, why=Why.OCCUPANCY,
    ),
    "the outer strike is unreachable": Story(
        [does(lambda b: b.see()), does(lambda b: setattr(b.cables[Side.OUTER], "cut", True)), comes("Erin"), rests],
        referred(Reason.DEVICE_FAULT),
    ),
    "the inner strike is unreachable": Story(
        [comes("Erin"), does(lambda b: setattr(b.cables[Side.INNER], "cut", True)), until(*REFERRED)],
        [*GONE, "inner: device.fault"], reason=Reason.DEVICE_FAULT, why=Why.DEVICE,
    ),
    "the outer strike is unreachable with a person inside": Story(
        [sets(seen_inside=()), comes("Erin"), until(LaneState.INSIDE),
         does(lambda b: setattr(b.cables[Side.OUTER], "cut", True)), sets(seen_inside=None), until(*REFERRED)],
        [*GONE, "inner: device.fault"], reason=Reason.DEVICE_FAULT, why=Why.DEVICE,
    ),
    "the program ends between the doors": Story(
        [sets(seen_inside=()), comes("Erin"), until(LaneState.INSIDE), does(lambda b: b.verifier.fault(DevicePart.MODEL)), stays_long(2)],
        referred(Reason.DEVICE_FAULT),
    ),
}  # fmt: skip


@pytest.mark.parametrize("story", STORIES)
def test_a_story(story: str) -> None:
    tale = STORIES[story]
    border = Border(**tale.lane)
    for do in tale.does:
        do(border)
    assert border.books[0].decisions == [*tale.told]
    assert border.lane.gone == [*tale.gone]
    news = border.desks[0].news
    assert (news.reason if news else None, news.why if news else None) == (
        tale.reason,
        tale.why or (news.why if news else None),
    )
    if tale.inner is not None:
        assert border.lights[Side.INNER].current is tale.inner
    only_what_a_record_allows(border)


def only_what_a_record_allows(border: Border) -> None:
    """Assert that each release follows a grant for its door in every journal, and each grant releases once."""
    granted: dict[str, list[str]] = {book.name: [] for book in border.books}
    for who, what in border.tape:
        if who == "release":
            for grants in granted.values():
                assert grants, "released without a record"
                assert grants[-1] == what
                grants.clear()
        elif isinstance(what, Passage) and what.reason is None:
            granted[who].append(Side(what.door.rpartition("/")[2]))
        elif isinstance(what, Passage):
            granted[who].clear()


# -- more facts of the records -----------------------------------------------------------------------


def test_each_stage_of_a_passage_has_its_time_in_the_record() -> None:
    border = Border()
    for do in (comes("Erin"), rests):
        do(border)
    outer, inner = (record for record in border.books[0].records if isinstance(record, Passage))
    assert {"code", "verify", "face"} <= set(outer.stages_us)
    assert {"enter", "shut", "inside", "face"} <= set(inner.stages_us)
    assert isinstance(inner.visit, Visited)
    walked_ms = sum(inner.stages_us[stage] for stage in ("enter", "shut", "inside")) // 1_000
    assert 3_000 < walked_ms <= inner.visit.waited_ms < 20_000
    (passed_ms,) = border.passed
    assert passed_ms > inner.visit.waited_ms


def test_a_passage_by_an_officer_has_its_times_and_its_path() -> None:
    border = Border(face=FaceRule.IF_BOUND)
    for do in (
        comes("Erin", face=None),
        until(LaneState.REFERRED_ALONE),
        does(lambda b: b.see(50)),
        admits,
        rests,
    ):
        do(border)
    inner = [record for record in border.books[0].records if isinstance(record, Passage)][-1]
    assert isinstance(inner.visit, Visited)
    assert (inner.visit.path, inner.visit.given, inner.visit.notices) == (
        Path.STAFF,
        ("staff",),
        ("officer.o-1",),
    )
    assert inner.stages_us["officer"] >= 5_000_000
    assert len(border.passed) == 1


WAYS: dict[str, tuple[Sequence[Do], list[Path]]] = {
    "through by the face": ([comes("Erin"), rests], [Path.FACE, Path.FACE]),
    "referred": ([sends_in("Erin", "Mallory"), until(*REFERRED)], [Path.FACE, Path.STAFF]),
    "turned back": ([sets(seen_inside=()), comes("Erin"), until(LaneState.INSIDE), turns_back, rests], [Path.FACE, Path.FACE]),
}  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
def test_the_path_of_a_passage_is_recorded(way: str) -> None:
    steps, paths = WAYS[way]
    border = Border()
    for do in steps:
        do(border)
    visits = [record.visit for record in border.books[0].records if isinstance(record, Passage)]
    assert [visit.path for visit in visits if isinstance(visit, Visited)] == paths


def test_a_card_that_fails_often_waits_and_a_grant_clears_its_failures() -> None:
    def tries(*faces: str) -> list[str]:
        border = Border()
        for face in faces:
            comes("Erin", seen=face)(border)
            rests(border)
        return border.books[0].decisions

    wrong = "outer: face.no_match"
    assert tries("Mallory", "Mallory", "Mallory", "Erin") == [wrong] * 3 + ["outer: risk.locked_out"]
    assert tries("Mallory", "Mallory", "Erin", "Mallory", "Mallory") == [wrong] * 2 + GONE + [wrong] * 2


def test_each_door_of_the_lane_says_welcome_while_it_is_released() -> None:
    border = Border()
    for do in (comes("Erin"), until(LaneState.ENTERING)):
        do(border)
    assert border.lights[Side.OUTER].current is Signal.WELCOME
    assert Signal.WELCOME not in border.lights[Side.INNER].shown
    until(LaneState.LEAVING)(border)
    assert border.lights[Side.OUTER].current is not Signal.WELCOME
    assert border.lights[Side.INNER].current is Signal.WELCOME
    rests(border)
    assert border.lights[Side.INNER].current is None


def test_an_officer_is_told_once_for_each_change() -> None:
    border = Border()
    for do in (sends_in("Erin", "Mallory"), until(LaneState.REFERRED_ALONE), stays_long(5)):
        do(border)
    assert [(referral.people, referral.admissible) for referral in border.desks[0].told] == [
        (1, False),
        (1, True),
    ]


def test_a_referred_holder_sees_ask_staff_and_only_the_officer_sees_the_reason() -> None:
    border = Border()
    for do in (sends_in("Erin", "Mallory"), until(*REFERRED)):
        do(border)
    assert {signal for signal in border.lights[Side.INNER].shown if signal} == {
        Signal.WAIT,
        Signal.LOOK_HERE,
        Signal.ASK_STAFF,
    }
    assert border.lights[Side.OUTER].current is Signal.WAIT
    news = border.desks[0].news
    assert news is not None
    assert news.reason is Reason.LANE_SWAPPED


def test_two_faces_inside_are_referred_before_the_deadline_for_one() -> None:
    border = Border()
    border.seen_inside = ("Erin", "Finn")
    for do in (comes("Erin"), until(LaneState.INSIDE), does(lambda b: b.see(6))):
        do(border)
    assert border.books[0].decisions == referred(Reason.LANE_SEVERAL)


def test_the_face_of_the_outer_camera_is_wiped_after_the_passage() -> None:
    border = Border()
    border.seen_inside = ()
    for do in (comes("Erin"), until(LaneState.INSIDE)):
        do(border)
    before = border.verifier._judging.subject.before
    assert before is not None
    assert before.any()
    border.seen_inside = None
    rests(border)
    assert not before.any()


def test_a_traveller_can_always_go_back_out() -> None:
    """The handle of the outer door needs no strike, no power and no program."""
    border = Border()
    for do in (sends_in("Erin", "Mallory"), until(*REFERRED), turns_back, until(LaneState.IDLE)):
        do(border)
    assert border.lane.back == ["Mallory"]


def test_the_inner_door_locks_again_as_soon_as_the_outer_one_opens() -> None:
    border = Border()
    border.lane.inner.visitor = None
    for do in (comes("Erin"), until(LaneState.LEAVING)):
        do(border)
    assert border.lane.inner.energised
    border.lane.turn_back()
    border.see(2)
    assert border.lane.outer.is_open
    assert not border.lane.inner.energised


def test_a_change_of_the_lane_between_record_and_release_stops_the_release() -> None:
    """A person steps in while the grant is recorded: the sensors are read again before the release."""
    border = Border()
    border.seen_inside = ()
    comes("Erin")(border)
    border.until(LaneState.INSIDE)
    border.seen_inside = None
    book, append = border.books[0], border.books[0].append

    def slow(record) -> int:
        if isinstance(record, Passage) and record.reason is None:
            border.lane.inside.append("Mallory")
            border.lane._counted += 1
        return append(record)

    book.append = slow
    border.until(*REFERRED)
    assert book.decisions == [*GONE, "inner: lane.several"]
    assert [what for who, what in border.tape if who == "release"] == [Side.OUTER]


# -- two authorities ---------------------------------------------------------------------------------------

OTHER = "inspection.refused"
JOINT: dict[str, tuple[Sequence[Do], Sequence[str], Sequence[str], Sequence[str]]] = {
    "both grant": ([comes("Erin"), rests], GONE, GONE, ["Erin"]),
    "A grants, B has revoked": (
        [does(lambda b: b.revoke(CARDS["Erin"], of=1)), comes("Erin"), rests],
        [f"outer: {OTHER}"], ["outer: card.revoked"], [],
    ),
    "A has revoked, B grants": (
        [does(lambda b: b.revoke(CARDS["Erin"])), comes("Erin"), rests],
        ["outer: card.revoked"], [f"outer: {OTHER}"], [],
    ),
    "each has its own objection": (
        [does(lambda b: b.list_of(8 * DAY)), does(lambda b: b.revoke(CARDS["Erin"], of=1)), comes("Erin"), rests],
        ["outer: status.stale"], ["outer: card.revoked"], [],
    ),
    "B revokes between the doors": (
        [sets(seen_inside=()), comes("Erin"), until(LaneState.INSIDE), does(lambda b: b.revoke(CARDS["Erin"], of=1)),
         sets(seen_inside=None), until(*REFERRED)],
        ["outer: granted", f"inner: {OTHER}"], ["outer: granted", "inner: card.revoked"], [],
    ),
    "the face of a stranger": (
        [comes("Erin", seen="Mallory"), rests], ["outer: face.no_match"], ["outer: face.no_match"], []
    ),
    "another person goes in": (
        [sends_in("Erin", "Mallory"), until(*REFERRED)],
        referred(Reason.LANE_SWAPPED), referred(Reason.LANE_SWAPPED), [],
    ),
    "the decision of one officer is not enough": (
        [sets(seen_inside=("Mallory",)), comes("Erin"), until(LaneState.REFERRED_ALONE), admits, stays_long(2)],
        referred(Reason.LANE_SWAPPED), referred(Reason.LANE_SWAPPED), [],
    ),
    "both officers admit": (
        [sets(seen_inside=("Mallory",)), comes("Erin"), until(LaneState.REFERRED_ALONE), admits, says(OfficerVerb.ADMIT, 1), rests],
        [*referred(Reason.LANE_SWAPPED), "inner: granted by o-1"],
        [*referred(Reason.LANE_SWAPPED), "inner: granted by o-2"],
        ["Erin"],
    ),
    "a decision about two people does not count for one": (
        [comes("Erin", "Mallory"), until(LaneState.REFERRED), stays_long(10), admits, does(lambda b: b.lane.one_leaves("Mallory")),
         until(LaneState.REFERRED_ALONE), does(lambda b: b.see()), says(OfficerVerb.ADMIT, 1), stays_long(2)],
        referred(Reason.LANE_SEVERAL), referred(Reason.LANE_SEVERAL), [],
    ),
    "a decision from before another person stepped in does not count": (
        [sets(seen_inside=("Mallory",), stays=True), comes("Erin"), until(LaneState.REFERRED_ALONE), does(lambda b: b.see()), admits,
         does(lambda b: b.lane.come_from_inside("Finn")), until(LaneState.REFERRED), stays_long(10),
         does(lambda b: b.lane.one_leaves("Finn")), until(LaneState.REFERRED_ALONE), does(lambda b: b.see()),
         says(OfficerVerb.ADMIT, 1), stays_long(2)],
        referred(Reason.LANE_SWAPPED), referred(Reason.LANE_SWAPPED), [],
    ),
    "the refusal of one officer is enough": (
        [sets(seen_inside=("Mallory",)), comes("Erin"), until(LaneState.REFERRED_ALONE), admits, says(OfficerVerb.SEND_BACK, 1),
         turns_back, until(LaneState.IDLE)],
        [*referred(Reason.LANE_SWAPPED), f"inner: {OTHER}"],
        [*referred(Reason.LANE_SWAPPED), "inner: lane.referred by o-2"],
        [],
    ),
    "the same holder again": (
        [comes("Erin"), rests, does(lambda b: b.see(200)), comes("Erin"), rests],
        GONE * 2, GONE * 2, ["Erin", "Erin"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", JOINT)
def test_both_authorities_must_grant_and_each_keeps_its_own_record(case: str) -> None:
    steps, first, second, gone = JOINT[case]
    border = Border(joint=True)
    for do in steps:
        do(border)
    assert [book.decisions for book in border.books] == [[*first], [*second]]
    assert border.lane.gone == [*gone]
    only_what_a_record_allows(border)


def test_the_officers_of_one_authority_do_not_see_the_reason_of_the_other() -> None:
    border = Border(joint=True)
    border.seen_inside = ()
    for do in (comes("Erin"), until(LaneState.INSIDE)):
        do(border)
    border.revoke(CARDS["Erin"], of=1)
    border.seen_inside = None
    border.until(*REFERRED)
    first, second = (desk.news.reason for desk in border.desks if desk.news)
    assert (first, second) == (Reason.INSPECTION_REFUSED, Reason.CARD_REVOKED)


@pytest.mark.parametrize("full", [0, 1])
@pytest.mark.parametrize("side", ["outer", "inner"])
def test_a_passage_in_only_one_journal_releases_nothing(full: int, side: str) -> None:
    border = Border(joint=True)
    border.see()
    if side == "inner":
        border.seen_inside = ()
        comes("Erin")(border)
        border.until(LaneState.INSIDE)
    border.books[full].full = True
    border.seen_inside = None
    releases = [what for who, what in border.tape if who == "release"]
    if side == "outer":
        comes("Erin")(border)
    border.see(50)
    assert [what for who, what in border.tape if who == "release"] == releases
    assert not border.lane.gone
    assert f"{side}: storage" in border.books[1 - full].faults


def test_a_code_counts_once_for_both_authorities() -> None:
    border = Border(joint=True)
    code = border.code("Erin")
    for _ in range(2):
        border.lane.approach("Erin")
        border.present(code, "Erin")
        rests(border)
    again = ["outer: card.replayed"]
    assert [book.decisions for book in border.books] == [GONE + again, GONE + again]


def test_a_forced_leaf_is_recorded_at_its_own_door() -> None:
    border = Border()
    border.see()
    border.lane.inner.force_open()
    border.see(60)
    assert "inner forced" in border.books[0].doors()
    assert border.state is LaneState.IDLE
