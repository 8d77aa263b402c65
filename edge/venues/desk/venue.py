"""The venue `desk`: finds the guest's booking, checks it, and registers the guest. DESK.md sections 1, 4."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, timedelta
from typing import TYPE_CHECKING

from edge.card.attributes import Attribute
from edge.card.birth_date import BirthDate
from edge.decision import Grant, Reason
from edge.errors import Refused
from edge.policy.obligations import Factor, Obligation, Obligations
from edge.screen_text import staff_texts
from edge.venues.desk.registration import Registration, end_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime, tzinfo

    from edge.decision import Decision
    from edge.policy.obligations import Visit
    from edge.venues.desk.booking import BookedGuest, Expected
    from edge.venues.desk.name_digests import Digests
    from edge.venues.desk.registration import Arrivals, RegisteredGuest, RegistrationStore


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskRules:
    """The rules of the property.

    `request`: the attributes that its law requires; the desk keeps no others. `documents`: the types of
    document it accepts, empty for all. `early`: time before the day of arrival from which a guest may come.
    `walk_in`: whether staff may admit a guest without a booking.
    """

    request: tuple[Attribute, ...]
    zone: tzinfo
    documents: frozenset[str] = frozenset()
    adult_age: int = 18
    early: timedelta = timedelta()
    retain_days: int = 365
    walk_in: bool = False


@dataclass(frozen=True, slots=True)
class _Stay:
    """A guest in a booking. `known`: registered already; `covers`: number of minors in the guest's care."""

    expected: Expected
    place: int | None
    adult: bool
    covers: int
    known: bool
    lines: tuple[str, ...] = field(repr=False)


