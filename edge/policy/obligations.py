"""Obligations of a visit, as a venue states them: the venue refuses or names them, and never grants."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from edge.vouched_time import UNVOUCHED, VouchedTime

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from edge.card.claims import Card
    from edge.decision import Decision, Reason
    from edge.policy.pin import Pin
    from edge.screen_text import ScreenText


class Factor(StrEnum):
    """Factors that a holder can be asked for besides card and face; the lightest first."""

    CHALLENGE = "challenge"  # more frames, with movements of the head
    NONCE = "nonce"  # a code that was made for the number on this door's screen
    PIN = "pin"
    DOCUMENT = "document"  # a second document
    HOST = "host"  # the answer of the system behind the venue: of a library, a hotel, an authority
    COMPANION = "companion"  # a second person; the first person is denied, and waits for the second
    STAFF = "staff"  # staff decide, not the device


@dataclass(frozen=True, slots=True)
class Obligation:
    """One factor, and the reason that goes on record if the holder does not give it."""

    factor: Factor
    reason: Reason


class StaffNotice(StrEnum):
    """Facts about a visit for staff alone; the door and its screen show nothing of them."""

    DURESS = "duress"  # an attacker forces the holder to enter
    FIRST_IN = "first-in"  # this passage opens the place for others
    NO_FACE = "no-face"  # the visit takes the path without a face
    ASSISTED = "assisted"  # the holder needs more time
    WRONG_PINS = "wrong-pins"  # more wrong entries at this PIN than a holder makes by mistake
    PASSBACK = "passback"  # the holder came in before, and has not gone out since


@dataclass(frozen=True, slots=True)
class Obligations:
    """Everything that a visit requires besides card and face.

    `required`: factors, in the order of the step-ups. `release_ms`: in place of the door's own time.
    `pin`: the verifiers of this person's PIN; None if the person has none.
    `notices`: for staff and the record. `lines`: for the staff's screen only.
    """

    required: tuple[Obligation, ...] = ()
    release_ms: int | None = None
    pin: Pin | None = None
    notices: frozenset[StaffNotice] = frozenset()
    lines: tuple[ScreenText, ...] = ()


@dataclass(frozen=True, slots=True)
class Visit:
    """A verified card at this place, now. `now`: the trusted time, aware UTC.

    `passed`: the time by which a venue may delete what it keeps.
    """

    card: Card = field(repr=False)
    site: str
    now: datetime
    passed: VouchedTime = UNVOUCHED


class Venue(Protocol):
    """The rules of one place. It opens no clock, file or socket itself; its stores are passed to it.

    The passage loop calls both methods and waits for them: a door's `commit` takes one fsync, a desk's 9 ms.
    """

    def evaluate(self, visit: Visit) -> Obligations:
        """The obligations of this visit. Raises Refused with the reason of a refusal.

        It keeps nothing: the visit is not decided yet, and may still be denied.
        """
        ...

    def commit(self, visit: Visit, decision: Decision, seq: int) -> None:
        """Note the decision, which is number `seq` in the journal. Raises StorageFault only."""
        ...


class Host(Protocol):
    """A system behind a venue that may be slow, unreachable or lying. Never blocks, never raises."""

    def ask(self, visit: Visit) -> None:
        """Begin to ask about this visit; the answer to an earlier question is dropped."""
        ...

    def answer(self) -> Obligations | Reason | None:
        """The obligations it answered, or the reason of its refusal; None before an answer comes."""
        ...


class OpenVenue:
    """A venue without rules of its own: only card and face count."""

    def evaluate(self, _: Visit) -> Obligations:
        return Obligations()

    def commit(self, visit: Visit, decision: Decision, seq: int) -> None:
        pass


def merge(terms: Sequence[Obligations]) -> Obligations:
    """The obligations of all parts together. The longest release time counts: a holder may need it."""
    asked = {item.factor: item for part in reversed(terms) for item in reversed(part.required)}
    times = [part.release_ms for part in terms if part.release_ms is not None]
    return Obligations(
        required=tuple(asked[factor] for factor in Factor if factor in asked),
        release_ms=max(times, default=None),
        pin=next((part.pin for part in terms if part.pin is not None), None),
        notices=frozenset().union(*(part.notices for part in terms)),
        lines=tuple(line for part in terms for line in part.lines),
    )
