"""Tries at a face or a PIN that fail make the next one wait, card by card.

Who has found a phone, or has a film that follows one order of prompts in six, may try again with every code
that the phone makes: each 20 s, all night. Three failures are a visitor's; a PIN that was wrong three times
counts as three. From there on the same card waits 10, 20, 40, then 60 s for each further try; until then it
is refused as `risk.locked_out` and sent to staff. Nobody waits for what others did: only codes that a card's
own phone signed count; a refusal while it waits does not, and a grant forgets it all.

In memory alone: a restart gives three tries more. The journal keeps every one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from edge.decision import Deny, Grant, Reason

if TYPE_CHECKING:
    from edge.card.claims import Card
    from edge.decision import Decision

FREE: Final = 3  # turned too quickly, blinked, was told to take the glasses off
FIRST_MS, LONGEST_MS = (
    10_000,
    60_000,
)  # shorter than a code's life would be no wait; longer would lock people out
FORGET_MS: Final = 15 * 60_000  # a visitor who comes again after lunch begins anew
MAX_CARDS: Final = 1_024  # failures of 15 minutes: more than one a second is no queue before a door

# Denials that say: this was not the holder, or not a person. Blur, dark and walking away are no tries, but
# for those whom the door had asked to move: a film that does not suit the prompt is taken away.
FAILED: Final = frozenset({Reason.FACE_NO_MATCH, Reason.FACE_ATTACK, Reason.FACTOR_WRONG, Reason.CODE_NONCE})
FAILED_IF_CHALLENGED: Final = FAILED | {Reason.FACE_QUALITY, Reason.FACE_ABSENT, Reason.FACE_SEVERAL}


@dataclass(frozen=True, slots=True)
class _Failures:
    count: int
    last_ms: int

    def wait_ms(self) -> int:
        """From the last failure on; 0 while tries are free."""
        beyond = self.count - FREE
        return 0 if beyond < 0 else min(LONGEST_MS, FIRST_MS * 2 ** min(beyond, 10))


class Lockout:
    """The failures of each card. Belongs to the passage's single thread; ticks never go back."""

    def __init__(self) -> None:
        self._cards: dict[str, _Failures] = {}  # by pseudonym, the latest failure last

    def __len__(self) -> int:
        return len(self._cards)

    def objection(self, card: Card, tick_ms: int) -> Deny | None:
        """Deny(risk.locked_out) for a card that has to wait; None: go on."""
        failures = self._cards.get(card.pseudonym)
        if failures is not None and tick_ms - failures.last_ms < failures.wait_ms():
            return Deny(Reason.RISK_LOCKED_OUT)
        return None

    def learn(self, card: Card, decision: Decision, tick_ms: int, *, challenged: bool) -> None:
        """What a passage that looked at a face came to; `challenged`: its holder had been asked to move."""
        self._forget(tick_ms)
        if isinstance(decision, Grant):
            self._cards.pop(card.pseudonym, None)
        elif decision.reason in (FAILED_IF_CHALLENGED if challenged else FAILED):
            before = self._cards.pop(card.pseudonym, _Failures(0, tick_ms))
            weight = FREE if decision.reason is Reason.FACTOR_WRONG else 1
            self._cards[card.pseudonym] = _Failures(before.count + weight, tick_ms)

    def _forget(self, tick_ms: int) -> None:
        live = [
            (card, failed) for card, failed in self._cards.items() if tick_ms - failed.last_ms < FORGET_MS
        ]
        self._cards = dict(live[-MAX_CARDS:])
