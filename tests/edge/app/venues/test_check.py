"""Delivery of results to a host: a real web server, a real broker, a real pty."""

from __future__ import annotations

import json
import os
import threading
import tty
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from conftest import ROOT
from peers.mosquitto import Mosquitto
from peers.web_server import Web, reply
from worlds.venues.check import CheckWorld, card

from edge.__main__ import main
from edge.app.venues.check import OverBroker, OverSerial
from edge.config import MqttConfig, parse_config
from edge.delivery.carriers import Delivered, RetryLater
from edge.delivery.queue import QueuedMessage
from edge.errors import ConfigError, FetchError
from edge.ports import MqttMessage
from edge.venues.check.result import CheckOutcome, from_text, verify
from hw.network.serial_host import SerialHost
from hw.sim.broker import SimMessageBus

PATIENCE_S = 60.0  # for a busy machine; it measures nothing
PARCEL = QueuedMessage("check", 41, b"signed", 1_000)


# -- a webhook -----------------------------------------------------------------------------------------------


def test_a_web_host_gets_a_result_once_and_can_verify_it(tmp_path: Path, web: Web) -> None:
    web.answers["hook"] = lambda handler: reply(handler, 204, b"")
    with closing(CheckWorld(tmp_path, webhook=f"{web.url}hook", request=("family_name",))) as world:
        world.comes(card("a", family_name="Silva"))
        assert (world.deliver(), world.deliver()) == (1, 0)
        (body,) = web.bodies
        ((_, headers),) = web.asked
        assert headers["Content-Type"] == 'application/cose; cose-type="cose-sign1"'
        assert headers["Idempotency-Key"].startswith('"rail-3-41-')
        left = b"".join(file.read_bytes() for file in (tmp_path / "check").iterdir())
        assert body[20:60] not in left  # not in the file and not in its log
        result = verify(body, world.key)
        assert (result.outcome, world.opened(result)) == (CheckOutcome.GRANTED, {"family_name": "Silva"})


def test_results_wait_in_order_for_an_unreachable_web_host(tmp_path: Path, web: Web) -> None:
    with closing(CheckWorld(tmp_path, webhook=f"{web.url}hook")) as world:
        web.answers["hook"] = lambda handler: reply(handler, 503, b"")
        for who in "abc":
            world.comes(card(who))
        assert world.deliver() == 0
        web.answers["hook"] = lambda handler: reply(handler, 200, b"")
        world.now += timedelta(hours=1)
        assert world.deliver() == 3
        assert [verify(body, world.key).seq for body in web.bodies] == [41, 41, 42, 43]


# -- a broker ------------------------------------------------------------------------------------------------


class Answering:
    """A host at a broker in memory. `answer`: its acknowledgement, or None."""

    def __init__(self, answer: Callable[[str], str | None]) -> None:
        self.bus = SimMessageBus()
        self.broker = self.bus.connect(
            will=MqttMessage("t/will", "offline"), subscriptions=("t/acknowledged",)
        )
        self._answer = answer
        publish = self.broker.publish

        def told(message: MqttMessage) -> None:
            publish(message)
            if message.topic == "t/result" and message.payload and (word := self._answer(message.payload)):
                self.bus.say("t/acknowledged", word)

        self.broker.publish = told


def test_a_result_is_cleared_at_the_broker_when_the_host_has_it() -> None:
    host = Answering(lambda _: "41")
    assert OverBroker(host.broker, "t", wait_s=PATIENCE_S).send(PARCEL) == Delivered()
    assert host.bus.retained["t/result"] == ""


@pytest.mark.parametrize("word", [None, "40", "all", ""])
def test_a_result_stays_at_the_broker_until_the_host_acknowledges_it(word: str | None) -> None:
    host = Answering(lambda _: word)
    assert OverBroker(host.broker, "t", wait_s=0.05).send(PARCEL) == RetryLater("no acknowledgement")
    assert from_text(host.bus.retained["t/result"]) == b"signed"


