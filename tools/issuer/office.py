"""The folder of a small issuing office: keys and configuration as files, the register in SQLite.

It holds issuer.key and documents.key (0600), issuer.json, register.db and sealed/. Keep it on a machine in an
office, never on a verifier.
"""

from __future__ import annotations

import secrets
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import msgspec

from edge.app.parts.trust_folder import open_files
from edge.card import cose
from edge.card.documents import KEY_BYTES
from edge.errors import InputError, StorageFault
from edge.formats.untrusted_text import UnreadableText, typed_json
from edge.sqlite import faults, open_writer, transaction
from edge.trust.scope import ANYWHERE, Scope
from edge.trust.sealed_template import MAX_SEALED_BYTES
from tools.issuing import card_table
from tools.issuing.issuer import Issuer
from tools.issuing.register import Register

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator
    from pathlib import Path

CONFIG, KEY, DOCUMENT_KEY, REGISTER, SEALED = (
    "issuer.json",
    "issuer.key",
    "documents.key",
    "register.db",
    "sealed",
)
MAX_CONFIG_BYTES: Final = 8_192
BUSY_S: Final = 10.0  # another command may hold the register for some seconds


class OfficeConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The settings that `init` was given."""

    name: str
    uri: str
    capacity: int
    venues: list[str]
    sites: list[str]
    since: datetime
    jurisdictions: list[str] = msgspec.field(default_factory=lambda: [ANYWHERE])  # missing in older offices


class IssuingOffice:
    """The folder: keys and config as files, the register in SQLite."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.files = open_files(folder)

    def create(self, config: OfficeConfig) -> Issuer:
        """Make a new office with new keys. Raises InputError if the folder holds one already."""
        if (self.folder / KEY).exists() or (self.folder / CONFIG).exists():
            raise InputError(f"{self.folder}: already holds an issuer", hint="choose another folder")
        seed = secrets.token_bytes(cose.SEED_BYTES)
        issuer = _issuer(config, seed, b"", Register(config.capacity))
        issuer.publish(config.since)  # refuses settings that cannot be published, before a file is written
        self.files.write(KEY, seed, secret=True)
        self.files.write(DOCUMENT_KEY, secrets.token_bytes(KEY_BYTES), secret=True)
        self.files.write(CONFIG, msgspec.json.format(msgspec.json.encode(config)) + b"\n")
        return issuer

    @contextmanager
    def open(self) -> Iterator[Issuer]:
        """The issuer, for one command: the register is locked, and saved if the command succeeds."""
        if not (self.folder / CONFIG).is_file():
            raise InputError(f"{self.folder}: holds no issuer", hint="make one with: doorward-issuer init")
        try:
            data = self.files.read(CONFIG, limit=MAX_CONFIG_BYTES)
            config = typed_json(data, msgspec.json.Decoder(OfficeConfig))
        except UnreadableText as error:
            raise InputError(f"{self.folder / CONFIG}: {error}", hint="restore it from a backup") from error
        seed, document_key = self._key(KEY, cose.SEED_BYTES), self._key(DOCUMENT_KEY, KEY_BYTES)
        with self._register() as db:
            card_table.prepare(db, cose.kid_of(cose.public_key(seed)))
            yield _issuer(config, seed, document_key, Register(config.capacity, db=db))

    def boxes(self) -> dict[str, bytes]:
        """All sealed templates that this office has made, by file name."""
        names = [name for name in self.files.names() if name.startswith(f"{SEALED}/")]
        return {name: self.files.read(name, limit=MAX_SEALED_BYTES) for name in names}

    def _key(self, name: str, size: int) -> bytes:
        key = self.files.read(name, limit=size)
        if len(key) != size:
            raise StorageFault(f"{self.folder / name}: not a key", hint="restore it from a backup")
        return key

    @contextmanager
    def _register(self) -> Iterator[sqlite3.Connection]:
        """One transaction of the register; a second command waits, so that no index is used twice."""
        path = self.folder / REGISTER
        with faults(path), closing(open_writer(path, busy_s=BUSY_S)) as db, transaction(db):
            yield db


def _issuer(config: OfficeConfig, seed: bytes, document_key: bytes, register: Register) -> Issuer:
    return Issuer(
        config.name,
        seed,
        config.uri,
        since=config.since.astimezone(UTC),
        random_source=secrets,
        register=register,
        scope=Scope(tuple(config.venues), tuple(config.sites), tuple(config.jurisdictions)),
        document_key=document_key,
    )
