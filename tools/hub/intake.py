"""Checks a record batch against the history of its device on the hub. Pure. UPLOAD.md section 2.

For each history the hub keeps the frontier of its Merkle tree and one promise: a checkpoint that the device
signed, for a size that the tree has not reached yet. A history that forks must break a promise.
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
    """Causes to refuse a signed batch; used in the answer, and as the kind of the alarm."""

    INCONSISTENT = "inconsistent"  # one of the two histories was changed
    MALFORMED = "malformed"  # signed, but not in the format of UPLOAD.md


class Disputed(EdgeError):
    """A signed batch contradicts the history. The hub keeps its records and raises an alarm."""

    exit_code = Exit.REFUSED
    usual_hint = "compare the journal of the device with the records of the hub"

    def __init__(self, dispute: Dispute, message: str) -> None:
        super().__init__(message)
        self.dispute = dispute


@dataclass(frozen=True, slots=True)
class Offer:
    """A batch whose records and note are valid, each by itself."""

    batch: RecordBatch
    entries: tuple[JournalEntry, ...]
    checkpoint: Checkpoint


@dataclass(frozen=True, slots=True)
class History:
    """The hub's state of a device. `sent_ms`: the latest sending time in a batch of the device."""

    frontier: Frontier = field(default_factory=Frontier)
    promise: Checkpoint | None = None
    sent_ms: int = -1


@dataclass(frozen=True, slots=True)
class AcceptedBatch:
    """Parts to store. `fresh`: the new records; `heard`: the device was alive when it came."""

    fresh: tuple[tuple[bytes, JournalEntry], ...]
    history: History
    heard: bool


def open_offer(packed: bytes, *, device: str, key: VerifyKey) -> Offer:
    """Parse a body whose signature was verified. Raises Disputed."""
    try:
        batch = unpack(packed)
        records = entries(batch)
        checkpoint = open_checkpoint(batch.note.encode(), origin=origin_of(device), key=key)
    except (InputError, JournalBroken) as err:
        raise Disputed(Dispute.MALFORMED, err.message) from err
    if batch.device != device:
        raise Disputed(Dispute.MALFORMED, "the batch is of another device")
    if checkpoint.size < batch.next:
        raise Disputed(
            Dispute.MALFORMED,
            f"the note covers {checkpoint.size} records, and the batch ends at {batch.next}",
        )
    return Offer(batch, records, checkpoint)


def admit(offer: Offer, history: History, stored: Mapping[int, bytes]) -> AcceptedBatch:
    """The new part of an offer, after all checks against the history.

    Args:
        offer: the parsed batch of the device.
        history: the hub's state; an empty history starts at the first record of the batch.
        stored: the hub's bodies of the records in the batch, by seq.

    Raises:
        Disputed: the device signed two histories, or lost a part of its own.
    """
    batch, promise = offer.batch, history.promise
    newer = batch.sent_ms > history.sent_ms
    for seq, body in stored.items():
        if body != batch.bodies[seq - batch.first]:
            raise Disputed(Dispute.INCONSISTENT, f"record {seq} differs from the one that was sent before")
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
    # A smaller checkpoint is no contradiction in a request that the network delivered late.
    if checkpoint.size < promise.size and newer:
        raise Disputed(
            Dispute.INCONSISTENT,
            f"the journal had {promise.size} records, and now {checkpoint.size}: an older copy was restored",
        )


def _grow(frontier: Frontier, bodies: Sequence[bytes], promise: Checkpoint | None) -> Frontier:
    for body in bodies:
        frontier = frontier.append(leaf_hash(body))
        if promise is not None and frontier.size == promise.size and frontier.root != promise.root:
            raise Disputed(
                Dispute.INCONSISTENT, f"a record below {promise.size} was changed after its checkpoint"
            )
    return frontier


def _check_note(frontier: Frontier, offer: Offer) -> None:
    checkpoint = offer.checkpoint
    try:
        verify_consistency(frontier.size, frontier.root, checkpoint.size, checkpoint.root, offer.batch.proof)
    except JournalBroken as err:
        raise Disputed(Dispute.INCONSISTENT, f"the records do not match the note: {err.message}") from err