def test_the_acknowledgement_of_an_earlier_result_does_not_count() -> None:
    host = Answering(lambda _: None)
    host.bus.say("t/acknowledged", "41")
    assert OverBroker(host.broker, "t", wait_s=0.05).send(PARCEL) == RetryLater("no acknowledgement")


def test_a_host_at_a_real_broker_gets_the_result(tmp_path: Path) -> None:
    mosquitto = Mosquitto(tmp_path)
    base = "doorward/rail-3/check"
    mqtt = MqttConfig(host="127.0.0.1", port=mosquitto.port, tls=False)
    texts: list[str] = []
    over = threading.Event()

    def host() -> None:  # repeats its answer, which can come before our subscription
        while not over.wait(0.02):
            text = mosquitto.retained(f"{base}/result")
            if text:
                texts.append(text)
                mosquitto.say(f"{base}/acknowledged", "41")

    thread = threading.Thread(target=host)
    world = CheckWorld(tmp_path, via="mqtt", mqtt=mqtt)
    try:
        world.office._transport.wait_s = PATIENCE_S
        thread.start()
        world.comes(card("a"))
        assert world.deliver() == 1
        assert verify(from_text(texts[0]), world.key).seq == 41
        until = threading.Event()
        for _ in range(3_000):  # it is cleared, so that no later reader gets it
            if mosquitto.retained(f"{base}/result") == "":
                break
            until.wait(0.02)
        assert mosquitto.retained(f"{base}/result") == ""
    finally:
        over.set()
        thread.join()
        world.close()
        mosquitto.close()


# -- a serial line -------------------------------------------------------------------------------------------


class HostOnPty:
    """A host at the other end of a real pty. `answer`: its answer to a line, or empty."""

    def __init__(self, answer: Callable[[str], bytes]) -> None:
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        self.path = os.ttyname(self._slave)
        self.lines: list[str] = []
        self._answer = answer
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        said = b""
        while True:
            try:
                said += os.read(self._master, 4_096)
            except OSError:
                return
            while b"\n" in said:
                line, _, said = said.partition(b"\n")
                self.lines.append(line.decode("ascii"))
                os.write(self._master, self._answer(self.lines[-1]))

    def close(self) -> None:
        os.close(self._slave)  # the last handle on that side: it ends the read on the other
        self._thread.join(PATIENCE_S)
        os.close(self._master)


def test_a_host_on_a_serial_line_gets_a_result_and_can_verify_it(tmp_path: Path) -> None:
    host = HostOnPty(lambda _: b"OK 41\r\n")
    with closing(CheckWorld(tmp_path, via="serial", port=host.path)) as world:
        world.office._transport.wait_s = PATIENCE_S
        world.comes(card("a"))
        assert world.deliver() == 1
        (line,) = host.lines
        assert line.startswith("CR1:")
        assert line.endswith("\r")
        assert verify(from_text(line.rstrip("\r")), world.key).seq == 41
    host.close()


@pytest.mark.parametrize("answer", [b"OK 40\n", b"ERROR\r\n", b"\xff\xfe\n", b"\n", b""])
def test_without_the_right_answer_a_result_is_sent_again_later(answer: bytes) -> None:
    host = HostOnPty(lambda _: answer)
    with closing(SerialHost(host.path, 115_200)) as line:
        serial = OverSerial(line, wait_s=PATIENCE_S if answer else 0.05)
        assert serial.send(PARCEL) == RetryLater("another answer" if answer else "no answer")
    host.close()


def test_an_answer_without_end_is_cut() -> None:
    host = HostOnPty(lambda _: b"x" * 1_000)
    with closing(SerialHost(host.path, 115_200)) as line, pytest.raises(FetchError, match="no answer"):
        line.ask("hello", wait_s=PATIENCE_S)
    host.close()


def test_on_a_missing_line_a_result_is_sent_again_later(tmp_path: Path) -> None:
    line = SerialHost(str(tmp_path / "nowhere"), 115_200)
    assert OverSerial(line).send(PARCEL) == RetryLater("no answer")
    line.close()


