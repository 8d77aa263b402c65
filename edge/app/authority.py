"""Opens one authority of a device from its configuration: its trust, its journal and its memory of time."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from edge.app.clock_store import ClockStore, remembered
from edge.app.parts.keys import device_seed
from edge.app.parts.trust_folder import open_files, open_trust
from edge.app.sync.trust_watch import TrustWatch, log_trust
from edge.audit.housekeeper import Housekeeper
from edge.audit.journal import Journal, SegmentLimits
from edge.audit.record import Erased, ErasureCause, utc_ms
from edge.audit.retention import RetentionRules
from edge.errors import StorageFault, SyncError, TrustFault
from edge.passage.decision_point import PointParts
from edge.passage.record.replay_restore import restore_replay
from edge.trust.time.trusted_clock import TrustedClock
from edge.version import built_at, software_version

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import ExitStack
    from pathlib import Path

    from edge.config import Config
    from edge.passage.lane.officers.messages import Officers
    from edge.passage.stages import Stages
    from edge.ports import Clock
    from edge.trust.snapshot import TrustSnapshot
    from edge.vouched_time import VouchedTime

MEGABYTE = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorityParts(PointParts):
    """The opened parts of one authority. `officers`: the officers' screens, at a lane."""

    housekeeper: Housekeeper | None = None
    officers: Officers | None = None


def watch_trust(config: Config, base: Path, load: Callable[[Path], TrustSnapshot] = open_trust) -> TrustWatch:
    """The trust in force; at the first start, that of the image. Raises TrustFault, StorageFault."""
    if config.sync.baked is not None and not (base / config.paths.trust).exists():
        from edge.app.sync.updates import Updates  # TUF takes 24 MB

        try:
            Updates(config, base).begin()
        except SyncError as error:
            raise TrustFault(error.message, hint=error.hint) from error
    return TrustWatch(base / config.paths.trust, load, tell=log_trust)


def open_authority(
    config: Config,
    base: Path,
    stack: ExitStack,
    *,
    trust: TrustWatch,
    journal: Journal,
    stages: Stages,
    clock: Clock,
) -> AuthorityParts:
    """Opens an authority until `stack` closes: watches its trust, and stores its memory of time.

    Raises StorageFault.
    """
    parts, store = resume_authority(config, base, trust=trust, journal=journal, stages=stages, clock=clock)
    stack.enter_context(store.saving())
    stack.enter_context(trust.looking())
    return parts


def resume_authority(
    config: Config, base: Path, *, trust: TrustWatch, journal: Journal, stages: Stages, clock: Clock
) -> tuple[AuthorityParts, ClockStore]:
    """An authority with the state of its files; no thread is started. Raises StorageFault."""
    state, current = open_files(base / config.paths.state), trust.current()
    trusted_clock = TrustedClock(remembered(state, journal, current), built=built_at())
    restore_replay(stages.replay, journal, trusted_clock.at(clock.now(), clock.tick_ms(), current))
    parts = AuthorityParts(
        trust=trust.current,
        journal=journal,
        stages=stages,
        trusted_clock=trusted_clock,
        housekeeper=housekeeper_for(config, base, journal, clock, trusted_clock),
    )
    return parts, ClockStore(state, trusted_clock)


def open_journal(config: Config, base: Path) -> Journal:
    """The journal of one authority, continued or new. Raises StorageFault, ConfigError."""
    path = base / config.paths.journal
    if os.path.isdir(path):  # noqa: PTH112  Path.is_dir raises for what can be no name
        raise StorageFault(f"journal {path}: is a folder", hint="set [paths] journal to a file")
    return Journal.open(path, device_seed(base / config.device.key), config.device.id)


def housekeeper_for(
    config: Config, base: Path, journal: Journal, clock: Clock, trusted_clock: TrustedClock
) -> Housekeeper:
    """The housekeeper that closes and removes files of one authority's journal while the device is idle."""

    def acknowledged() -> int | None:
        if config.hub.url is None:
            return None
        from edge.upload.outbox import acknowledged  # loaded with a hub only

        return acknowledged(base / config.paths.state, config.hub.url)

    def erased(upto: int, cause: ErasureCause, past: VouchedTime) -> Erased:
        tick_ms = clock.tick_ms()
        return Erased(
            time_ms=utc_ms(trusted_clock.now),
            tick_ms=tick_ms,
            door=config.door.site,
            version=software_version(),
            upto=upto,
            cause=cause,
            vouched_s=int(past.at.timestamp()) if cause is ErasureCause.AGE else None,
        )

    return Housekeeper(
        journal,
        rules_for(config),
        acknowledged=acknowledged,
        past=lambda: trusted_clock.vouched,
        clock_is_trusted=lambda: trusted_clock.anomaly is None,
        erased=erased,
        tick_ms=clock.tick_ms,
    )


def rules_for(config: Config) -> RetentionRules:
    """Retention of the journal's files, as the configuration sets it."""
    keep = timedelta(days=config.journal.keep_days)
    # A quiet door needs years to fill a file. A file is closed after a quarter of keep_days, so that no
    # record stays much longer than keep_days.
    segment = SegmentLimits(config.journal.segment_mb * MEGABYTE, keep / 4)
    return RetentionRules(segment, keep, config.journal.spare_mb * MEGABYTE)
