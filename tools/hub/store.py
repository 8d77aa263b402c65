"""The hub's store: registers and removes devices, stores record batches, raises and clears alarms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, func, insert, select, update

from edge.audit.checkpoint import Checkpoint, origin_of
from edge.audit.merkle import Frontier
from edge.audit.record import Erased, decode
from edge.errors import InputError
from tools.hub import sightings as hub_sightings
from tools.hub.intake import AcceptedBatch, Disputed, History, Offer, admit, ahead, contact_ms
from tools.hub.schema import Database, alarms, devices, records, sightings, staff_messages
from tools.hub.staff import messages as hub_staff
from tools.hub.staff.alarms import alarm

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import Connection, Row, RowMapping

    from edge.upload.batch import RecordBatch
    from edge.upload.protocol import Sightings

ERASED = '"kind":"erased"'  # in the body of the record of an erasure, and of no other
PAGE = 1_000  # rows a query: about 500 kB, for a history of any size


@dataclass(frozen=True, slots=True)
class RegisteredDevice:
    """A registered device, whose key the hub trusts."""

    serial: int
    id: str
    key: bytes
    next: int


@dataclass(frozen=True, slots=True)
class BatchReceipt:
    """Result of a batch: the `next` record to send, the count of new records, cards seen at several doors."""

    next: int
    fresh: int
    sightings: Sightings


class NoSuchDevice(InputError):
    """No device of this name is registered."""

    def __init__(self, device: str) -> None:
        super().__init__(
            f"no device {device} is registered",
            hint=f"add it with: doorward-hub device add {device} --key HEX",
        )


class HubStore:
    """The store of a hub. All state is in the database: any number of processes may share it."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def find(self, device: str) -> RegisteredDevice:
        """The device that is registered under this name. Raises NoSuchDevice."""
        with self.database.reading() as db:
            row = db.execute(_registered(device)).one_or_none()
        if row is None:
            raise NoSuchDevice(device)
        return RegisteredDevice(row.serial, row.id, bytes(row.key), row.size)

    def add(self, device: str, key: bytes, now_ms: int) -> None:
        """Trust a device's key. Raises InputError if a device has this name or this key."""
        with self.database.writing() as db:
            same = (devices.c.id == device) | (devices.c.key == key)
            for row in db.execute(select(devices.c.id).where(same, devices.c.removed_ms.is_(None))):
                if row.id == device:
                    raise InputError(
                        f"device {device} is registered already",
                        hint=f"remove it with: doorward-hub device remove {device}",
                    )
                raise InputError(f"device {row.id} has this key", hint="use the key that this device made")
            db.execute(insert(devices).values(id=device, key=key, added_ms=now_ms, frontier=b""))

    def remove(self, device: str, now_ms: int, *, records_too: bool = False) -> None:
        """Refuse a device from now on; with `records_too` delete its records. Raises NoSuchDevice."""
        with self.database.writing() as db:
            row = db.execute(_registered(device).with_for_update()).one_or_none()
            if row is None:
                raise NoSuchDevice(device)
            if records_too:
                for table in (records, alarms, sightings, staff_messages, devices):
                    db.execute(delete(table).where(table.c.serial == row.serial))
            else:
                db.execute(update(devices).where(devices.c.serial == row.serial).values(removed_ms=now_ms))

    def take(self, device: RegisteredDevice, offer: Offer, now_ms: int) -> BatchReceipt:
        """Check an offer against the history, and store its new records: all or none.

        Raises:
            Disputed: an alarm is stored, and no record.
            NoSuchDevice: the device was removed meanwhile.
        """
        with self.database.writing() as db:
            row = db.execute(_registered(device.id).with_for_update()).one_or_none()
            if row is None or row.serial != device.serial:
                raise NoSuchDevice(device.id)
            history, early = _history(row), ahead(offer.batch, now_ms)
            if early:
                alarm(db, row.serial, early, None, now_ms)
            try:
                admitted = admit(offer, history, _bodies(db, row.serial, offer, history), now_ms)
            except Disputed as dispute:
                caught = dispute
                alarm(db, row.serial, dispute, offer.batch.note, now_ms)
                contact = contact_ms(offer.batch, now_ms)
                if contact > history.heard_ms:  # disputed, but the device is alive
                    heard = _heard(offer.batch, contact, now_ms)
                    heard["sent_ms"] = max(history.sent_ms, offer.batch.sent_ms)
                    db.execute(update(devices).where(devices.c.serial == row.serial).values(heard))
            else:
                _keep(db, row, offer, admitted, now_ms)
                fresh = [entry for _, entry in admitted.fresh]
                hub_staff.note(db, row.serial, fresh, now_ms)
                hub_sightings.note(db, row.serial, fresh, now_ms)
                seen = hub_sightings.recent(db, now_ms)
                return BatchReceipt(admitted.history.frontier.size, len(admitted.fresh), seen)
        raise caught

    def raise_alarm(self, device: RegisteredDevice, dispute: Disputed, now_ms: int) -> None:
        """Store an alarm: the device signed a body that is not a batch."""
        with self.database.writing() as db:
            if db.execute(_registered(device.id).with_for_update()).one_or_none() is not None:
                alarm(db, device.serial, dispute, None, now_ms)

    def clear_alarms(self, device: str, now_ms: int) -> int:
        """Clear the open alarms of a device; returns their number. Raises NoSuchDevice."""
        serial = self.find(device).serial
        with self.database.writing() as db:
            ours = (alarms.c.serial == serial) & alarms.c.cleared_ms.is_(None)
            return db.execute(update(alarms).where(ours).values(cleared_ms=now_ms)).rowcount

    def bodies(self, serial: int, first: int = 0) -> Iterator[str]:
        """The bodies of a history's records in order, as they were sent."""
        while True:
            with self.database.reading() as db:
                rows = db.execute(
                    select(records.c.seq, records.c.body)
                    .where(records.c.serial == serial, records.c.seq >= first)
                    .order_by(records.c.seq)
                    .limit(PAGE)
                ).all()
            yield from (row.body for row in rows)
            if len(rows) < PAGE:
                return
            first = rows[-1].seq + 1

    def latest(self, serial: int, limit: int) -> Sequence[RowMapping]:
        """The last records, newest first: seq, received_ms, body."""
        with self.database.reading() as db:
            rows = db.execute(
                select(records.c.seq, records.c.received_ms, records.c.body)
                .where(records.c.serial == serial)
                .order_by(records.c.seq.desc())
                .limit(limit)
            )
            return rows.mappings().all()

    def missing(self, history: RowMapping) -> range:
        """The first records that this hub never had, and that no signed record here says were erased."""
        if not history["first"]:
            return range(0)
        with self.database.reading() as db:
            body = db.execute(
                select(records.c.body)
                .where(records.c.serial == history["serial"], records.c.body.contains(ERASED))
                .order_by(records.c.seq.desc())
                .limit(1)
            ).scalar_one_or_none()
        record = None if body is None else decode(body.encode()).record
        return range(record.upto if isinstance(record, Erased) else 0, history["first"])

    def histories(self, device: str | None = None) -> Sequence[RowMapping]:
        """Rows of `devices` with the number of open `alarms`, of one name or all; removed ones last."""
        count = (
            select(func.count())
            .where(alarms.c.serial == devices.c.serial, alarms.c.cleared_ms.is_(None))
            .scalar_subquery()
        )
        query = select(devices, count.label("alarms")).order_by(
            devices.c.removed_ms.is_not(None), devices.c.id, devices.c.serial.desc()
        )
        if device is not None:
            query = query.where(devices.c.id == device)
        with self.database.reading() as db:
            return db.execute(query).mappings().all()

    def alarms(self, serial: int) -> Sequence[RowMapping]:
        """The alarms of a history, the latest first."""
        with self.database.reading() as db:
            rows = db.execute(
                select(alarms).where(alarms.c.serial == serial).order_by(alarms.c.last_ms.desc())
            )
            return rows.mappings().all()


