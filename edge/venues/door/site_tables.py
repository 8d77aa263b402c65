"""Types of the tables of site.toml, in which each key is right alone (DOOR_RULES.md)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Final, Literal

from msgspec import Meta, Struct

from edge.venues.door.rules import Direction, Passback

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import tzinfo

ALWAYS_NAME: Final = "always"
NEVER_NAME: Final = "never"
MAX_HOLIDAYS: Final = 2_000  # twenty a year for a century
MAX_PERMITS: Final = 50_000  # five times the largest site that is supported
MAX_NAMED: Final = 10_000  # groups, schedules, doors and areas, each

_Name = Annotated[
    str,
    Meta(pattern=r"\A[a-z0-9][a-z0-9_-]*\Z", max_length=40, description="a name of a-z, 0-9, _ and -"),
]
_Place = Annotated[
    str,
    Meta(
        pattern=r"\A[a-z0-9][a-z0-9-]*(/[a-z0-9][a-z0-9-]*)*\Z",
        max_length=80,
        description="a name of a-z, 0-9 and -, with / between its parts",
    ),
]
_Names = Annotated[tuple[_Name, ...], Meta(max_length=MAX_NAMED)]
_Version = Annotated[
    str,
    Meta(
        pattern=r"\A[A-Za-z0-9][A-Za-z0-9._-]*\Z",
        max_length=40,
        description="text of A-Z, a-z, 0-9, ., _ and -",
    ),
]
_Entry = Annotated[str, Meta(description='days and hours such as "mon-fri 08:00-18:00"')]
_Text = Annotated[
    str, Meta(max_length=60, description='a day or days such as "2027-02-06" or "12-24..01-02"')
]
_Minute = Annotated[
    str,
    Meta(
        pattern=r"\A(([01][0-9]|2[0-3]):[0-5][0-9]|never)\Z",
        description='a time of day such as "04:00", or "never"',
    ),
]


class _Table(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    pass


class PermitTable(_Table, frozen=True):
    """The times at which groups may pass through doors."""

    groups: Annotated[tuple[_Name, ...], Meta(min_length=1, max_length=MAX_NAMED)]
    doors: Annotated[tuple[_Place, ...], Meta(min_length=1, max_length=MAX_NAMED)]
    schedule: _Name = ALWAYS_NAME
    after: _Name | None = None


class DoorTable(_Table, frozen=True):
    """The rules of one door."""

    area: _Place | None = None
    direction: Direction = Direction.IN
    unlock: _Name = NEVER_NAME
    unlock_after: _Name | None = None
    # Two people who come together are seconds apart, never more than five minutes.
    two_people_s: Annotated[int, Meta(ge=5, le=300)] | None = None


class AreaTable(_Table, frozen=True):
    """The rules of one area."""

    limit: Annotated[int, Meta(ge=1, le=100_000)] | None = None  # a stadium
    passback: Passback = Passback.OFF
    passback_min: Annotated[int, Meta(ge=1, le=24 * 60)] | None = None  # `reset` is for more than a day
    reset: _Minute = "04:00"


class LockDownTable(_Table, frozen=True):
    """The groups that pass in a lock-down."""

    schedule: _Name = NEVER_NAME
    may_pass: _Names = ()


class RulesTables(_Table, frozen=True):
    """The whole file, each table and key right alone."""

    version: _Version
    zone: Annotated[str, Meta(min_length=1, max_length=60)]  # the longest of IANA's has 32 characters
    groups: _Names
    not_enrolled: _Names = ()
    holidays: Annotated[dict[_Name, _Text | tuple[_Text, ...]], Meta(max_length=MAX_HOLIDAYS)] = {}
    schedules: Annotated[dict[_Name, tuple[_Entry, ...]], Meta(max_length=MAX_NAMED)] = {}
    permits: Annotated[tuple[PermitTable, ...], Meta(max_length=MAX_PERMITS)] = ()
    doors: Annotated[dict[_Place, DoorTable], Meta(max_length=MAX_NAMED)] = {}
    areas: Annotated[dict[_Place, AreaTable], Meta(max_length=MAX_NAMED)] = {}
    lock_down: LockDownTable = LockDownTable()
    no_face: Literal["pin", "staff"] = "staff"
    assisted_ms: Annotated[int, Meta(ge=200, le=10_000)] = 8_000  # policy and controller cap at 10 s


@dataclass(frozen=True, slots=True)
class Zones:
    """The time zones of this machine. `find`: None for an unknown name; `names`: all names."""

    find: Callable[[str], tzinfo | None]
    names: Callable[[], Iterable[str]]
