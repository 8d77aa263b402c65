"""Memory of a device about brokers: topics where one retains a message of it, and what staff were told.

A broker keeps a retained message for ever, also of a device that was renamed or announces itself no more.
With this file, `mqtt.json` of the state folder, the device withdraws such messages. Each broker has an entry.
"""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct, structs

from edge.errors import InputError
from edge.formats.untrusted_text import UnreadableText, typed_json

FILE: Final = "mqtt.json"
MAX_MEMORY_BYTES: Final = 256 * 1024  # 8 brokers with 64 of the longest topics have 170 kB
MAX_BROKERS: Final = 8
MAX_TOPICS: Final = 64  # four a name: the device was renamed sixteen times, and no broker has answered since

_Topic = Annotated[str, Meta(min_length=1, max_length=300)]
_Word = Annotated[str, Meta(max_length=40)]


class BrokerMemory(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One broker.

    `broker`: its name and port. `topics`: topics of retained messages of this device, the newest last.
    `parts`: parts of the announcement with their platforms, also parts that no longer exist. `next`: the
    first record that was not told on the topic for staff; None: no record yet.
    """

    broker: Annotated[str, Meta(max_length=300)]
    topics: Annotated[tuple[_Topic, ...], Meta(max_length=MAX_TOPICS)] = ()
    parts: Annotated[dict[_Word, _Word], Meta(max_length=64)] = {}
    next: Annotated[int, Meta(ge=0)] | None = None

    def with_topics(self, *topics: str) -> BrokerMemory:
        """This memory with more topics; above the limit the oldest ones are forgotten."""
        every = dict.fromkeys((*(each for each in self.topics if each not in topics), *topics))
        return structs.replace(self, topics=tuple(every)[-MAX_TOPICS:])

    def without(self, topic: str) -> BrokerMemory:
        """This memory without a topic whose message is withdrawn."""
        return structs.replace(self, topics=tuple(each for each in self.topics if each != topic))


class MqttMemory(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All brokers of a device, the last used one at the end."""

    brokers: Annotated[tuple[BrokerMemory, ...], Meta(max_length=MAX_BROKERS)] = ()

    def at(self, broker: str) -> BrokerMemory:
        """The memory about this broker; empty for a new one."""
        return next((each for each in self.brokers if each.broker == broker), BrokerMemory(broker=broker))

    def having(self, entry: BrokerMemory) -> MqttMemory:
        """All memory with this entry in place of the one of its broker."""
        others = (each for each in self.brokers if each.broker != entry.broker)
        return MqttMemory(brokers=(*others, entry)[-MAX_BROKERS:])


_decoder = msgspec.json.Decoder(MqttMemory)


def encode(memory: MqttMemory) -> bytes:
    """The file as JSON."""
    return msgspec.json.encode(memory, order="sorted")


def decode(data: bytes) -> MqttMemory:
    """The memory in a file. Raises InputError."""
    try:
        return typed_json(data, _decoder)
    except UnreadableText as error:
        raise InputError(
            f"{FILE}: not the memory of a device about its brokers",
            hint="remove the file, and clear old messages of this device at the broker by hand",
        ) from error
