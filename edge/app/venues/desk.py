"""Opens a desk from the configuration: its rules, its files, and the systems that it reports to."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from edge.app.parts.keys import own_key
from edge.app.parts.sealed_keys import read_public
from edge.app.parts.webhook import open_webhook
from edge.card.attributes import Attribute
from edge.config.zones import zone_of
from edge.delivery.carriers import Webhook, deliver
from edge.delivery.queue import ChannelStatus, QueueLimits
from edge.delivery.sealed_box import Sealer
from edge.errors import ConfigError
from edge.venues.desk.arrivals.folder import ArrivalsFolder, ArrivalsImport
from edge.venues.desk.arrivals.intake import Intake, opened_list, take_list
from edge.venues.desk.arrivals.minisign import parse_key
from edge.venues.desk.arrivals.store import ArrivalsFile
from edge.venues.desk.name_digests import Digests
from edge.venues.desk.register_store import AUTHORITY, FILE, HOST, DeskStore, Recipients
from edge.venues.desk.venue import DeskRules, DeskVenue

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import ExitStack
    from pathlib import Path

    from nacl.public import PrivateKey

    from edge import config
    from edge.venues.desk.arrivals.store import Imported
    from edge.vouched_time import VouchedTime

MATCH_KEY: Final = "match.key"


def open_desk(root: config.Config, base: Path, stack: ExitStack) -> DeskVenue:
    """The venue of a configuration; what it opens closes with `stack`. Raises ConfigError, StorageFault."""
    desk = root.desk
    folder = base / desk.folder
    arrivals = ArrivalsFile(folder)
    stack.callback(arrivals.close)
    store = open_store(root, base, arrivals)
    stack.callback(store.close)
    return DeskVenue(rules_of(desk), Digests(match_key(folder)), arrivals, store)


def open_store(root: config.Config, base: Path, arrivals: ArrivalsFile) -> DeskStore:
    """The register of a configuration. Raises ConfigError, StorageFault."""
    desk = root.desk
    public = read_public(base / desk.key)
    authority = read_public(base / desk.authority_key) if desk.authority_key else public
    told = Recipients(
        device=root.device.id,
        host=public if desk.webhook else None,
        authority=authority if desk.authority else None,
        report_within=timedelta(hours=desk.report_h),
    )
    return DeskStore(base / desk.folder, public=public, told=told, arrivals=arrivals)


def open_copy(root: config.Config, base: Path, arrivals: ArrivalsFile, private: PrivateKey) -> DeskStore:
    """The register, to be read with its private key: also a copy on a machine without the device's keys.

    Raises ConfigError if there is none, StorageFault.
    """
    folder = base / root.desk.folder
    if not (folder / FILE).exists():
        raise ConfigError(
            f"{folder / FILE}: no such file",
            hint=f"copy the folder {root.desk.folder} of the device to this place",
        )
    told = Recipients(device=root.device.id)
    return DeskStore(folder, public=bytes(private.public_key), told=told, arrivals=arrivals)


def channels_of(desk: config.DeskConfig) -> tuple[str, ...]:
    """The channels on which registrations are told."""
    return tuple(name for name, url in ((HOST, desk.webhook), (AUTHORITY, desk.authority)) if url)


def refused_lists(root: config.Config, base: Path, arrivals: ArrivalsFile) -> list[str]:
    """Names, as in the log, of the refused lists that came after the list in use. Raises StorageFault."""
    inbox = _inbox(root.desk, base)
    return inbox.refused_since(arrivals.made_at() or 0) if inbox else []


def rules_of(desk: config.DeskConfig) -> DeskRules:
    """The rules of the property. Raises ConfigError for a zone that does not exist."""
    return DeskRules(
        request=tuple(map(Attribute, desk.request)),
        zone=zone_of(desk.zone),
        documents=frozenset(desk.documents),
        adult_age=desk.adult_age,
        early=timedelta(hours=desk.early_h),
        retain_days=desk.retain_days,
        walk_in=desk.walk_in,
    )


def match_key(folder: Path) -> bytes:
    """The key of the name digests, made at the first start. Raises ConfigError, StorageFault."""
    return own_key(
        folder / MATCH_KEY,
        "the key that compares names",
        lost="remove it, and import the list of arrivals again",
    )


class DeskOffice:
    """The work of a desk beside its passages: imports lists, sends reports, erases old registrations.

    It runs in its own process: no passage waits for it.
    """

    def __init__(self, root: config.Config, base: Path) -> None:
        """Raises ConfigError, StorageFault."""
        self._root = root
        self._desk = root.desk
        self._base = base
        self._folder = base / self._desk.folder
        self.arrivals = ArrivalsFile(self._folder)
        self.store = open_store(root, base, self.arrivals)
        self._inbox = _inbox(self._desk, base)
        self._channels = dict(self._carriers())
        self._limits = QueueLimits(
            self._desk.queue_mb * 1_048_576, timedelta(days=self._desk.queue_days), while_away=True
        )

    def take(
        self,
        file: Path,
        *,
        watch: Callable[[int, int], None] = lambda _done, _total: None,
        accept_fewer: bool = False,
    ) -> Imported:
        """Import one list from a file. Raises FewerError without `accept_fewer`, InputError, StorageFault."""
        intake = self._intake()
        source, signature = opened_list(file, signed=intake.signer is not None)
        with source:
            return take_list(
                file.name, source, intake, watch=watch, signature=signature, accept_fewer=accept_fewer
            )

    def glance(self) -> None:
        """Note the lists in the folder; one that stays unchanged until `look` is complete. StorageFault."""
        if self._inbox is not None:
            self._inbox.glance()

    def look(self, *, watch: Callable[[int, int], None] = lambda _done, _total: None) -> list[ArrivalsImport]:
        """Import the complete lists since the last call. Raises StorageFault."""
        if self._inbox is None:
            return []
        intake = self._intake()
        return self._inbox.take_all(
            lambda name, source, signature: take_list(name, source, intake, watch=watch, signature=signature)
        )

    def deliver(self, *, now_ms: Callable[[], int], random_unit: Callable[[], float]) -> int:
        """Send waiting messages; returns how many were delivered. Raises StorageFault."""
        return sum(
            deliver(self.store.queue, channel, transport, now_ms=now_ms, random_unit=random_unit)
            for channel, transport in self._channels.items()
        )

    def erase(self, past: VouchedTime, now_ms: int) -> int:
        """Erase all that was kept for its time; the number of registrations. Raises StorageFault.

        Registrations, refused lists, receipts, and messages that cannot be delivered. `now_ms`: noted with
        a message that is given up.
        """
        for channel in self._channels:
            self.store.queue.give_up(channel, self._limits, past, now_ms)
        if self._inbox is not None:
            self._inbox.tidy(past)
        return self.store.erase(past)

    def statuses(self, now_ms: int) -> tuple[ChannelStatus, ...]:
        """The status of each channel. Raises StorageFault."""
        return tuple(self.store.queue.status(channel, now_ms) for channel in self._channels)

    def close(self) -> None:
        """Safe to call again."""
        self.store.close()
        self.arrivals.close()

    def _intake(self) -> Intake:
        desk = self._desk
        public = read_public(self._base / desk.key)
        return Intake(
            folder=self._folder,
            digests=Digests(match_key(self._folder)),
            sealer=lambda: Sealer(public),
            adult_age=desk.adult_age,
            signer=parse_key(desk.arrivals_key) if desk.arrivals_key else None,
        )

    def _carriers(self) -> Iterator[tuple[str, Webhook]]:
        ca = self._base / self._desk.ca if self._desk.ca else None
        for channel, url in ((HOST, self._desk.webhook), (AUTHORITY, self._desk.authority)):
            if url is not None:
                yield channel, open_webhook(self._root, self._base, url, ca=ca, only_ok=channel == AUTHORITY)


def _inbox(desk: config.DeskConfig, base: Path) -> ArrivalsFolder | None:
    signed = desk.arrivals_key is not None
    return ArrivalsFolder(base / desk.arrivals, signed=signed) if desk.arrivals else None
