"""A device's way to its hub: the parts of `edge.app` and `edge.sync`, joined by one configuration."""

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
    """Where records go, for the device of one configuration."""

    config: Config
    base: Path

    def run(self, *, watch: Callable[[int, int], None] = lambda _done, _total: None) -> Uploaded | None:
        """One upload; None where the device has no journal yet.

        `watch`: told after each batch how many records the hub has, of how many. Raises what
        `edge.upload.client.upload` does, and ConfigError.
        """
        hub = self.config.hub
        if hub.url is None:
            raise ConfigError("[hub] url is not set", hint="set it, or keep the records here")
        journal, key = self.base / self.config.paths.journal, self.base / self.config.device.key
        if not os.path.exists(journal):  # noqa: PTH110  Path.exists raises for what can be no name
            return None
        if not os.path.exists(key):  # noqa: PTH110  likewise; and a new key would be another device's
            raise StorageFault(f"{key}: no such file", hint="put the device's key back")
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
        # Replaced whole, also by nothing: what was seen an hour ago is no sign of anything.
        open_files(self.base / self.config.paths.state).write(
            sightings_file.FILE, sightings_file.encode(sent.sightings)
        )
        return sent

    def status(self) -> DeviceStatus:
        """What this device says of itself now; without trust that loads it knows little."""
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
