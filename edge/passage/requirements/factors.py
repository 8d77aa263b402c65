"""Asks a holder for a factor besides card and face: a nonce, a PIN, a second document, the answer of a host.

Each `Asking` takes the codes and keys since the last frame, until the factor is given, wrong, or its time is
over. It is the last step before the decision, so that no holder types a PIN for a face that does not match.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from edge.decision import Deny, Reason, Signal
from edge.errors import StorageFault
from edge.policy.obligations import Factor, Obligations, StaffNotice
from edge.policy.pin import MAX_DIGITS, MIN_DIGITS, Entered

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from edge.card.claims import Card
    from edge.passage.requirements.request_display import RequestDisplay
    from edge.policy.obligations import Host, Obligation, Visit
    from edge.policy.pin import Pin
    from edge.policy.pin_tries import PinTries
    from edge.ports import Symbol

TRIES: Final = 3  # at one factor of one passage: a visitor may mistype twice; more is an attack
ENTER, CLEAR = "#", "*"


@dataclass(frozen=True, slots=True)
class Heard:
    """Inputs since the last frame, at `tick_ms`: new codes, and keys."""

    tick_ms: int
    symbols: Sequence[Symbol] = ()
    keys: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Given:
    """The holder gave the factor. `obligations`: those that it adds to the visit."""

    obligations: Obligations = field(default_factory=Obligations)


class Asking(ABC):
    """One factor while it is asked for. `prompt`: text for the holder; `signal`: one of the five signals.

    `wrong`: the reason of the last wrong entry, so that a passage that ends without a verdict counts too.
    """

    prompt: str | None = None
    signal: Signal = Signal.LOOK_HERE
    wrong: Reason | None = None

    @property
    def notices(self) -> frozenset[StaffNotice]:
        """The notices for staff about the entries so far."""
        return frozenset()

    @abstractmethod
    def hear(self, heard: Heard) -> Given | Deny | None:
        """The given factor, a refusal, or None before either comes."""

    def end(self) -> None:  # noqa: B027  most factors have nothing to end
        """Stop asking, after any result."""


class AskNonce(Asking):
    """A code made for the number on the screen: the phone is here, and its code is not relayed."""

    prompt = "scan the code on the screen, then show your code"

    def __init__(
        self,
        card: Card,
        display: RequestDisplay,
        now: datetime,
        again: Callable[[Sequence[Symbol], bytes], Card | Deny | None],
    ) -> None:
        """`again`: the card that these symbols present, made for this nonce."""
        self._card, self._display, self._again = card, display, again
        self._nonce = display.demand(now)
        self._tries = 0

    def hear(self, heard: Heard) -> Given | Deny | None:
        if not heard.symbols:
            return None
        match self._again(heard.symbols, self._nonce):
            case None:
                return None
            # The code that is still on the phone's screen was made before the phone scanned ours.
            case Deny(
                Reason.CODE_NONCE | Reason.CARD_REPLAYED | Reason.CODE_UNREADABLE | Reason.CODE_FOREIGN
            ):
                return self._slip(Reason.CODE_NONCE)
            case Deny() as deny:
                return deny
            case card:
                same = card.pseudonym == self._card.pseudonym
                return Given() if same else self._slip(Reason.FACTOR_WRONG)

    def _slip(self, reason: Reason) -> Deny | None:
        self._tries += 1
        self.wrong = reason
        return Deny(reason) if self._tries >= TRIES else None

    def end(self) -> None:
        self._display.rest()


class AskPin(Asking):
    """A PIN, typed on a keypad and ended with `#`; `*` clears it.

    Every entry is counted in `tries` before it is compared; a shorter one than `shortest` is wrong.
    """

    prompt = "type your PIN"

    def __init__(self, pin: Pin, tries: PinTries, *, shortest: int = MIN_DIGITS) -> None:
        self._pin = pin
        self._all_tries = tries
        self._shortest = shortest
        self._typed = ""
        self._tries = 0

    @property
    def notices(self) -> frozenset[StaffNotice]:
        many = self._all_tries.are_many(self._pin)
        return frozenset({StaffNotice.WRONG_PINS}) if many else frozenset()

    def hear(self, heard: Heard) -> Given | Deny | None:
        if wait := self._all_tries.objection(self._pin, heard.tick_ms):
            return wait
        for key in heard.keys:
            if key == CLEAR:
                self._typed = ""
            elif key != ENTER:
                # One digit more than a PIN has, so that a longer one is wrong, and not cut to a right one.
                self._typed = (self._typed + key)[: MAX_DIGITS + 1]
            elif answer := self._enter(heard.tick_ms):
                return answer
        return None

    def _enter(self, tick_ms: int) -> Given | Deny | None:
        typed, self._typed = self._typed, ""
        notices = self.notices
        try:
            self._all_tries.enter(self._pin, tick_ms)
            entered = self._pin.judge(typed) if len(typed) >= self._shortest else Entered.WRONG
            if entered is not Entered.WRONG:
                self._all_tries.right(self._pin)
        except StorageFault:  # an entry that cannot be counted is not compared
            return Deny(Reason.DEVICE_FAULT)
        match entered:
            case Entered.RIGHT:
                return Given(Obligations(notices=notices))
            case Entered.DURESS:
                return Given(Obligations(notices=notices | {StaffNotice.DURESS}))
            case Entered.WRONG:
                self._tries += 1
                self.wrong = Reason.FACTOR_WRONG
                waits = self._all_tries.objection(self._pin, tick_ms) is not None
                return Deny(Reason.FACTOR_WRONG) if self._tries >= TRIES or waits else None

    def end(self) -> None:
        self._typed = ""


class AskDocument(Asking):
    """A second document of the same holder: a card of another issuer, bound to the same key.

    Two cards of one issuer are one document: the other may be an older issue of the first. If every code must
    answer the screen, this one must hold a number that is shown now.
    """

    prompt = "show your second document"

    def __init__(
        self,
        card: Card,
        again: Callable[[Sequence[Symbol], bytes | None], Card | Deny | None],
        display: RequestDisplay | None,
        now: datetime,
    ) -> None:
        """`again`: the card that these symbols present and this door accepts, made for a nonce if given."""
        self._card, self._again = card, again
        self._display = display if display is not None and display.needed else None
        self._nonce = self._display.demand(now) if self._display else None
        if self._display:
            self.prompt = "scan the code on the screen, then show your second document"

    def hear(self, heard: Heard) -> Given | Deny | None:
        if not heard.symbols:
            return None
        match self._again(heard.symbols, self._nonce):
            case None | Deny(
                Reason.CARD_REPLAYED | Reason.CODE_UNREADABLE | Reason.CODE_FOREIGN | Reason.CODE_NONCE
            ):
                return None  # the first card, still in view
            case Deny() as deny:
                return deny
            case card if (card.kid, card.card_id) == (self._card.kid, self._card.card_id):
                return None
            case card:
                same = card.holder_key == self._card.holder_key
                return (
                    Given() if same and card.issuer != self._card.issuer else Deny(Reason.DOCUMENT_MISMATCH)
                )

    def end(self) -> None:
        if self._display:
            self._display.rest()


class AskHost(Asking):
    """The answer of the system behind the venue."""

    signal = Signal.WAIT

    def __init__(self, host: Host, visit: Visit) -> None:
        self._host = host
        host.ask(visit)

    def hear(self, _: Heard) -> Given | Deny | None:
        match self._host.answer():
            case None:
                return None
            case Obligations() as obligations:
                return Given(
                    replace(obligations, required=())
                )  # a host cannot require further factors of the holder
            case reason:
                return Deny(reason)


def out_of_time(asked: Obligation, wrong: Reason | None) -> Deny:
    """The denial for a factor that did not come in time. `wrong`: the reason of a wrong entry before."""
    if wrong is not None:
        return Deny(wrong)
    return Deny(asked.reason if asked.factor is Factor.HOST else Reason.FACTOR_ABSENT)
