"""What changed rules would have made of a record, row by row."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from journals import passage

from edge.audit.record import ClockTrust, Entry, Outcome, Passage, Path, Started, TrustAge, Visited
from edge.decision import Reason
from edge.passage.rehearsal import REPLAYED, Change, Rules, Would, rehearse
from edge.risk.table import RiskPolicy
from edge.trust.freshness import Budgets, Ladder, Rule, Rung
from edge.venue.terms import Factor

PLAIN = Rules()
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


STRICT = Ladder(status=Rule(Budgets(timedelta(hours=2), timedelta(hours=4)), ageing=Rung.STEP_UP))
LAX = Ladder(clock=Rung.STEP_UP, status=Rule(Budgets(timedelta(days=300), timedelta(days=301))))
NIGHT = RiskPolicy(quiet=(7, 9))  # the record is of eight in the morning, UTC

ROWS: dict[str, tuple[Passage, Rules, tuple[Would, Reason | None, tuple[Factor, ...]] | None]] = {
    "the same rules change nothing": (granted(), PLAIN, None),
    "a refusal of another kind stays": (denied(Reason.CARD_REVOKED), Rules(min_assurance=3), None),
    "a better enrolment is wanted": (
        granted(),
        Rules(min_assurance=3),
        (Would.DENY, Reason.CARD_ASSURANCE, ()),
    ),
    "a worse enrolment will do": (
        denied(Reason.CARD_ASSURANCE, similarity_milli=None, threshold_milli=None),
        PLAIN,
        (Would.GO_ON, None, ()),
    ),
    "a higher threshold": (
        granted(),
        Rules(similarity_milli=800),
        (Would.DENY, Reason.FACE_NO_MATCH, ()),
    ),
    "a lower threshold": (
        denied(Reason.FACE_NO_MATCH, similarity_milli=350),
        Rules(similarity_milli=300),
        (Would.GRANT, None, ()),
    ),
    "not low enough": (
        denied(Reason.FACE_NO_MATCH, similarity_milli=250),
        Rules(similarity_milli=300),
        None,
    ),
    "a list that may be less old": (
        granted(trust=aged("status", 5)),
        Rules(STRICT),
        (Would.DENY, Reason.STATUS_STALE, ()),
    ),
    "a list that ages steps up to a face that was there": (
        granted(trust=aged("status", 3)),
        Rules(STRICT),
        None,
    ),
    "and where none was compared": (
        granted(trust=aged("status", 3), similarity_milli=None, threshold_milli=None),
        Rules(STRICT),
        (Would.DENY, Reason.STATUS_STALE, ()),
    ),
    "a list that may be older": (
        denied(Reason.STATUS_STALE, trust=aged("status", 200)),
        Rules(LAX),
        (Would.GO_ON, None, ()),
    ),
    "old keys": (
        granted(trust=aged("keys", 24 * 40)),
        Rules(Ladder(keys=Rule(Budgets(), stale=Rung.STAFF))),
        (Would.DENY, Reason.TRUST_STALE, ()),
    ),
    "a clock in doubt": (
        granted(clock=ClockTrust.SUSPECT),
        PLAIN,
        (Would.DENY, Reason.CLOCK_UNTRUSTED, ()),
    ),
    "a clock in doubt that may step up": (
        denied(Reason.CLOCK_UNTRUSTED, clock=ClockTrust.SUSPECT),
        Rules(LAX),
        (Would.GO_ON, None, ()),
    ),
    "an unusual hour": (granted(), Rules(risk=NIGHT), (Would.ASK, None, (Factor.CHALLENGE,))),
    "an unusual hour, where nothing can be asked": (
        granted(),
        Rules(risk=NIGHT, able=frozenset()),
        (Would.DENY, Reason.RISK_HOUR, ()),
    ),
    "what was asked and given then": (
        granted(visit=Visited(venue="door", path=Path.FACE, asked=("challenge",), given=("challenge",))),
        Rules(risk=NIGHT),
        None,
    ),
    "a sign that was seen then counts by the new table": (
        granted(visit=Visited(venue="door", path=Path.FACE, signs=("risk.new_key",))),
        Rules(risk=RiskPolicy()),
        (Would.ASK, None, (Factor.CHALLENGE,)),
    ),
    "a face that only just matched": (
        granted(similarity_milli=420),
        Rules(risk=RiskPolicy(margin=0.05)),
        (Would.ASK, None, (Factor.CHALLENGE,)),
    ),
}


@pytest.mark.parametrize("row", ROWS)
def test_changed_rules_say_this_of_a_record(row: str) -> None:
    record, rules, expected = ROWS[row]
    ((_, change),) = rehearse([Entry(seq=5, record=record)], rules)
    if expected is None:
        assert change is None
    else:
        assert change == Change(5, record.time_ms, record.reason, *expected)


def test_failures_are_counted_from_the_journal_itself() -> None:
    miss = denied(Reason.FACE_NO_MATCH, similarity_milli=100)
    late = msgspec.structs.replace(granted(), time_ms=miss.time_ms + 2 * HOUR_MS)
    records = [miss, miss, miss, granted(), miss, miss, miss, late]
    rules = Rules(risk=RiskPolicy(failures=3, failures_min=60))
    entries = [Entry(seq=seq, record=record) for seq, record in enumerate(records)]
    changed = [change.seq for _, change in rehearse(entries, rules) if change]
    assert changed == [3], "a grant forgets, and so does time"


def test_only_passages_are_replayed() -> None:
    started = Started(time_ms=1, tick_ms=1, door="a", version="1")
    assert list(rehearse([Entry(seq=0, record=started)], PLAIN)) == []


@pytest.mark.parametrize("reason", sorted(set(Reason) - REPLAYED))
def test_what_no_rule_decides_stays_as_it_was(reason: Reason) -> None:
    strictest = replace(PLAIN, min_assurance=3, similarity_milli=1_000)
    ((_, change),) = rehearse([Entry(seq=0, record=denied(reason))], strictest)
    assert change is None
