"""Messages of a device at a broker: its status, its discovery, and the requests that it obeys."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from samples.journals import passage

from edge.audit.record import DevicePart, Faulted, JournalEntry, Path, Visited
from edge.policy.staff_messages import staff_messages
from edge.ports import MqttMessage
from edge.sync.mqtt.status import SPREAD_MS, WAKE_EVERY_MS, MqttTopics, StatusMessage, WakeRateLimit

PRESENCE = MqttTopics("doorward", "lobby-1")
OBEDIENT = MqttTopics("doorward", "lobby-1", commands=True)
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
STATUS = StatusMessage(
    "0.1.0", clock_suspect=False, lists_issued=NOON, keys_issued=NOON, synced=None, free_mb=3
)


@pytest.mark.parametrize(
    ("topic", "payload", "plain", "obedient"),
    [
        ("doorward/wake", "", True, True),
        ("doorward/lobby-1/wake", "whatever", True, True),
        ("doorward/lobby-2/wake", "", False, False),
        ("doorward/lobby-1/command", "sync", False, True),
        ("doorward/lobby-1/command", "open", False, False),
        ("doorward/lobby-1/command", "release", False, False),
        ("doorward/lobby-1/status", "sync", False, False),
    ],
)
def test_a_broker_can_only_ask_for_a_sync(topic: str, payload: str, plain: bool, obedient: bool) -> None:
    message = MqttMessage(topic, payload)
    assert PRESENCE.asks_for_sync(message) is plain
    assert OBEDIENT.asks_for_sync(message) is obedient


def test_by_default_a_device_does_not_subscribe_to_commands() -> None:
    assert PRESENCE.subscriptions == ("doorward/wake", "doorward/lobby-1/wake")
    assert OBEDIENT.subscriptions[-1] == "doorward/lobby-1/command"


def test_the_status_has_ages_and_no_names() -> None:
    status = PRESENCE.status(STATUS)
    assert status.topic == "doorward/lobby-1/status"
    assert json.loads(status.payload) == {
        "clock": "trusted",
        "free_mb": 3,
        "keys_issued": "2026-11-22T12:00:00+00:00",
        "lists_issued": "2026-11-22T12:00:00+00:00",
        "note": None,
        "noted": None,
        "software": "0.1.0",
        "synced": None,
    }


def test_the_status_has_the_word_of_a_screen_and_the_topic_for_staff_says_everything() -> None:
    record = msgspec.structs.replace(
        passage(), visit=Visited(venue="door", path=Path.FACE, notices=("duress",))
    )
    (forced, _) = staff_messages(record)
    status = replace(STATUS, note=forced.word, noted=NOON)
    assert "duress" not in PRESENCE.status(status).payload
    told = PRESENCE.told(JournalEntry(seq=7, record=record), forced)
    assert told.topic == "doorward/lobby-1/staff"
    assert json.loads(told.payload) == {
        "code": "notice.duress",
        "level": "duress",
        "door": "tower-1/lobby",
        "record": 7,
        "time": "2026-01-02T08:00:00.000Z",
        "outcome": "deny",
        "reason": "card.revoked",
        "path": "face",
        "card": "0123456789ab",
    }


def test_a_fault_has_no_facts_of_a_passage() -> None:
    record = Faulted(time_ms=0, tick_ms=0, door="a", version="0.1.0", part=DevicePart.CAMERA)
    (message,) = staff_messages(record)
    told = json.loads(PRESENCE.told(JournalEntry(seq=0, record=record), message).payload)
    assert (told["code"], told["card"], told["outcome"], told["path"]) == ("fault.camera", None, None, None)


def test_a_check_under_an_old_name_is_withdrawn_too() -> None:
    assert PRESENCE.of_check == ("doorward/lobby-1/check/availability", "doorward/lobby-1/check/result")


def test_no_two_connections_have_one_name() -> None:
    names = [
        MqttTopics(base, device).client_id + end
        for base in ("doorward", "site-2", "doorward/a", "doorward-b")
        for device in ("lobby", "lobby-check", "b-lobby", "a")
        for end in ("", "_check")
    ]
    assert len(set(names)) == len(names)
    assert names[0] == "doorward-lobby"


def test_a_wake_up_counts_once() -> None:
    gate = WakeRateLimit()
    gate.hear(1_000, to_all=False, random_number=7)
    assert [gate.due(1_000), gate.due(1_001), gate.due(99_999_999)] == [True, False, False]


def test_a_wake_up_for_all_is_delayed_at_random() -> None:
    gate = WakeRateLimit()
    gate.hear(0, to_all=True, random_number=SPREAD_MS - 1)
    assert not gate.due(SPREAD_MS - 2)
    assert gate.due(SPREAD_MS - 1)


@given(st.lists(st.tuples(st.integers(0, 5_000), st.booleans(), st.integers(0, 2**32)), max_size=200))
def test_a_faulty_broker_causes_one_sync_a_minute_at_most(rings: list[tuple[int, bool, int]]) -> None:
    gate, tick, synced = WakeRateLimit(), 0, []
    for step, to_all, dice in rings:
        tick += step
        gate.hear(tick, to_all=to_all, random_number=dice)
        if gate.due(tick):
            synced.append(tick)
    assert all(later - earlier >= WAKE_EVERY_MS for earlier, later in pairwise(synced))
