"""Runs the uploads of a device to its hub, from its configuration."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nacl.signing import SigningKey

from edge.app.parts.camera import system_clock
from edge.app.parts.keys import device_seed
from edge.app.parts.network import open_post
from edge.app.parts.trust_folder import open_files, open_trust
from edge.app.sync.updates import Updates
from edge.audit.record import ClockTrust, utc_ms
from edge.errors import ConfigError, StorageFault, TrustFault
from edge.policy.risk import sightings_file
from edge.trust.time.freshness import TrustInput
from edge.upload.batch import DeviceStatus
from edge.upload.client import Sender, Uploaded, upload
from edge.upload.outbox import Outbox
from edge.version import software_version

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from edge.config import Config
    from edge.trust.snapshot import TrustSnapshot


@dataclass(frozen=True, slots=True)
class Uploads:
    """The target of records, for the device of one configuration."""

    config: Config
    base: Path

    def run(self, *, watch: Callable[[int, int], None] = lambda _done, _total: None) -> Uploaded | None:
        """One upload; None: the device has no journal yet.

        `watch`: called after each batch with the count of records that the hub has, and the total. Raises the
        errors of `edge.upload.client.upload`, and ConfigError.
        """
        hub = self.config.hub
        if hub.url is None:
            raise ConfigError("[hub] url is not set", hint="set it to the address of the hub")
        journal, key = self.base / self.config.paths.journal, self.base / self.config.device.key
        if not os.path.exists(journal):  # noqa: PTH110  Path.exists raises for what can be no name
            return None
        if not os.path.exists(key):  # noqa: PTH110  likewise; a new key would make another device
            raise StorageFault(f"{key}: no such file", hint="put the device's key back from a backup")
        ca, cert, cert_key = (self.base / name if name else None for name in (hub.ca, hub.cert, hub.cert_key))
        post = open_post(hub.url, ca=ca, cert=cert, key=cert_key)
        sender = Sender(
            device=self.config.device.id,
            key=SigningKey(device_seed(key)),
            status=self.status(),
            now_ms=lambda: utc_ms(system_clock().now()),
        )
        with Outbox(journal, self.base / self.config.paths.state, hub.url) as outbox:
            sent = upload(outbox, post, sender, watch=watch)
        # Replaced whole, also by an empty file: a sighting of an hour ago means nothing any more.
        open_files(self.base / self.config.paths.state).write(
            sightings_file.FILE, sightings_file.encode(sent.sightings)
        )
        return sent

    def status(self) -> DeviceStatus:
        """The status of this device; without trust most of its times are unknown."""
        try:
            trust: TrustSnapshot | None = open_trust(self.base / self.config.paths.trust)
        except (TrustFault, StorageFault):
            trust = None
        believed = trust is not None and not Updates(self.config, self.base).time(trust).anomaly

        def issued_s(kind: TrustInput) -> int | None:
            moment = trust.issued(kind) if trust else None
            return None if moment is None else max(0, int(moment.timestamp()))

        return DeviceStatus(
            software=software_version(),
            clock=ClockTrust.TRUSTED if believed else ClockTrust.SUSPECT,
            keys_issued_s=issued_s(TrustInput.KEYS),
            lists_issued_s=issued_s(TrustInput.STATUS),
            time_issued_s=issued_s(TrustInput.TIME),
            free_mb=shutil.disk_usage((self.base / self.config.paths.journal).parent).free // 1_000_000,
        )
