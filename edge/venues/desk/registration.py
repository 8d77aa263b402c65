"""Registrations that a desk keeps of its guests, and the time from which each may be erased."""

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

    `seq`: of the passage in the journal; `booking`: None for a guest without a booking; `subject`: digest of
    the card's pseudonym of its holder; `covers`: number of minors without a card in this guest's care.
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
    """A registered guest, with the data that the next guest of the booking needs."""

    subject: bytes = field(repr=False)
    place: int | None
    adult: bool


class Arrivals(Protocol):
    """Expected guests. Raises StorageFault."""

    def by_reference(self, reference: bytes) -> Expected | None: ...

    def by_names(self, names: frozenset[bytes]) -> Sequence[Expected]:
        """All bookings with a guest of one of these names, each once."""
        ...


class RegistrationStore(Protocol):
    """Registered guests. Raises StorageFault."""

    def of_booking(self, booking: bytes) -> Sequence[RegisteredGuest]: ...

    def enter(self, registration: Registration) -> None:
        """Store it durably; the same `seq` again changes nothing."""
        ...


def end_of(day: date, zone: tzinfo) -> datetime:
    """The time at which a day is over at a place, also on days of a clock change."""
    return datetime.combine(day + timedelta(days=1), time(), tzinfo=zone)
