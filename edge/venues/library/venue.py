"""The venue of a library's entrance: asks the library system about patrons, refuses all other holders."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge.decision import Grant, Reason
from edge.errors import Refused
from edge.policy.obligations import Factor, Obligation, Obligations
from edge.venues.library.rules import LibraryRules, Unstaffed

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge.decision import Decision
    from edge.policy.obligations import Visit
    from edge.venues.library.hours import StaffedHours
    from edge.venues.library.identity import Roll


class LibraryVenue:
    """Implements Venue. `came_in`: called with the patron's number when a grant is on record."""

    def __init__(
        self, roll: Roll, rules: LibraryRules, hours: StaffedHours, *, came_in: Callable[[str], None]
    ) -> None:
        self._roll, self._rules, self._hours, self._came_in = roll, rules, hours, came_in

    def evaluate(self, visit: Visit) -> Obligations:
        """Raises Refused: patron.unknown, document.mismatch, schedule.closed."""
        if self._rules.unstaffed == Unstaffed.NONE and not self._hours.staffed(visit.now):
            raise Refused(Reason.SCHEDULE_CLOSED, "no entry without staff")
        self._roll.patron_of(visit.card)
        return Obligations(required=(Obligation(Factor.HOST, Reason.HOST_UNAVAILABLE),))

    def commit(self, visit: Visit, decision: Decision, seq: int) -> None:  # noqa: ARG002  the port's
        """After a grant, the patron may borrow items."""
        if isinstance(decision, Grant):
            self._came_in(self._roll.patron_of(visit.card))
