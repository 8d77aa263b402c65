"""An identity check for tests: holders with cards, a purpose, and a host that has two keys."""

from __future__ import annotations

import json
import sqlite3
from contextlib import ExitStack, closing
from datetime import datetime
from pathlib import Path

from nacl.public import PrivateKey
from nacl.signing import SigningKey
from worlds.venues.desk import NOW, card

from edge.app.parts.trust_folder import open_files
from edge.app.venues.check import CHANNEL, CheckOffice, open_check
from edge.audit.record import utc_ms
from edge.card.claims import Card
from edge.config import CheckConfig as CheckTable
from edge.config import Config, DeviceConfig, DoorConfig, MqttConfig
from edge.decision import Decision, Grant
from edge.delivery.sealed_box import unseal
from edge.errors import Refused
from edge.policy.obligations import Visit
from edge.trust.time import clock_file
from edge.trust.time.trusted_clock import ClockMemory
from edge.venues.check.result import Result, verify

SITE = "station/gate-3"
GRANT = Grant(3_000)


class CheckWorld:
    """One device of one host."""

    def __init__(
        self, folder: Path, *, face: str = "if-bound", mqtt: MqttConfig | None = None, **check: object
    ) -> None:
        self.folder = folder
        self.host = PrivateKey(bytes(range(32)))
        (folder / "host.pub").write_text(bytes(self.host.public_key).hex())
        if check.get("request"):
            check = {"host_key": "host.pub"} | check
        self.config = Config(
            device=DeviceConfig(id="rail-3"),
            door=DoorConfig(site=SITE, venue="check", face=face),
            check=CheckTable(**({"via": "webhook", "webhook": "http://127.0.0.1:9/"} | check)),
            mqtt=mqtt or MqttConfig(),
        )
        self.now = NOW
        self.seq = 40
        self._open = ExitStack()
        self.venue = open_check(self.config, folder, self._open)
        self.office = CheckOffice(self.config, folder)

    @property
    def key(self) -> bytes:
        """The device's public key, which its host has."""
        return bytes(SigningKey((self.folder / "device.key").read_bytes()).verify_key)

    def close(self) -> None:
        self.office.close()
        self._open.close()

    def comes(self, who: Card, decision: Decision = GRANT) -> str:
        """A whole visit: "checked", or the reason for which this venue refuses."""
        visit = Visit(who, SITE, self.now)
        try:
            self.venue.evaluate(visit)
        except Refused as refused:
            return refused.reason.value
        self.seq += 1
        self.venue.commit(visit, decision, self.seq)
        return "checked"

    def told(self) -> list[Result]:
        """All results in the queue for the host, verified as by the host."""
        with closing(sqlite3.connect(self.office.results.path)) as db:
            rows = db.execute("SELECT body FROM messages WHERE channel = ? ORDER BY seq", (CHANNEL,))
            return [verify(body, self.key) for (body,) in rows]

    def opened(self, result: Result) -> dict[str, str] | None:
        """The attributes of a result, decrypted with the host's private key; None if it has none."""
        return None if result.sealed is None else json.loads(unseal(result.sealed, self.host))

    def stores(self, passed: datetime) -> None:
        """The running device stores the time that has passed for certain."""
        memory = ClockMemory(passed, passed, None, passed)
        state = open_files(self.folder / self.config.paths.state)
        state.write(clock_file.NAME, clock_file.encode(memory))

    def deliver(self) -> int:
        return self.office.deliver(now_ms=lambda: utc_ms(self.now), random_unit=lambda: 0.5)


__all__ = ["GRANT", "CheckWorld", "card"]
