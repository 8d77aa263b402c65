"""The memory of a device about its brokers."""

from __future__ import annotations

import pytest
from msgspec import structs

from edge.errors import InputError
from edge.sync.mqtt.memory import (
    MAX_BROKERS,
    MAX_MEMORY_BYTES,
    MAX_TOPICS,
    BrokerMemory,
    MqttMemory,
    decode,
    encode,
)


def test_each_broker_has_its_own_entry() -> None:
    one = BrokerMemory(broker="a:1", topics=("t",), parts={"sync": "button"}, next=7)
    memory = MqttMemory().having(one).having(BrokerMemory(broker="b:1"))
    assert decode(encode(memory)) == memory
    assert memory.at("a:1") == one
    assert memory.at("c:1") == BrokerMemory(broker="c:1")
    changed = structs.replace(one, next=8)
    assert [each.broker for each in memory.having(changed).brokers] == ["b:1", "a:1"]
    assert memory.having(changed).at("a:1").next == 8


def test_the_oldest_topics_and_brokers_are_forgotten_above_a_limit() -> None:
    entry = BrokerMemory(broker="a:1").with_topics(*map(str, range(MAX_TOPICS))).with_topics("new")
    assert (len(entry.topics), entry.topics[0], entry.topics[-1]) == (MAX_TOPICS, "1", "new")
    assert entry.with_topics("1").topics[-1] == "1"
    assert "1" not in entry.without("1").topics
    memory = MqttMemory()
    for number in range(MAX_BROKERS + 1):
        memory = memory.having(BrokerMemory(broker=f"{number}:1"))
    assert [each.broker for each in memory.brokers][::7] == ["1:1", "8:1"]


def test_the_largest_memory_can_be_read_again() -> None:
    memory = MqttMemory()
    for number in range(MAX_BROKERS):
        topics = (f"{each:300}" for each in range(MAX_TOPICS))
        parts = {f"{each:40}": "x" * 40 for each in range(64)}
        entry = BrokerMemory(broker=f"{number:300}", parts=parts, next=2**53).with_topics(*topics)
        memory = memory.having(entry)
    assert len(encode(memory)) < MAX_MEMORY_BYTES
    assert decode(encode(memory)) == memory


@pytest.mark.parametrize(
    "data", [b"", b"[]", b'{"brokers":1}', b'{"brokers":[{"broker":"a","next":-1}]}', b"[" * 9_999]
)
def test_another_file_is_refused(data: bytes) -> None:
    with pytest.raises(InputError, match=r"mqtt\.json"):
        decode(data)
