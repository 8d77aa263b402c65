"""Measures an authority and its devices: the publication of many offices, and a day of one list."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from edge.app.parts.trust_folder import open_trust
from edge.errors import StorageFault
from edge.sync import names
from edge.sync.synchronise import DeviceTrust, UpdateSource, synchronise
from hw.sim.source import SimSource
from tools.issuing import roles
from tools.issuing.issuer import Issuer
from tools.issuing.publication import ListPublisher
from tools.issuing.register import CardStanding, IndexUse, Register, RegisterEntry
from tools.issuing.repository import Repository, create
from tools.issuing.tufsigner import keyring, new_keys

if TYPE_CHECKING:
    from pathlib import Path

    from tools.bench.growth.office import Told

START: Final = datetime(2026, 6, 15, 6, tzinfo=UTC)
DAYS: Final = 40  # more than the steps that a publication keeps
REVOKED: Final = 0.01
NEW_A_DAY: Final = 0.04 / 365


@dataclass
class MemoryFiles:
    """A Files port in memory that counts its reads."""

    files: dict[str, bytes] = field(default_factory=dict)
    reads: int = 0

    def names(self) -> list[str]:
        return sorted(self.files)

    def read(self, name: str, *, limit: int) -> bytes:
        self.reads += 1
        if name not in self.files or len(self.files[name]) > limit:
            raise StorageFault(f"{name}: cannot be read", hint="publish again")
        return self.files[name]

    def write(self, name: str, data: bytes, *, secret: bool = False) -> None:
        del secret
        self.files[name] = data


class MeasuredAuthority:
    """An authority in memory, at a time that the measurement moves."""

    def __init__(self) -> None:
        self.now = START
        keys = new_keys(roles.KEY_COUNTS, secrets)
        self._ring = keyring(signer for held in keys.values() for signer in held)
        self.store = MemoryFiles(create(keys, now=self.now))
        self.root = self.store.files["metadata/1.root.json"]

    def publish(self, puts: dict[str, bytes | None]) -> None:
        files = Repository.load(self.store).publish(puts, self._ring, now=self.now)
        self.store.files.update(files)

    def add(self, *issuers: Issuer) -> None:
        """Publish the keys of these issuers."""
        puts: dict[str, bytes | None] = {}
        for issuer in issuers:
            name = names.issuer(issuer.kid)
            puts[name] = dict(issuer.publish(self.now))[name]
        self.publish(puts)


def offices(folder: Path, size: int) -> Told:
    """The lists of `size` offices, published for the second time: reads of files, and milliseconds."""
    del folder
    authority = MeasuredAuthority()
    issuers = [_issuer(f"office-{number}", 5_000) for number in range(size)]
    authority.add(*issuers)
    told: Told = {}
    for _ in range(2):
        authority.now += timedelta(days=1)
        for issuer in issuers:
            _revoke(issuer, 1, authority.now)
        folders = [dict(issuer.publish(authority.now)) for issuer in issuers]
        repository = Repository.load(authority.store)
        authority.store.reads = 0
        started = time.perf_counter()
        publisher = ListPublisher(repository)
        puts: dict[str, bytes | None] = {}
        for each in folders:
            puts |= publisher.lists(each, now=authority.now)
        told = {
            "offices_ms": 1e3 * (time.perf_counter() - started),
            "offices_reads": authority.store.reads,
        }
        authority.publish(puts)
    return told


def day_of_a_list(folder: Path, size: int) -> Told:
    """Bytes that a device fetches on the last of 40 days, for one list of `size` cards."""
    authority, issuer = MeasuredAuthority(), _issuer("city", size)
    authority.add(issuer)
    _revoke(issuer, int(size * REVOKED), authority.now)
    device = DeviceTrust(
        trust=folder / "trust", state=folder / "state", site="gate", load=open_trust, reserve=0
    )
    due, fetched = 0.0, 0
    for _ in range(DAYS):
        due += size * NEW_A_DAY
        _revoke(issuer, int(due), authority.now)
        due -= int(due)
        publisher = ListPublisher(Repository.load(authority.store))
        authority.publish(publisher.lists(dict(issuer.publish(authority.now)), now=authority.now))
        source = SimSource(authority.store.files)
        told = UpdateSource(source=source, origin="repository", root=authority.root, now=authority.now)
        synchronise(device, told)
        fetched = sum(len(source.files[name]) for name, _ in source.asked if name in source.files)
        authority.now += timedelta(days=1)
    return {"day_bytes": fetched}


def _issuer(name: str, capacity: int) -> Issuer:
    return Issuer(
        name,
        secrets.token_bytes(32),
        f"https://{name}.example/s",
        since=START,
        random_source=secrets,
        register=Register(capacity),
    )


def _revoke(issuer: Issuer, count: int, now: datetime) -> None:
    """Register so many revoked cards."""
    places = issuer.register.allocate(count, now=now, randbelow=secrets.randbelow)
    until = now + timedelta(days=365)
    issuer.register.add(
        *(
            RegisterEntry(place, secrets.token_bytes(8), IndexUse.CARD, now, until, CardStanding.REVOKED)
            for place in places
        )
    )
