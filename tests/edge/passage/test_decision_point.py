"""One authority at its doors: the pulse, the parts of its records, and the result that its venue is told."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import msgspec
import pytest
from worlds.passage_site import ScriptedVenue, Site, Tape
from worlds.trust import NOW, TRUST, URI

from edge.audit.record import ClockChange, DevicePart, Faulted, Passage, Started
from edge.card.claims import StatusPointer
from edge.decision import Deny, Grant, Reason
from edge.passage.decision_point import ONE_DOOR, PULSE_MS, DecisionPoint, PointParts
from edge.passage.presented import Presented, TurnedAway
from edge.ports import Symbol
from edge.trust.time.trusted_clock import ClockMemory, TrustedClock
from hw.sim.door import SimDoor

GRANT, DENY = Grant(3_000), Deny(Reason.FACE_NO_MATCH)
TICK_MS = 5_000


class Point(DecisionPoint):
    """A decision point with the stages of a simulated door, and a journal of its own."""

    def __init__(
        self, memory: ClockMemory | None = None, doors: tuple[str, ...] = ONE_DOOR, *, engine: bool = True
    ) -> None:
        self.site = Site()
        self.clock = self.site.clock
        self.tape = Tape(SimDoor(self.clock))
        self.venue: ScriptedVenue = self.site.venue
        stages = self.site.stages if engine else replace(self.site.stages, engine=None)
        parts = PointParts(
            stages=stages, trust=lambda: TRUST, journal=self.tape, trusted_clock=TrustedClock(memory)
        )
        super().__init__(parts, self.clock, "7.1", doors)

    def show(self, *texts: str) -> Presented | TurnedAway | None:
        return self.present([Symbol(text, text.encode(), "sim") for text in texts], TICK_MS)

    def record(self, decision: Grant | Deny = DENY) -> Passage:
        return self.recorder.passage(decision, TICK_MS)


@pytest.fixture
def point() -> Point:
    return Point()


def test_the_clocks_are_checked_once_a_second(point: Point) -> None:
    checked = [ms for ms in range(2_002) if point.pulse(TICK_MS + ms) is not None]
    assert checked == [0, PULSE_MS, 2 * PULSE_MS]
    assert PULSE_MS == 1_000


def test_a_new_policy_is_checked_at_once_and_named_in_the_next_record(point: Point) -> None:
    assert point.pulse(TICK_MS)
    assert point.pulse(TICK_MS + 1) is None
    policy = replace(point.stages.policy, site="tower-2/lobby", version="9")
    point.adopt(replace(point.stages, policy=policy))
    assert (point.record().door, point.record().policy) == ("tower-2/lobby", "9")
    assert point.pulse(TICK_MS + 2)


def test_the_pulse_forgets_codes_that_have_expired(point: Point) -> None:
    assert isinstance(point.show(point.site.code()), Presented)
    assert len(point.stages.replay) == 1
    point.clock.advance(600_000)
    point.pulse(point.clock.tick_ms())
    assert len(point.stages.replay) == 0


@pytest.mark.parametrize(("engine", "model"), [(True, "sim"), (False, None)])
def test_the_start_is_recorded_with_the_model_and_the_version(engine: bool, model: str | None) -> None:
    point = Point(engine=engine)
    point.started(TICK_MS)
    [started] = point.tape.records
    assert isinstance(started, Started)
    assert (started.model, started.version) == (model, "7.1")


def test_a_clock_that_is_suspect_at_the_start_is_recorded_at_once() -> None:
    point = Point(ClockMemory(NOW + timedelta(days=9), NOW))
    point.started(TICK_MS)
    assert [type(record) for record in point.tape.records] == [Started, ClockChange]


def test_a_fault_of_the_device_is_recorded_at_the_first_of_its_doors() -> None:
    point = Point(doors=("outer", "inner"))
    point.started(TICK_MS)
    assert [record.door for record in point.tape.records] == ["tower-1/lobby/outer"]


def test_only_a_code_of_another_system_is_named_in_the_record(point: Point) -> None:
    refused = point.show("https://example.org/menu")
    assert isinstance(refused, TurnedAway)
    assert point.record(refused.deny).foreign == "web-address"
    expired = point.show(point.site.code(expires=NOW - timedelta(hours=1)))
    assert isinstance(expired, TurnedAway)
    assert point.record(Deny(Reason.CODE_FOREIGN)).foreign is msgspec.UNSET
    assert point.show() is None
    assert point.record(Deny(Reason.CODE_FOREIGN)).foreign is msgspec.UNSET


def test_the_venue_is_told_the_result_of_a_visit_once(point: Point) -> None:
    point.show(point.site.code())
    for seq in (3, 4):
        point.settle(GRANT, seq, TICK_MS)
    assert point.venue.settled == [(GRANT, 3)]


def test_a_refused_card_is_a_visit_too(point: Point) -> None:
    assert isinstance(point.show(point.site.code(scope=("tower-2",))), TurnedAway)
    point.settle(DENY, 3, TICK_MS)
    assert point.venue.settled == [(DENY, 3)]


@pytest.mark.parametrize("then", ["a code without a card", "no code", "forget"])
def test_the_venue_is_told_nothing_of_a_visit_that_another_presentation_ended(
    point: Point, then: str
) -> None:
    point.show(point.site.code())
    if then == "forget":
        point.forget()
    else:
        point.show(*(["https://example.org/menu"] if then == "a code without a card" else []))
    point.settle(GRANT, 3, TICK_MS)
    assert point.venue.settled == []


def test_a_venue_whose_store_fails_is_a_fault_of_the_storage(point: Point) -> None:
    point.venue.forgets = True
    point.show(point.site.code())
    point.settle(GRANT, 3, TICK_MS)
    assert [record.part for record in point.tape.records if isinstance(record, Faulted)] == [
        DevicePart.STORAGE
    ]


@pytest.mark.parametrize(("decision", "agrees"), [(GRANT, True), (DENY, False)])
def test_a_granted_code_confirms_the_clock_and_a_denied_one_does_not(
    decision: Grant | Deny, agrees: bool
) -> None:
    """A step of the clock is noticed only after a phone or a sync agreed with it."""
    point = Point(ClockMemory(NOW - timedelta(days=1), TRUST.floor))
    point.show(point.site.code(status=StatusPointer(URI, 0)))
    point.settle(decision, 3, TICK_MS)
    point.clock.jump(NOW + timedelta(hours=9))
    assert point.ground(TICK_MS)[1].at.suspect is agrees
