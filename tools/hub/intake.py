"""Checks a record batch against all that the hub has of its device. Pure. UPLOAD.md section 2.

The hub keeps of each history the frontier of its Merkle tree and one promise: a checkpoint that the device
signed and that the tree has yet to grow into. A history that forks cannot keep all its promises.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from edge.audit.checkpoint import Checkpoint, open_checkpoint, origin_of
from edge.audit.errors import JournalBroken
from edge.audit.merkle import Frontier, leaf_hash, verify_consistency
from edge.audit.record import ClockTrust
from edge.errors import EdgeError, Exit, InputError
from edge.upload.batch import RecordBatch, entries, unpack

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nacl.signing import VerifyKey

    from edge.audit.record import JournalEntry


class Dispute(StrEnum):
    """Why a signed batch is not taken; the word in the answer, and the kind of the alarm."""

    INCONSISTENT = "inconsistent"  # one of the two histories was changed
    MALFORMED = "malformed"  # signed, and not what UPLOAD.md says


class Disputed(EdgeError):
    """A batch that its device signed cannot be true. The hub keeps what it has and raises an alarm."""

    exit_code = Exit.REFUSED
    usual_hint = "compare the journal of the device with the records of the hub"

    def __init__(self, dispute: Dispute, message: str) -> None:
        super().__init__(message)
        self.dispute = dispute


@dataclass(frozen=True, slots=True)
class Offer:
    """A batch whose records and note hold, each by itself."""

    batch: RecordBatch
    entries: tuple[JournalEntry, ...]
    checkpoint: Checkpoint


@dataclass(frozen=True, slots=True)
class History:
    """The hub's state of a device. `sent_ms`: the latest time at which the device said it sent something."""

    frontier: Frontier = field(default_factory=Frontier)
    promise: Checkpoint | None = None
    sent_ms: int = -1


@dataclass(frozen=True, slots=True)
class AcceptedBatch:
    """Parts to store. `fresh`: the records that are new; `heard`: the device itself was there just now."""

    fresh: tuple[tuple[bytes, JournalEntry], ...]
    history: History
    heard: bool


def open_offer(packed: bytes, *, device: str, key: VerifyKey) -> Offer:
    """The offer in a body whose signature was checked. Raises Disputed."""
    try:
        batch = unpack(packed)
        records = entries(batch)
        checkpoint = open_checkpoint(batch.note.encode(), origin=origin_of(device), key=key)
    except (InputError, JournalBroken) as err:
        raise Disputed(Dispute.MALFORMED, err.message) from err
    if batch.device != device:
        raise Disputed(Dispute.MALFORMED, "batch is of another device")
    if checkpoint.size < batch.next:
        raise Disputed(
            Dispute.MALFORMED, f"note is over {checkpoint.size} records, and the batch ends at {batch.next}"
        )
    return Offer(batch, records, checkpoint)


def admit(offer: Offer, history: History, stored: Mapping[int, bytes]) -> AcceptedBatch:
    """The new part of an offer, once it fits all that the hub has.

    Args:
        offer: what the device sent.
        history: what the hub has; where it has nothing, it begins at the first record of the batch.
        stored: the bodies that the hub has of the records in the batch, by seq.

    Raises:
        Disputed: the device signed two histories, or forgot a part of its own.
    """
    batch, promise = offer.batch, history.promise
    newer = batch.sent_ms > history.sent_ms
    for seq, body in stored.items():
        if body != batch.bodies[seq - batch.first]:
            raise Disputed(Dispute.INCONSISTENT, f"record {seq} is not the one that was sent before")
    if promise is not None:
        _check_promise(promise, offer.checkpoint, newer=newer)
    frontier = history.frontier if promise is not None else batch.base
    fresh: tuple[tuple[bytes, JournalEntry], ...] = ()
    if batch.first <= frontier.size <= batch.next:
        fresh = tuple(zip(batch.bodies, offer.entries, strict=True))[frontier.size - batch.first :]
        frontier = _grow(frontier, [body for body, _ in fresh], promise)
        _check_note(frontier, offer)
        if promise is None or promise.size <= frontier.size:
            promise = offer.checkpoint
    heard = bool(fresh) or newer or batch.status.clock is ClockTrust.SUSPECT
    return AcceptedBatch(fresh, History(frontier, promise, max(history.sent_ms, batch.sent_ms)), heard)


def _check_promise(promise: Checkpoint, checkpoint: Checkpoint, *, newer: bool) -> None:
    if checkpoint.size == promise.size and checkpoint.root != promise.root:
        raise Disputed(
            Dispute.INCONSISTENT, f"two checkpoints over {promise.size} records have different roots"
        )
    # A request that the network delivers late is no lie: it was sent before.
    if checkpoint.size < promise.size and newer:
        raise Disputed(
            Dispute.INCONSISTENT,
            f"journal had {promise.size} records and now has {checkpoint.size}: an older copy was put back",
        )


def _grow(frontier: Frontier, bodies: Sequence[bytes], promise: Checkpoint | None) -> Frontier:
    for body in bodies:
        frontier = frontier.append(leaf_hash(body))
        if promise is not None and frontier.size == promise.size and frontier.root != promise.root:
            raise Disputed(
                Dispute.INCONSISTENT, f"a record below {promise.size} changed since the checkpoint over it"
            )
    return frontier


def _check_note(frontier: Frontier, offer: Offer) -> None:
    checkpoint = offer.checkpoint
    try:
        verify_consistency(frontier.size, frontier.root, checkpoint.size, checkpoint.root, offer.batch.proof)
    except JournalBroken as err:
        raise Disputed(Dispute.INCONSISTENT, f"records do not lead to the note: {err.message}") from err
