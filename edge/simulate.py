"""Simulates other rules on recorded passages, as far as records allow.

A record holds card (by pseudonym), time, ages, similarity and decision. It does not hold answers to questions
that were not asked: a passage that was refused before a rule applied stays refused, and one for which the new
rules ask for more has the outcome ASK.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from edge.audit.record import ClockTrust, Outcome, Passage
from edge.decision import Reason
from edge.policy.obligations import Factor
from edge.policy.risk.history import COUNTED, MAX_CARDS
from edge.policy.risk.table import SIGNALS, STEP_UP_ORDER, RiskPolicy
from edge.trust.time.freshness import AgeAction, AgePolicy, TrustInput, aged, strictest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import tzinfo

    from edge.audit.record import JournalEntry


@dataclass(frozen=True, slots=True)
class SimulatedRules:
    """The rules to simulate. `similarity_milli`: the threshold; None: the recorded one.

    `able`: the factors that the door can ask for. `zone`: for the hours of the day.
    """

    age_policy: AgePolicy = field(default_factory=AgePolicy)
    min_assurance: int = 0
    similarity_milli: int | None = None
    risk: RiskPolicy | None = None
    able: frozenset[Factor] = frozenset(STEP_UP_ORDER)
    zone: tzinfo | None = None


class SimulatedOutcome(StrEnum):
    """The outcome of a passage under the rules."""

    GRANT = "grant"
    DENY = "deny"
    ASK = "ask"  # for a factor that was not asked for
    GO_ON = "go on"  # past the rule that refused it; the next steps were not recorded


@dataclass(frozen=True, slots=True)
class ChangedDecision:
    """A passage with another decision under the rules. `was`, `reason`: None for a grant."""

    seq: int
    time_ms: int
    was: Reason | None
    would: SimulatedOutcome
    reason: Reason | None = None
    asked: tuple[Factor, ...] = ()


# The reasons that these rules decide; every other refusal stays.
REPLAYED: Final = frozenset(
    {
        Reason.CLOCK_UNTRUSTED,
        Reason.STATUS_STALE,
        Reason.TRUST_STALE,
        Reason.CARD_ASSURANCE,
        Reason.FACE_NO_MATCH,
        Reason.RISK_HIGH,
        *SIGNALS,
    }
)


def simulate(
    entries: Iterable[JournalEntry], rules: SimulatedRules
) -> Iterator[tuple[Passage, ChangedDecision | None]]:
    """Every passage with its changed decision, if any. Reads the journal once, in bounded memory."""
    past = _Past()
    for entry in entries:
        if isinstance(entry.record, Passage):
            yield entry.record, _tried(entry.seq, entry.record, rules, past)
            past.learn(entry.record)


def _tried(seq: int, passage: Passage, rules: SimulatedRules, past: _Past) -> ChangedDecision | None:
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
        return (
            ChangedDecision(seq, passage.time_ms, was, SimulatedOutcome.DENY, objection) if changes else None
        )
    if asked:
        return ChangedDecision(seq, passage.time_ms, was, SimulatedOutcome.ASK, None, asked)
    if was is None:
        return None
    would = SimulatedOutcome.GRANT if was is Reason.FACE_NO_MATCH else SimulatedOutcome.GO_ON
    return ChangedDecision(seq, passage.time_ms, was, would)


def _objection(passage: Passage, rules: SimulatedRules) -> Reason | None:
    """The reason of the first rule that refuses this passage, in the order of `edge.policy.decide`."""
    actions = {
        TrustInput(age.part): _action_of(passage, age.part, age.issued_s, rules.age_policy)
        for age in passage.trust
    }
    compared = passage.similarity_milli is not None

    def stops(*found: AgeAction) -> bool:
        # A step-up asks for a face; a passage that compared one has met it.
        worst = strictest(*found)
        return worst is AgeAction.STAFF or (worst is AgeAction.STEP_UP and not compared)

    if passage.clock is ClockTrust.SUSPECT and stops(rules.age_policy.clock):
        return Reason.CLOCK_UNTRUSTED
    if stops(actions.get(TrustInput.STATUS, AgeAction.PASS)):
        return Reason.STATUS_STALE
    if stops(*(action for kind, action in actions.items() if kind is not TrustInput.STATUS)):
        return Reason.TRUST_STALE
    if passage.assurance is not None and passage.assurance < rules.min_assurance:
        return Reason.CARD_ASSURANCE
    if passage.similarity_milli is not None and passage.threshold_milli is not None:
        threshold = passage.threshold_milli if rules.similarity_milli is None else rules.similarity_milli
        if passage.similarity_milli < threshold:
            return Reason.FACE_NO_MATCH
    return None


def _action_of(passage: Passage, part: str, issued_s: int, age_policy: AgePolicy) -> AgeAction:
    kind = TrustInput(part)
    now = datetime.fromtimestamp(passage.time_ms / 1_000, UTC)
    return aged(kind, datetime.fromtimestamp(issued_s, UTC), now, age_policy.of(kind)).action


class _Past:
    """The content of `edge.policy.risk.history` at each passage, rebuilt from records."""

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
        """The risk signals that follow from a record, and the recorded ones that do not."""
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
        then = {Reason(sign) for sign in passage.visit.risk_signals} if passage.visit else set()
        seen = {sign for sign, is_there in found.items() if is_there} | (then - found.keys())
        return tuple(sign for sign in SIGNALS if sign in seen)
