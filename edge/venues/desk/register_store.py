"""The register of a desk: sealed registrations, and the messages about them. DESK.md sections 5 and 6.

A registration is sealed to the desk's public key, whose private key is not on this device, and once more
under a key of its own that lies in another table. Erasing deletes both, and SQLite overwrites both.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from nacl.exceptions import CryptoError
from nacl.secret import SecretBox
from nacl.utils import random as random_bytes

from edge.audit.record import utc_ms
from edge.delivery.queue import DeliveryQueue, QueuedMessage
from edge.delivery.sealed_box import Sealer, unseal
from edge.errors import InputError
from edge.formats.untrusted_text import json_object
from edge.sqlite import connect, empty_log, faults, make_tables, transaction
from edge.venues.desk.registration import RegisteredGuest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from nacl.public import PrivateKey

    from edge.delivery.queue import MessageKey
    from edge.venues.desk.arrivals.store import ArrivalsFile
    from edge.venues.desk.registration import Registration
    from edge.vouched_time import VouchedTime

FILE: Final = "desk.db"
HOST, AUTHORITY = "desk", "authority"  # the two channels
_TABLES: Final = """
CREATE TABLE IF NOT EXISTS registrations (
  seq INTEGER NOT NULL, at_ms INTEGER NOT NULL, erase_ms INTEGER NOT NULL, booking BLOB,
  subject BLOB NOT NULL, place INTEGER, adult INTEGER NOT NULL, box BLOB NOT NULL, PRIMARY KEY (seq, at_ms)
) STRICT;
CREATE INDEX IF NOT EXISTS of_booking ON registrations (booking);
CREATE INDEX IF NOT EXISTS to_erase ON registrations (erase_ms);
CREATE TABLE IF NOT EXISTS record_keys (
  seq INTEGER NOT NULL, at_ms INTEGER NOT NULL, key BLOB NOT NULL, PRIMARY KEY (seq, at_ms)
) STRICT
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipients:
    """The receivers of a message about a registration, by their public keys; None: no such receiver.

    `report_within`: time within which the authority must have it.
    """

    device: str
    host: bytes | None = None
    authority: bytes | None = None
    report_within: timedelta = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class OpenedRegistration:
    """A registration as the holder of the private key reads it."""

    seq: int
    at: datetime
    site: str
    adult: bool
    covers: int
    attributes: dict[str, str] = field(repr=False)
    booking: dict[str, Any] | None = field(repr=False)


