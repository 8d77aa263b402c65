"""Opens the venue `door`: its rules file, its people, its occupancy store, and the mode of its door."""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress
from typing import TYPE_CHECKING, Final, Protocol, runtime_checkable
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from edge.app.parts.keys import own_key
from edge.errors import ConfigError, DoorLinkFault, StorageFault
from edge.link.limits import RENEW_MS
from edge.link.messages import Mode
from edge.log import log_line
from edge.passage.machine import PassageState
from edge.policy.obligations import OpenVenue
from edge.venues.door.occupancy_store import OccupancyFile, Switch
from edge.venues.door.people_store import PeopleFile
from edge.venues.door.rules_file import MAX_RULES_BYTES, parse_plan, parse_rules
from edge.venues.door.site_tables import Zones
from edge.venues.door.venue import DoorVenue

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from edge import config
    from edge.link.messages import ControllerStatus
    from edge.on_record import OnRecord
    from edge.passage.verifier import StepResult
    from edge.venues.door.rules import DoorRules
    from edge.venues.door.site_plan import SitePlan

LOOK_MS: Final = 1_000  # as often as the door's controller sends its status
# One record is enough for so much free access: a full disk is found although no visitor makes a record.
ON_RECORD_MS: Final = 3_600_000


@runtime_checkable
class ControlledDoor(Protocol):
    """A strike with a controller, whose mode can be set."""

    @property
    def status(self) -> ControllerStatus | None: ...

    def set_mode(self, mode: Mode, allowed: OnRecord | None = None) -> None: ...


def open_door(root: config.Config, base: Path) -> SiteDoor | OpenVenue:
    """The venue of a configuration; without rules it requires nothing. Raises ConfigError, StorageFault."""
    permits = root.permits
    if permits.rules is None:
        return OpenVenue()
    rules = RulesFile(base / permits.rules, root.door.site)
    people_file = base / permits.people
    key = site_key(base / permits.key, may_make=not os.path.exists(people_file))  # noqa: PTH110  Path.exists raises for what can be no name
    people = PeopleFile(people_file)
    try:
        occupancy = OccupancyFile(base / permits.presence)
    except BaseException:
        people.close()
        raise
    return SiteDoor(rules, people, occupancy, site_key=key)


class SiteDoor(DoorVenue):
    """The door of a site with its files. Call it in the passage's thread."""

    def __init__(
        self, rules: RulesFile, people: PeopleFile, occupancy: OccupancyFile, *, site_key: bytes
    ) -> None:
        super().__init__(rules.current, people, occupancy, site_key=site_key)
        self._rules_file = rules
        self._people_file = people
        self._presence = occupancy

    def watcher(self, strike: object, order: Callable[[int], OnRecord]) -> Callable[[StepResult], None]:
        """A function for every step: it reads changed rules, and sets the mode of the door.

        `strike`: a relay or a panel has no mode; it is left alone. `order`: records at a tick that free
        access begins, and returns the proof; raises StorageFault.
        """
        keeper: ModeKeeper | None = None
        if isinstance(strike, ControlledDoor):
            keeper = ModeKeeper(strike, self._presence, self.mode_at, order)
        due_ms: int | None = None

        def see(step: StepResult) -> None:
            nonlocal due_ms
            if due_ms is not None and step.tick_ms < due_ms:
                return
            due_ms = step.tick_ms + LOOK_MS
            if step.state is PassageState.IDLE:  # to read the largest file takes a second
                self._rules_file.look()
            if keeper is not None:
                keeper.see(step)

        return see

    def close(self) -> None:
        """Safe to call again."""
        self._people_file.close()
        self._presence.close()


class RulesFile:
    """The rules in force: those of the last valid version of the file."""

    def __init__(self, path: Path, site: str) -> None:
        """Read the rules. Raises ConfigError."""
        self._path, self._site = path, site
        self._seen = self._state()
        self._rules = read_rules(path, site)

    def current(self) -> DoorRules:
        """The rules in force now."""
        return self._rules

    def look(self) -> bool:
        """Take over a changed file; if it is wrong, the old rules stay in force, and the log tells why."""
        seen = self._state()
        if seen == self._seen:
            return False
        self._seen = seen
        try:
            self._rules = read_rules(self._path, self._site)
        except ConfigError as error:
            log_line("rules kept", why=error.message, hint=error.hint)
            return False
        log_line("rules swapped", version=self._rules.version)
        return True

    def _state(self) -> tuple[int, int, int] | None:
        """One state of the file, to compare with the next."""
        try:
            told = os.stat(self._path)  # noqa: PTH116  Path.stat raises for what can be no name
        except (OSError, ValueError):
            return None
        return told.st_ino, told.st_mtime_ns, told.st_size


