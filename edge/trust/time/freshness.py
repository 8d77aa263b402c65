"""Budgets and rules for the age of each trust input (TIME.md).

An offline device cannot ask for newer data, so every decision includes the age of its data.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from edge.card.claims import Freshness
from edge.trust.time.clock_slack import CLOCK_SLACK

if TYPE_CHECKING:
    from datetime import datetime


class TrustInput(StrEnum):
    """The kinds of signed data that have an age. Records and the policy of a site use these words."""

    KEYS = "keys"  # the trusted issuers
    STATUS = "status"  # the status of their cards
    POLICY = "policy"  # the requirements of the site
    TIME = "time"  # the latest signed time in any trusted data


class AgeAction(StrEnum):
    """The action that follows from an age, from the laxest to the strictest."""

    PASS = "pass"  # noqa: S105  not a password
    STEP_UP = "step-up"  # a face that matches and moves on request
    STAFF = "staff"  # no grant; staff decide


_STRICTNESS: Final = {action: place for place, action in enumerate(AgeAction)}


def strictest(*actions: AgeAction) -> AgeAction:
    """The strictest of these, or PASS if there are none."""
    return max(actions, key=_STRICTNESS.__getitem__, default=AgeAction.PASS)


@dataclass(frozen=True, slots=True)
class Budgets:
    """The ages up to which data is fresh and ageing; the policy sets the action for each freshness."""

    fresh: timedelta = timedelta(hours=24)  # lists are signed once a day
    ageing: timedelta = timedelta(days=7)  # a week without a network, then staff decide


# Keys have their own end (`valid_until`), and a policy is valid until the next; a site may set ages for both.
UNTIL_REPLACED: Final = Budgets(fresh=timedelta(days=30), ageing=timedelta(days=36_500))


@dataclass(frozen=True, slots=True)
class AgeRule:
    """The actions by age for one kind of data. Fresh data always passes."""

    budgets: Budgets = field(default_factory=Budgets)
    ageing: AgeAction = AgeAction.PASS
    stale: AgeAction = AgeAction.STAFF  # stale data grants nothing, unless the site's policy says so

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
    """The rules of a site for each kind of data. `clock`: the action under a suspect clock."""

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
    """One kind of data at one moment: the time of its signature, its age, and the action that follows."""

    kind: TrustInput
    issued_at: datetime
    age: timedelta
    freshness: Freshness
    action: AgeAction


def freshness(age: timedelta, budgets: Budgets) -> Freshness:
    """The freshness of data signed `age` ago; an age below zero by more than CLOCK_SLACK counts as stale."""
    if age < -CLOCK_SLACK or age > budgets.ageing:
        return Freshness.STALE
    return Freshness.FRESH if age <= budgets.fresh else Freshness.AGEING


def aged(kind: TrustInput, issued_at: datetime, now: datetime, rule: AgeRule) -> Aged:
    """The age, at `now`, of data of this kind that was signed at `issued_at`."""
    age = now - issued_at
    fresh = freshness(age, rule.budgets)
    return Aged(kind, issued_at, age, fresh, rule.action(fresh))
