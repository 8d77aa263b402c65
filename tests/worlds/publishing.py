"""An authority in memory and a device in a folder, for tests of sync."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from worlds.office import Dice, enrolment, new_issuer

from edge.app.parts.trust_folder import open_trust
from edge.errors import StorageFault
from edge.ports import Source
from edge.sync import names
from edge.sync.report import Report
from edge.sync.synchronise import DeviceTrust, UpdateSource, synchronise
from edge.trust.snapshot import TrustSnapshot
from hw.sim.source import SimSource
from tools.issuing import roles
from tools.issuing.issuer import Issuer
from tools.issuing.publication import ListPublisher
from tools.issuing.register import CardStanding, IndexUse, RegisterEntry
from tools.issuing.repository import Repository, create
from tools.issuing.tufsigner import keyring, new_keys

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
DAY = timedelta(days=1)
ROOT = "metadata/1.root.json"
SITE = "tower-1/lobby"


def revoke_many(issuer: Issuer, count: int, *, now: datetime) -> None:
    """Register revoked cards of an issuer, at random free indexes."""
    dice = Dice(count + int(now.timestamp()))
    places = issuer.register.allocate(count, now=now, randbelow=dice.randbelow)
    issuer.register.add(
        *(
            RegisterEntry(
                place, dice.token_bytes(8), IndexUse.CARD, now, now + 300 * DAY, CardStanding.REVOKED
            )
            for place in places
        )
    )


@dataclass
class Shelf:
    """A Files port in memory."""

    files: dict[str, bytes] = field(default_factory=dict)

    def names(self) -> list[str]:
        return sorted(self.files)

    def read(self, name: str, *, limit: int) -> bytes:
        if name not in self.files or len(self.files[name]) > limit:
            raise StorageFault(f"{name}: cannot be read")
        return self.files[name]

    def write(self, name: str, data: bytes, *, secret: bool = False) -> None:
        self.files[name] = data


class Authority:
    """A repository with one issuer; a web server would serve its `files`."""

    def __init__(self, *, seed: int = 1, now: datetime = NOW, capacity: int = 1_000) -> None:
        self.keys = new_keys(roles.KEY_COUNTS, Dice(seed))
        self.ring = keyring(signer for held in self.keys.values() for signer in held)
        self.shelf = Shelf(create(self.keys, now=now))
        self.issuer: Issuer = new_issuer(seed=seed, capacity=capacity)
        self.manifest: bool | None = None
        self.now = now
        self.publish(self.issuer_target())

    @property
    def files(self) -> dict[str, bytes]:
        return self.shelf.files

    @property
    def repository(self) -> Repository:
        return Repository.load(self.shelf)

    @property
    def root(self) -> bytes:
        return self.files[ROOT]

    def issuer_target(self) -> dict[str, bytes | None]:
        return {name: data for name, data in self.issuer.publish(self.now) if name.startswith("issuers/")}

    def publish(self, puts: Mapping[str, bytes | None] = {}, **how) -> None:
        for name, data in self.repository.publish(puts, self.ring, now=self.now, **how).items():
            self.shelf.write(name, data)

    def publish_lists(self) -> None:
        """Publish the issuer's current lists with the tools of the authority."""
        trust = dict(self.issuer.publish(self.now, manifest=self.manifest))
        self.publish(ListPublisher(self.repository).lists(trust, now=self.now))

    def later(self, by: timedelta = DAY) -> Authority:
        self.now += by
        return self

    def revoke_one(self) -> None:
        """Issue a card and revoke it."""
        issued = self.issuer.enrol(enrolment(expires=self.now + 300 * DAY), now=self.now)
        self.issuer.revoke(issued.entries[0].index)

    def revoke_many(self, count: int) -> None:
        """Register revoked cards of other people, at random indexes."""
        revoke_many(self.issuer, count, now=self.now)

    def copy(self) -> dict[str, bytes]:
        """A copy of the current files, for a test that serves them again later."""
        return dict(self.files)

    def target(self, name: str) -> str:
        """The path of a target's file."""
        found = self.repository.find(name)
        assert found is not None
        folder, _, file = name.rpartition("/")
        return f"targets/{folder}/{found.hashes['sha256']}.{file}"

    @property
    def list_name(self) -> names.ListName:
        return names.ListName.of(self.issuer.kid, self.issuer.uri)


class Gate:
    """A device's disk, and its sync from any source."""

    def __init__(self, folder: Path, root: bytes | None, **place) -> None:
        self.folder = folder
        self.root = root
        self.device_trust = DeviceTrust(
            **{
                "trust": folder / "trust",
                "state": folder / "state",
                "site": SITE,
                "load": open_trust,
                "reserve": 0,
                **place,
            }
        )

    def sync(self, source: Source | Mapping[str, bytes], *, now: datetime = NOW, **visit) -> Report:
        source = SimSource(source) if isinstance(source, Mapping) else source
        told = {"origin": "https://authority.example/", "root": self.root, "now": now, **visit}
        return synchronise(self.device_trust, UpdateSource(source=source, **told))

    @property
    def trust(self) -> TrustSnapshot:
        return open_trust(self.folder / "trust")

    @property
    def in_force(self) -> str:
        return (self.folder / "trust").readlink().name

    def generations(self) -> list[str]:
        return sorted(path.name for path in (self.folder / "trust.d").iterdir())
