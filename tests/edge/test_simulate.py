"""Simulated outcomes of records under changed rules, row by row."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from samples.journals import passage

from edge.audit.record import ClockTrust, JournalEntry, Outcome, Passage, Path, Started, TrustAge, Visited
from edge.decision import Reason
from edge.policy.obligations import Factor
from edge.policy.risk.table import RiskPolicy
from edge.simulate import REPLAYED, ChangedDecision, SimulatedOutcome, SimulatedRules, simulate
from edge.trust.time.freshness import AgeAction, AgePolicy, AgeRule, Budgets

PLAIN = SimulatedRules()
HOUR_MS = 3_600_000


def granted(**changes: Any) -> Passage:
    plain: dict[str, Any] = {
        "outcome": Outcome.GRANT,
        "reason": None,
        "similarity_milli": 700,
        "threshold_milli": 412,
        "assurance": 2,
        "clock": ClockTrust.TRUSTED,
        "trust": (),
        "fta": None,
    }
    return msgspec.structs.replace(passage(), **(plain | changes))


def denied(reason: Reason, **changes: Any) -> Passage:
    return granted(outcome=Outcome.DENY, reason=reason, **changes)


def aged(part: str, hours: int) -> tuple[TrustAge, ...]:
    issued_s = passage().time_ms // 1_000 - hours * 3_600
    return (TrustAge(part=part, issued_s=issued_s, age_s=hours * 3_600),)


STRICT = AgePolicy(status=AgeRule(Budgets(timedelta(hours=2), timedelta(hours=4)), ageing=AgeAction.STEP_UP))
LAX = AgePolicy(clock=AgeAction.STEP_UP, status=AgeRule(Budgets(timedelta(days=300), timedelta(days=301))))
NIGHT = RiskPolicy(quiet=(7, 9))  # the record has the time 08:00 UTC
Expected = tuple[SimulatedOutcome, Reason | None, tuple[Factor, ...]]
GO_ON: Expected = (SimulatedOutcome.GO_ON, None, ())


def deny(reason: Reason) -> Expected:
    return SimulatedOutcome.DENY, reason, ()


ROWS: dict[str, tuple[Passage, SimulatedRules, Expected | None]] = {
    "unchanged rules": (granted(), PLAIN, None),
    "a refusal of another kind stays": (denied(Reason.CARD_REVOKED), SimulatedRules(min_assurance=3), None),
    "a higher required assurance": (granted(), SimulatedRules(min_assurance=3), deny(Reason.CARD_ASSURANCE)),
    "a lower required assurance": (
        denied(Reason.CARD_ASSURANCE, similarity_milli=None, threshold_milli=None),
        PLAIN,
        GO_ON,
    ),
    "a higher threshold": (granted(), SimulatedRules(similarity_milli=800), deny(Reason.FACE_NO_MATCH)),
    "a lower threshold": (
        denied(Reason.FACE_NO_MATCH, similarity_milli=350),
        SimulatedRules(similarity_milli=300),
        (SimulatedOutcome.GRANT, None, ()),
    ),
    "not low enough": (
        denied(Reason.FACE_NO_MATCH, similarity_milli=250),
        SimulatedRules(similarity_milli=300),
        None,
    ),
    "a shorter budget for lists": (
        granted(trust=aged("status", 5)),
        SimulatedRules(STRICT),
        deny(Reason.STATUS_STALE),
    ),
    "an ageing list that steps up, and a compared face": (
        granted(trust=aged("status", 3)),
        SimulatedRules(STRICT),
        None,
    ),
    "an ageing list that steps up, and no compared face": (
        granted(trust=aged("status", 3), similarity_milli=None, threshold_milli=None),
        SimulatedRules(STRICT),
        deny(Reason.STATUS_STALE),
    ),
    "a longer budget for lists": (
        denied(Reason.STATUS_STALE, trust=aged("status", 200)),
        SimulatedRules(LAX),
        GO_ON,
    ),
    "old keys": (
        granted(trust=aged("keys", 24 * 40)),
        SimulatedRules(AgePolicy(keys=AgeRule(Budgets(), stale=AgeAction.STAFF))),
        deny(Reason.TRUST_STALE),
    ),
    "a suspect clock": (granted(clock=ClockTrust.SUSPECT), PLAIN, deny(Reason.CLOCK_UNTRUSTED)),
    "a suspect clock that may step up": (
        denied(Reason.CLOCK_UNTRUSTED, clock=ClockTrust.SUSPECT),
        SimulatedRules(LAX),
        GO_ON,
    ),
    "an unusual hour": (
        granted(),
        SimulatedRules(risk=NIGHT),
        (SimulatedOutcome.ASK, None, (Factor.CHALLENGE,)),
    ),
    "an unusual hour, and no factor to ask for": (
        granted(),
        SimulatedRules(risk=NIGHT, able=frozenset()),
        deny(Reason.RISK_HOUR),
    ),
    "a factor that was asked and given": (
        granted(visit=Visited(venue="door", path=Path.FACE, required=("challenge",), given=("challenge",))),
        SimulatedRules(risk=NIGHT),
        None,
    ),
    "a recorded signal counts by the new table": (
        granted(visit=Visited(venue="door", path=Path.FACE, risk_signals=("risk.new_key",))),
        SimulatedRules(risk=RiskPolicy()),
        (SimulatedOutcome.ASK, None, (Factor.CHALLENGE,)),
    ),
    "a face just above the threshold": (
        granted(similarity_milli=420),
        SimulatedRules(risk=RiskPolicy(margin=0.05)),
        (SimulatedOutcome.ASK, None, (Factor.CHALLENGE,)),
    ),
}


@pytest.mark.parametrize("row", ROWS)
def test_simulated_outcomes(row: str) -> None:
    record, rules, expected = ROWS[row]
    ((_, change),) = simulate([JournalEntry(seq=5, record=record)], rules)
    if expected is None:
        assert change is None
    else:
        assert change == ChangedDecision(5, record.time_ms, record.reason, *expected)


def test_failures_are_counted_from_the_journal() -> None:
    miss = denied(Reason.FACE_NO_MATCH, similarity_milli=100)
    late = msgspec.structs.replace(granted(), time_ms=miss.time_ms + 2 * HOUR_MS)
    records = [miss, miss, miss, granted(), miss, miss, miss, late]
    rules = SimulatedRules(risk=RiskPolicy(failures=3, failures_min=60))
    entries = [JournalEntry(seq=seq, record=record) for seq, record in enumerate(records)]
    changed = [change.seq for _, change in simulate(entries, rules) if change]
    assert changed == [3], "a grant clears failures, and so does time"


def test_only_passages_are_replayed() -> None:
    started = Started(time_ms=1, tick_ms=1, door="a", version="1")
    assert list(simulate([JournalEntry(seq=0, record=started)], PLAIN)) == []


@pytest.mark.parametrize("reason", sorted(set(Reason) - REPLAYED))
def test_a_reason_that_no_rule_decides_stays(reason: Reason) -> None:
    strictest = replace(PLAIN, min_assurance=3, similarity_milli=1_000)
    ((_, change),) = simulate([JournalEntry(seq=0, record=denied(reason))], strictest)
    assert change is None
