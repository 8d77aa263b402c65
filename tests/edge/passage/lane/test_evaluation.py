"""The decisions of all authorities of a lane, made one event: attacks, parties, faces and venues."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from worlds.passage_site import ScriptedVenue
from worlds.venues.lane import CARDS, Border

from edge.audit.record import Passage, StopCause, Visited
from edge.audit.record import Path as Way
from edge.decision import Grant, Reason, Signal
from edge.passage.face.pad_rule import PadRule
from edge.passage.lane.authority import Authority
from edge.passage.lane.evaluation import LaneSubject
from edge.passage.lane.events import Side
from edge.passage.lane.machine import LaneState
from edge.passage.lane.officers.messages import OfficerVerb
from edge.passage.lane.times import LaneTimes
from edge.passage.stages import Stages
from edge.policy.decide import FaceRule
from edge.policy.obligations import Factor, Obligation, Obligations
from edge.policy.risk.history import RecentPast
from edge.policy.risk.table import RiskPolicy

MOVES = PadRule(random_below=lambda _: 0)
TRIO = {"scope": ("border", "party/3/k7f3ac")}


def adopts(border: Border, change: Callable[[Stages], Stages], times: LaneTimes | None = None) -> None:
    """The lane is idle, and its own authority has other stages."""
    border.see()
    stages = [each.stages for each in authorities(border)]
    border.verifier.adopt([change(stages[0]), *stages[1:]], times or LaneTimes())


def authorities(border: Border) -> tuple[Authority, ...]:
    return border.verifier._authorities


def with_venue(venue: ScriptedVenue) -> Callable[[Stages], Stages]:
    return lambda stages: replace(stages, visit_rules=replace(stages.visit_rules, venue=venue))


def shows(border: Border, name: str, *seen: str, **card: object) -> None:
    """Show a code until it is decided; `seen` are before the outer camera."""
    border.see()
    if seen == (name,):
        border.lane.approach(name)
    border.present(border.code(name, **card), *seen)


def rests(border: Border) -> None:
    border.until(LaneState.IDLE, LaneState.REFERRED, LaneState.REFERRED_ALONE)
    border.see(13)  # the phone is out of view


def goes_in(border: Border, name: str, *seen: str, **card: object) -> None:
    """A holder goes in; `seen`: what the inner camera sees."""
    border.seen_inside = seen
    shows(border, name, name, **card)
    border.until(LaneState.INSIDE)


def passages(border: Border, of: int = 0) -> list[Passage]:
    return [record for record in border.books[of].records if isinstance(record, Passage)]


# -- attacks -----------------------------------------------------------------------------------------------


def test_an_attack_that_the_camera_ended_makes_the_card_wait() -> None:
    border = Border()
    border.see()
    border.before, border.reader.in_view = ("a print",), (border.code("Erin"),)
    border.see(2)
    border.lost, border.reader.in_view = frozenset({Side.OUTER}), ()
    border.see()
    border.lost = frozenset()
    rests(border)
    shows(border, "Erin", "Erin")
    assert border.books[0].decisions == ["outer: device.fault", "outer: risk.locked_out"]


def test_an_attack_counts_once_and_then_the_holder_is_asked_to_move() -> None:
    border = Border()
    adopts(border, lambda stages: replace(stages, pad_rule=MOVES), LaneTimes(face_ms=1_000))
    shows(border, "Erin", "a print")
    rests(border)
    border.see(100)  # ten seconds are the first wait
    border.before, border.reader.in_view = ("Erin",), (border.code("Erin"),)
    border.see(20)
    assert border.books[0].decisions == ["outer: face.attack"]
    assert border.state is LaneState.OUTSIDE, "movements have more time than a face"


def test_without_an_attack_no_movement_is_asked_for() -> None:
    border = Border()
    adopts(border, lambda stages: replace(stages, pad_rule=MOVES))
    shows(border, "Erin", "Erin")
    assert border.books[0].decisions == ["outer: granted"]


def test_a_small_margin_asks_for_movements_at_the_outer_door() -> None:
    border = Border()

    def risky(stages: Stages) -> Stages:
        rules = replace(stages.visit_rules, history=RecentPast("border/lane-1"), risk=RiskPolicy(margin=0.1))
        return replace(stages, pad_rule=MOVES, visit_rules=rules)

    adopts(border, risky)
    border.before, border.reader.in_view = ("Ann",), (border.code("Ann"),)
    border.see(20)
    assert border.state is LaneState.OUTSIDE
    assert border.books[0].decisions == []


def test_a_passage_resets_the_failures_of_its_card() -> None:
    border = Border()
    for seen in ("Mallory", "Mallory", "Erin", "Mallory", "Mallory", "Erin"):
        shows(border, "Erin", seen)
        rests(border)
    assert border.lane.gone == ["Erin", "Erin"]


# -- faces -------------------------------------------------------------------------------------------------


def test_two_faces_outside_are_no_reason_as_long_as_one_remains() -> None:
    border = Border()
    border.see()
    border.lane.approach("Erin")
    border.before, border.reader.in_view = ("Erin", "Ada"), (border.code("Erin"),)
    border.see(12)
    border.before = ("Erin",)
    border.see(3)
    assert border.books[0].decisions == ["outer: granted"]


def test_two_faces_inside_are_referred_at_the_third_look() -> None:
    border = Border()
    goes_in(border, "Erin", "Erin", "Ada")
    border.see(3)
    assert border.state is LaneState.INSIDE
    border.see()
    assert border.books[0].decisions == ["outer: granted", "inner: lane.several"]


@pytest.mark.parametrize("end", ["through", "a stop", "referred"])
def test_no_embedding_outlives_its_capture(end: str) -> None:
    border = Border()
    goes_in(border, "Erin", "a blur")
    judging = border.verifier._judging
    capture = judging.subject.capture
    assert capture is not None
    wiped: list[bool] = []
    means: list[np.ndarray] = []
    wipe, mean = capture.wipe, capture.mean
    capture.wipe = lambda: wiped.append(True) or wipe()
    capture.mean = lambda: means.append(mean()) or means[-1]
    if end == "through":
        border.seen_inside = None
        border.until(LaneState.IDLE)
        assert len(means) == 1
        assert not means[0].any()
    elif end == "a stop":
        border.verifier.stop(StopCause.SIGNAL)
    else:
        border.lane.come_from_inside("Mallory")
        border.until(LaneState.REFERRED)
        assert judging.subject.capture is None
        assert judging.prompt is None
    assert wiped


def test_the_capture_outside_is_wiped_once_its_face_matches() -> None:
    border = Border()
    border.see()
    border.before, border.reader.in_view = (), (border.code("Erin"),)
    border.see()
    capture = border.verifier._judging.subject.capture
    assert capture is not None
    wiped: list[bool] = []
    capture.wipe = lambda: wiped.append(True)
    border.before = ("Erin",)
    border.see()
    assert border.state is LaneState.ENTERING
    assert wiped


def test_no_embedding_is_in_the_repr_of_a_subject() -> None:
    assert "before" not in repr(LaneSubject(before=np.ones(64, np.float32)))


# -- parties -----------------------------------------------------------------------------------------------


def test_a_member_who_is_refused_outside_does_not_stop_the_party() -> None:
    border = Border()
    shows(border, "Erin", "Erin", **TRIO)
    rests(border)
    shows(border, "Ada", "Mallory", **TRIO)
    rests(border)
    shows(border, "Ada", "Ada", **TRIO)
    rests(border)
    assert border.lane.gone == ["Erin", "Ada"]


def test_a_member_who_turns_back_does_not_stop_the_party() -> None:
    border = Border()
    shows(border, "Erin", "Erin", **TRIO)
    rests(border)
    goes_in(border, "Ada", **TRIO)
    border.lane.turn_back()
    rests(border)
    border.seen_inside = None
    shows(border, "Bea", "Bea", **TRIO)
    assert border.books[0].decisions[-1] == "outer: granted"


def test_a_member_who_is_stopped_inside_stops_the_party() -> None:
    border = Border()
    shows(border, "Erin", "Erin", **TRIO)
    rests(border)
    goes_in(border, "Ada", "Mallory", **TRIO)
    border.until(LaneState.REFERRED_ALONE)
    assert border.desks[0].news is not None
    assert border.desks[0].news.party == (1, 3)
    border.desks[0].say(OfficerVerb.SEND_BACK)
    border.until(LaneState.CLEARING)
    border.lane.turn_back()
    border.until(LaneState.IDLE)
    border.see(13)
    shows(border, "Bea", "Bea", **TRIO)
    assert border.books[0].decisions[-1] == "outer: lane.referred"


# -- records and venues ------------------------------------------------------------------------------------


def test_the_time_of_a_passage_counts_from_its_code() -> None:
    border = Border()
    border.see(50)
    began_ms = border.clock.tick_ms() + 100
    shows(border, "Erin", "Erin")
    border.until(LaneState.IDLE)
    (passed_ms,) = border.passed
    assert began_ms <= border.clock.tick_ms() - passed_ms <= began_ms + 100


def test_the_venue_is_told_the_last_decision_of_a_passage_once() -> None:
    border, venue = Border(), ScriptedVenue()
    adopts(border, with_venue(venue))
    shows(border, "Erin", "Erin")
    rests(border)
    ((decision, seq),) = venue.settled
    assert isinstance(decision, Grant)
    assert border.books[0].records[seq] == passages(border)[-1]


def test_staff_are_asked_if_one_of_two_refusals_needs_them() -> None:
    border, venue = Border(joint=True), ScriptedVenue()
    venue.refuses = Reason.SITE_FULL
    adopts(border, with_venue(venue))
    border.revoke(CARDS["Erin"], of=1)
    shows(border, "Erin", "Erin")
    assert [book.decisions for book in border.books] == [["outer: site.full"], ["outer: card.revoked"]]
    assert border.lights[Side.OUTER].current is Signal.ASK_STAFF


def test_a_card_without_a_face_outside_is_looked_at_if_movements_are_required() -> None:
    border, venue = Border(face_outside=False), ScriptedVenue()
    adopts(border, lambda stages: replace(with_venue(venue)(stages), pad_rule=MOVES))
    shows(border, "Erin", "Erin")
    assert border.books[0].decisions == ["outer: granted"], "this lane looks inside only"
    border.until(LaneState.IDLE)
    border.see(13)
    venue.obligations = Obligations((Obligation(Factor.CHALLENGE, Reason.RISK_HIGH),))
    border.before, border.reader.in_view = ("Ada",), (border.code("Ada"),)
    border.see()
    assert border.state is LaneState.OUTSIDE


def test_an_officers_look_takes_the_place_of_movements_and_not_of_the_card() -> None:
    for revoked in (False, True):
        border, venue = Border(), ScriptedVenue()
        adopts(border, with_venue(venue))
        goes_in(border, "Erin", "Mallory")
        border.until(LaneState.REFERRED_ALONE)
        (authority,) = authorities(border)
        assert authority.presented is not None
        asked = Obligations((Obligation(Factor.CHALLENGE, Reason.RISK_HIGH),))
        requirements = replace(authority.presented.requirements, obligations=asked)
        authority.presented = replace(authority.presented, requirements=requirements)
        if revoked:
            border.revoke(CARDS["Erin"])
        border.desks[0].say(OfficerVerb.ADMIT)
        border.see(2)
        news = border.desks[0].news
        if revoked:
            assert news is not None
            assert (news.reason, news.admissible) == (Reason.CARD_REVOKED, False)
        else:
            assert border.books[0].decisions[-1] == "inner: granted by o-1"


def test_a_refused_traveller_leaves_no_visit_behind() -> None:
    border = Border(joint=True)
    border.revoke(CARDS["Erin"])
    shows(border, "Erin", "Erin")
    rests(border)
    assert [each._visit for each in authorities(border)] == [None, None]


# -- the path in the record --------------------------------------------------------------------------------


def test_a_denial_outside_has_the_path_of_the_device() -> None:
    border = Border()
    shows(border, "Erin", "Mallory")
    assert way(border) is Way.FACE


@pytest.mark.parametrize(("face_outside", "path"), [(True, Way.FACE), (False, Way.NO_FACE)])
def test_a_holder_who_turns_back_keeps_the_path_of_the_outer_door(face_outside: bool, path: Way) -> None:
    border = Border(face_outside=face_outside, face=FaceRule.IF_BOUND)
    goes_in(border, "Erin")
    border.lane.turn_back()
    rests(border)
    assert border.books[0].decisions == ["outer: granted", "inner: passage.interrupted"]
    assert way(border) is path


def way(border: Border) -> Way:
    visit = passages(border)[-1].visit
    assert isinstance(visit, Visited)
    return visit.path


def test_the_record_has_the_factors_that_were_given_since_the_code() -> None:
    border = Border()
    goes_in(border, "Erin", "Mallory")
    (authority,) = authorities(border)
    assert authority.presented is not None
    authority.presented = authority.presented.with_given(Factor.CHALLENGE, Obligations())
    border.until(LaneState.REFERRED_ALONE)
    visit = passages(border)[-1].visit
    assert isinstance(visit, Visited)
    assert visit.given == ("challenge",)


def test_a_referral_has_the_number_of_its_record() -> None:
    border = Border()
    goes_in(border, "Erin", "Mallory")
    border.until(LaneState.REFERRED_ALONE)
    assert border.desks[0].news is not None
    assert border.books[0].records[border.desks[0].news.referral] == passages(border)[-1]
