"""A device announces itself at a broker, and withdraws what the broker retains under an older setting."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from edge.app.sync.mqtt_announcer import MqttAnnouncer, MqttMemoryFile, warn_without_broker
from edge.ports import MqttMessage
from edge.sync.mqtt.discovery import Announcement
from edge.sync.mqtt.status import MqttTopics
from hw.sim.broker import SimBroker, SimMessageBus

CONFIG = "homeassistant/device/doorward_{}/config"


class Site:
    """A broker, and a device that starts with one setting after another."""

    def __init__(self, folder: Path) -> None:
        self.bus = SimMessageBus()
        self.folder = folder

    def start(
        self,
        device: str = "lobby-1",
        *,
        base: str = "doorward",
        home_assistant: bool = True,
        commands: bool = False,
        staff: bool = True,
        broker: str = "broker:1883",
        turns: int = 3,
        kind: type[SimBroker] = SimBroker,
    ) -> MqttAnnouncer:
        """Start the device with this setting, and let it work for some turns."""
        topics = MqttTopics(base, device, commands=commands)
        announcement = Announcement(topics, "0.1.0") if home_assistant else None
        client = self.bus.connect(
            will=topics.will, subscriptions=(), watched=(announcement.topic,) if announcement else ()
        )
        client.__class__ = kind
        kept = (topics.availability, topics.state, *((topics.staff,) if staff else ()))
        memory = MqttMemoryFile(self.folder, broker)
        announcer = MqttAnnouncer(client, topics, memory, announcement=announcement, kept=kept)
        for each in (topics.state, *((topics.staff,) if staff else ())):
            client.publish(MqttMessage(each, "{}"))
        for _ in range(turns):
            announcer.turn(client.heard())
        return announcer

    @property
    def kept(self) -> set[str]:
        """The topics on which the broker retains a message."""
        return {topic for topic, payload in self.bus.retained.items() if payload}

    def parts(self, device: str = "lobby-1") -> dict[str, dict[str, object]]:
        return json.loads(self.bus.retained[CONFIG.format(device)])["cmps"]


class Mute(SimBroker):
    """A broker that does not answer."""

    def publish(self, message: MqttMessage) -> None:
        pass

    def acknowledged(self, message: MqttMessage) -> bool:
        return False


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def own(device: str = "lobby-1", base: str = "doorward") -> set[str]:
    return {f"{base}/{device}/{each}" for each in ("availability", "status", "staff")}


def test_an_announcement_that_is_switched_off_is_withdrawn(site: Site) -> None:
    site.start()
    assert site.kept == own() | {CONFIG.format("lobby-1")}
    site.start(home_assistant=False)
    assert site.kept == own()


CHANGES = {
    "renamed": ({"device": "lobby-2"}, own("lobby-2") | {CONFIG.format("lobby-2")}),
    "renamed and switched off": ({"device": "lobby-2", "home_assistant": False}, own("lobby-2")),
    "another topic": ({"base": "site-2"}, own(base="site-2") | {CONFIG.format("lobby-1")}),
    "staff switched off": (
        {"staff": False},
        own() - {"doorward/lobby-1/staff"} | {CONFIG.format("lobby-1")},
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_nothing_stays_at_the_broker_from_before_a_change(site: Site, change: str) -> None:
    setting, kept = CHANGES[change]
    site.start()
    site.start(**setting)  # type: ignore[arg-type]
    assert site.kept == kept


@pytest.mark.parametrize("change", CHANGES)
def test_a_broker_that_was_away_during_the_change_is_cleared_later(site: Site, change: str) -> None:
    setting, kept = CHANGES[change]
    site.start()
    site.start(**setting, kind=Mute)  # type: ignore[arg-type]
    site.start(**setting)  # type: ignore[arg-type]
    assert site.kept == kept


def test_two_changes_while_the_broker_is_away_leave_nothing_behind(site: Site) -> None:
    site.start("one")
    site.start("two", kind=Mute)
    site.start("three")
    assert site.kept == own("three") | {CONFIG.format("three")}


def test_what_was_withdrawn_is_not_withdrawn_again(site: Site) -> None:
    site.start("one")
    site.start("two")
    site.bus.retained[CONFIG.format("one")] = "the announcement of the next device of that name"
    site.start("two")
    assert CONFIG.format("one") in site.kept


def test_each_broker_is_cleared_when_the_device_is_there_again(site: Site) -> None:
    site.start(broker="first:1883")
    first, site.bus = site.bus, SimMessageBus()
    site.start("lobby-2", broker="second:1883")
    site.bus = first
    site.start("lobby-2", broker="first:1883")
    assert site.kept == own("lobby-2") | {CONFIG.format("lobby-2")}


def test_a_sensor_that_no_longer_exists_is_removed(site: Site) -> None:
    site.start(commands=True)
    assert site.parts()["sync"]["command_topic"] == "doorward/lobby-1/command"
    site.start()
    assert site.parts()["sync"] == {"p": "button"}
    site.start()
    assert site.parts()["sync"] == {"p": "button"}  # Home Assistant may have been away
    site.start(commands=True)
    assert site.parts()["sync"]["command_topic"] == "doorward/lobby-1/command"


def test_parts_of_an_old_name_are_not_removed_under_the_new_one(site: Site) -> None:
    site.start("one", commands=True)
    site.start("two")
    assert "sync" not in site.parts("two")


def test_a_device_whose_announcement_another_one_has_is_refused_with_both_names(
    site: Site, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    site.start()
    before = site.bus.retained[CONFIG.format("lobby-1")]
    other = Site(tmp_path / "other")
    other.bus = site.bus
    other.start(base="site-2")
    assert site.bus.retained[CONFIG.format("lobby-1")] == before
    (line,) = map(json.loads, capsys.readouterr().err.splitlines())
    assert (line["level"], line["state"]) == ("error", "not announced")
    assert '"site-2/lobby-1"' in line["why"]
    assert '"doorward/lobby-1"' in line["why"]
    assert CONFIG.format("lobby-1") in line["hint"]
    other.start(base="site-2", home_assistant=False)
    assert site.bus.retained[CONFIG.format("lobby-1")] == before  # it was never ours to withdraw


def test_an_announcement_that_another_device_takes_later_is_left_to_it(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    announcer = site.start()
    theirs = Announcement(MqttTopics("site-2", "lobby-1"), "0.1.0").message({})
    announcer.turn([theirs])
    site.bus.retained[theirs.topic] = theirs.payload
    announcer.repeat()
    assert site.bus.retained[theirs.topic] == theirs.payload
    assert "not announced" in capsys.readouterr().err


def test_its_own_announcement_is_no_reason_to_refuse(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    site.start()
    site.start(base="site-2")
    site.start(base="site-2")
    assert json.loads(site.bus.retained[CONFIG.format("lobby-1")])["avty_t"] == "site-2/lobby-1/availability"
    assert capsys.readouterr().err == ""


def test_an_announcement_that_a_broker_lost_comes_with_the_next_status(site: Site) -> None:
    announcer = site.start()
    site.bus.retained.clear()
    announcer.repeat()
    assert site.kept == {"doorward/lobby-1/availability", CONFIG.format("lobby-1")}


def test_nothing_is_announced_before_the_broker_was_heard(site: Site) -> None:
    announcer = site.start(turns=0)
    announcer.repeat()
    announcer.turn([])
    assert CONFIG.format("lobby-1") not in site.kept
    announcer.turn([])
    assert CONFIG.format("lobby-1") in site.kept


@pytest.mark.parametrize("memory", [b"{}", b"no json", b"[" * 300_000])
def test_a_memory_that_cannot_be_read_counts_as_empty(
    site: Site, memory: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    (site.folder / "mqtt.json").write_bytes(memory)
    site.start()
    assert CONFIG.format("lobby-1") in site.kept
    assert ("memory lost" in capsys.readouterr().err) is (memory != b"{}")


def test_a_configuration_without_a_broker_says_what_is_left(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    warn_without_broker(site.folder)
    assert capsys.readouterr().err == ""
    site.start()
    warn_without_broker(site.folder)
    (line,) = map(json.loads, capsys.readouterr().err.splitlines())
    assert (line["state"], line["brokers"]) == ("still announced", ["broker:1883"])
