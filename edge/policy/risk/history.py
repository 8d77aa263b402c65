"""Failures, keys and sightings of cards, in memory: bounded, without names."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final, TypeVar

from edge.decision import Deny, Reason

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from edge.card.claims import Card
    from edge.card.person import Person
    from edge.decision import Decision

_K = TypeVar("_K")
_V = TypeVar("_V")

MAX_CARDS: Final = 4_096  # as the replay memory: no door has more cards within an hour
MAX_FAILURES: Final = 16  # of one card; the largest `failures` of [risk]

# The hub tells one door of each device for a card, so one device that lies adds one door: leave one out.
UNBELIEVED: Final = 1

# Refusals for an act or the face of the holder. To be late or at the wrong door is not a risk signal.
COUNTED: Final = frozenset(
    {
        Reason.FACE_NO_MATCH,
        Reason.FACE_ATTACK,
        Reason.FACE_SEVERAL,
        Reason.FACTOR_WRONG,
        Reason.DOCUMENT_MISMATCH,
        Reason.CODE_NONCE,
    }
)


class RecentPast:
    """Failures and keys of the cards that were seen here lately. Only the passage's thread uses it.

    `sightings`: the last time of each card at each other door, by pseudonym, as the hub tells it; replaced
    whole with every sync.
    """

    def __init__(self, *doors: str) -> None:
        """`doors`: the doors of this device, as its records name them; a lane has two."""
        self._doors = frozenset(doors)
        self._failures: dict[Person, deque[datetime]] = {}
        self._keys: dict[Person, bytes] = {}
        self.sightings: Mapping[str, Mapping[str, datetime]] = {}

    def doors(self, card: Card, since: datetime) -> int:
        elsewhere = self.sightings.get(card.pseudonym, {})
        told = sum(seen >= since for door, seen in elsewhere.items() if door not in self._doors)
        return 1 + max(0, told - UNBELIEVED)

    def failures(self, card: Card, since: datetime) -> int:
        return sum(when >= since for when in self._failures.get(card.person, ()))

    def other_key(self, card: Card) -> bool:
        return self._keys.get(card.person, card.holder_key) != card.holder_key

    def learn(self, card: Card, decision: Decision, now: datetime) -> None:
        if isinstance(decision, Deny):
            if decision.reason in COUNTED:
                failures = self._failures.pop(card.person, None) or deque(maxlen=MAX_FAILURES)
                failures.append(now)
                _keep(self._failures, card.person, failures)
            return
        self._failures.pop(card.person, None)
        self._keys.pop(card.person, None)
        _keep(self._keys, card.person, card.holder_key)


def _keep(memory: dict[_K, _V], key: _K, value: _V) -> None:
    if len(memory) >= MAX_CARDS:
        del memory[next(iter(memory))]  # the oldest entry
    memory[key] = value