class DeskVenue:
    """Implements Venue. It keeps no data itself: arrivals and register are passed to it."""

    def __init__(
        self, rules: DeskRules, digests: Digests, arrivals: Arrivals, register: RegistrationStore
    ) -> None:
        self._rules = rules
        self._digests = digests
        self._arrivals = arrivals
        self._register = register

    def evaluate(self, visit: Visit) -> Obligations:
        said = dict(visit.card.disclosed)
        self._expect_disclosed(said)
        try:
            stay = self._find(visit, said)
        except _UnexpectedError:
            if not self._rules.walk_in:
                raise Refused(Reason.BOOKING_UNKNOWN) from None
            return Obligations(
                required=(Obligation(Factor.STAFF, Reason.BOOKING_UNKNOWN),),
                lines=staff_texts(("no booking",)),
            )
        return Obligations(lines=staff_texts(stay.lines))

    def commit(self, visit: Visit, decision: Decision, seq: int) -> None:
        if not isinstance(decision, Grant):
            return
        said = dict(visit.card.disclosed)
        try:
            stay: _Stay | None = self._find(visit, said)
        except (Refused, _UnexpectedError):
            stay = None  # a guest whom staff admitted, or whose booking a new list has just removed
        if stay is not None and stay.known:
            return  # one registration for each stay
        today = visit.now.astimezone(self._rules.zone).date()
        left = stay.expected.departure if stay else today
        self._register.enter(
            Registration(
                seq=seq,
                at=visit.now,
                site=visit.site,
                subject=self._subject(visit),
                adult=stay.adult if stay else self._counts_as_adult(said, today),
                covers=stay.covers if stay else 0,
                attributes=tuple((name, said[name]) for name in self._rules.request if name in said),
                erase_at=self._erase_at(max(left, today)),
                booking=stay.expected.id if stay else None,
                place=stay.place if stay else None,
            )
        )

    def _expect_disclosed(self, said: dict[Attribute, str]) -> None:
        if any(name not in said for name in self._rules.request):
            raise Refused(Reason.DISCLOSURE_MISSING)
        kind = said.get(Attribute.DOCUMENT_TYPE)
        if self._rules.documents and kind is not None and kind not in self._rules.documents:
            raise Refused(Reason.DOCUMENT_MISMATCH, "a type of document that is not accepted here")

    def _find(self, visit: Visit, said: dict[Attribute, str]) -> _Stay:
        """The stay of this guest. Raises Refused, and _UnexpectedError if there is no booking."""
        names = self._names(said)
        expected = self._booking(visit, said, names)
        if expected.doubtful:
            raise Refused(Reason.BOOKING_AMBIGUOUS, "the list has two versions of this booking")
        others = self._register.of_booking(expected.id)
        subject = self._subject(visit)
        mine = next((guest for guest in others if guest.subject == subject), None)
        if mine is None and len(others) >= expected.guests:
            raise Refused(Reason.BOOKING_AMBIGUOUS, "all guests of this booking are registered")
        place = mine.place if mine else self._place(expected, names, said, others)
        adult = mine.adult if mine else self._adult_of(expected, place, said)
        if not adult and not any(guest.adult for guest in others):
            raise Refused(Reason.PERSON_ALONE, "a minor, before an adult of the booking")
        first = adult and not any(guest.adult for guest in others if guest is not mine)
        covers = expected.minors if first else 0
        number = len(others) + (mine is None)
        return _Stay(expected, place, adult, covers, mine is not None, _lines(expected, number, covers, mine))

    def _booking(self, visit: Visit, said: dict[Attribute, str], names: frozenset[bytes] | None) -> Expected:
        reference = said.get(Attribute.BOOKING)
        if reference is not None:
            found = self._arrivals.by_reference(self._digests.reference(reference))
            if found is not None:
                if not self._in_window(found, visit):
                    raise Refused(Reason.VISIT_WINDOW)
                return found
        if names is None:
            raise _UnexpectedError if reference is not None else Refused(Reason.DISCLOSURE_MISSING)
        born = self._born(said)
        candidates = [
            booking
            for booking in self._arrivals.by_names(names)
            if _fits(booking, names, born, self._digests)
        ]
        due = [booking for booking in candidates if self._in_window(booking, visit)]
        if candidates and not due:
            raise Refused(Reason.VISIT_WINDOW)
        if len(due) > 1:
            raise Refused(Reason.BOOKING_AMBIGUOUS, "several bookings under this name")
        if not due:
            raise _UnexpectedError
        return due[0]

    def _place(
        self,
        expected: Expected,
        names: frozenset[bytes] | None,
        said: dict[Attribute, str],
        others: Sequence[RegisteredGuest],
    ) -> int | None:
        """The place of this guest among the named guests; None if the list does not name the guest."""
        taken = {guest.place for guest in others}
        born = self._born(said)
        fitting = [
            number
            for number, place in enumerate(expected.places)
            if names and names & place.names and _same_birth(place, born, self._digests)
        ]
        free = [number for number in fitting if number not in taken]
        if free:
            return free[0]
        if fitting:
            raise Refused(Reason.BOOKING_AMBIGUOUS, "a guest of this name is registered already")
        unnamed = len([guest for guest in others if guest.place is None])
        if names is not None and len(expected.places) + unnamed >= expected.guests:
            raise _UnexpectedError  # this guest knows the reference of another guest's booking
        return None

    def _adult_of(self, expected: Expected, place: int | None, said: dict[Attribute, str]) -> bool:
        known = self._is_adult(said, expected.arrival)
        if known is None and place is not None and (minor := expected.places[place].minor) is not None:
            known = not minor
        if known is None and self._born(said) is not None:
            return False  # a date in part on which the guest may be a minor
        if known is None and expected.minors:
            raise Refused(
                Reason.DISCLOSURE_MISSING, "the booking has minors, and this guest's age is unknown"
            )
        return known is not False

    def _is_adult(self, said: dict[Attribute, str], on: date) -> bool | None:
        """None if the guest discloses no birth date, or one in part that leaves it open."""
        born = self._born(said)
        return None if born is None else born.is_aged(self._rules.adult_age, on)

    def _counts_as_adult(self, said: dict[Attribute, str], on: date) -> bool:
        """Whether a guest without a booking is registered as an adult; a date in part must say so."""
        return self._is_adult(said, on) is True or self._born(said) is None

    def _in_window(self, expected: Expected, visit: Visit) -> bool:
        zone = self._rules.zone
        soonest = (visit.now + self._rules.early).astimezone(zone).date()
        return expected.arrival <= soonest and visit.now.astimezone(zone).date() <= expected.departure

    def _names(self, said: dict[Attribute, str]) -> frozenset[bytes] | None:
        """None if the guest discloses no name; empty for a name without letters, which equals no other."""
        family = said.get(Attribute.FAMILY_NAME)
        return None if family is None else self._digests.shown(family, said.get(Attribute.GIVEN_NAME, ""))

    def _born(self, said: dict[Attribute, str]) -> BirthDate | None:
        text = said.get(Attribute.BIRTH_DATE)
        return BirthDate.parse(text) if text is not None else None  # edge.card has checked it

    def _subject(self, visit: Visit) -> bytes:
        return self._digests.person(visit.card.person)

    def _erase_at(self, left: date) -> datetime:
        return end_of(left + timedelta(days=self._rules.retain_days), self._rules.zone).astimezone(UTC)


class _UnexpectedError(Exception):
    """There is no booking for this guest; the rules of the property decide."""


def _fits(expected: Expected, names: frozenset[bytes], born: BirthDate | None, digests: Digests) -> bool:
    return any(names & place.names and _same_birth(place, born, digests) for place in expected.places)


def _same_birth(place: BookedGuest, born: BirthDate | None, digests: Digests) -> bool:
    """Whether the birth dates are equal as far as both are known: a guest may leave it out."""
    said = digests.births(born)
    return len(place.births & said) == min(len(place.births), len(said))


def _lines(expected: Expected, number: int, covers: int, mine: RegisteredGuest | None) -> tuple[str, ...]:
    """Lines for the staff's screen, without the guest's name."""
    lines = [f"guest {number} of {expected.guests}, until {expected.departure:%Y-%m-%d}"]
    if covers:
        lines.append(f"responsible for {covers} {'minor' if covers == 1 else 'minors'}")
    if mine is not None:
        lines.append("registered already")
    return tuple(lines)
