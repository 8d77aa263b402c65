"""The verifier of a door, one rule at a time."""

from __future__ import annotations

from dataclasses import replace

import pytest
from worlds.passage_site import LOOKS, Site

from edge.audit.record import (
    StopCause,
)
from edge.decision import Reason
from edge.passage.machine import PassageState
from edge.policy.obligations import Factor, Obligation, Obligations
from edge.policy.pin import Pin, verifier

# -- any sequence ------------------------------------------------------------------------------------------

PIN = Pin(verifier("1234", shortest=4))


@pytest.mark.parametrize("state", [PassageState.CHALLENGE, PassageState.FACTOR])
def test_an_outage_of_the_camera_ends_only_a_passage_that_waits_for_a_face(state: PassageState) -> None:
    site = Site()
    kind = Factor.CHALLENGE if state is PassageState.CHALLENGE else Factor.PIN
    site.venue.obligations = Obligations((Obligation(kind, Reason.RISK_HIGH),), pin=PIN)
    site.reader.in_view = (site.code(),)
    site.engine.who = "holder"
    assert site.see(3).state is state
    step = site.miss()
    assert (step.outcome is not None) is (state is PassageState.CHALLENGE)
    assert step.symbols == () or state is PassageState.FACTOR


def test_an_outcome_is_told_in_one_step_only() -> None:
    site = Site()
    site.admit()
    assert site.miss().outcome is None
    assert site.verifier.stop(StopCause.SIGNAL) is None


def test_a_code_that_stays_in_view_through_a_face_capture_is_one_presentation() -> None:
    site = Site()
    site.reader.in_view = (site.code(),)
    while not site.passages:
        site.see()
    site.see(60)
    assert [record.reason for record in site.passages] == [Reason.FACE_ABSENT]


def test_new_times_count_from_the_next_passage_on() -> None:
    site = Site()
    site.verifier.adopt(site.stages, replace(site.times, face_ms=1_000))
    site.reader.in_view = (site.code(),)
    site.see(12)
    assert [record.reason for record in site.passages] == [Reason.FACE_ABSENT]


def test_the_trust_of_the_moment_is_told_while_no_visitor_is_there() -> None:
    site = Site()
    before = site.see().trust_state
    site.see(30)
    after = site.moments[-1].trust_state
    assert before is not None
    assert after is not None
    assert after.at.now > before.at.now


def test_the_trust_of_a_passage_stays_that_of_its_card() -> None:
    site = Site()
    site.see()
    site.reader.in_view = (site.code(),)
    begun = site.see().trust_state
    assert begun is not None
    assert begun.at.now == site.clock.now()
    assert site.see(30).trust_state is begun


def test_the_events_of_the_door_are_told_in_their_step() -> None:
    site = Site()
    site.door.force_open()
    assert [event.kind for event in site.see().door] == [event.kind for event in site.door.history]
    assert site.see().door == ()


def test_each_stage_of_an_outcome_has_its_own_time() -> None:
    site = Site()
    site.admit()
    outcome = site.moments[-1].outcome
    assert outcome is not None
    assert outcome.micros == dict.fromkeys(("code", "verify", "face", "record"), 1)


def test_a_step_has_the_evidence_of_its_frame() -> None:
    site = Site()
    site.reader.in_view = (site.code(),)
    assert site.see().evidence is None
    site.engine.who = "blurred"
    assert site.see().evidence is LOOKS["blurred"]


def test_a_decision_without_a_record_is_not_told_to_the_venue() -> None:
    site = Site()
    site.reader.in_view = (site.code(),)
    site.see()
    site.tape.full = True
    site.engine.who = "holder"
    site.see()
    assert site.venue.settled == []


def test_a_stop_shows_no_welcome_and_no_words() -> None:
    site = Site()
    site.admit()
    site.tape.cut = True
    site.verifier.stop(StopCause.SIGNAL)
    assert site.signals.current is None
    site = Site()
    site.venue.obligations = Obligations((Obligation(Factor.PIN, Reason.RISK_HIGH),), pin=PIN)
    site.reader.in_view = (site.code(),)
    site.engine.who = "holder"
    site.see(3)
    assert site.signals.asked[-1] == "type your PIN"
    site.verifier.stop(StopCause.SIGNAL)
    assert site.signals.asked[-1] is None


def test_no_symbol_and_no_obligation_is_in_the_repr_of_a_step() -> None:
    site = Site()
    site.reader.in_view = (site.code(),)
    step = site.see()
    assert step.symbols
    assert "symbols=" not in repr(step)
    assert "obligations=" not in repr(step)
