"""A booking as a list of arrivals has it, and what is remembered of it until its guests come."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from datetime import date

    from edge.venues.desk.name_digests import Digests

MAX_GUESTS: Final = 60  # a coach; a larger group is several bookings
MAX_STAY_DAYS: Final = 400  # who stays longer than a year has moved in
MAX_NAME_CHARS: Final = (
    200  # two thirds more than ICAO's longest, which takes 39 on a card and 120 in its chip
)
MAX_REFERENCE_CHARS: Final = 64  # as long as a card can disclose one


@dataclass(frozen=True, slots=True)
class Named:
    """One guest whose name the list knows."""

    family_name: str = field(repr=False)
    given_name: str = field(default="", repr=False)
    birth_date: date | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Booking:
    """One stay. `guests`: how many come, `minors` of them; `line`: where the list has it, counted from 1.

    `doubtful`: the list says two things of it, so that a person has to look.
    """

    reference: str = field(repr=False)
    arrival: date
    departure: date
    guests: int = 1
    minors: int = 0
    named: tuple[Named, ...] = field(default=(), repr=False)
    line: int = 0
    doubtful: bool = False


@dataclass(frozen=True, slots=True)
class BookedGuest:
    """One named guest of a booking, as digests.

    `minor`: on the day of arrival; None where the list has no birth date.
    """

    names: frozenset[bytes]
    birth: bytes | None = None
    minor: bool | None = None


@dataclass(frozen=True, slots=True)
class Expected:
    """A booking without a name in it. `id`: the digest of its reference."""

    id: bytes
    arrival: date
    departure: date
    guests: int
    minors: int
    places: tuple[BookedGuest, ...]
    doubtful: bool = False


def age(born: date, on: date) -> int:
    """In whole years. Who was born on 29 February has a birthday on 1 March of other years."""
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


def expected(booking: Booking, digests: Digests, *, adult_age: int) -> Expected:
    """What a device keeps of a booking."""
    places = tuple(
        BookedGuest(
            digests.names(guest.family_name, guest.given_name),
            digests.birth(guest.birth_date) if guest.birth_date else None,
            age(guest.birth_date, booking.arrival) < adult_age if guest.birth_date else None,
        )
        for guest in booking.named
    )
    return Expected(
        digests.reference(booking.reference),
        booking.arrival,
        booking.departure,
        booking.guests,
        booking.minors,
        places,
        booking.doubtful,
    )
