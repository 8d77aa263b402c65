"""How old is too old. Offline there is nothing to ask, so age becomes part of every decision."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from edge.card.claims import Freshness


@dataclass(frozen=True, slots=True)
class Budgets:
    """The ages a site lives with; its policy says what each freshness allows."""

    fresh: timedelta = timedelta(hours=24)  # lists are signed once a day
    ageing: timedelta = timedelta(days=7)  # a week without a network, then a person decides


def freshness(age: timedelta, budgets: Budgets) -> Freshness:
    """The freshness of something signed `age` ago; a negative age is a lie and therefore stale."""
    if age < timedelta(0) or age > budgets.ageing:
        return Freshness.STALE
    return Freshness.FRESH if age <= budgets.fresh else Freshness.AGEING
