"""What other rules would have made of passages that are on record, as far as a record can tell.

A record says who (by pseudonym), when, how old everything was, how like the face was, and what was decided.
It does not say what was never asked: a passage that was refused before a rule was reached stays refused, and
one that would now be asked for more is told as asked, for nobody knows whether it would have been given.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from edge.audit.record import ClockTrust, Outcome, Passage
from edge.decision import Reason
from edge.risk.past import COUNTED, MAX_CARDS
from edge.risk.table import LADDER, SIGNS, RiskPolicy
from edge.trust.freshness import Kind, Ladder, Rung, aged, strictest
from edge.venue.terms import Factor

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import tzinfo

    from edge.audit.record import Entry


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules to try. `similarity`: what counts as a match, where it is to be another than on record.

    `able`: what the door could ask for. `zone`: for the hours of the day.
    """

    ladder: Ladder = field(default_factory=Ladder)
    min_assurance: int = 0
    similarity_milli: int | None = None
    risk: RiskPolicy | None = None
    able: frozenset[Factor] = frozenset(LADDER)
    zone: tzinfo | None = None


class Would(StrEnum):
    """What the rules make of a passage."""

    GRANT = "grant"
    DENY = "deny"
    ASK = "ask"  # for something that was not asked for then
    GO_ON = "go on"  # past the rule that refused it; what came after was never seen


@dataclass(frozen=True, slots=True)
class Change:
    """A passage that would be decided otherwise. `was`, `reason`: None for a grant."""

    seq: int
    time_ms: int
    was: Reason | None
    would: Would
    reason: Reason | None = None
    asked: tuple[Factor, ...] = ()


# What these rules decide; every other refusal came from what no rule changes, or from what is not replayed.
REPLAYED: Final = frozenset(
    {
        Reason.CLOCK_UNTRUSTED,
        Reason.STATUS_STALE,
        Reason.TRUST_STALE,
        Reason.CARD_ASSURANCE,
        Reason.FACE_NO_MATCH,
        Reason.RISK_HIGH,
        *SIGNS,
    }
)


def rehearse(entries: Iterable[Entry], rules: Rules) -> Iterator[tuple[Passage, Change | None]]:
    """Every passage, with what would change. Takes the journal in its order, once, in bounded memory."""
    past = _Past()
    for entry in entries:
        if isinstance(entry.record, Passage):
            yield entry.record, _tried(entry.seq, entry.record, rules, past)
            past.learn(entry.record)


def _tried(seq: int, passage: Passage, rules: Rules, past: _Past) -> Change | None:
    was = passage.reason
    if was is not None and was not in REPLAYED:
        return None
    objection = _objection(passage, rules)
    asked: tuple[Factor, ...] = ()
    if objection is None and rules.risk is not None:
        signs = past.signs(passage, rules.risk, rules.zone)
        steps = rules.risk.steps(signs, rules.able)
        given = {*passage.visit.given} if passage.visit else set()
        asked = tuple(step.factor for step in steps if step.factor.value not in given)
        if Factor.STAFF in asked:
            objection = steps[0].reason
    if objection is not None:
        changes = objection is not was
        return Change(seq, passage.time_ms, was, Would.DENY, objection) if changes else None
    if asked:
        return Change(seq, passage.time_ms, was, Would.ASK, None, asked)
    if was is None:
        return None
    would = Would.GRANT if was is Reason.FACE_NO_MATCH else Would.GO_ON
    return Change(seq, passage.time_ms, was, would)


def _objection(passage: Passage, rules: Rules) -> Reason | None:
    """The first rule that refuses this passage, in the order in which a door asks (`edge.policy`)."""
    rungs = {Kind(age.part): _rung(passage, age.part, age.issued_s, rules.ladder) for age in passage.trust}
    compared = passage.similarity_milli is not None

    def stops(*found: Rung) -> bool:
        # What steps up asks for a face, which a passage that compared one has given.
        worst = strictest(*found)
        return worst is Rung.STAFF or (worst is Rung.STEP_UP and not compared)

    if passage.clock is ClockTrust.SUSPECT and stops(rules.ladder.clock):
        return Reason.CLOCK_UNTRUSTED
    if stops(rungs.get(Kind.STATUS, Rung.PASS)):
        return Reason.STATUS_STALE
    if stops(*(rung for kind, rung in rungs.items() if kind is not Kind.STATUS)):
        return Reason.TRUST_STALE
    if passage.assurance is not None and passage.assurance < rules.min_assurance:
        return Reason.CARD_ASSURANCE
    if passage.similarity_milli is not None and passage.threshold_milli is not None:
        threshold = passage.threshold_milli if rules.similarity_milli is None else rules.similarity_milli
        if passage.similarity_milli < threshold:
            return Reason.FACE_NO_MATCH
    return None


def _rung(passage: Passage, part: str, issued_s: int, ladder: Ladder) -> Rung:
    kind = Kind(part)
    now = datetime.fromtimestamp(passage.time_ms / 1_000, UTC)
    return aged(kind, datetime.fromtimestamp(issued_s, UTC), now, ladder.of(kind)).rung


class _Past:
    """What `edge.risk.past` would have known, read from the records."""

    def __init__(self) -> None:
        self._failures: dict[str, deque[datetime]] = {}

    def learn(self, passage: Passage) -> None:
        if passage.card is None:
            return
        if passage.outcome is Outcome.GRANT:
            self._failures.pop(passage.card, None)
        elif passage.reason in COUNTED:
            failures = self._failures.pop(passage.card, None) or deque(maxlen=16)
            failures.append(datetime.fromtimestamp(passage.time_ms / 1_000, UTC))
            if len(self._failures) >= MAX_CARDS:
                del self._failures[next(iter(self._failures))]
            self._failures[passage.card] = failures

    def signs(self, passage: Passage, policy: RiskPolicy, zone: tzinfo | None) -> tuple[Reason, ...]:
        """The signs that a record can show, and those that were seen then and cannot be seen in it."""
        now = datetime.fromtimestamp(passage.time_ms / 1_000, UTC)
        since = now - timedelta(minutes=policy.failures_min)
        failures = sum(when >= since for when in self._failures.get(passage.card or "", ()))
        local = now.astimezone(zone) if zone else now
        margin = None
        if passage.similarity_milli is not None and passage.threshold_milli is not None:
            margin = passage.similarity_milli - passage.threshold_milli
        found = {
            Reason.RISK_FAILURES: failures >= policy.failures,
            Reason.RISK_CLOCK: passage.clock is ClockTrust.SUSPECT,
            Reason.RISK_ASSURANCE: passage.assurance is not None and passage.assurance < policy.assurance,
            Reason.RISK_MARGIN: margin is not None and 0 <= margin < policy.margin * 1_000,
            Reason.RISK_HOUR: policy.is_quiet(local.hour),
        }
        then = {Reason(sign) for sign in passage.visit.signs} if passage.visit else set()
        seen = {sign for sign, is_there in found.items() if is_there} | (then - found.keys())
        return tuple(sign for sign in SIGNS if sign in seen)
