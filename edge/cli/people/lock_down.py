"""`doorward people lock-down` and `status`: the switch of a lock-down, and the state of a building's door."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from edge.app.venues.door import read_plan
from edge.cli.config import given
from edge.cli.output import emit, harmless, tell, utc
from edge.cli.people.file import (
    known_presence,
    local,
    open_people,
    open_presence,
    operator,
    rules_file,
    rules_of,
)
from edge.errors import Exit
from edge.link.messages import Mode
from edge.venues.door.explain import member, outlook
from edge.venues.door.occupancy import MemoryOccupancyStore
from edge.venues.door.occupancy_store import Switch
from edge.venues.door.visit_facts import DoorContext

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator
    from pathlib import Path

    from edge.config import Config
    from edge.venues.door.occupancy import OccupancyStore
    from edge.venues.door.occupancy_store import OccupancyFile, SwitchedOn
    from edge.venues.door.rules import Area, DoorRules

UNKNOWN = "an operator who is not on record"  # a file of an earlier version names none
MODES = ("normal", "lock-down", "free-access")


@dataclass(frozen=True, slots=True)
class LockDownState:
    """Lock-down of a door at one time. `switched`: by an operator; `by_hours`: by its schedule."""

    rules: DoorRules
    switched: SwitchedOn | None
    by_hours: bool
    until: datetime | None = None

    @property
    def is_on(self) -> bool:
        """Whether it holds."""
        return self.switched is not None or self.by_hours

    def words(self) -> str:
        """Since when and by whom it holds."""
        zone = self.rules.calendar.zone
        if self.switched is not None:
            since = local(datetime.fromtimestamp(self.switched.since, UTC), zone)
            return f"on since {since}, by {self.switched.by or UNKNOWN}"
        if not self.by_hours:
            return "off"
        until = "" if self.until is None else f", until {local(self.until, zone)}"
        return f"on by the hours in [lock_down] schedule{until}"

    def effect(self) -> str:
        """The effect of a lock-down at this door, in words."""
        may_pass = sorted(self.rules.lock_down.may_pass)
        if not may_pass:
            return "no group may come in (site.locked_down); people inside can leave"
        named = ", ".join(may_pass[:10]) + ("" if len(may_pass) <= 10 else " ...")
        return (
            f"only {named} may come in, by their permits; others: site.locked_down; people inside can leave"
        )

    def row(self) -> dict[str, object]:
        """The state, for `--json`."""
        switched = self.switched
        return {
            "on": self.is_on,
            "since": utc(datetime.fromtimestamp(switched.since, UTC)) if switched else None,
            "by": switched.by if switched else ("schedule" if self.by_hours else None),
            "may_pass": sorted(self.rules.lock_down.may_pass),
        }


def lock_down_state(rules: DoorRules, presence: OccupancyFile | None, at: datetime) -> LockDownState:
    """Lock-down of this door at this time. Raises StorageFault."""
    switched = None if presence is None else presence.switched_on(Switch.LOCK_DOWN)
    by_hours = DoorContext.at(rules, MemoryOccupancyStore(), at).is_locked_down
    until = None
    if by_hours and switched is None:
        until = outlook(rules, member(rules.lock_down.may_pass), at, MemoryOccupancyStore()).until
    return LockDownState(rules, switched, by_hours, until)


def switch(args: argparse.Namespace) -> int:
    """Switch the lock-down on or off."""
    config, base = given(args.config)
    is_on = args.switch == "on"
    with closing(open_presence(config, base)) as presence:
        before = presence.switched_on(Switch.LOCK_DOWN)
        now = int(datetime.now(UTC).timestamp())
        presence.switch(Switch.LOCK_DOWN, now if is_on else None, by=operator())
    line = f"lock-down {args.switch}"
    if is_on and before is not None:
        since = utc(datetime.fromtimestamp(before.since, UTC))
        line += f"; it is on since {since}, by {before.by or UNKNOWN}"
    tell({"lock-down": args.switch}, harmless(line), as_json=args.json)
    return Exit.OK


def status(args: argparse.Namespace) -> int:
    """Print lock-down, mode, people inside and people enrolled."""
    config, base = given(args.config)
    rules, now = rules_of(config, base), datetime.now(UTC)
    presence = known_presence(config, base)
    try:
        state = lock_down_state(rules, presence, now)
        occupancy: OccupancyStore = presence or MemoryOccupancyStore()
        seen = outlook(rules, None, now, occupancy)
        inside = list(_inside(config, base, rules, occupancy, now))
        is_ours = presence is not None and presence.is_on(Switch.CONTROLLER)
    finally:
        if presence is not None:
            presence.close()
    enrolled = _enrolled(config, base)
    if args.json:
        emit(
            {
                "door": rules.doorway.site,
                "rules": rules.version,
                "lock_down": state.row(),
                "mode": MODES[seen.mode],
                "inside": [{"area": area.name, "inside": n, "limit": area.limit} for area, n in inside],
                "enrolled": enrolled,
            }
        )
        return Exit.OK
    meaning = ", and the rules refuse the others" if state.is_on and seen.mode is Mode.NORMAL else ""
    controller = ", and these rules locked its controller" if is_ours else ""
    lines = [
        ("door", f"{rules.doorway.site}; rules {rules.version}"),
        ("lock-down", f"{state.words()}{f'; {state.effect()}' if state.is_on else ''}"),
        ("mode", f"{MODES[seen.mode]}{meaning}{controller}; ask the controller: doorward door status"),
        *(("inside", _counted(area, count)) for area, count in inside),
        ("enrolled", "1 person" if enrolled == 1 else f"{enrolled} people"),
    ]
    _print(lines, red="lock-down" if state.is_on else None)
    return Exit.OK


def _inside(
    config: Config, base: Path, rules: DoorRules, occupancy: OccupancyStore, now: datetime
) -> Iterator[tuple[Area, int]]:
    """The counted areas of the site, with the people inside as far as the doors of this device saw them."""
    for area in read_plan(rules_file(config, base)).areas:
        if area.is_counted:
            day = 0 if area.reset_min is None else rules.calendar.day_since(area.reset_min, now)
            yield area, occupancy.count(area.name, day)


def _counted(area: Area, count: int) -> str:
    return f"{area.name}: {count}" + ("" if area.limit is None else f" of {area.limit}")


def _enrolled(config: Config, base: Path) -> int:
    if not (base / config.permits.people).exists():
        return 0
    with closing(open_people(config, base)) as people:
        return people.persons()


def _print(lines: list[tuple[str, str]], *, red: str | None) -> None:
    """Print the lines; on a terminal the one that is named `red` in red."""
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False)
    for key, value in lines:
        style = "bold red" if key == red else ""
        console.print(Text(harmless(f"{key:10} {value}"), style=style), soft_wrap=True)
