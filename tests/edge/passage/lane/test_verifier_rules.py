"""The verifier of a lane, one rule at a time."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from worlds.venues.lane import Border, Eye

from edge.audit.record import AuditRecord, Cause, DevicePart, DoorChange, Passage, Started, StopCause
from edge.decision import Reason, Signal, words_for
from edge.face.engine import FaceEvidence
from edge.face.fusion import Fusion
from edge.face.quality import Coaching
from edge.on_record import OnRecord
from edge.passage.lane.events import Side, Why
from edge.passage.lane.machine import LaneState
from edge.passage.lane.officers.messages import OfficerVerb
from edge.passage.lane.snapshot import LaneFrames
from edge.passage.lane.times import LaneTimes
from edge.ports import Frame, Pixels, Symbol
from hw.sim.reader import SimReader


def stands_inside(border: Border, who: str = "Erin", *seen: str) -> None:
    """A holder goes in and stands in the shut lane; `seen`: what the inner camera sees."""
    border.seen_inside = seen
    border.see()
    border.lane.approach(who)
    border.present(border.code(who), who)
    border.until(LaneState.INSIDE)


def goes_through(border: Border, who: str) -> None:
    border.seen_inside = None
    border.see()
    border.lane.approach(who)
    border.present(border.code(who), who)
    border.until(LaneState.IDLE)
    border.see(13)  # the phone is out of view


def passages(border: Border, authority: int = 0) -> list[Passage]:
    return [record for record in border.books[authority].records if isinstance(record, Passage)]


def test_the_start_is_recorded_by_each_authority_at_its_moment() -> None:
    border = Border(joint=True)
    border.start()
    for book in border.books:
        assert [(type(record), record.tick_ms) for record in book.records] == [(Started, 5_000)]


def test_a_part_may_fail_before_the_first_step() -> None:
    border = Border()
    border.verifier.fault(DevicePart.READER)
    assert border.books[0].faults == ["outer: reader"]


def test_a_code_that_stays_in_view_through_a_denial_is_one_presentation() -> None:
    border = Border()
    border.see()
    border.before, border.reader.in_view = ("Mallory",), (border.code("Erin"),)
    border.see()
    border.until(LaneState.IDLE)
    border.see(30)
    assert border.books[0].decisions == ["outer: face.no_match"]


def test_a_phone_that_stays_in_view_after_a_grant_is_no_next_traveller() -> None:
    border = Border()
    border.see()
    border.lane.approach("Erin")
    border.before, border.reader.in_view = ("Erin",), (border.code("Erin"),)
    border.until(LaneState.CLOSING)
    border.reader.in_view = (border.code("Erin"),)  # the phone's next code
    border.until(LaneState.IDLE)
    border.see(30)
    assert border.books[0].decisions == ["outer: granted", "inner: granted"]


def test_a_step_tells_of_the_devices_own_authority() -> None:
    border = Border(joint=True)
    border.see()
    border.list_of(timedelta(days=2), of=1)
    border.books[1].full = True
    border.clock.advance(2_000)
    border.door(Side.OUTER).force_open()
    step = border.see()
    assert step.trust_state is not None
    assert max(part.age for part in step.trust_state.ages if part.kind == "status") < timedelta(days=1)
    assert [news.seq for news in step.staff] == [len(border.books[0].records) - 1]


def test_new_times_count_from_the_next_passage_on() -> None:
    border = Border()
    border.see()
    stages = [each.stages for each in border.verifier._authorities]
    border.verifier.adopt(stages, LaneTimes(face_ms=1_000))
    border.reader.in_view = (border.code("Erin"),)
    border.see(12)
    assert border.books[0].decisions == ["outer: face.absent"]


def test_a_stop_is_the_cause_of_the_relock_and_takes_the_words_away() -> None:
    border = Border()
    border.see()
    border.lane.outer.visitor = None
    border.lane.approach("Erin")
    border.present(border.code("Erin"), "Erin")
    assert border.door(Side.OUTER).energised
    border.verifier.stop(StopCause.SIGNAL)
    (relock,) = [r for r in border.books[0].records if isinstance(r, DoorChange) and r.change == "relocked"]
    assert relock.cause is Cause.SHUTDOWN


@pytest.mark.parametrize("side", Side)
def test_a_lost_camera_is_a_fault_of_its_own_side_once(side: Side) -> None:
    border = Border()
    border.see()
    border.lost = frozenset({side})
    assert border.see().update.faults == [(side, DevicePart.CAMERA)]
    border.see(5)
    border.lost = frozenset()
    border.see()
    assert border.books[0].faults == [f"{side.value}: camera"]


def test_the_reader_gets_the_picture_of_the_outer_camera_or_an_empty_one() -> None:
    seen: list[tuple[int, ...]] = []

    class Reader(SimReader):
        def read(self, luma: Pixels) -> tuple[Symbol, ...]:
            seen.append(luma.shape)
            return super().read(luma)

    border = Border()
    border.reader = Reader()
    border.see()
    picture = np.zeros((7, 9), np.uint8)
    for frame in (Frame(picture, picture, border.clock.tick_ms()), None):
        border.verifier.see(LaneFrames(frame, None, frozenset()))
    assert seen == [(0, 0), (7, 9), (0, 0)]


def test_the_record_of_each_door_has_the_stages_of_its_own_passage() -> None:
    border = Border()
    border.see()
    for name in ("Erin", "Ada"):
        goes_through(border, name)
    first, second = passages(border)[1::2]
    assert first.stages_us == second.stages_us
    assert first.stages_us["face"] == 1
    outer = passages(border)[0].stages_us
    assert outer["code"] == outer["verify"] == outer["face"] == 1
    stages = {stage: first.stages_us[stage] for stage in ("enter", "shut", "inside")}
    assert all(us % 100_000 == 0 for us in stages.values())
    assert max(stages.values()) >= 1_000_000


def test_a_ruling_has_the_time_of_the_record_before_it() -> None:
    border = Border()
    stands_inside(border, "Erin", "Mallory")
    border.until(LaneState.REFERRED_ALONE)
    border.desks[0].say(OfficerVerb.SEND_BACK)
    border.until(LaneState.CLEARING)
    assert passages(border)[-1].stages_us["record"] == 1


def test_the_words_of_a_refusal_stay_until_its_signal_goes() -> None:
    border = Border()
    border.see()
    border.reader.in_view = ("https://example.org/menu",)
    border.until(LaneState.COOLDOWN)
    border.reader.in_view = ()
    border.see(5)
    asked = border.lights[Side.OUTER].asked
    assert asked == [words_for(Reason.CODE_FOREIGN)]
    border.until(LaneState.IDLE)
    assert asked == [words_for(Reason.CODE_FOREIGN), None]


class Coach(Eye):
    """An engine that finds every face too far away."""

    def look(self, rgb: Pixels, fusion: Fusion) -> FaceEvidence:
        seen = super().look(rgb, fusion)
        return replace(seen, coaching=Coaching.COME_CLOSER) if seen.reason else seen


@pytest.mark.parametrize("end", ["a print", "a second person", "a stop", "a fault"])
def test_the_holder_is_told_how_to_stand_until_the_camera_looks_away(end: str) -> None:
    border = Border()
    border.eye = Coach()
    stands_inside(border, "Erin", "a blur")
    border.see()
    asked = border.lights[Side.INNER].asked
    assert asked[-1] == Coaching.COME_CLOSER.value
    if end == "a print":
        border.seen_inside = ("a print",)
        border.until(LaneState.REFERRED_ALONE)
    elif end == "a second person":
        border.lane.come_from_inside("Mallory")
        border.until(LaneState.REFERRED)
    elif end == "a stop":
        border.verifier.stop(StopCause.SIGNAL)
    else:
        border.verifier.fault(DevicePart.MODEL)
    assert asked[-1] is None


def test_a_time_that_runs_out_is_denied_at_the_door_where_the_holder_stands() -> None:
    border = Border()
    border.see()
    border.before, border.reader.in_view = ("Erin", "Ada"), (border.code("Erin"),)
    border.see(2)
    border.before = ("a blur",)
    border.until(LaneState.COOLDOWN)
    assert border.books[0].decisions == ["outer: face.several"]
    border = Border()
    stands_inside(border, "Erin", "Erin", "Ada")
    border.seen_inside = ("a blur",)
    border.until(LaneState.REFERRED_ALONE)
    assert border.books[0].decisions == ["outer: granted", "inner: lane.several"]


def test_the_reason_of_a_passage_ends_with_it() -> None:
    border = Border()
    stands_inside(border, "Erin", "Mallory")
    border.until(LaneState.REFERRED_ALONE)
    border.desks[0].say(OfficerVerb.SEND_BACK)
    border.until(LaneState.CLEARING)
    assert border.desks[0].news is None
    border.see(LaneTimes().clear_ms // 100 + 2)
    assert border.desks[0].news is not None
    assert (border.desks[0].news.reason, border.desks[0].news.why) == (Reason.LANE_REFERRED, Why.OCCUPANCY)


def test_a_strike_is_released_by_the_proof_of_the_devices_own_journal() -> None:
    border = Border(joint=True)
    border.start()
    border.books[1].append(border.books[1].records[0])  # the numbers of the two journals differ
    proofs: list[OnRecord] = []
    for cable in border.cables.values():
        release = cable.release

        def released(for_ms: int, allowed: OnRecord, *, release=release) -> None:
            proofs.append(allowed)
            release(for_ms, allowed)

        cable.release = released
    goes_through(border, "Erin")
    assert len(proofs) == 2
    for proof in proofs:
        record = border.books[0].records[proof.seq]
        assert isinstance(record, Passage)
        assert record.reason is None


def test_an_occupancy_that_changes_while_a_grant_is_recorded_is_seen_at_once() -> None:
    border = Border()
    stands_inside(border)
    border.seen_inside = None
    append = border.books[0].append

    def slow(record: AuditRecord) -> int:
        if isinstance(record, Passage):
            border.lane.blind = True
        return append(record)

    border.books[0].append = slow
    border.see()
    assert ("release", Side.INNER) not in border.tape
    assert border.state is not LaneState.LEAVING


def test_no_door_is_released_while_the_other_cannot_be_locked() -> None:
    border = Border()
    stands_inside(border)
    border.cables[Side.OUTER].cut = True
    border.seen_inside = None
    border.see(3)
    assert ("release", Side.INNER) not in border.tape
    assert Signal.WELCOME not in border.lights[Side.INNER].shown


def test_a_door_that_is_reached_again_no_longer_bars_the_other() -> None:
    border = Border()
    border.see()
    border.cables[Side.OUTER].cut = True
    border.lane.approach("Erin")
    border.present(border.code("Erin"), "Erin")
    border.see(3)
    assert Signal.WELCOME not in border.lights[Side.OUTER].shown
    assert "outer: door" in border.books[0].faults
    border.cables[Side.OUTER].cut = False
    border.until(LaneState.IDLE)
    border.see(20)
    goes_through(border, "Erin")
    assert border.lane.gone == ["Erin"]
