"""Budgets and rules for the age of each trust input (TIME.md).

Offline there is nothing to ask, so age becomes part of every decision.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from edge.card.claims import Freshness

if TYPE_CHECKING:
    from datetime import datetime


class TrustInput(StrEnum):
    """The kinds of signed data that have an age. The words stand in records and in the policy of a site."""

    KEYS = "keys"  # which issuers are believed
    STATUS = "status"  # which of their cards still stand
    POLICY = "policy"  # what the site asks for
    TIME = "time"  # the latest word of anybody trusted, whatever it was about


class AgeAction(StrEnum):
    """The action that an age leaves a passage, from the freest to the strictest."""

    PASS = "pass"  # noqa: S105  nobody's password
    STEP_UP = "step-up"  # a face that matches and moves when it is asked to
    STAFF = "staff"  # no green light; a person decides


_STRICTNESS: Final = {action: place for place, action in enumerate(AgeAction)}


def strictest(*actions: AgeAction) -> AgeAction:
    """The strictest of these, or PASS where there is none."""
    return max(actions, key=_STRICTNESS.__getitem__, default=AgeAction.PASS)


@dataclass(frozen=True, slots=True)
class Budgets:
    """The ages a site lives with; its policy says what each freshness allows."""

    fresh: timedelta = timedelta(hours=24)  # lists are signed once a day
    ageing: timedelta = timedelta(days=7)  # a week without a network, then a person decides


# Keys carry their own end (`valid_until`), a policy holds until the next: a site may set ages for them.
UNTIL_REPLACED: Final = Budgets(fresh=timedelta(days=30), ageing=timedelta(days=36_500))


@dataclass(frozen=True, slots=True)
class AgeRule:
    """The actions by age for one kind of data. Fresh data always passes."""

    budgets: Budgets = field(default_factory=Budgets)
    ageing: AgeAction = AgeAction.PASS
    stale: AgeAction = AgeAction.STAFF  # never a green light on stale rules, unless a site writes that down

    def action(self, freshness: Freshness) -> AgeAction:
        """The action for this freshness."""
        match freshness:
            case Freshness.FRESH:
                return AgeAction.PASS
            case Freshness.AGEING:
                return self.ageing
            case _:
                return self.stale


@dataclass(frozen=True, slots=True)
class AgePolicy:
    """The rules of a site for all that ages. `clock`: what a clock that cannot be believed leaves."""

    keys: AgeRule = AgeRule(UNTIL_REPLACED)
    status: AgeRule = AgeRule()
    policy: AgeRule = AgeRule(UNTIL_REPLACED)
    time: AgeRule = AgeRule()
    clock: AgeAction = AgeAction.STAFF

    def of(self, kind: TrustInput) -> AgeRule:
        """The rule for this kind of data."""
        match kind:
            case TrustInput.KEYS:
                return self.keys
            case TrustInput.STATUS:
                return self.status
            case TrustInput.POLICY:
                return self.policy
            case TrustInput.TIME:
                return self.time


@dataclass(frozen=True, slots=True)
class Aged:
    """One kind of data at one moment: when it was signed, how long ago that is, and what that leaves."""

    kind: TrustInput
    issued_at: datetime
    age: timedelta
    freshness: Freshness
    action: AgeAction


def freshness(age: timedelta, budgets: Budgets) -> Freshness:
    """The freshness of something signed `age` ago; a negative age is a lie and therefore stale."""
    if age < timedelta(0) or age > budgets.ageing:
        return Freshness.STALE
    return Freshness.FRESH if age <= budgets.fresh else Freshness.AGEING


def aged(kind: TrustInput, issued_at: datetime, now: datetime, rule: AgeRule) -> Aged:
    """Data of this kind that was signed at `issued_at`, as it stands `now`."""
    age = now - issued_at
    fresh = freshness(age, rule.budgets)
    return Aged(kind, issued_at, age, fresh, rule.action(fresh))
