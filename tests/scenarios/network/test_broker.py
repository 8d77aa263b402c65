"""`doorward sync --watch` with a real mosquitto: status, announcement, messages to staff, wake-ups."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from conftest import ROOT
from msgspec import structs
from peers.mosquitto import Mosquitto
from peers.waiting import until
from peers.web_server import Web, serve
from samples.journals import open_journal, passage
from worlds.publishing import Authority

from edge.audit.record import Outcome, Visited
from edge.audit.record import Path as Way

CONFIG = """
[device]
id = "lobby-1"
[door]
face = "none"
[sync]
url = "{url}"
every_min = 1440
[mqtt]
host = "127.0.0.1"
port = {port}
tls = false
home_assistant = true
"""


LINES = {"device": 'id = "lobby-1"', "announced": "home_assistant = true"}
ANNOUNCED = "homeassistant/device/doorward_lobby-1/config"


@dataclass
class Site:
    """A device that syncs once a day, a broker and an authority."""

    mosquitto: Mosquitto
    authority: Authority
    web: Web

    def said(self, what: str) -> dict[str, object]:
        return json.loads(self.mosquitto.retained(f"doorward/lobby-1/{what}") or "{}")

    @property
    def asked(self) -> int:
        return self.web.names.count("metadata/timestamp.json")


@contextmanager
def running(folder: Path, site_url: str, port: int, **changes: str) -> Iterator[None]:
    """`doorward sync --watch` with a configuration, until the block ends."""
    text = CONFIG.format(url=site_url, port=port)
    for old, new in changes.items():
        assert LINES[old] in text
        text = text.replace(LINES[old], new)
    config = folder / "door.toml"
    config.write_text(text)
    device = subprocess.Popen(
        [sys.executable, "-m", "edge", "sync", "--config", str(config), "--watch"], cwd=ROOT
    )
    try:
        yield
    finally:
        device.send_signal(signal.SIGTERM)
        device.wait(30)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    mosquitto = Mosquitto(tmp_path)
    authority = Authority(now=datetime.now(UTC).replace(microsecond=0) - timedelta(hours=2))
    authority.publish_lists()
    with serve(authority.files) as web:
        (tmp_path / "root.json").write_bytes(authority.root)
        yield Site(mosquitto, authority, web)
    mosquitto.close()


def test_a_device_publishes_its_status_and_syncs_on_a_wake_up(site: Site, tmp_path: Path) -> None:
    with running(tmp_path, site.web.url, site.mosquitto.port):
        until(lambda: site.mosquitto.retained("doorward/lobby-1/availability") == "online")
        until(lambda: site.said("status").get("lists_issued"))
        until(lambda: site.mosquitto.retained(ANNOUNCED))
        announced = json.loads(site.mosquitto.retained(ANNOUNCED) or "")
        assert "sync" not in announced["cmps"]  # commands are off

        asked, issued = site.asked, site.said("status")["lists_issued"]
        site.mosquitto.say("doorward/lobby-1/command", "sync")  # no subscription
        site.authority.later(timedelta(minutes=1)).revoke_one()
        site.authority.publish_lists()
        assert site.asked == asked

        site.mosquitto.say("doorward/lobby-1/wake", "")
        until(lambda: site.asked > asked)
        until(lambda: site.said("status")["lists_issued"] != issued)
    until(lambda: site.mosquitto.retained("doorward/lobby-1/availability") == "offline")


@pytest.mark.slow
def test_an_announcement_follows_the_configuration(site: Site, tmp_path: Path) -> None:
    """The broker clears a retained message when it gets an empty one on its topic."""
    mosquitto, run = site.mosquitto, partial(running, tmp_path, site.web.url, site.mosquitto.port)
    with run():
        until(lambda: mosquitto.retained(ANNOUNCED))
    with run(announced="home_assistant = false"):
        until(lambda: mosquitto.retained(ANNOUNCED) == "")
    with run(device='id = "lobby-2"'):
        until(lambda: mosquitto.retained(ANNOUNCED.replace("lobby-1", "lobby-2")))
        until(lambda: mosquitto.retained("doorward/lobby-1/availability") == "")
        until(lambda: mosquitto.retained("doorward/lobby-1/status") == "")


def test_staff_are_told_of_duress_over_the_broker(site: Site, tmp_path: Path) -> None:
    with running(tmp_path, site.web.url, site.mosquitto.port):
        until(lambda: site.said("status").get("synced"))
        visit = Visited(venue="door", path=Way.FACE, notices=("duress",))
        with open_journal(tmp_path / "journal.db") as journal:
            journal.append(structs.replace(passage(), outcome=Outcome.GRANT, reason=None, visit=visit))
        until(lambda: site.said("staff").get("code") == "notice.duress")
        site.mosquitto.say("doorward/lobby-1/wake", "")
        until(lambda: site.said("status").get("note") == "routine")
    assert "duress" not in (site.mosquitto.retained("doorward/lobby-1/status") or "")
