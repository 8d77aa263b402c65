"""Opens the rules of a door beside its policy: its venue, its risk policy, and the means to ask."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edge.app.clock_store import passed
from edge.app.parts.camera import system_clock
from edge.app.parts.request_display import document_keys, open_notice, request_of
from edge.app.parts.trust_folder import open_files
from edge.app.risk_policy import risk_policy, zone_of_door
from edge.passage.requirements.means import Means
from edge.passage.requirements.visit_rules import VisitRules
from edge.policy import pin_tries
from edge.policy.obligations import OpenVenue
from edge.policy.pin_tries import PinTries
from edge.policy.risk.history import RecentPast

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import ExitStack
    from pathlib import Path

    from edge import config
    from edge.policy.obligations import Host, Venue


@dataclass(frozen=True, slots=True)
class _Opened:
    """One venue, and the parts of `VisitRules` that it provides."""

    venue: Venue
    host: Host | None = None
    items: Callable[[str], None] | None = None
    lines: Callable[[], tuple[str, ...]] = tuple


def open_visit_rules(root: config.Config, base: Path, stack: ExitStack, *, seed: bytes) -> VisitRules:
    """Visit rules of a configuration; what they open closes with `stack`. Raises ConfigError, StorageFault.

    `seed`: that of the device's key, which signs the code on its screen.
    """
    opened = _open_venue(root, base, stack)
    return VisitRules(
        kind=root.door.venue,
        venue=opened.venue,
        risk=risk_policy(root.risk),
        history=RecentPast(root.door.site) if root.risk.watch else None,
        means=Means(
            keypad=root.keypad.kind != "none",
            pin_digits=root.permits.pin_digits,
            display=open_notice(root, base, stack, seed),
            host=opened.host,
        ),
        pin_tries=open_pin_tries(base / root.paths.state) if root.keypad.kind != "none" else PinTries(),
        zone=zone_of_door(root),
        request=request_of(root),
        document_keys=document_keys(root, base),
        items=opened.items,
        lines=opened.lines,
    )


def open_pin_tries(state: Path) -> PinTries:
    """The wrong entries at PINs, kept in the device's state folder. Raises StorageFault.

    A damaged file is a fault: without it a thief would begin again.
    """
    files, counts = open_files(state), {}
    if (state / pin_tries.NAME).exists():
        counts = pin_tries.decode(files.read(pin_tries.NAME, limit=pin_tries.MAX_BYTES))
    return PinTries(
        counts,
        lambda now: files.write(pin_tries.NAME, pin_tries.encode(now), secret=True),
        since_ms=system_clock().tick_ms(),
    )


def _open_venue(root: config.Config, base: Path, stack: ExitStack) -> _Opened:
    """The venue of a configuration; imports the modules of one venue. Raises ConfigError, StorageFault."""
    match root.door.venue:
        case "door":
            from edge.app.venues.door import open_door

            door = open_door(root, base)
            if isinstance(door, OpenVenue):
                return _Opened(door)
            stack.callback(door.close)
            return _Opened(door)
        case "library":
            from edge.app.venues.library import open_library_entrance

            state, clock = open_files(base / root.paths.state), system_clock()
            entrance = open_library_entrance(root.library, base, passed=lambda: passed(state, clock.now()))
            stack.callback(entrance.close)
            return _Opened(entrance, entrance, entrance.scanned, lambda: entrance.lines)
        case "desk":
            from edge.app.venues.desk import open_desk

            return _Opened(open_desk(root, base, stack))
        case "check":
            from edge.app.venues.check import open_check

            return _Opened(open_check(root, base, stack))
        case "lane":  # opened in edge.app.lane_device: its two doors are not one passage
            return _Opened(OpenVenue())
