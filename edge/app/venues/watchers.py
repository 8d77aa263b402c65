"""Work of a venue between passages: functions that the frame loop calls with every step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

from edge.app.sync.sightings_watch import SightingsWatch
from edge.policy.risk.history import RecentPast

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from edge.on_record import OnRecord
    from edge.passage.requirements.visit_rules import VisitRules
    from edge.passage.verifier import StepResult
    from edge.ports import Files, Signals
    from edge.venues.library.worker import ItemResult


@runtime_checkable
class _Watches(Protocol):
    """A venue that reads changed rules, and sets the mode of the door."""

    def watcher(self, strike: object, order: Callable[[int], OnRecord]) -> Callable[[StepResult], None]: ...


@runtime_checkable
class _TellsOfItems(Protocol):
    """A venue that lends."""

    def news(self) -> Sequence[ItemResult]: ...


def watchers_of(
    visit_rules: VisitRules,
    strike: object,
    signals: Signals,
    state: Files,
    order: Callable[[int], OnRecord],
) -> list[Callable[[StepResult], None]]:
    """The watchers of this venue and of the sightings that sync stores in `state`.

    `order`: records that free access begins, and returns the proof.
    """
    venue = visit_rules.venue
    watchers: list[Callable[[StepResult], None]] = []
    if isinstance(visit_rules.history, RecentPast):
        watchers.append(SightingsWatch(visit_rules.history, state).see)
    if isinstance(venue, _Watches):
        watchers.append(venue.watcher(strike, order))
    if isinstance(venue, _TellsOfItems):

        def tell(_: StepResult) -> None:
            for news in venue.news():
                signals.prompt(news.line)

        watchers.append(tell)
    return watchers
