"""The hours of a door on the real firmware, over a pseudo-terminal."""

from __future__ import annotations

import itertools
from contextlib import closing, suppress
from pathlib import Path

from peers.cpython_controller import KEY, LEAF_OPEN, SHUT, OnPty
from peers.waiting import until
from samples.journals import database, open_journal, passage
from samples.proofs import proof
from worlds.folders import write_secret
from worlds.sim_device import door_verifier
from worlds.trust import TRUST
from worlds.venues.building_door import SITE, local

from edge.app.parts.strike import open_strike
from edge.app.venues.door import LOOK_MS, ControlledDoor, SiteDoor, open_door
from edge.audit.record import DoorChange
from edge.config import Config, PermitsConfig, StrikeConfig
from edge.errors import StorageFault
from edge.link.messages import Mode
from edge.on_record import LockMovement
from edge.passage.machine import PassageState
from edge.passage.stages import Stages
from edge.passage.verifier import StepResult
from edge.policy.decide import DoorPolicy, FaceRule
from edge.ports import DoorEventKind
from edge.trust.replay import ReplayMemory
from edge.trust.time.freshness import AgePolicy
from edge.trust.time.trust_age import TrustState
from edge.trust.time.trusted_clock import TrustedTime
from edge.trust.verify import VerificationContext
from edge.venues.door.occupancy_store import OccupancyFile, Switch
from hw.sim.clock import SimClock
from hw.sim.reader import SimReader

SITE_TOML = f"""
version = "1"
zone = "Asia/Macau"
groups = []
[schedules]
office = ["mon-fri 08:00-18:00"]
[doors."{SITE}"]
unlock = "office"
"""
NOON, NIGHT = local("2027-03-01T12:00", "Asia/Macau"), local("2027-03-01T22:00", "Asia/Macau")


def test_a_controller_follows_the_hours_and_the_switch(controller: OnPty, tmp_path: Path) -> None:
    (tmp_path / "site.toml").write_text(SITE_TOML)
    write_secret(tmp_path / "door.key", KEY)
    strike = StrikeConfig(kind="controller", port=controller.path.name, lock="fail-secure")
    config = Config(strike=strike, permits=PermitsConfig(rules="site.toml"))
    door = open_door(config, tmp_path)
    assert isinstance(door, SiteDoor)
    with closing(door), closing(open_strike(config, tmp_path)) as link:
        assert isinstance(link, ControlledDoor)
        see, looks = (
            door.watcher(link, lambda _: proof(movement=LockMovement.FREE_ACCESS)),
            iter(range(0, 10**9, LOOK_MS)),
        )

        def comes_to(mode: Mode, at: object) -> None:
            def is_so() -> bool:
                see(
                    StepResult(
                        next(looks),
                        PassageState.IDLE,
                        None,
                        trust_state=TrustState(TrustedTime(at), (), AgePolicy()),
                    )
                )
                return controller.controller.door.mode == mode

            until(is_so)

        comes_to(Mode.FREE_ACCESS, NOON)
        until(lambda: controller.energised)
        comes_to(Mode.NORMAL, NIGHT)
        until(lambda: not controller.energised)
        comes_to(Mode.FREE_ACCESS, NOON)
        with closing(OccupancyFile(tmp_path / "state" / "presence.db")) as command:
            command.switch(Switch.LOCK_DOWN, 1)
            comes_to(Mode.LOCK_DOWN, NOON)
            until(lambda: not controller.energised)
            command.switch(Switch.LOCK_DOWN, None)
        comes_to(Mode.FREE_ACCESS, NOON)
        until(lambda: controller.energised)


def test_a_full_disk_ends_free_access_and_none_begins(controller: OnPty, tmp_path: Path) -> None:
    """The whole way: real journal, verifier, link and firmware. The door stays locked without a record."""
    (tmp_path / "site.toml").write_text(SITE_TOML)
    write_secret(tmp_path / "door.key", KEY)
    strike = StrikeConfig(kind="controller", port=controller.path.name, lock="fail-secure")
    config = Config(strike=strike, permits=PermitsConfig(rules="site.toml"))
    clock = SimClock(NOON)
    door = open_door(config, tmp_path)
    assert isinstance(door, SiteDoor)
    with (
        closing(door),
        closing(open_strike(config, tmp_path)) as link,
        open_journal(tmp_path / "journal.db", limit_pages=20) as journal,
    ):
        policy = DoorPolicy(SITE, 1.0, face=FaceRule.NONE)
        stages = Stages(
            VerificationContext(site=SITE), policy, None, ReplayMemory(), itertools.count().__next__
        )
        verifier = door_verifier(
            stages, reader=SimReader(), strike=link, clock=clock, journal=journal, trust=lambda: TRUST
        )
        see = door.watcher(link, verifier.free_access)

        def is_free() -> bool:
            clock.advance(LOOK_MS)
            see(verifier.miss())
            return controller.energised

        verifier.start()
        until(is_free)
        orders = [entry.record.change for entry in journal._last(9) if isinstance(entry.record, DoorChange)]
        assert DoorEventKind.FREE_ACCESS in orders
        with suppress(StorageFault):  # the disk runs full while the device is at work
            while True:
                journal.append(passage())
        controller.set(LEAF_OPEN)  # a visitor, whose event cannot be recorded
        until(lambda: not is_free())
        controller.set(SHUT)
        assert not any(is_free() for _ in range(30))
        database(journal).execute("PRAGMA max_page_count = 1000")  # there is space again
        until(is_free)


def test_a_relay_is_not_a_controller() -> None:
    assert not isinstance(open_strike(Config(), Path()), ControlledDoor)