def _registered(device: str) -> Any:  # noqa: ANN401  a Select over all columns has no shorter name
    return select(devices).where(devices.c.id == device, devices.c.removed_ms.is_(None))


def _history(row: Row[Any]) -> History:
    frontier = Frontier.from_bytes(row.size, bytes(row.frontier))
    if row.note is None:
        return History()
    promise = Checkpoint(origin_of(row.id), row.note_size, bytes(row.note_root))
    heard_ms = -1 if row.heard_ms is None else row.heard_ms
    return History(frontier, promise, row.note_ms, heard_ms, row.sent_ms)


def _bodies(db: Connection, serial: int, offer: Offer, history: History) -> dict[int, bytes]:
    """The stored bodies of the offered records, by seq."""
    first, end = offer.batch.first, min(offer.batch.next, history.frontier.size)
    if first >= end:
        return {}
    found = db.execute(
        select(records.c.seq, records.c.body).where(
            records.c.serial == serial, records.c.seq >= first, records.c.seq < end
        )
    )
    return {row.seq: row.body.encode() for row in found}


def _keep(db: Connection, row: Row[Any], offer: Offer, admitted: AcceptedBatch, now_ms: int) -> None:
    batch, history = offer.batch, admitted.history
    if admitted.fresh:
        first = history.frontier.size - len(admitted.fresh)
        db.execute(
            insert(records),
            [
                {"serial": row.serial, "seq": seq, "received_ms": now_ms, "body": body.decode()}
                for seq, (body, _) in enumerate(admitted.fresh, first)
            ],
        )
    changes: dict[str, object] = {
        "size": history.frontier.size,
        "frontier": history.frontier.to_bytes(),
        "sent_ms": history.sent_ms,
    }
    if row.note is None:
        changes["first"] = batch.first
    if history.promise is offer.checkpoint:
        changes |= {
            "note": batch.note,
            "note_size": offer.checkpoint.size,
            "note_root": offer.checkpoint.root,
            "note_ms": history.promised_ms,
        }
    if admitted.heard:
        changes |= _heard(batch, history.heard_ms, now_ms)
    db.execute(update(devices).where(devices.c.serial == row.serial).values(changes))


def _heard(batch: RecordBatch, contact: int, now_ms: int) -> dict[str, object]:
    status = batch.status
    return {
        "heard_ms": contact,
        "arrived_ms": now_ms,
        "software": status.software,
        "clock": status.clock.value,
        "keys_issued_s": status.keys_issued_s,
        "lists_issued_s": status.lists_issued_s,
        "time_issued_s": status.time_issued_s,
        "free_mb": status.free_mb,
    }
