"""Runs a state machine: performs every effect of an event before the next event; has one timer."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_Event = TypeVar("_Event")
_Effect = TypeVar("_Effect")


class MachineRunner(Generic[_Event, _Effect]):
    """The events that wait for a machine, and the deadline that its last effect armed.

    `tick_ms`: the current time, which the owner sets.
    """

    def __init__(
        self,
        step: Callable[[_Event], Iterable[_Effect]],
        perform: Callable[[_Effect], None],
        after: Callable[[], None] = lambda: None,
    ) -> None:
        """`step`: the machine takes one event and returns its effects, in order.

        `perform` may `put` further events; `after` is called when no event is left.
        """
        self.tick_ms = 0
        self._step = step
        self._perform = perform
        self._after = after
        self._events: deque[_Event] = deque()
        self._deadline_ms: int | None = None

    def put(self, event: _Event) -> None:
        """Queue this event until the current effects are performed."""
        self._events.append(event)

    def on(self, event: _Event) -> None:
        """Take this event, and all events that follow from it."""
        self.put(event)
        while self._events:
            for effect in self._step(self._events.popleft()):
                self._perform(effect)
        self._after()

    def halt(self, event: _Event) -> None:
        """Drop the queued events that a crash left, and take this one: a queued release must not happen."""
        self._events.clear()
        self.on(event)

    def arm(self, for_ms: int) -> None:
        """(Re)start the timer; `for_ms` 0 disarms it."""
        self._deadline_ms = self.tick_ms + for_ms if for_ms else None

    @property
    def is_due(self) -> bool:
        """Whether the timer has run out."""
        return self._deadline_ms is not None and self.tick_ms >= self._deadline_ms
