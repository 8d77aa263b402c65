"""Records of a passage, and the causes in records of the door."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest
from worlds.trust import DAY, ISSUER, KID, LIST, NOW, TRUST, URI, verified

from edge.audit.record import (
    Cause,
    ClockTrust,
    DoorChange,
    JournalEntry,
    Outcome,
    Passage,
    Path,
    Visited,
    encode,
)
from edge.decision import Deny, Grant, Reason
from edge.face.engine import FaceEvidence
from edge.face.quality import Component
from edge.passage.record import record_builder
from edge.passage.requirements.visit_rules import Requirements
from edge.policy.decide import DoorPolicy
from edge.policy.obligations import Factor, Obligation, Obligations
from edge.ports import DoorEvent, DoorEventKind, EventMark
from edge.trust.site_policy import SitePolicy
from edge.trust.snapshot import TrustSnapshot
from edge.trust.time.freshness import AgePolicy
from edge.trust.time.trust_age import trust_state
from edge.trust.time.trusted_clock import ClockAnomaly, TrustedTime

GRANT, DENY = Grant(3_000), Deny(Reason.FACE_NO_MATCH)
FOOTING = trust_state(TRUST, TrustedTime(NOW), AgePolicy())
K = DoorEventKind
RELEASED, OPENED, CLOSED, RELOCKED, FORCED = K.RELEASED, K.OPENED, K.CLOSED, K.RELOCKED, K.FORCED
DENIED, PRESENTED, REX, FIRE = K.DENIED, K.PRESENTED, K.REX, K.FIRE
FREE_ACCESS, BOOT = K.FREE_ACCESS, K.BOOT
END = "the program ends"

# Decisions and events of the door in order; each event with its cause and the number of its decision.
DOORS: dict[str, list[tuple[object, ...]]] = {
    "the holder goes through": [
        (GRANT,), (RELEASED, Cause.GRANT, 0), (OPENED, Cause.GRANT, 0), (RELOCKED, Cause.OPENED, 0), (CLOSED, None, 0),
    ],
    "the holder does not push": [(GRANT,), (RELEASED, Cause.GRANT, 0), (RELOCKED, Cause.TIMEOUT, 0)],
    "stop while released": [(GRANT,), (RELEASED, Cause.GRANT, 0), (END,), (RELOCKED, Cause.SHUTDOWN, 0)],
    "stop while open": [(GRANT,), (OPENED, Cause.GRANT, 0), (END,), (RELOCKED, Cause.OPENED, 0), (CLOSED, None, 0)],
    "a denial while the leaf is open": [(GRANT,), (OPENED, Cause.GRANT, 0), (DENY,), (CLOSED, None, 0)],
    "a denial before the time is up": [(GRANT,), (RELEASED, Cause.GRANT, 0), (DENY,), (RELOCKED, Cause.TIMEOUT, 0)],
    "the next holder goes through behind": [
        (GRANT,), (OPENED, Cause.GRANT, 0), (GRANT,), (RELEASED, Cause.GRANT, 1), (CLOSED, None, 0), (RELOCKED, Cause.TIMEOUT, 1),
    ],
    "one holder pushes, the next does not": [
        (GRANT,), (OPENED, Cause.GRANT, 0), (RELOCKED, Cause.OPENED, 0), (GRANT,), (RELOCKED, Cause.TIMEOUT, 1),
    ],
    "forced before a grant": [(FORCED, None, None), (CLOSED, None, None)],
    "forced after a passage": [(GRANT,), (OPENED, Cause.GRANT, 0), (CLOSED, None, 0), (FORCED, None, None), (CLOSED, None, None)],
    "open when the program began": [(CLOSED, None, None)],
    "relocks when the program began": [(RELOCKED, Cause.TIMEOUT, None)],
    "a person leaves by REX after a passage": [
        (GRANT,), (RELEASED, Cause.GRANT, 0), (OPENED, Cause.GRANT, 0), (RELOCKED, Cause.OPENED, 0), (CLOSED, None, 0),
        (REX, None, None), (OPENED, Cause.REX, None), (CLOSED, None, None),
    ],
    "forced after a release, at a door that reports both": [
        (GRANT,), (RELEASED, Cause.GRANT, 0), (RELOCKED, Cause.TIMEOUT, 0), (OPENED, None, None), (FORCED, None, None), (CLOSED, None, None),
    ],
    "a panel is shown a number": [(GRANT,), (PRESENTED, Cause.GRANT, 0)],
    "denied in lock-down, then forced": [
        (GRANT,), (DENIED, None, 0), (OPENED, None, None), (FORCED, None, None), (CLOSED, None, None),
    ],
    "fire": [(FIRE, None, None), (OPENED, Cause.FIRE, None)],
    "free access": [(FREE_ACCESS, None, None), (OPENED, Cause.MODE, None)],
    "the controller restarted": [(GRANT,), (RELEASED, Cause.GRANT, 0), (BOOT, None, None), (OPENED, None, None)],
}  # fmt: skip

# Events of a door with a controller: the cause of a relock, and the decision behind a release.
TOLD: dict[str, tuple[DoorEvent, bool, tuple[Cause | None, int | None]]] = {
    "the leaf opened": (DoorEvent(RELOCKED, 70, cause=Cause.OPENED), False, (Cause.OPENED, 0)),
    "the device did not answer any more": (DoorEvent(RELOCKED, 70, cause=Cause.HEARTBEAT), False, (Cause.HEARTBEAT, 0)),
    "an operator commanded it": (DoorEvent(RELOCKED, 70, cause=Cause.COMMAND), False, (Cause.COMMAND, 0)),
    "the program commanded it at its end": (DoorEvent(RELOCKED, 70, cause=Cause.COMMAND), True, (Cause.SHUTDOWN, 0)),
    "the time was over at the program's end": (DoorEvent(RELOCKED, 70, cause=Cause.TIMEOUT), True, (Cause.TIMEOUT, 0)),
    "the door stayed locked in lock-down": (DoorEvent(DENIED, 70, cause=Cause.MODE, grant=41), False, (Cause.MODE, 41)),
    "released for an earlier record": (DoorEvent(RELEASED, 70, grant=41), False, (Cause.GRANT, 41)),
}  # fmt: skip


def witness(*, model: str | None = "sim") -> record_builder.RecordBuilder:
    return record_builder.RecordBuilder(DoorPolicy("tower-1/lobby", 0.412), model, "0.1")


@pytest.mark.parametrize("story", DOORS)
def test_the_event_of_a_door_has_its_cause_and_its_grant(story: str) -> None:
    said = witness()
    seq = 0
    for step in DOORS[story]:
        match step:
            case (Grant() | Deny() as decision,):
                said.recorded(decision, seq)
                seq += 1
            case (str() as word,) if word == END:
                said.ending()
            case (kind, cause, decision):
                record = said.door(DoorEvent(kind, 70), NOW)
                assert (record.change, record.cause, record.decision, record.tick_ms) == (
                    kind,
                    cause,
                    decision,
                    70,
                )
                assert isinstance(record, DoorChange)


@pytest.mark.parametrize("story", TOLD)
def test_the_cause_that_a_controller_reports_is_recorded(story: str) -> None:
    event, ends, expected = TOLD[story]
    said = witness()
    said.recorded(GRANT, 0)
    said.door(DoorEvent(RELEASED, 60), NOW)
    if ends:
        said.ending()
    record = said.door(event, NOW)
    assert (record.cause, record.decision) == expected


def test_the_number_of_a_controllers_event_is_recorded() -> None:
    record = witness().door(DoorEvent(REX, 70, mark=EventMark(12, 3_400)), NOW)
    assert (record.number, record.controller_ms) == (12, 3_400)


def test_the_best_similarity_counts_and_no_value_of_the_last_passage_stays() -> None:
    said = witness()
    said.begin(FOOTING, 0)
    said.card(verified())
    for similarity in (0.3, None, 0.5006, 0.4):
        said.face(FaceEvidence(1, similarity=similarity, ms={"embed": 1.25}))
    first = said.passage(DENY, NOW, 10)
    assert (first.similarity_milli, first.threshold_milli, first.stages_us["embed"]) == (501, 412, 1_250)
    said.begin(FOOTING, 0)
    second = said.passage(Deny(Reason.CODE_SEVERAL), NOW, 20)
    assert (second.card, second.issuer, second.assurance) == (None, None, None)
    assert (second.similarity_milli, second.threshold_milli, second.stages_us) == (None, None, {})


def test_a_stage_that_ends_after_its_record_does_not_change_the_record() -> None:
    said = witness()
    said.begin(FOOTING, 0)
    said.took("code", 2_000_000)
    first = said.passage(DENY, NOW, 10)
    said.took("record", 5_000_000)
    assert first.stages_us == {"code": 2_000}


def test_a_mended_code_is_marked_until_the_next_presentation() -> None:
    said = witness()
    said.begin(FOOTING, 0)
    said.mended()
    assert said.passage(GRANT, NOW, 1).mended is True
    said.begin(FOOTING, 0)
    assert said.passage(GRANT, NOW, 2).mended is msgspec.UNSET


def test_a_grant_has_no_reason_and_a_denial_has_its_own() -> None:
    said = witness()
    said.begin(FOOTING, 0)
    assert (said.passage(GRANT, NOW, 1).outcome, said.passage(GRANT, NOW, 1).reason) == (Outcome.GRANT, None)
    assert (said.passage(DENY, NOW, 1).outcome, said.passage(DENY, NOW, 1).reason) == (
        Outcome.DENY,
        DENY.reason,
    )


def test_the_clock_is_suspect_in_a_denial_for_the_clock() -> None:
    said = witness()
    clocks = {reason: said.passage(Deny(reason), NOW, 1).clock for reason in Reason}
    assert [reason for reason, clock in clocks.items() if clock is ClockTrust.SUSPECT] == [
        Reason.CLOCK_UNTRUSTED
    ]


def test_the_ages_are_those_of_the_oldest_list_and_the_newest_key() -> None:
    old = LIST.__class__(16, b"\0\0", b"\0\0", NOW - 3 * DAY, NOW + DAY)
    trust = TrustSnapshot.of([ISSUER], {(KID, URI): LIST, (KID, "https://s.example/2"): old})
    said = witness()
    said.begin(trust_state(trust, TrustedTime(NOW), AgePolicy()), 0)
    assert ages_of(said) == {"time": timedelta(hours=1), "keys": 400 * DAY, "status": 3 * DAY}
    said.card(verified(trust=trust))  # the card's own list is the newer one
    assert ages_of(said)["status"] == timedelta(hours=1)


def test_the_age_of_a_signed_policy_and_its_version_are_recorded() -> None:
    trust = TrustSnapshot.of([ISSUER], {(KID, URI): LIST}, policy=SitePolicy("7b", "*", NOW - DAY))
    said = witness()
    said.begin(trust_state(trust, TrustedTime(NOW), AgePolicy()), 0)
    assert ages_of(said)["policy"] == DAY
    assert said.passage(DENY, NOW, 1).policy == "7b"
    said.begin(FOOTING, 0)
    assert "policy" not in ages_of(said)
    assert said.passage(DENY, NOW, 1).policy == "1"


@pytest.mark.parametrize("anomaly", [None, *ClockAnomaly])
def test_a_record_has_the_trust_in_its_clock(anomaly: ClockAnomaly | None) -> None:
    said = witness()
    said.begin(trust_state(TRUST, TrustedTime(NOW, anomaly), AgePolicy()), 0)
    expected = ClockTrust.SUSPECT if anomaly else ClockTrust.TRUSTED
    assert said.passage(GRANT, NOW, 1).clock is expected


def ages_of(said: record_builder.RecordBuilder) -> dict[str, timedelta]:
    return {age.part: timedelta(seconds=age.age_s) for age in said.passage(DENY, NOW, 1).trust}


def test_a_record_has_only_the_pseudonym_of_a_card_and_its_issuers_key() -> None:
    card = verified(subject="erin@example.org", assurance=2)
    said = witness()
    said.begin(FOOTING, 0)
    said.card(card)
    record = said.passage(GRANT, NOW, 10)
    assert (record.card, record.issuer, record.assurance) == (card.pseudonym, KID.hex(), 2)
    body = encode(JournalEntry(seq=0, record=record))
    for secret in (
        b"erin",
        b"card0001",
        b"card0001".hex().encode(),
        card.holder_key.hex().encode(),
        b"CN-GD",
    ):
        assert secret not in body


def test_a_record_without_an_engine_has_no_model() -> None:
    assert witness(model=None).passage(DENY, NOW, 1).model is None
    assert isinstance(witness(model=None).passage(DENY, NOW, 1), Passage)


def test_the_time_of_a_visit_counts_from_its_code() -> None:
    said = witness()
    said.card(verified())
    assert visited(said, GRANT, 5_000).waited_ms == 0, "no presentation began"
    said.begin(FOOTING, 1_000)
    said.card(verified())
    assert visited(said, GRANT, 3_500).waited_ms == 2_500
    assert visited(said, GRANT, 900).waited_ms == 0


def visited(said: record_builder.RecordBuilder, decision: Grant | Deny, tick_ms: int) -> Visited:
    visit = said.passage(decision, NOW, tick_ms).visit
    assert isinstance(visit, Visited)
    return visit


STAFF = Requirements(Obligations((Obligation(Factor.STAFF, Reason.PERSON_ALONE),)))
PATHS = {
    "a face that was compared": (0.5, Requirements(), GRANT, Path.FACE),
    "no face": (None, Requirements(), GRANT, Path.NO_FACE),
    "staff who are needed": (None, STAFF, DENY, Path.STAFF),
    "staff who are needed after a face": (0.5, STAFF, DENY, Path.STAFF),
    "a grant, whatever was required": (0.5, STAFF, GRANT, Path.FACE),
    "a denial without staff": (None, Requirements(), DENY, Path.NO_FACE),
}


@pytest.mark.parametrize("case", PATHS)
def test_a_visit_has_its_path(case: str) -> None:
    similarity, requirements, decision, path = PATHS[case]
    said = witness()
    said.begin(FOOTING, 0)
    said.card(verified())
    said.required(requirements, frozenset())
    said.face(FaceEvidence(1, similarity=similarity))
    assert visited(said, decision, 10).path is path


def test_the_obligations_of_a_visit_are_known_once_its_card_is() -> None:
    said = witness()
    said.begin(FOOTING, 0)
    said.required(STAFF, frozenset())
    assert said.obligations is None
    said.card(verified())
    assert said.obligations == STAFF.obligations


def test_the_trust_of_a_visit_is_that_of_its_card() -> None:
    said = witness()
    said.card(verified())
    assert said.trust_state is None, "no presentation began"
    said.begin(FOOTING, 0)
    assert said.trust_state is FOOTING


def test_a_denial_has_the_component_of_the_last_frame_and_a_grant_has_none() -> None:
    said = witness()
    said.begin(FOOTING, 0)
    said.face(FaceEvidence(1, fta=Component.SHARPNESS))
    assert said.passage(DENY, NOW, 1).fta == Component.SHARPNESS.value
    assert said.passage(GRANT, NOW, 1).fta is None
    said.face(FaceEvidence(1))
    assert said.passage(DENY, NOW, 1).fta is None


def test_only_the_denial_of_a_foreign_code_has_its_kind() -> None:
    said, foreign = witness(), Deny(Reason.CODE_FOREIGN)
    said.begin(FOOTING, 0)
    assert said.passage(foreign, NOW, 1).foreign is msgspec.UNSET
    said.foreign("url")
    assert said.passage(foreign, NOW, 1).foreign == "url"
    assert said.passage(DENY, NOW, 1).foreign is msgspec.UNSET


def test_a_new_policy_is_named_from_the_next_record_on() -> None:
    said = witness()
    said.begin(FOOTING, 0)
    said.face(FaceEvidence(1, similarity=0.9))
    said.adopt(DoorPolicy("tower-1/yard", 0.9))
    record = said.passage(DENY, NOW, 1)
    assert (record.door, record.threshold_milli) == ("tower-1/yard", 900)


def test_a_stage_has_its_microseconds() -> None:
    said = witness()
    said.took("verify", 123_456_789)
    assert said.micros() == {"verify": 123_456}
    said.face(FaceEvidence(1, similarity=0.412, ms={"embed": 999.999}))
    assert said.micros()["embed"] == 999_999
    assert said.passage(DENY, NOW, 1).similarity_milli == 412
