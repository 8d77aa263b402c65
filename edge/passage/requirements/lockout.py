"""Lockout: after failed tries at a face or a PIN, the same person must wait before the next try.

An attacker with a found phone, or with a film that follows one order of prompts in six, could try again with
every code that the phone makes: every 20 s, all night. Three failures are free; a PIN that was wrong counts
as three, also if the visitor walked off before the verdict, and so does an attack that was seen, whatever
ended its passage. After that all cards of the person wait 10, 20, 40, then 60 s before each further try.
During the wait they are refused as `risk.locked_out`, and the signal is to ask staff. After an attack each
further passage of the person asks for movements of the head, until a grant. Only codes that the card's own
phone signed count, so no holder waits for the tries of others. A refusal during the wait does not count, and
a grant resets the count.

It is kept in memory only: a restart gives three more tries. The journal has every one. The entries at a PIN
are counted beside it, over restarts (`edge.policy.pin_tries`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from edge.decision import Deny, Grant, Reason

if TYPE_CHECKING:
    from edge.card.claims import Card
    from edge.card.person import Person
    from edge.decision import Decision

FREE: Final = 3  # a visitor may turn too quickly, blink, or have to take glasses off
FIRST_MS, LONGEST_MS = (
    10_000,
    60_000,
)  # a shorter wait would end within a code's life; a longer one would lock people out
FORGET_MS: Final = 15 * 60_000  # a visitor who comes again after lunch begins again
MAX_CARDS: Final = 1_024  # of 15 minutes: no door has more than one failure a second

# Denials which mean that the person was not the holder, or not a living person. Blur, darkness and a visitor
# who walks off do not count, unless the door had asked for movements: an attacker removes a film that does
# not suit the prompt.
FAILED: Final = frozenset(
    {
        Reason.FACE_NO_MATCH,
        Reason.FACE_ATTACK,
        Reason.FACTOR_WRONG,
        Reason.DOCUMENT_MISMATCH,
        Reason.CODE_NONCE,
    }
)
FAILED_IF_CHALLENGED: Final = FAILED | {Reason.FACE_QUALITY, Reason.FACE_ABSENT, Reason.FACE_SEVERAL}


@dataclass(frozen=True, slots=True)
class _Failures:
    count: int
    last_ms: int
    attacked: bool = False

    def wait_ms(self) -> int:
        """The wait from the last failure on; 0 while tries are free."""
        beyond = self.count - FREE
        return 0 if beyond < 0 else min(LONGEST_MS, FIRST_MS * 2 ** min(beyond, 10))


class Lockout:
    """The failures of each card. Only the passage's thread uses it; ticks never go back."""

    def __init__(self) -> None:
        self._cards: dict[Person, _Failures] = {}  # the latest failure last

    def __len__(self) -> int:
        return len(self._cards)

    def objection(self, card: Card, tick_ms: int) -> Deny | None:
        """Deny(risk.locked_out) for a card that must wait, or None."""
        failures = self._cards.get(card.person)
        if failures is not None and tick_ms - failures.last_ms < failures.wait_ms():
            return Deny(Reason.RISK_LOCKED_OUT)
        return None

    def attacked(self, card: Card, tick_ms: int) -> bool:
        """Whether an attack was seen with this card, and no grant since."""
        failures = self._cards.get(card.person)
        return failures is not None and failures.attacked and tick_ms - failures.last_ms < FORGET_MS

    def learn(
        self, card: Card, decision: Decision, tick_ms: int, *, challenged: bool, attacked: bool = False
    ) -> None:
        """Note the decision of a passage; `challenged`: its holder was asked to move.

        `attacked`: an attack was seen, also if the passage ended for another reason.
        """
        self._forget(tick_ms)
        if isinstance(decision, Grant):
            self._cards.pop(card.person, None)
        elif attacked or decision.reason in (FAILED_IF_CHALLENGED if challenged else FAILED):
            before = self._cards.pop(card.person, _Failures(0, tick_ms))
            attacked = attacked or decision.reason is Reason.FACE_ATTACK
            weight = FREE if attacked or decision.reason is Reason.FACTOR_WRONG else 1
            self._cards[card.person] = _Failures(
                before.count + weight, tick_ms, attacked=attacked or before.attacked
            )

    def _forget(self, tick_ms: int) -> None:
        live = [
            (card, failed) for card, failed in self._cards.items() if tick_ms - failed.last_ms < FORGET_MS
        ]
        self._cards = dict(live[-MAX_CARDS:])
