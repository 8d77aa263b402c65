"""Staff are told over a broker: each message of the journal once, in order, over restarts and outages."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest
from samples.journals import open_journal, passage

from edge.app.sync.mqtt_announcer import MqttMemoryFile
from edge.app.sync.staff_topic import AT_ONCE, StaffTopic
from edge.audit.record import AuditRecord, Outcome, Visited
from edge.audit.record import Path as Way
from edge.ports import MqttMessage
from edge.sync.mqtt.status import MqttTopics
from hw.sim.broker import SimBroker, SimMessageBus

TOPICS = MqttTopics("doorward", "lobby-1")


class Listener(SimBroker):
    """A broker with a subscriber of staff. `is_away`: it does not answer."""

    is_away = False

    def __init__(self, bus: SimMessageBus) -> None:
        super().__init__(bus, TOPICS.will, ())
        self.told: list[dict[str, object]] = []

    def publish(self, message: MqttMessage) -> None:
        if not self.is_away:
            super().publish(message)
            self.told.append(json.loads(message.payload))

    def acknowledged(self, message: MqttMessage) -> bool:
        return not self.is_away and super().acknowledged(message)

    @property
    def codes(self) -> list[object]:
        return [each["code"] for each in self.told]


class Device:
    """A device whose journal grows while another process tells staff."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.journal = folder / "journal.db"
        self.broker = Listener(SimMessageBus())
        self.count = 0

    def start(self, *, in_clear: bool = True) -> StaffTopic:
        memory = MqttMemoryFile(self.folder, "broker:1883")
        return StaffTopic(self.journal, self.broker, TOPICS, memory, in_clear=in_clear)

    def record(self, *visits: tuple[str, ...]) -> None:
        """Passages with these notices, in a journal that is open while it is read."""
        with open_journal(self.journal) as journal:
            for notices in visits:
                self.count += 1
                journal.append(grant(self.count, *notices))


def grant(tick_ms: int, *notices: str) -> AuditRecord:
    visit = Visited(venue="door", path=Way.FACE, notices=notices)
    return msgspec.structs.replace(passage(tick_ms), outcome=Outcome.GRANT, reason=None, visit=visit)


@pytest.fixture
def device(tmp_path: Path) -> Device:
    return Device(tmp_path)


def work(topic: StaffTopic, turns: int = 10) -> None:
    for _ in range(turns):
        topic.turn()


def test_each_message_is_told_once_in_order_and_in_clear(device: Device) -> None:
    topic = device.start()
    work(topic)  # there is no journal yet
    device.record((), ("duress", "assisted"), ("passback",))
    work(topic)
    device.record(("first-in",))
    work(topic)
    assert device.broker.codes == ["notice.duress", "notice.assisted", "notice.passback", "notice.first-in"]
    assert [each["record"] for each in device.broker.told] == [1, 1, 2, 3]


def test_the_status_has_the_last_message_as_a_screen_shows_it(device: Device) -> None:
    topic = device.start()
    device.record(("passback",), ("duress", "assisted"))
    work(topic)
    assert topic.note == "routine"
    assert topic.noted is not None
    again = device.start()
    again.turn()
    assert again.note == "routine"


def test_a_restart_tells_nothing_twice_and_loses_nothing(device: Device) -> None:
    topic = device.start()
    work(topic)
    device.record(("duress",))
    work(topic)
    device.record(("passback",))  # while no process tells staff
    work(device.start())
    assert device.broker.codes == ["notice.duress", "notice.passback"]


def test_a_broker_that_is_away_gets_every_message_later(device: Device) -> None:
    topic = device.start()
    work(topic)
    device.broker.is_away = True
    device.record(("duress",), ("passback",))
    work(topic)
    assert device.broker.told == []
    device.broker.is_away = False
    work(device.start())
    assert device.broker.codes == ["notice.duress", "notice.passback"]


def test_a_new_broker_is_not_told_the_past(device: Device) -> None:
    device.record(("duress",))
    topic = device.start()
    work(topic)
    assert device.broker.told == []
    device.record(("passback",))
    work(topic)
    assert device.broker.codes == ["notice.passback"]


def test_a_backlog_is_read_in_parts(device: Device) -> None:
    work(device.start())
    device.record(("duress",), *[() for _ in range(AT_ONCE + 1)], ("passback",))
    work(device.start())
    assert device.broker.codes == ["notice.duress", "notice.passback"]


def test_a_journal_that_was_replaced_is_told_from_its_beginning(device: Device) -> None:
    work(device.start())
    device.record(("duress",), (), ())
    work(device.start())
    for file in device.folder.glob("journal.db*"):
        file.unlink()
    device.record(("passback",))
    work(device.start())
    assert device.broker.codes == ["notice.duress", "notice.passback"]


def test_a_site_without_the_topic_publishes_nothing_there(device: Device) -> None:
    topic = device.start(in_clear=False)
    work(topic)
    device.record(("duress",))
    work(topic)
    assert device.broker.told == []
    assert topic.note == "routine"
    work(device.start())
    assert device.broker.told == []  # what was not to be told is not told later


def test_a_broken_journal_is_one_line_in_the_log(device: Device, capsys: pytest.CaptureFixture[str]) -> None:
    topic = device.start()
    device.journal.write_text("no journal")
    work(topic)
    (line,) = map(json.loads, capsys.readouterr().err.splitlines())
    assert (line["event"], line["state"]) == ("mqtt", "staff not told")
