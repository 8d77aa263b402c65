"""Checks a record batch against the history of its device on the hub. Pure. UPLOAD.md section 2.

For each history the hub keeps the frontier of its Merkle tree and one promise: a checkpoint that the device
signed, for a size that the tree has not reached yet. A history that forks must break a promise. The order of
batches comes from the hub's own clock, which each answer gives and the next batch returns: the clock of the
device is bounded by it, and can neither prolong the last contact nor silence an alarm.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from edge.audit.checkpoint import Checkpoint, open_checkpoint, origin_of
from edge.audit.errors import JournalBroken
from edge.audit.merkle import Frontier, leaf_hash, verify_consistency
from edge.audit.record import ClockTrust
from edge.errors import EdgeError, Exit, InputError
from edge.upload.batch import RecordBatch, entries, unpack
from edge.upload.protocol import MAX_SKEW_S

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nacl.signing import VerifyKey

    from edge.audit.record import JournalEntry

SKEW_MS: Final = MAX_SKEW_S * 1_000


class Dispute(StrEnum):
    """Causes to refuse a signed batch; used in the answer, and as the kind of the alarm."""

    INCONSISTENT = "inconsistent"  # one of the two histories was changed
    MALFORMED = "malformed"  # signed, but not in the format of UPLOAD.md
    CLOCK = "clock"  # dated in the future: its times count for nothing


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
    """The hub's state of a device.

    `promised_ms`: the hub stored the promise then; `heard_ms`: last contact; both by the hub's clock.
    `sent_ms`: the latest sending time in a batch, by the device's clock, at most SKEW_MS ahead of the hub's.
    """

    frontier: Frontier = field(default_factory=Frontier)
    promise: Checkpoint | None = None
    promised_ms: int = 0
    heard_ms: int = -1
    sent_ms: int = -1


@dataclass(frozen=True, slots=True)
class AcceptedBatch:
    """Parts to store. `fresh`: the new records; `heard`: the batch is a contact, and its status counts."""

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


def admit(offer: Offer, history: History, stored: Mapping[int, bytes], now_ms: int) -> AcceptedBatch:
    """The new part of an offer, after all checks against the history. No time of the device can skip a check.

    Args:
        offer: the parsed batch of the device.
        history: the hub's state; an empty history starts at the first record of the batch.
        stored: the hub's bodies of the records in the batch, by seq.
        now_ms: UTC by the hub's clock.

    Raises:
        Disputed: the device signed two histories, or lost a part of its own.
    """
    batch, promise, promised_ms = offer.batch, history.promise, history.promised_ms
    for seq, body in stored.items():
        if body != batch.bodies[seq - batch.first]:
            raise Disputed(Dispute.INCONSISTENT, f"record {seq} differs from the one that was sent before")
    if promise is not None:
        _check_promise(promise, offer, history)
    frontier = history.frontier if promise is not None else batch.base
    fresh: tuple[tuple[bytes, JournalEntry], ...] = ()
    if batch.first <= frontier.size <= batch.next:
        fresh = tuple(zip(batch.bodies, offer.entries, strict=True))[frontier.size - batch.first :]
        frontier = _grow(frontier, [body for body, _ in fresh], promise)
        _check_note(frontier, offer)
        if promise is None or promise.size <= frontier.size:
            if promise != offer.checkpoint:
                promised_ms = now_ms
            promise = offer.checkpoint
    contact = contact_ms(batch, now_ms)
    heard = contact > history.heard_ms
    return AcceptedBatch(
        fresh,
        History(
            frontier,
            promise,
            promised_ms,
            max(history.heard_ms, contact),
            history.sent_ms if ahead(batch, now_ms) else max(history.sent_ms, batch.sent_ms),
        ),
        heard,
    )


def contact_ms(batch: RecordBatch, now_ms: int) -> int:
    """The latest time at which the device certainly was alive; -1 if the batch shows none.

    A batch is younger than the answer of this hub that it names. A clock that the device trusts can show a
    later time, up to now. So a batch that is sent again, or was held back, shows the old time.
    """
    if ahead(batch, now_ms):
        return -1
    own_ms = batch.sent_ms if batch.status.clock is ClockTrust.TRUSTED else -1
    return max(batch.hub_ms or -1, own_ms)


def ahead(batch: RecordBatch, now_ms: int) -> Disputed | None:
    """The alarm about a batch with a time in the future, which no correct device can know."""
    status = batch.status
    signed = {
        "keys": status.keys_issued_s,
        "lists": status.lists_issued_s,
        "signed time": status.time_issued_s,
    }
    times = {"clock of the device": batch.sent_ms, "hub time in the batch": batch.hub_ms}
    times |= {name: at_s * 1000 for name, at_s in signed.items() if at_s is not None}
    for name, at_ms in times.items():
        if at_ms > now_ms + SKEW_MS:
            return Disputed(Dispute.CLOCK, f"{name}: ahead of the hub by {_coarse(at_ms - now_ms)}")
    return None


def _coarse(ms: int) -> str:
    """A duration in one unit, so that the text of an alarm that continues does not change each time."""
    for unit, size in (("days", 86_400_000), ("hours", 3_600_000)):
        if ms >= 2 * size:
            return f"{ms // size} {unit}"
    return f"{ms // 60_000} minutes"


def _check_promise(promise: Checkpoint, offer: Offer, history: History) -> None:
    checkpoint, batch = offer.checkpoint, offer.batch
    if checkpoint.size == promise.size and checkpoint.root != promise.root:
        raise Disputed(
            Dispute.INCONSISTENT, f"two checkpoints over {promise.size} records have different roots"
        )
    # A smaller checkpoint is no contradiction in a request that the network delivered late. But a batch that
    # names an answer of the hub after the promise, or was sent later, was signed after it.
    later = batch.hub_ms >= history.promised_ms > 0 or batch.sent_ms > history.sent_ms
    if checkpoint.size < promise.size and later:
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
