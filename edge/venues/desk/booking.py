"""A booking in a list of arrivals, and the digests of it that a device keeps until its guests come."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from datetime import date

    from edge.venues.desk.name_digests import Digests

MAX_GUESTS: Final = 60  # a coach; a larger group is several bookings
MAX_STAY_DAYS: Final = 400  # a year and some weeks; a longer stay is not a hotel booking
MAX_NAME_CHARS: Final = (
    200  # two thirds more than ICAO's longest name, which has 39 on a card and 120 in its chip
)
MAX_REFERENCE_CHARS: Final = 64  # the longest that a card can disclose


@dataclass(frozen=True, slots=True)
class Named:
    """One guest whom the list names."""

    family_name: str = field(repr=False)
    given_name: str = field(default="", repr=False)
    birth_date: date | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Booking:
    """One stay. `guests`: number of guests, with `minors` of them; `line`: its line in the list, from 1.

    `doubtful`: the list has two versions of it, so staff must decide.
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

    `minor`: on the day of arrival; None if the list has no birth date.
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
    """Age in whole years. A person born on 29 February has the birthday on 1 March of other years."""
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


def expected(booking: Booking, digests: Digests, *, adult_age: int) -> Expected:
    """The digests of a booking that a device keeps."""
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
