"""The lane's promises, for any sequence of events.

Hypothesis lets people come, follow, swap and turn back, sensors and cameras fail, disks fill, cables break, lists
change and officers decide, in any order. Cards, trust, policy and the table are real.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from worlds.venues.lane import CARDS, FACES, Border

from edge.audit.record import Passage, StopCause
from edge.errors import ModelFault
from edge.on_record import OnRecord
from edge.passage.lane.events import Side
from edge.passage.lane.machine import LaneState
from edge.passage.lane.officers.messages import OfficerVerb
from edge.passage.lane.snapshot import LaneFrames
from hw.sim.door import Visitor

NAMES = sorted(CARDS)
FACES_SEEN = [*sorted(FACES), "a print", "a blur", "no face"]
ONE = st.sampled_from(NAMES)
STEP = st.one_of(
    st.tuples(st.just("wait"), st.integers(1, 60)),
    st.tuples(st.just("stand"), st.sampled_from(FACES_SEEN)),
    st.tuples(st.just("code"), ONE),
    st.tuples(st.just("approach"), st.lists(st.sampled_from(sorted(FACES)), max_size=2)),
    st.tuples(st.just("seen inside"), st.none() | st.lists(st.sampled_from(FACES_SEEN[:-1]), max_size=2)),
    st.tuples(st.just("turn back")),
    st.tuples(st.just("from inside")),
    st.tuples(st.just("force"), st.sampled_from(Side)),
    st.tuples(st.just("blind"), st.booleans()),
    st.tuples(st.just("lost"), st.sets(st.sampled_from(Side))),
    st.tuples(st.just("full"), st.integers(0, 1), st.booleans()),
    st.tuples(st.just("cut"), st.sampled_from(Side), st.booleans()),
    st.tuples(st.just("revoke"), ONE, st.integers(0, 1)),
    st.tuples(st.just("says"), st.sampled_from(OfficerVerb), st.integers(0, 1)),
    st.tuples(st.just("pushes"), st.sampled_from(Side), st.sampled_from([None, 1_000, 30_000])),
    st.tuples(st.just("power")),
)
# A visitor with their own card and face, and time to go through, so that grants are common among the faults.
GUEST = st.tuples(ONE, st.sampled_from([3, 20, 160])).map(
    lambda guest: [
        ("seen inside", None), ("approach", [guest[0]]), ("stand", guest[0]), ("code", guest[0]), ("wait", 2),
        ("code", None), ("stand", "no face"), ("wait", guest[1]),
    ]
)  # fmt: skip
STEPS = st.lists(st.one_of(GUEST, STEP.map(lambda step: [step])), max_size=14).map(
    lambda parts: [step for part in parts for step in part]
)


def do(border: Border, step: tuple) -> None:
    joint = len(border.books) - 1
    match step:
        case ("wait", frames):
            border.see(frames)
        case ("stand", who):
            border.before = () if who == "no face" else (who,)
        case ("code", name):
            border.reader.in_view = (border.code(name),) if name else ()
        case ("approach", people):
            border.lane.approach(*people)
        case ("seen inside", people):
            border.seen_inside = None if people is None else tuple(people)
        case ("turn back",):
            border.lane.turn_back()
        case ("from inside",):
            border.lane.come_from_inside("Mallory")
        case ("force", side):
            border.door(side).force_open()
        case ("blind", blind):
            border.lane.blind = blind
        case ("lost", sides):
            border.lost = frozenset(sides)
        case ("full", number, full):
            border.books[min(number, joint)].full = full
        case ("cut", side, cut):
            border.cables[side].cut = cut
        case ("revoke", name, number):
            border.revoke(CARDS[name], of=min(number, joint))
        case ("says", word, number):
            border.desks[min(number, joint)].say(word)
        case ("pushes", side, dwell_ms):
            border.door(side).visitor = Visitor(dwell_ms=dwell_ms) if dwell_ms else None
        case ("power",):
            for book in border.books:
                book.full = False
            border.lane.power_cut()
            border.start()


@given(STEPS, st.booleans(), st.booleans(), st.booleans())
def test_the_promises_hold_for_any_sequence(
    steps: list[tuple], joint: bool, face_outside: bool, presence: bool
) -> None:
    border = Border(joint=joint, face_outside=face_outside, presence=presence)
    releases = watch(border)
    border.start()
    for step in steps:
        do(border, step)
    border.verifier.stop(StopCause.END)
    for energised in releases:
        assert energised <= 1
    if any(cable.cut for cable in border.cables.values()):
        border.clock.advance(10_000)  # out of our reach, a strike relocks by itself
    assert not border.lane.outer.energised
    assert not border.lane.inner.energised
    assert all(reference.wiped for reference in border.eye.references)
    assert all(light.current is None for light in border.lights.values())
    one_record_each(border)


def watch(border: Border) -> list[int]:
    """Number of strikes energised just after each release; checks the lane's view just before it."""
    seen: list[int] = []
    for side, cable in border.cables.items():
        release = cable.release

        def released(for_ms: int, allowed: OnRecord, *, side: Side = side, release=release) -> None:
            view = border.lane.view()
            assert (view.people, view.outer_shut, view.inner_shut) == (int(side is Side.INNER), True, True)
            assert allowed.door.endswith(f"/{side.value}"), "the record is of this door"
            release(for_ms, allowed)
            seen.append(sum(border.door(each).energised for each in Side))

        cable.release = released
    return seen


def one_record_each(border: Border) -> None:
    """Each release is preceded by a grant for that door in every journal, and no grant releases twice."""
    latest: dict[str, Side | None] = {book.name: None for book in border.books}
    for who, what in border.tape:
        if who == "release":
            assert set(latest.values()) == {what}
            latest = dict.fromkeys(latest)
        elif isinstance(what, Passage):
            latest[who] = Side(what.door.rpartition("/")[2]) if what.reason is None else None


def test_the_steps_reach_both_doors() -> None:
    border = Border()
    releases = watch(border)
    for step in [("wait", 1), ("approach", ["Erin"]), ("stand", "Erin"), ("code", "Erin"), ("wait", 200)]:
        do(border, step)
    assert releases == [1, 1]
    assert border.lane.gone == ["Erin"]


def test_a_fault_of_the_models_is_raised_and_stopping_twice_is_safe() -> None:
    border = Border()
    border.see()
    border.before, border.reader.in_view = ("Erin",), (border.code("Erin"),)
    border.see()
    border.eye.fails = ModelFault
    with pytest.raises(ModelFault):
        border.see()
    border.verifier.stop(StopCause.FAULT)
    border.verifier.stop(StopCause.FAULT)
    assert border.state is LaneState.HALTED
    assert border.books[0].decisions == ["outer: passage.interrupted"]
    border.eye.fails = None
    border.see(20)
    assert ("release", Side.OUTER) not in border.tape


def test_a_camera_without_a_new_frame_does_not_end_the_passage() -> None:
    border = Border()
    border.see()
    border.lane.approach("Erin")
    border.before, border.reader.in_view = ("Erin",), (border.code("Erin"),)
    border.see()
    border.clock.advance(100)
    assert border.verifier.see(LaneFrames()).state is LaneState.OUTSIDE
    border.until(LaneState.IDLE)
    assert border.lane.gone == ["Erin"]
