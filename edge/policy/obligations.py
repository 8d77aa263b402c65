"""Obligations of a visit, as a venue states them: it raises or names them, and never grants."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from edge.card.claims import Card
    from edge.decision import Decision, Reason
    from edge.policy.pin import Pin


class Factor(StrEnum):
    """What may be asked of a holder besides what this door asks of everybody; the lightest first."""

    CHALLENGE = "challenge"  # a second burst of looks, with movements of the head
    NONCE = "nonce"  # a code that was made for the number on this door's screen
    PIN = "pin"
    DOCUMENT = "document"  # a second document
    HOST = "host"  # the word of the system behind the venue: a library's, a hotel's, an authority's
    COMPANION = "companion"  # a second person; who is first here is denied and waits for the other
    STAFF = "staff"  # no machine decides


@dataclass(frozen=True, slots=True)
class Obligation:
    """One factor, and the reason for which it is asked. `reason` goes on record where it is not given."""

    factor: Factor
    reason: Reason


class StaffNotice(StrEnum):
    """What staff should know of a visit that is otherwise like any other; nothing of it reaches the door."""

    DURESS = "duress"  # the holder was made to come
    FIRST_IN = "first-in"  # this passage opens the place for others
    NO_FACE = "no-face"  # by the path without a face
    ASSISTED = "assisted"  # more time was asked for
    PASSBACK = "passback"  # came in before, and has not gone out since


@dataclass(frozen=True, slots=True)
class Obligations:
    """On what terms this visit may go on.

    `required`: factors besides, in the order of the step-ups. `release_ms`: in place of the door's own time.
    `pin`: what a PIN is judged by, where this person has one.
    `notices`: for staff and the record. `lines`: what the staff's screen says; never on record, never logged.
    """

    required: tuple[Obligation, ...] = ()
    release_ms: int | None = None
    pin: Pin | None = None
    notices: frozenset[StaffNotice] = frozenset()
    lines: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Visit:
    """A verified card at this place, now. `now`: the time that is believed, aware UTC."""

    card: Card = field(repr=False)
    site: str
    now: datetime


class Venue(Protocol):
    """The rules of one place. Takes no clock, file or socket; what it remembers is handed to it.

    The passage loop calls both and waits for them: a door's `commit` takes one fsync, a desk's 9 ms.
    """

    def evaluate(self, visit: Visit) -> Obligations:
        """The terms of this visit. Raises Refused with the reason for which there are none.

        A visit that is admitted is not granted yet, and may never be: nothing is remembered here.
        """
        ...

    def commit(self, visit: Visit, decision: Decision, seq: int) -> None:
        """The visit was decided, and stands in the journal as `seq`. Raises StorageFault only."""
        ...


class Host(Protocol):
    """A system behind a venue that may be slow, away, or lying. Never blocks, never raises."""

    def ask(self, visit: Visit) -> None:
        """Begin to ask about this visit; whatever was asked before is of no interest any more."""
        ...

    def answer(self) -> Obligations | Reason | None:
        """What it said: terms, the reason for which it refuses, or None as long as nothing came."""
        ...


class OpenVenue:
    """The venue that has no rules of its own: a card and a face are all that counts."""

    def evaluate(self, _: Visit) -> Obligations:
        return Obligations()

    def commit(self, visit: Visit, decision: Decision, seq: int) -> None:
        pass


def merge(terms: Sequence[Obligations]) -> Obligations:
    """Everything that any of these asks. The longest release counts: who asked for time gets it."""
    asked = {item.factor: item for part in reversed(terms) for item in reversed(part.required)}
    times = [part.release_ms for part in terms if part.release_ms is not None]
    return Obligations(
        required=tuple(asked[factor] for factor in Factor if factor in asked),
        release_ms=max(times, default=None),
        pin=next((part.pin for part in terms if part.pin is not None), None),
        notices=frozenset().union(*(part.notices for part in terms)),
        lines=tuple(line for part in terms for line in part.lines),
    )
