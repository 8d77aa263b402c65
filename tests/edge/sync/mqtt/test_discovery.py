"""The announcement of a device to Home Assistant."""

from __future__ import annotations

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.config.sections.base import DeviceName
from edge.ports import MqttMessage
from edge.sync.mqtt.discovery import Announcement, announced_by
from edge.sync.mqtt.status import MqttTopics, StatusMessage

PLAIN = Announcement(MqttTopics("doorward", "lobby-1"), "0.1.0")
OBEDIENT = Announcement(MqttTopics("doorward", "lobby-1", commands=True), "0.1.0")
STATUS = StatusMessage(
    "0.1.0", clock_suspect=False, lists_issued=None, keys_issued=None, synced=None, free_mb=3
)


def test_the_announcement_has_sensors_for_what_the_status_has() -> None:
    topics = MqttTopics("doorward", "tower.lobby")
    message = Announcement(topics, "0.1.0").message({})
    assert message.topic == "homeassistant/device/doorward_tower_lobby/config"
    announced = json.loads(message.payload)
    shown = json.loads(topics.status(STATUS).payload)
    for part in announced["cmps"].values():
        assert any(name in part["value_template"] for name in shown)
    assert {part["p"] for part in announced["cmps"].values()} == {"sensor", "binary_sensor"}
    assert announced["avty_t"] == "doorward/tower.lobby/availability"
    assert "staff" not in message.payload.replace("Message to staff", "")  # a dashboard may hang at the door


def test_there_is_a_button_only_with_commands() -> None:
    assert "sync" not in json.loads(PLAIN.message({}).payload)["cmps"]
    button = json.loads(OBEDIENT.message({}).payload)["cmps"]["sync"]
    assert (button["p"], button["command_topic"], button["payload_press"]) == (
        "button",
        "doorward/lobby-1/command",
        "sync",
    )
    topics = MqttTopics("doorward", "lobby-1", commands=True)
    assert topics.asks_for_sync(MqttMessage(button["command_topic"], button["payload_press"]))


def test_a_part_that_no_longer_exists_is_removed_by_its_platform_alone() -> None:
    parts = json.loads(PLAIN.message(OBEDIENT.platforms | {"temperature": "sensor"}).payload)["cmps"]
    assert parts["sync"] == {"p": "button"}
    assert parts["temperature"] == {"p": "sensor"}
    assert parts["clock"]["unique_id"] == "doorward_lobby-1_clock"


names = st.from_regex(r"\A[a-z0-9][a-z0-9.-]{0,8}\Z")


@given(names, names)
def test_two_device_ids_never_have_one_announcement(one: str, other: str) -> None:
    topics = {Announcement(MqttTopics("doorward", name), "0.1.0").topic for name in (one, other)}
    assert len(topics) == len({one, other})


@pytest.mark.parametrize("name", ["lobby_1", "Lobby-1", "lobby 1", "lobby/1"])
def test_a_name_that_would_fall_together_with_another_is_no_device_id(name: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(name, DeviceName)


@pytest.mark.parametrize(
    ("payload", "by"),
    [
        (PLAIN.message({}).payload, "doorward/lobby-1/availability"),
        ('{"avty_t":"site-2/lobby-1/availability","more":1}', "site-2/lobby-1/availability"),
        ('{"avty_t":"\\u001b[2Jhello there"}', "another program"),
        ("", None),
        ("null", None),
        ("{}", None),
        ('{"avty_t":7}', None),
        ("[" * 5_000, None),
        ('{"avty_t":"' + "x" * 301 + '"}', None),
    ],
)
def test_an_announcement_names_its_device_by_its_availability(payload: str, by: str | None) -> None:
    assert announced_by(payload) == by
