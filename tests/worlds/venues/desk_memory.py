"""Arrivals and registrations in memory: a reference for the durable stores, and the stores of a simulation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge.venues.desk.registration import RegisteredGuest

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from edge.venues.desk.booking import Expected
    from edge.venues.desk.registration import Registration


class MemoryArrivals:
    """Implements Arrivals."""

    def __init__(self, bookings: Iterable[Expected] = ()) -> None:
        self._bookings = {booking.id: booking for booking in bookings}

    def by_reference(self, reference: bytes) -> Expected | None:
        return self._bookings.get(reference)

    def by_names(self, names: frozenset[bytes]) -> Sequence[Expected]:
        return tuple(
            booking
            for _, booking in sorted(self._bookings.items())
            if any(names & place.names for place in booking.places)
        )


class MemoryRegistrationStore:
    """Implements Register."""

    def __init__(self) -> None:
        self.registrations: list[Registration] = []

    def of_booking(self, booking: bytes) -> Sequence[RegisteredGuest]:
        return tuple(
            RegisteredGuest(one.subject, one.place, one.adult)
            for one in self.registrations
            if one.booking == booking
        )

    def enter(self, registration: Registration) -> None:
        if not any((one.seq, one.at) == (registration.seq, registration.at) for one in self.registrations):
            self.registrations.append(registration)