class DeskStore:
    """Implements RegistrationStore; the queue of messages is in the same file, and changes with it."""

    def __init__(
        self,
        folder: Path,
        *,
        public: bytes,
        told: Recipients,
        arrivals: ArrivalsFile,
    ) -> None:
        """`public`: the key to which all data here is sealed. Raises StorageFault."""
        self.path = folder / FILE
        self._public = public
        self._told = told
        self._arrivals = arrivals
        self._db = connect(self.path)
        with faults(self.path):
            make_tables(self._db, _TABLES)
        self.queue = DeliveryQueue(self._db, self.path)

    def of_booking(self, booking: bytes) -> Sequence[RegisteredGuest]:
        with faults(self.path):
            rows = self._db.execute(
                "SELECT subject, place, adult FROM registrations WHERE booking = ? ORDER BY at_ms",
                (booking,),
            )
            return tuple(RegisteredGuest(subject, place, bool(adult)) for subject, place, adult in rows)

    def enter(self, registration: Registration) -> None:
        key = random_bytes(SecretBox.KEY_SIZE)
        box = SecretBox(key).encrypt(self._plain(registration))
        at_ms = utc_ms(registration.at)
        with faults(self.path), transaction(self._db):
            new = self._db.execute(
                "INSERT OR IGNORE INTO registrations VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    registration.seq,
                    at_ms,
                    utc_ms(registration.erase_at),
                    registration.booking,
                    registration.subject,
                    registration.place,
                    registration.adult,
                    bytes(box),
                ),
            ).rowcount
            if new:
                self._db.execute("INSERT INTO record_keys VALUES (?, ?, ?)", (registration.seq, at_ms, key))
                self._tell(registration)

    def count(self) -> int:
        """Number of registrations."""
        with faults(self.path):
            return int(self._db.execute("SELECT count(*) FROM registrations").fetchone()[0])

    def erase(self, past: VouchedTime) -> int:
        """Erase the registrations whose time is over; their number. Raises StorageFault.

        The write-ahead log is emptied each time, so that no delivered message stays there either.
        """
        with faults(self.path):
            marks = self._db.execute(
                "SELECT seq, at_ms FROM registrations WHERE erase_ms <= ?", (utc_ms(past.at),)
            ).fetchall()
        if marks:
            with faults(self.path), transaction(self._db):
                for mark in marks:
                    for table in ("record_keys", "registrations"):
                        self._db.execute(f"DELETE FROM {table} WHERE seq = ? AND at_ms = ?", mark)  # noqa: S608  our own words
                    self.queue.forget(*mark)
        empty_log(self._db, self.path)
        return len(marks)

    def opened(
        self, private: PrivateKey, *, only: frozenset[MessageKey] | None = None
    ) -> Iterator[OpenedRegistration]:
        """Every registration, the oldest first. Raises InputError for another key, StorageFault."""
        with faults(self.path):
            rows = self._db.execute(
                "SELECT seq, at_ms, box, key FROM registrations JOIN record_keys USING (seq, at_ms)"
                " ORDER BY at_ms, seq"
            )
            for seq, at_ms, box, key in rows:
                if only is None or (seq, at_ms) in only:
                    yield _opened(seq, at_ms, box, key, private)

    def close(self) -> None:
        """Safe to call again."""
        self._db.close()

    def _plain(self, registration: Registration) -> bytes:
        """The disclosed attributes and the booking, each sealed to the desk's key."""
        booking = self._arrivals.box_of(registration.booking) if registration.booking else None
        record = Sealer(self._public).seal(json.dumps(_document(registration)).encode())
        return json.dumps({"record": _text(record), "booking": _text(booking)}).encode()

    def _tell(self, registration: Registration) -> None:
        told, at_ms = self._told, utc_ms(registration.at)
        if told.host is not None:
            self.queue.put(
                QueuedMessage(HOST, registration.seq, self._message(registration, told.host), at_ms)
            )
        if told.authority is not None:
            due_ms = at_ms + int(told.report_within.total_seconds() * 1_000)
            body = self._message(registration, told.authority)
            self.queue.put(QueuedMessage(AUTHORITY, registration.seq, body, at_ms, due_ms))

    def _message(self, registration: Registration, public: bytes) -> bytes:
        sealed = Sealer(public).seal(json.dumps(_document(registration)).encode())
        document: dict[str, object] = {
            "v": 1,
            "device": self._told.device,
            "seq": registration.seq,
            "at": f"{registration.at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
            "site": registration.site,
            "sealed": _text(sealed),
        }
        if public == self._public and registration.booking is not None:
            document["booking"] = _text(self._arrivals.box_of(registration.booking))
        return json.dumps(document, separators=(",", ":")).encode()


def _document(registration: Registration) -> dict[str, object]:
    return {
        "site": registration.site,
        "adult": registration.adult,
        "covers": registration.covers,
        "attributes": {name.value: value for name, value in registration.attributes},
    }


_MAX_NAMES: Final = 64  # in one object of a registration; there are about ten


def _opened(seq: int, at_ms: int, box: bytes, key: bytes, private: PrivateKey) -> OpenedRegistration:
    try:
        outer = json_object(SecretBox(key).decrypt(box), most=_MAX_NAMES)
        record = json_object(unseal(b64decode(outer["record"]), private), most=_MAX_NAMES)
        boxed = outer["booking"]
        booking = json_object(unseal(b64decode(boxed), private), most=_MAX_NAMES) if boxed else None
        return OpenedRegistration(
            seq,
            datetime.fromtimestamp(at_ms / 1_000, UTC),
            record["site"],
            record["adult"],
            record["covers"],
            record["attributes"],
            booking,
        )
    except (CryptoError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"registration {seq} is damaged", hint="keep the file: it is evidence") from error


def _text(data: bytes | None) -> str | None:
    return None if data is None else b64encode(data).decode()