# -- the configuration and the command line ------------------------------------------------------------------

MISTAKES = {
    "a web host without an address": (
        "[check]\nvia = 'webhook'\n",
        'door.toml:2: [check] via = "webhook" needs webhook',
    ),
    "a line without a port": ("[check]\nvia = 'serial'\n", 'door.toml:2: [check] via = "serial" needs port'),
    "a broker without a name": (
        "[check]\nvia = 'mqtt'\n",
        'door.toml:2: [check] via = "mqtt" needs [mqtt] host',
    ),
    "attributes without a key to seal to": (
        "[check]\nvia = 'serial'\nport = 'p'\nrequest = ['family_name']\n",
        "door.toml:4: [check] request needs host_key",
    ),
    "a purpose of two words": (
        "[check]\npurpose = 'rail security'\n",
        'door.toml:2: [check] purpose: "rail security" is not one word',
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_names_its_line(name: str) -> None:
    text, message = MISTAKES[name]
    with pytest.raises(ConfigError) as caught:
        parse_config(text.encode(), Path("door.toml"))
    assert caught.value.message.startswith(message)


TABLE = """
[device]
id = "rail-3"
[door]
site = "station/gate-3"
venue = "check"
[check]
via = "webhook"
webhook = "{url}hook"
request = ["family_name"]
host_key = "host.pub"
"""
Said = pytest.CaptureFixture[str]


def test_from_the_counter_to_the_host(tmp_path: Path, web: Web, capsys: Said) -> None:
    web.answers["hook"] = lambda handler: reply(handler, 422, b"")
    config = tmp_path / "door.toml"
    config.write_text(TABLE.format(url=web.url))
    with closing(CheckWorld(tmp_path, webhook=f"{web.url}hook", request=("family_name",))) as world:
        world.now = datetime.now(UTC).replace(microsecond=0)
        world.comes(card("a", family_name="Mustermann"))
        key = world.key.hex()
        private = tmp_path / "host.key"
        private.write_bytes(bytes(world.host))
        private.chmod(0o600)
    assert main(["check", "work", "--config", str(config)]) == 1
    assert main(["check", "show", "--config", str(config)]) == 1
    said = capsys.readouterr().out
    assert "0 delivered, 0 waiting, 1 refused" in said
    assert f"device   rail-3, key {key}" in said
    assert "refused  41: answer 422" in said
    web.answers["hook"] = lambda handler: reply(handler, 200, b"")
    assert main(["check", "retry", "--config", str(config)]) == 0
    assert main(["check", "work", "--config", str(config), "--json"]) == 0
    assert main(["check", "show", "--config", str(config), "--json"]) == 0
    capsys.readouterr()
    result = tmp_path / "result.cose"
    result.write_bytes(web.bodies[-1])
    assert main(["check", "verify", str(result), "--key", key]) == 0
    said = capsys.readouterr().out
    assert "outcome=granted" in said
    assert "attributes=sealed" in said
    assert "Mustermann" not in said
    assert main(["check", "verify", str(result), "--key", key, "--open", str(private), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["attributes"] == {"family_name": "Mustermann"}


def test_results_as_text_are_verified_line_by_line(capsys: Said, tmp_path: Path) -> None:
    folder = ROOT / "tests" / "vectors" / "result"
    good, bad = (
        (folder / name).read_text().partition("\n\n")[2] for name in ("valid_denied.txt", "signature_bit.txt")
    )
    key = (folder / "valid_denied.txt").read_text().partition("key: ")[2].partition("\n")[0]
    (tmp_path / "key").write_text(f"{key}\n")
    file = tmp_path / "results.txt"
    file.write_text(good + bad)
    assert main(["check", "verify", str(file), "--key", str(tmp_path / "key")]) == 1
    said = capsys.readouterr()
    assert "outcome=denied" in said.out
    assert "not signed by this device" in said.err
    assert main(["check", "verify", str(file), "--key", "short"]) == 2
    assert main(["check", "verify", str(tmp_path / "nowhere"), "--key", key]) == 2
