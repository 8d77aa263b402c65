"""The hours of a door on the real firmware, over a pseudo-terminal."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from peers.cpython_controller import KEY, OnPty
from peers.waiting import until
from samples.proofs import proof
from worlds.folders import write_secret
from worlds.venues.building_door import SITE, local

from edge.app.parts.strike import open_strike
from edge.app.venues.door import LOOK_MS, ControlledDoor, SiteDoor, open_door
from edge.config import Config, PermitsConfig, StrikeConfig
from edge.link.messages import Mode
from edge.on_record import LockMovement
from edge.passage.machine import PassageState
from edge.passage.verifier import StepResult
from edge.trust.time.freshness import AgePolicy
from edge.trust.time.trust_age import TrustState
from edge.trust.time.trusted_clock import TrustedTime
from edge.venues.door.occupancy_store import OccupancyFile, Switch

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


def test_a_relay_is_not_a_controller() -> None:
    assert not isinstance(open_strike(Config(), Path()), ControlledDoor)
