"""Proofs of records for tests, as a journal makes them."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from edge.audit.record import allowed_by
from edge.on_record import LockMovement, OnRecord

if TYPE_CHECKING:
    from edge.audit.record import AuditRecord

DOOR = "tower-1/lobby"
_numbers = itertools.count(1)


def proof(
    seq: int | None = None,
    movement: LockMovement = LockMovement.RELEASE,
    *,
    door: str = DOOR,
    journal: bytes = b"journal",
) -> OnRecord:
    """A proof of record `seq`; left out, of a newer record than each one before."""
    return OnRecord(journal, door, next(_numbers) if seq is None else seq, movement)


class Permits:
    """The `permit` of a journal that has an `append`."""

    def append(self, record: AuditRecord) -> int:
        raise NotImplementedError

    def permit(self, record: AuditRecord) -> OnRecord:
        movement = allowed_by(record)
        assert movement is not None
        return OnRecord(type(self).__name__.encode(), record.door, self.append(record), movement)