class ModeKeeper:
    """Sets a door's controller to the mode that the rules want, also after it was unreachable.

    Free-access ends with the device's heartbeat, a minute after it was set last, and when the journal cannot
    be written. It is set again each RENEW_MS, and each ON_RECORD_MS of it has a record of its own. The rules
    do not end a lock-down that an operator began (`doorward door mode`).
    """

    def __init__(
        self,
        controller: ControlledDoor,
        presence: OccupancyFile,
        mode_at: Callable[[datetime], Mode],
        order: Callable[[int], OnRecord],
    ) -> None:
        self._controller = controller
        self._presence = presence
        self._mode_at = mode_at
        self._order = order
        self._allowed: OnRecord | None = None  # the free access that is on record
        self._ordered_ms = 0
        self._is_refused = False  # by the journal, and the log has told it
        self._set_ms: int | None = None

    def see(self, step: StepResult) -> None:
        """Set the mode if it differs. After a failure the next step tries again."""
        status = self._controller.status
        if status is None or step.trust_state is None:
            return
        with suppress(DoorLinkFault, StorageFault):
            wanted = self._wanted(step)
            if wanted is not Mode.FREE_ACCESS or self._is_old(step):
                self._allowed = None
            if wanted is status.mode and (wanted is not Mode.FREE_ACCESS or self._allowed is not None):
                if self._is_due(wanted, step.tick_ms):
                    self._set(wanted, step.tick_ms)
                return
            if wanted is Mode.LOCK_DOWN:
                # First, so that after a power cut the owner of the lock-down is known.
                with suppress(StorageFault):  # without an owner, only an operator ends the lock-down
                    self._presence.switch(Switch.CONTROLLER, int(step.trust_state.at.now.timestamp()))
            elif step.state is PassageState.RELEASED or self._is_not_ours(status):
                return  # a visitor in the middle of a passage is not locked out
            if wanted is Mode.FREE_ACCESS and not self._is_allowed(step.tick_ms):
                wanted = Mode.NORMAL
                if status.mode is wanted:
                    return
            self._set(wanted, step.tick_ms)
            if status.mode is Mode.LOCK_DOWN:
                self._presence.switch(Switch.CONTROLLER, None)

    def _is_old(self, step: StepResult) -> bool:
        """Whether free access needs a new record before it goes on."""
        return step.journal_fails or step.tick_ms - self._ordered_ms >= ON_RECORD_MS

    def _is_allowed(self, tick_ms: int) -> bool:
        """Whether free access is on record; it is recorded now if it is not."""
        if self._allowed is not None:
            return True
        try:
            self._allowed = self._order(tick_ms)
        except StorageFault as fault:
            if not self._is_refused:
                log_line("no free access", level="error", why=fault.message, hint=fault.hint)
            self._is_refused = True
            return False
        self._ordered_ms, self._is_refused = tick_ms, False
        return True

    def _set(self, mode: Mode, tick_ms: int) -> None:
        self._controller.set_mode(mode, self._allowed)
        self._set_ms = tick_ms

    def _is_due(self, wanted: Mode, tick_ms: int) -> bool:
        """Whether free access, which goes on, must be renewed."""
        return wanted is Mode.FREE_ACCESS and (self._set_ms is None or tick_ms - self._set_ms >= RENEW_MS)

    def _is_not_ours(self, status: ControllerStatus) -> bool:
        """Whether an operator, not these rules, began the lock-down."""
        return status.mode is Mode.LOCK_DOWN and not self._presence.is_on(Switch.CONTROLLER)

    def _wanted(self, step: StepResult) -> Mode:
        """The mode that the rules want; no free access with an untrusted clock or without the store."""
        assert step.trust_state is not None
        try:
            mode = self._mode_at(step.trust_state.at.now)
        except StorageFault:
            return Mode.NORMAL
        return Mode.NORMAL if mode is Mode.FREE_ACCESS and step.trust_state.at.suspect else mode


def read_rules(path: Path, site: str) -> DoorRules:
    """The rules of the door `site` in this file. Raises ConfigError."""
    zones = Zones(_zone, available_timezones)
    return parse_rules(_rules_text(path), str(path), site=site, zones=zones)


def read_plan(path: Path) -> SitePlan:
    """The doors, areas and permits in this file. Raises ConfigError."""
    return parse_plan(_rules_text(path), str(path))


def _rules_text(path: Path) -> bytes:
    try:
        with open(path, "rb", opener=_opened) as stream:
            return stream.read(MAX_RULES_BYTES + 1)  # parse_rules refuses what is longer
    except (OSError, ValueError) as error:
        what = (getattr(error, "strerror", None) or "is not a file name").lower()
        raise ConfigError(
            f"cannot be read: {what}", file=path, hint="check the path of the site's rules"
        ) from error


def _opened(path: str, flags: int) -> int:
    """A descriptor without waiting: the passage's thread reads the rules, and a pipe would stop it."""
    descriptor = os.open(path, flags | os.O_NONBLOCK | os.O_CLOEXEC)
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return descriptor
    os.close(descriptor)
    raise OSError(errno.EINVAL, "is not a regular file")


def site_key(file: Path, *, may_make: bool) -> bytes:
    """The key of people's pseudonyms; with `may_make` it is made if there is none.

    Raises ConfigError, StorageFault.
    """
    lost = "put it back from a backup, or remove the people file and import the people again"
    return own_key(file, "the site's key", lost=lost, may_make=may_make)


def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
