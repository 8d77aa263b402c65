"""The records of one door: the number of the last one, failures, and what staff are told of."""

from __future__ import annotations

import pytest
from worlds.passage_site import Tape
from worlds.trust import NOW, TRUST, verified

from edge.audit.record import DevicePart, DoorChange, Faulted
from edge.decision import Decision, Deny, Grant, Reason
from edge.errors import StorageFault
from edge.on_record import LockMovement
from edge.passage.clock_monitor import ClockMonitor
from edge.passage.record.record_builder import RecordBuilder
from edge.passage.record.recorder import Recorder
from edge.passage.requirements.visit_rules import Requirements
from edge.policy.decide import DoorPolicy
from edge.policy.obligations import Obligations, StaffNotice
from edge.ports import Cause, DoorEvent, DoorEventKind
from edge.trust.time.freshness import AgePolicy
from edge.trust.time.phone_clock_offset import PhoneClockOffset
from edge.trust.time.trust_age import trust_state
from edge.trust.time.trusted_clock import TrustedClock, TrustedTime
from hw.sim.clock import SimClock
from hw.sim.door import SimDoor

GRANT, DENY = Grant(3_000), Deny(Reason.FACE_NO_MATCH)


class Door(Recorder):
    """A recorder with a journal in memory."""

    def __init__(self) -> None:
        clock = SimClock(NOW)
        self.tape = Tape(SimDoor(clock))
        builder = RecordBuilder(DoorPolicy("tower-1/lobby", 0.4), "sim", "0.1")
        super().__init__(
            self.tape, builder, ClockMonitor(clock, TrustedClock(), PhoneClockOffset(), lambda: TRUST)
        )

    def decide(self, decision: Decision) -> int:
        return self.decided(decision, self.passage(decision, 10))[0]


@pytest.fixture
def door() -> Door:
    return Door()


def test_the_last_number_is_that_of_the_last_record_whatever_it_holds(door: Door) -> None:
    assert door.last_seq == 0
    door.started(1)
    for seq, decision in enumerate((DENY, GRANT), 1):
        assert door.decide(decision) == seq
        assert door.last_seq == seq
    door.fault(DevicePart.DOOR, 20)
    assert door.last_seq == 3
    assert door.free_access(30).seq == door.last_seq == 4


def test_a_grant_alone_has_a_proof(door: Door) -> None:
    assert door.decided(DENY, door.passage(DENY, 10)) == (0, None)
    seq, proof = door.decided(GRANT, door.passage(GRANT, 10))
    assert proof is not None
    assert (proof.seq, proof.door, proof.movement) == (seq, "tower-1/lobby", LockMovement.RELEASE)


def test_free_access_is_recorded_with_its_cause_before_the_lock_moves(door: Door) -> None:
    assert door.free_access(30).movement is LockMovement.FREE_ACCESS
    [order] = door.tape.records
    assert isinstance(order, DoorChange)
    assert (order.change, order.cause, order.tick_ms) == (DoorEventKind.FREE_ACCESS, Cause.SCHEDULE, 30)


@pytest.mark.parametrize("decision", [GRANT, DENY])
def test_a_journal_fails_from_a_record_that_is_not_written_to_the_next_one_that_is(
    door: Door, decision: Decision
) -> None:
    assert door.fails is False
    door.decide(decision)
    assert door.fails is False
    door.tape.full = True
    with pytest.raises(StorageFault):
        door.decide(decision)
    assert door.fails is True
    assert door.last_seq == 0
    door.fault(DevicePart.STORAGE, 20)  # moves no strike: the door works on
    assert door.fails is True
    door.tape.full = False
    door.fault(DevicePart.STORAGE, 30)
    assert door.fails is False
    assert [record.tick_ms for record in door.tape.records if isinstance(record, Faulted)] == [30]


@pytest.mark.parametrize("decision", [GRANT, DENY])
@pytest.mark.parametrize("full", [False, True])
def test_staff_are_told_of_a_record_once_with_its_number_if_it_has_one(
    door: Door, decision: Decision, full: bool
) -> None:
    door.started(1)
    card = verified()
    door.builder.begin(trust_state(TRUST, TrustedTime(NOW), AgePolicy()), 1)
    door.builder.card(card)
    door.builder.required(Requirements(Obligations(notices=frozenset({StaffNotice.DURESS}))), frozenset())
    door.tape.full = full
    if full:
        with pytest.raises(StorageFault):
            door.decide(decision)
    else:
        door.decide(decision)
    [news] = door.told_to_staff()
    assert news.seq == (None if full else 1)
    assert [message.code for message in news.messages] == ["notice.duress"]
    assert door.told_to_staff() == ()


def test_an_event_of_the_door_is_recorded_with_the_grant_that_caused_it(door: Door) -> None:
    door.started(1)
    seq = door.decide(GRANT)
    door.door(DoorEvent(DoorEventKind.RELEASED, 15))
    record = door.tape.records[-1]
    assert isinstance(record, DoorChange)
    assert (record.decision, record.cause) == (seq, Cause.GRANT)
