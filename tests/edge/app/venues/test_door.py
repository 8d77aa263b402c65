"""The door of a site with its files: its start, its rules, and the mode of its controller."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from samples.proofs import proof
from worlds.venues.building_door import SITE, Entrance, card, local

from edge.app.venues.door import (
    LOOK_MS,
    ON_RECORD_MS,
    RulesFile,
    SiteDoor,
    open_door,
    read_rules,
)
from edge.card.person import Person
from edge.config import Config, PermitsConfig, parse_config
from edge.decision import Grant, Reason
from edge.errors import ConfigError, DoorLinkFault, Refused, StorageFault
from edge.link.limits import RENEW_MS
from edge.link.messages import ControllerInputs, ControllerStatus, DoorState, Mode, Outputs
from edge.on_record import LockMovement, OnRecord
from edge.passage.machine import PassageState
from edge.passage.verifier import StepResult
from edge.policy.obligations import Obligations, OpenVenue, Visit
from edge.trust.time.freshness import AgePolicy
from edge.trust.time.trust_age import TrustState
from edge.trust.time.trusted_clock import ClockAnomaly, TrustedTime
from edge.venues.door.enrolment import Enrolment
from edge.venues.door.occupancy_store import OccupancyFile, Switch
from edge.venues.door.person import person_name

SITE_TOML = """
version = "1"
zone = "Asia/Macau"
groups = ["staff"]
[schedules]
office = ["mon-fri 08:00-18:00"]
[[permits]]
groups = ["staff"]
doors = ["tower-1"]
[doors."tower-1/lobby"]
area = "hall"
unlock = "office"
[areas.hall]
passback = "hard"
"""
CONFIG = Config(permits=PermitsConfig(rules="site.toml"))
NOON = local("2027-03-01T12:00", "Asia/Macau")
NIGHT = local("2027-03-01T22:00", "Asia/Macau")


@pytest.fixture
def site(tmp_path: Path) -> Path:
    (tmp_path / "site.toml").write_text(SITE_TOML)
    return tmp_path


@pytest.fixture
def door(site: Path) -> Iterator[SiteDoor]:
    opened = open_door(CONFIG, site)
    assert isinstance(opened, SiteDoor)
    with closing(opened):
        yield opened


def visit(subject: str = "anna", at: datetime = NIGHT) -> Visit:
    return Visit(card(subject), SITE, at)


def enrol(site: Path, subject: str) -> None:
    from edge.venues.door.people_store import PeopleFile

    name = person_name(Person("CN-GD", subject), (site / "people.key").read_bytes())
    with closing(PeopleFile(site / "people.db")) as people:
        people.take([Enrolment(name, frozenset({"staff"}))])


# -- opening -------------------------------------------------------------------------------------------


def test_a_door_without_rules_requires_nothing_and_makes_no_file(tmp_path: Path) -> None:
    venue = open_door(Config(), tmp_path)
    assert isinstance(venue, OpenVenue)
    assert venue.evaluate(visit()) == Obligations()
    assert not list(tmp_path.iterdir())


def test_the_occupancy_outlives_a_restart(site: Path, door: SiteDoor) -> None:
    enrol(site, "anna")
    door.commit(visit(), Grant(3_000), 1)
    door.close()
    again = open_door(CONFIG, site)
    assert isinstance(again, SiteDoor)
    with closing(again), pytest.raises(Refused) as refused:
        again.evaluate(visit(at=NIGHT + timedelta(minutes=1)))
    assert refused.value.reason is Reason.PERSON_PASSBACK


def test_only_the_owner_can_read_the_files(site: Path, door: SiteDoor) -> None:
    del door
    for name in ("people.key", "people.db", "state/presence.db"):
        assert (site / name).stat().st_mode & 0o077 == 0


def test_a_lost_key_is_not_made_again_with_enrolled_people(site: Path, door: SiteDoor) -> None:
    door.close()
    (site / "people.key").unlink()
    with pytest.raises(ConfigError, match="the site's key") as caught:
        open_door(CONFIG, site)
    assert "backup" in caught.value.hint


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda site: (site / "site.toml").unlink(), "site.toml: cannot be read: no such file"),
        (lambda site: (site / "site.toml").write_text("\n=\n"), r"site\.toml:2: "),
        (lambda site: (site / "people.key").write_bytes(b"short"), "people.key: others can read|not 32"),
    ],
)
def test_a_missing_or_wrong_file_is_named(site: Path, change, says: str) -> None:
    change(site)
    with pytest.raises(ConfigError, match=says):
        open_door(CONFIG, site)


def test_a_damaged_presence_is_a_fault(site: Path) -> None:
    (site / "state").mkdir()
    (site / "state" / "presence.db").write_bytes(b"x" * 5_000)
    with pytest.raises(StorageFault, match=r"presence\.db"):
        open_door(CONFIG, site)


def test_the_configuration_names_its_keys() -> None:
    config = parse_config(b'[permits]\nrules = "site.toml"\n', Path("door.toml"))
    assert config.permits == PermitsConfig(rules="site.toml")
    with pytest.raises(ConfigError, match=r"door\.toml:2: unknown key \[permits\] rule"):
        parse_config(b'[permits]\nrule = "site.toml"\n', Path("door.toml"))


# -- rules that change ---------------------------------------------------------------------------------


def _rewrite(path: Path, text: str) -> None:
    """Replace the file as an editor does, so that the test does not depend on the disk's clock."""
    beside = path.with_suffix(".new")
    beside.write_text(text)
    beside.replace(path)


