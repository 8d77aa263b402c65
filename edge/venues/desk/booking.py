"""A booking in a list of arrivals, and the digests of it that a device keeps until its guests come."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from datetime import date

    from edge.card.birth_date import BirthDate
    from edge.venues.desk.name_digests import Digests

MAX_GUESTS: Final = 60  # a coach; a larger group is several bookings
MAX_STAY_DAYS: Final = 400  # a year and some weeks; a longer stay is not a hotel booking
MAX_NAME_CHARS: Final = (
    200  # two thirds more than ICAO's longest name, which has 39 on a card and 120 in its chip
)
MAX_REFERENCE_CHARS: Final = 64  # the longest that a card can disclose


@dataclass(frozen=True, slots=True)
class Named:
    """One guest whom the list names. `birth_unread`: its birth date cannot be read, and counts as none."""

    family_name: str = field(repr=False)
    given_name: str = field(default="", repr=False)
    birth_date: BirthDate | None = field(default=None, repr=False)
    birth_unread: bool = False


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

    `births`: of the birth date, coarse to fine; empty if the list has none. `minor`: whether the guest can be
    a minor on the day of arrival; None if the list has no birth date.
    """

    names: frozenset[bytes]
    births: frozenset[bytes] = frozenset()
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


def expected(booking: Booking, digests: Digests, *, adult_age: int) -> Expected:
    """The digests of a booking that a device keeps. A guest whose name has no letter counts as unnamed."""
    places = tuple(
        BookedGuest(
            names,
            digests.births(born := guest.birth_date),
            None if born is None else born.is_aged(adult_age, booking.arrival) is not True,
        )
        for guest in booking.named
        if (names := digests.listed(guest.family_name, guest.given_name))
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
