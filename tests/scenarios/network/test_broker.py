"""`doorward sync --watch` with a real mosquitto: availability, status, and a wake-up that starts a sync."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from conftest import ROOT
from peers.mosquitto import Mosquitto
from peers.waiting import until
from peers.web_server import Web, serve
from worlds.publishing import Authority

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


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    mosquitto = Mosquitto(tmp_path)
    authority = Authority(now=datetime.now(UTC).replace(microsecond=0) - timedelta(hours=2))
    authority.publish_lists()
    with serve(authority.files) as web:
        (tmp_path / "root.json").write_bytes(authority.root)
        config = tmp_path / "door.toml"
        config.write_text(CONFIG.format(url=web.url, port=mosquitto.port))
        device = subprocess.Popen(
            [sys.executable, "-m", "edge", "sync", "--config", str(config), "--watch"], cwd=ROOT
        )
        try:
            yield Site(mosquitto, authority, web)
        finally:
            device.send_signal(signal.SIGTERM)
            device.wait(30)
    until(lambda: mosquitto.retained("doorward/lobby-1/availability") == "offline")
    mosquitto.close()


def test_a_device_publishes_its_status_and_syncs_on_a_wake_up(site: Site) -> None:
    until(lambda: site.mosquitto.retained("doorward/lobby-1/availability") == "online")
    until(lambda: site.said("status").get("lists_issued"))
    announced = json.loads(site.mosquitto.retained("homeassistant/device/doorward_lobby-1/config") or "")
    assert "sync" not in announced["cmps"]  # commands are off

    asked, issued = site.asked, site.said("status")["lists_issued"]
    site.mosquitto.say("doorward/lobby-1/command", "sync")  # no subscription
    site.authority.later(timedelta(minutes=1)).revoke_one()
    site.authority.publish_lists()
    assert site.asked == asked

    site.mosquitto.say("doorward/lobby-1/wake", "")
    until(lambda: site.asked > asked)
    until(lambda: site.said("status")["lists_issued"] != issued)
