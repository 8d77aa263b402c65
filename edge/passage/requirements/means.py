"""Parts with which a door can ask for factors, and the replacement of factors that it cannot ask for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from edge.policy.obligations import Factor, Obligation, StaffNotice, merge
from edge.policy.pin import MIN_DIGITS

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from edge.card.claims import Card
    from edge.passage.requirements.request_display import RequestDisplay
    from edge.policy.obligations import Host, Obligations

# These need no part of the door: people give them.
_ALWAYS: Final = frozenset({Factor.COMPANION, Factor.STAFF})


@dataclass(frozen=True, slots=True)
class Means:
    """The parts of this door that ask for factors. `display`: the screen with the door's own code.

    `pin_digits`: digits of the shortest PIN that counts here.
    """

    keypad: bool = False
    pin_digits: int = MIN_DIGITS
    display: RequestDisplay | None = None
    host: Host | None = None

    def able(self, card: Card, obligations: Obligations, *, compares: bool) -> frozenset[Factor]:
        """The factors that this door can ask this holder for. `compares`: the door compares faces."""
        has = {
            Factor.CHALLENGE: compares
            and card.face is not None
            and StaffNotice.NO_FACE not in obligations.notices,
            Factor.NONCE: self.display is not None,
            Factor.PIN: self.keypad and obligations.pin is not None,
            Factor.DOCUMENT: True,
            Factor.HOST: self.host is not None,
        }
        return frozenset(factor for factor, is_there in has.items() if is_there)


def possible(obligations: Obligations, able: AbstractSet[Factor]) -> Obligations:
    """The obligations with STAFF in place of each factor that the door cannot ask for; none is left out."""
    asked = tuple(
        item if item.factor in able | _ALWAYS else Obligation(Factor.STAFF, item.reason)
        for item in obligations.required
    )
    return merge((replace(obligations, required=asked),))
