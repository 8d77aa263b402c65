"""A hub with one device whose records have messages to staff."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec
from nacl.signing import SigningKey
from samples.journals import passage
from worlds.fleet import SENT_MS, History

from edge.audit.record import JournalEntry, Outcome, Path, Visited, encode
from edge.upload.batch import pack
from tools.hub.intake import Dispute, Disputed, open_offer
from tools.hub.staff.messages import StaffLog

if TYPE_CHECKING:
    from edge.audit.record import AuditRecord
    from edge.decision import Reason
    from tools.hub.schema import Database
    from tools.hub.store import HubStore

NOW_MS = SENT_MS + 60_000
DAY_MS = 86_400_000


def visit(*notices: str, reason: Reason | None = None, seq: int = 0) -> AuditRecord:
    """A passage with these notices; a grant unless `reason` is given."""
    return msgspec.structs.replace(
        passage(seq),
        outcome=Outcome.DENY if reason else Outcome.GRANT,
        reason=reason,
        visit=Visited(venue="door", path=Path.FACE, notices=notices),
    )


@dataclass
class StaffedHub:
    """The store of a hub, with a device that sends the records that a test gives it."""

    database: Database
    store: HubStore
    device: str = "lobby-1"
    records: list[AuditRecord] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.key = SigningKey(self.device.encode().ljust(32, b"."))
        self.store.add(self.device, bytes(self.key.verify_key), 1)
        self.log = StaffLog(self.database)

    def send(self, *records: AuditRecord, at_ms: int = NOW_MS) -> None:
        """The device sends these records after those that it sent before."""
        first = len(self.records)
        self.records += records
        history = History(len(self.records), device=self.device, key=self.key)
        history.bodies = [
            encode(JournalEntry(seq=seq, record=record)) for seq, record in enumerate(self.records)
        ]
        batch = history.batch(first, len(self.records))
        offer = open_offer(pack(batch), device=self.device, key=self.key.verify_key)
        self.store.take(self.store.find(self.device), offer, at_ms)

    def dispute(self, detail: str = "two histories", *, at_ms: int = NOW_MS) -> None:
        """The hub has an alarm about the device."""
        self.store.raise_alarm(self.store.find(self.device), Disputed(Dispute.INCONSISTENT, detail), at_ms)

    @property
    def codes(self) -> list[str]:
        """All stored messages, the oldest first."""
        return [row["code"] for row in reversed(self.log.latest())]
