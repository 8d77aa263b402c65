"""Remembers failures, keys and sightings of cards in memory: bounded, forgotten in time, without names."""

from __future__ import annotations

import hashlib
from collections import deque
from typing import TYPE_CHECKING, Final, TypeVar

from edge.decision import Deny, Reason

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from edge.card.claims import Card
    from edge.decision import Decision

_K = TypeVar("_K")
_V = TypeVar("_V")

MAX_CARDS: Final = 4_096  # as the replay memory: more within an hour is no queue before a door
MAX_FAILURES: Final = 16  # of one card; a table that asks for more asks for all of them

# What a holder did or was. Being late, or at the wrong door, is nobody's sign.
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
    """Failures and keys of the cards that were here of late. Belongs to the passage's single thread.

    `sightings`: when each card was last shown at which other door, by pseudonym, as the site's devices told
    each other; replaced whole with every sync.
    """

    def __init__(self, *doors: str) -> None:
        """`doors`: this device's own, as its records name them; a lane has two."""
        self._doors = frozenset(doors)
        self._failures: dict[str, deque[datetime]] = {}
        self._keys: dict[bytes, bytes] = {}
        self.sightings: Mapping[str, Mapping[str, datetime]] = {}

    def doors(self, card: Card, since: datetime) -> int:
        elsewhere = self.sightings.get(card.pseudonym, {})
        return 1 + sum(seen >= since for door, seen in elsewhere.items() if door not in self._doors)

    def failures(self, card: Card, since: datetime) -> int:
        return sum(when >= since for when in self._failures.get(card.pseudonym, ()))

    def other_key(self, card: Card) -> bool:
        holder = _holder(card)
        return holder is not None and self._keys.get(holder, card.holder_key) != card.holder_key

    def learn(self, card: Card, decision: Decision, now: datetime) -> None:
        if isinstance(decision, Deny):
            if decision.reason in COUNTED:
                failures = self._failures.pop(card.pseudonym, None) or deque(maxlen=MAX_FAILURES)
                failures.append(now)
                _keep(self._failures, card.pseudonym, failures)
            return
        self._failures.pop(card.pseudonym, None)
        if holder := _holder(card):
            self._keys.pop(holder, None)
            _keep(self._keys, holder, card.holder_key)


def _keep(memory: dict[_K, _V], key: _K, value: _V) -> None:
    if len(memory) >= MAX_CARDS:
        del memory[next(iter(memory))]  # the one that was here longest ago
    memory[key] = value


def _holder(card: Card) -> bytes | None:
    """Who an issuer says this is, if it says: its own pseudonym, hashed so that no dump shows it."""
    if card.subject is None:
        return None
    return hashlib.blake2b(f"{card.issuer}\0{card.subject}".encode(), digest_size=16).digest()
