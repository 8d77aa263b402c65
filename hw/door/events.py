"""Translates a controller's events into events of a door, and its clock into ours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge.link.limits import TICKS
from edge.link.messages import DenyCode, LinkEventKind, Mode
from edge.ports import Cause, DoorEvent, DoorEventKind, EventMark

if TYPE_CHECKING:
    from edge.link.messages import ControllerStatus, Happened

_AHEAD_MS: Final = 60_000  # an event may be newer than the last status; an older one is 12 days old at most

_KINDS: Final[dict[LinkEventKind, DoorEventKind]] = {
    LinkEventKind.RELEASED: DoorEventKind.RELEASED,
    LinkEventKind.RELOCKED: DoorEventKind.RELOCKED,
    LinkEventKind.OPENED: DoorEventKind.OPENED,
    LinkEventKind.CLOSED: DoorEventKind.CLOSED,
    LinkEventKind.REX: DoorEventKind.REX,
    LinkEventKind.FORCED_OPEN: DoorEventKind.FORCED,
    LinkEventKind.PRE_ALARM: DoorEventKind.PRE_ALARM,
    LinkEventKind.OPEN_TOO_LONG: DoorEventKind.OPEN_TOO_LONG,
    LinkEventKind.ALARM_OVER: DoorEventKind.ALARM_OVER,
    LinkEventKind.REX_STUCK: DoorEventKind.REX_STUCK,
    LinkEventKind.KEY_SET: DoorEventKind.KEY_SET,
}
_MODES: Final[dict[int, DoorEventKind]] = {
    Mode.NORMAL: DoorEventKind.NORMAL_MODE,
    Mode.LOCK_DOWN: DoorEventKind.LOCK_DOWN,
    Mode.FREE_ACCESS: DoorEventKind.FREE_ACCESS,
}
# Kinds with a begin (data is not 0) and an end.
_PAIRS: Final = {
    LinkEventKind.BOOT: (DoorEventKind.WATCHDOG, DoorEventKind.BOOT),
    LinkEventKind.TAMPER: (DoorEventKind.TAMPER, DoorEventKind.TAMPER_OVER),
    LinkEventKind.FIRE: (DoorEventKind.FIRE, DoorEventKind.FIRE_OVER),
    LinkEventKind.FAULT: (DoorEventKind.FAULT, DoorEventKind.FAULT_OVER),
}
_CAUSES: Final[dict[int, Cause]] = {
    1: Cause.TIMEOUT,
    2: Cause.OPENED,
    3: Cause.CLOSED,
    4: Cause.COMMAND,
    5: Cause.HEARTBEAT,
    6: Cause.MODE,
    7: Cause.FAULT,
    8: Cause.TAMPER,
    9: Cause.FIRE,
}

# Causes that keep a door shut after a grant: its mode, its lid, its leaf that stands open with an alarm.
_DENIALS: Final = {
    DenyCode.LOCK_DOWN: Cause.MODE,
    DenyCode.TAMPER: Cause.TAMPER,
    DenyCode.NOT_NOW: Cause.OPENED,
}


class ControllerTicks:
    """Converts ticks of the controller to our clock. Works from the first ControllerStatus on."""

    def __init__(self) -> None:
        self._pair: tuple[int, int] | None = None
        self._placed = 0

    @property
    def are_known(self) -> bool:
        return self._pair is not None

    def learn(self, status: ControllerStatus, tick_ms: int) -> None:
        """Take the clock of a status that arrived at `tick_ms`."""
        self._pair = status.tick_ms, tick_ms

    def place(self, controller_ms: int) -> int:
        """The tick of our clock at that moment; 0 for a moment before our clock started.

        For events in their order: none is placed before the one that it follows, although one status takes
        some milliseconds longer than another.
        """
        assert self._pair is not None
        theirs, ours = self._pair
        ago_ms = (theirs - controller_ms + _AHEAD_MS) % TICKS - _AHEAD_MS
        self._placed = max(self._placed, ours - ago_ms)
        return self._placed


def door_event(event: Happened, tick_ms: int) -> DoorEvent | None:
    """The event at the door; None for an event of the link alone."""
    kind = _kind(event)
    if kind is None:
        return None
    return DoorEvent(
        kind,
        tick_ms,
        cause=_CAUSES.get(event.data) if event.kind is LinkEventKind.RELOCKED else None,
        grant=event.data if event.kind is LinkEventKind.RELEASED and event.data else None,
        mark=EventMark(event.number, event.tick_ms),
    )


def lost_events(tick_ms: int) -> DoorEvent:
    """The event for numbers that are missing. The controller's own may be lost as well, so it is left out."""
    return DoorEvent(DoorEventKind.EVENTS_LOST, tick_ms)


def denied_release(code: DenyCode, tick_ms: int, grant: int) -> DoorEvent:
    """The event for a grant that the controller denied; made of its answer, so it has no mark."""
    return DoorEvent(DoorEventKind.DENIED, tick_ms, cause=_DENIALS[code], grant=grant or None)


def _kind(event: Happened) -> DoorEventKind | None:
    if event.kind is LinkEventKind.MODE:
        return _MODES.get(event.data)
    if event.kind in _PAIRS:
        began, over = _PAIRS[event.kind]
        return began if event.data else over
    return _KINDS.get(event.kind)
