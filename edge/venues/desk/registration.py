"""Registrations that a desk keeps of its guests, and the moment from which each may be erased."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, tzinfo

    from edge.card.attributes import Attribute
    from edge.venues.desk.booking import Expected


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """One guest, once. Times are aware UTC.

    `seq`: of the passage in the journal; `booking`: None for a guest nobody expected; `subject`: digest of
    the card's own word for its holder; `covers`: minors without a card for whom this guest answers.
    """

    seq: int
    at: datetime
    site: str
    subject: bytes = field(repr=False)
    adult: bool
    covers: int
    attributes: tuple[tuple[Attribute, str], ...] = field(repr=False)
    erase_at: datetime
    booking: bytes | None = field(default=None, repr=False)
    place: int | None = None


@dataclass(frozen=True, slots=True)
class RegisteredGuest:
    """A guest who is here already, as far as the next guest of the booking has to know."""

    subject: bytes = field(repr=False)
    place: int | None
    adult: bool


class Arrivals(Protocol):
    """Expected guests. Raises StorageFault."""

    def by_reference(self, reference: bytes) -> Expected | None: ...

    def by_names(self, names: frozenset[bytes]) -> Sequence[Expected]:
        """All bookings of somebody who is called so; each once."""
        ...


class RegistrationStore(Protocol):
    """Registered guests. Raises StorageFault."""

    def of_booking(self, booking: bytes) -> Sequence[RegisteredGuest]: ...

    def enter(self, registration: Registration) -> None:
        """Durable when it returns; the same `seq` again changes nothing."""
        ...


def end_of(day: date, zone: tzinfo) -> datetime:
    """The moment at which a day is over at a place, whatever its clocks did."""
    return datetime.combine(day + timedelta(days=1), time(), tzinfo=zone)


def erasable_before(now: datetime, *, suspect: bool, signed: datetime, trusted_for: timedelta) -> datetime:
    """Everything that was to be erased by this moment may go, whatever the clock says. DESK.md section 6.

    Args:
        now: the time that is believed. Where the clock is `suspect`, true time is this or later
            (edge.trust.time.trusted_clock), so that nothing goes early.
        suspect: something speaks against the clock.
        signed: the latest time that somebody trusted has signed.
        trusted_for: how far ahead of `signed` a clock is believed that nothing speaks against: a board that
            starts in the wrong year must not empty the register.
    """
    return now if suspect else min(now, signed + trusted_for)