def test_changed_rules_are_taken_over_and_wrong_ones_are_not(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = RulesFile(site / "site.toml", SITE)
    assert not file.look()
    _rewrite(site / "site.toml", SITE_TOML.replace('"1"', '"2"'))
    assert file.look()
    assert file.current().version == "2"
    _rewrite(site / "site.toml", SITE_TOML.replace("Macau", "Macaw"))
    assert not file.look()
    (site / "site.toml").unlink()
    assert not file.look()
    assert file.current().version == "2"
    said = capsys.readouterr().err.splitlines()
    assert ["rules swapped" in said[0], "Asia/Macau" in said[1], "cannot be read" in said[2]] == [True] * 3
    _rewrite(site / "site.toml", SITE_TOML.replace('"1"', '"3"'))
    assert file.look()
    assert file.current().version == "3"


def test_rules_are_taken_over_between_two_passages(site: Path, door: SiteDoor) -> None:
    see = door.watcher(None, Orders())
    see(moment(NIGHT, 0))
    enrol(site, "anna")
    _rewrite(site / "site.toml", SITE_TOML.replace("tower-1", "tower-2"))
    see(moment(NIGHT, LOOK_MS, state=PassageState.FACE))
    assert door.evaluate(visit()) == Obligations()
    see(moment(NIGHT, LOOK_MS + 1))
    assert door.evaluate(visit()) == Obligations(), "the file is checked once a second"
    see(moment(NIGHT, 2 * LOOK_MS))
    with pytest.raises(Refused):
        door.evaluate(visit())


# -- the mode of the door ------------------------------------------------------------------------------


@dataclass
class FakeController:
    """A strike with a mode. `away`: its cable is unplugged."""

    mode: Mode = Mode.NORMAL
    away: bool = False
    told: list[Mode] = field(default_factory=list)
    proofs: list[OnRecord | None] = field(default_factory=list)

    @property
    def status(self) -> ControllerStatus | None:
        if self.away:
            return None
        return ControllerStatus(DoorState.NORMAL, ControllerInputs(0), Outputs(0), self.mode, 0)

    def set_mode(self, mode: Mode, allowed: OnRecord | None = None) -> None:
        self.told.append(mode)
        self.proofs.append(allowed)
        self.mode = mode


class Orders:
    """The journal, as far as a door's hours need it."""

    def __init__(self) -> None:
        self.made: list[OnRecord] = []
        self.full = False

    def __call__(self, tick_ms: int) -> OnRecord:
        if self.full:
            raise StorageFault("the disk is full", hint="make room")
        self.made.append(proof(movement=LockMovement.FREE_ACCESS))
        return self.made[-1]


class Unwilling(FakeController):
    """A controller whose lid is open: it refuses every mode."""

    def set_mode(self, mode: Mode, allowed: OnRecord | None = None) -> None:
        self.told.append(mode)
        self.proofs.append(allowed)
        raise DoorLinkFault("tamper")


def moment(
    at: datetime,
    tick_ms: int,
    *,
    state: PassageState = PassageState.IDLE,
    anomaly: ClockAnomaly | None = None,
    journal_fails: bool = False,
) -> StepResult:
    trust_state = TrustState(TrustedTime(at, anomaly), (), AgePolicy())
    return StepResult(tick_ms, state, None, trust_state=trust_state, journal_fails=journal_fails)


def test_the_controller_follows_the_hours(door: SiteDoor) -> None:
    controller = FakeController()
    see = door.watcher(controller, Orders())
    for number, at in enumerate((NIGHT, NOON, NOON, NIGHT)):
        see(moment(at, number * LOOK_MS))
    assert controller.told == [Mode.FREE_ACCESS, Mode.NORMAL]


def test_free_access_is_asked_for_again_while_the_hours_want_it_and_no_longer(door: SiteDoor) -> None:
    controller = FakeController()
    see = door.watcher(controller, Orders())
    states = itertools.cycle([PassageState.IDLE, PassageState.RELEASED])  # a busy door, too
    for tick_ms in range(0, 3 * RENEW_MS, LOOK_MS):
        see(moment(NOON, tick_ms, state=next(states)))
    assert controller.told == [Mode.FREE_ACCESS] * 3
    for tick_ms in range(3 * RENEW_MS, 6 * RENEW_MS, LOOK_MS):
        see(moment(NIGHT, tick_ms))
    assert controller.told[3:] == [Mode.NORMAL]


def test_free_access_of_an_earlier_program_is_asked_for_at_once(door: SiteDoor) -> None:
    controller = FakeController(Mode.FREE_ACCESS)
    see = door.watcher(controller, Orders())
    see(moment(NOON, 0))
    see(moment(NOON, LOOK_MS))
    assert controller.told == [Mode.FREE_ACCESS]


@pytest.mark.parametrize("mode", [Mode.NORMAL, Mode.LOCK_DOWN])
def test_no_other_mode_is_asked_for_again(site: Path, door: SiteDoor, mode: Mode) -> None:
    controller = FakeController(mode)
    see = door.watcher(controller, Orders())
    with closing(OccupancyFile(site / "state" / "presence.db")) as command:
        command.switch(Switch.LOCK_DOWN, 1 if mode is Mode.LOCK_DOWN else None)
        for tick_ms in range(0, 3 * RENEW_MS, LOOK_MS):
            see(moment(NIGHT, tick_ms))
    assert controller.told == []


def test_it_is_told_again_after_it_came_back(door: SiteDoor) -> None:
    controller = FakeController()
    see = door.watcher(controller, Orders())
    see(moment(NOON, 0))
    controller.away, controller.mode = True, Mode.NORMAL  # free-access ends with the device's heartbeat
    see(moment(NOON, LOOK_MS))
    controller.away = False
    see(moment(NOON, 2 * LOOK_MS))
    assert controller.mode is Mode.FREE_ACCESS


def test_a_refused_mode_is_tried_again_with_the_same_record(door: SiteDoor) -> None:
    controller, orders = Unwilling(), Orders()
    see = door.watcher(controller, orders)
    see(moment(NOON, 0))
    see(moment(NOON, LOOK_MS))
    assert controller.told == [Mode.FREE_ACCESS] * 2
    assert controller.proofs == orders.made * 2


def test_free_access_is_on_record_before_it_begins_and_the_other_modes_need_no_record(door: SiteDoor) -> None:
    controller, orders = FakeController(), Orders()
    see = door.watcher(controller, orders)
    see(moment(NOON, 0))
    see(moment(NIGHT, LOOK_MS))
    assert len(orders.made) == 1
    assert list(zip(controller.told, controller.proofs, strict=True)) == [
        (Mode.FREE_ACCESS, orders.made[0]),
        (Mode.NORMAL, None),
    ]


def test_with_a_full_disk_no_free_access_begins_and_the_log_tells_it_once(door: SiteDoor, capsys) -> None:
    controller, orders = FakeController(), Orders()
    orders.full = True
    see = door.watcher(controller, orders)
    see(moment(NOON, 0))
    see(moment(NOON, LOOK_MS))
    assert controller.told == []
    assert capsys.readouterr().err.count("the disk is full") == 1
    orders.full = False
    see(moment(NOON, 2 * LOOK_MS))
    assert controller.mode is Mode.FREE_ACCESS


def test_free_access_that_is_not_on_record_ends(door: SiteDoor) -> None:
    """A device that starts beside a controller in free access has no proof of an order for it."""
    controller, orders = FakeController(Mode.FREE_ACCESS), Orders()
    orders.full = True
    door.watcher(controller, orders)(moment(NOON, 0))
    assert controller.mode is Mode.NORMAL


def test_free_access_ends_when_the_disk_is_full_and_returns_with_a_new_record(door: SiteDoor) -> None:
    controller, orders = FakeController(), Orders()
    see = door.watcher(controller, orders)
    see(moment(NOON, 0))
    orders.full = True
    see(moment(NOON, LOOK_MS, journal_fails=True))  # a visitor's door event was not recorded
    assert controller.mode is Mode.NORMAL
    orders.full = False
    see(moment(NOON, 2 * LOOK_MS, journal_fails=True))
    assert controller.mode is Mode.FREE_ACCESS
    assert controller.proofs == [orders.made[0], None, orders.made[1]]


def test_a_full_disk_ends_free_access_within_an_hour_although_nothing_else_is_recorded(
    door: SiteDoor,
) -> None:
    controller, orders = FakeController(), Orders()
    see = door.watcher(controller, orders)
    see(moment(NOON, 0))
    see(moment(NOON, ON_RECORD_MS))
    assert controller.proofs == orders.made
    assert len(orders.made) == 2
    orders.full = True
    see(moment(NOON, 2 * ON_RECORD_MS - 1))
    assert controller.mode is Mode.FREE_ACCESS
    see(moment(NOON, 2 * ON_RECORD_MS + LOOK_MS))
    assert controller.mode is Mode.NORMAL


def test_a_lock_down_needs_neither_journal_nor_store(site: Path, door: SiteDoor) -> None:
    controller, orders = FakeController(), Orders()
    see = door.watcher(controller, orders)
    see(moment(NOON, 0))
    with closing(OccupancyFile(site / "state" / "presence.db")) as command:
        command.switch(Switch.LOCK_DOWN, 1)
    orders.full = True
    door._presence._db.execute("PRAGMA query_only = 1")  # as a full disk: it can be read only
    see(moment(NOON, LOOK_MS, journal_fails=True))
    assert controller.mode is Mode.LOCK_DOWN


def test_an_operators_lock_down_makes_no_order(door: SiteDoor) -> None:
    orders = Orders()
    door.watcher(FakeController(Mode.LOCK_DOWN), orders)(moment(NOON, 0))
    assert orders.made == []


def test_an_untrusted_clock_gives_no_free_access(door: SiteDoor) -> None:
    controller = FakeController(Mode.FREE_ACCESS)
    door.watcher(controller, Orders())(moment(NOON, 0, anomaly=next(iter(ClockAnomaly))))
    assert controller.mode is Mode.NORMAL


def test_before_the_first_trust_state_no_mode_is_set(door: SiteDoor) -> None:
    controller = FakeController()
    door.watcher(controller, Orders())(StepResult(0, PassageState.IDLE, None))
    assert controller.told == []


def test_free_access_does_not_end_in_the_middle_of_a_passage(door: SiteDoor) -> None:
    controller = FakeController(Mode.FREE_ACCESS)
    see = door.watcher(controller, Orders())
    see(moment(NIGHT, 0, state=PassageState.RELEASED))
    assert controller.told == []
    see(moment(NIGHT, LOOK_MS))
    assert controller.told == [Mode.NORMAL]


def test_a_lock_down_begins_at_once_and_ends_when_it_is_switched_off(site: Path, door: SiteDoor) -> None:
    controller = FakeController()
    see = door.watcher(controller, Orders())
    with closing(OccupancyFile(site / "state" / "presence.db")) as command:
        command.switch(Switch.LOCK_DOWN, 1)
        see(moment(NOON, 0, state=PassageState.RELEASED))
        assert controller.mode is Mode.LOCK_DOWN
        command.switch(Switch.LOCK_DOWN, None)
    see(moment(NIGHT, LOOK_MS))
    assert controller.mode is Mode.NORMAL


def test_a_lock_down_that_ended_while_the_device_was_off_is_ended(site: Path, door: SiteDoor) -> None:
    controller = FakeController()
    with closing(OccupancyFile(site / "state" / "presence.db")) as command:
        command.switch(Switch.LOCK_DOWN, 1)
        door.watcher(controller, Orders())(moment(NIGHT, 0))
        command.switch(Switch.LOCK_DOWN, None)
    door.close()
    again = open_door(CONFIG, site)
    assert isinstance(again, SiteDoor)
    with closing(again):
        again.watcher(controller, Orders())(moment(NIGHT, 0))
    assert controller.told == [Mode.LOCK_DOWN, Mode.NORMAL]


def test_a_lock_down_of_an_operator_is_not_ended(door: SiteDoor) -> None:
    controller = FakeController(Mode.LOCK_DOWN)
    see = door.watcher(controller, Orders())
    see(moment(NIGHT, 0))
    see(moment(NOON, LOOK_MS))
    assert controller.told == []


def test_an_unreadable_occupancy_store_gives_no_free_access(door: SiteDoor) -> None:
    controller = FakeController(Mode.FREE_ACCESS)
    see = door.watcher(controller, Orders())
    door._presence._db.execute("DROP TABLE switches")
    see(moment(NOON, 0))
    assert controller.mode is Mode.NORMAL


def test_a_relay_has_no_mode(door: SiteDoor) -> None:
    door.watcher(object(), Orders())(moment(NOON, 0))
    assert Entrance(door._rules_file.current()).asks("carl", NOON) == Obligations(), (
        "a card is enough meanwhile"
    )


def test_an_unreadable_people_file_denies(door: SiteDoor) -> None:
    door._people_file._db.execute("DROP TABLE people")
    with pytest.raises(StorageFault):
        door.evaluate(visit())


def test_rules_that_are_a_pipe_do_not_stop_the_passage(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "site.toml")
    with pytest.raises(ConfigError, match="is not a regular file"):
        read_rules(tmp_path / "site.toml", SITE)
