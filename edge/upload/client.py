"""Uploader of records to a hub: one run sends the records that the hub has not acknowledged (UPLOAD.md).

No answer, and no missing answer, loses a record: a record stays until an answer of 200 is stored here, and
the hub skips one that is sent twice. So every error ends the run, and a later run continues.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from edge.errors import Exit, FetchError, InputError, SyncError
from edge.upload.batch import MAX_RECORDS, DeviceStatus, RecordBatch, TooLarge, pack
from edge.upload.outbox import HistoryDiffers
from edge.upload.protocol import (
    CONTENT_TYPE,
    SIGNATURE_HEADER,
    parse_error,
    parse_next,
    records_path,
    sign,
    upload_message,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from nacl.signing import SigningKey

    from edge.ports import Answer, Post
    from edge.upload.outbox import Outbox, Unsent
    from edge.upload.protocol import Next, Sightings

# 100,000 records, some minutes of work for a hub: the next sync of trust must not wait longer.
MAX_BATCHES: Final = 100
# A hub that was restored from a backup moves the cursor once; a hub that keeps moving it is faulty.
MAX_MOVES: Final = 3


@dataclass(frozen=True, slots=True)
class Uploaded:
    """The result of a run: `count` records are new on the hub, `next` is the seq to send next.

    `left`: the number of unsent records at the end of the run. `sightings`: cards at several doors.
    """

    count: int
    next: int
    left: int
    sightings: Sightings = field(default_factory=dict)


class HubRefuses(SyncError):
    """The hub refuses this device's records; an operator has to correct it."""

    exit_code = Exit.REFUSED


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """The sending device: its name, key, status, and clock (UTC, milliseconds)."""

    device: str
    key: SigningKey
    status: DeviceStatus
    now_ms: Callable[[], int]


def upload(
    outbox: Outbox,
    post: Post,
    sender: Sender,
    *,
    batches: int = MAX_BATCHES,
    watch: Callable[[int, int], None] = lambda _done, _total: None,
) -> Uploaded:
    """Send all unsent records, or at least a heartbeat.

    Args:
        outbox: the records that this hub has not acknowledged.
        post: the connection to the hub.
        sender: the sending device.
        batches: the most requests of a run.
        watch: called after each answer with the next seq of the hub and the number of records.

    Raises:
        FetchError: no answer, or an invalid one; `after_s` is the delay that the hub asked for.
        HubRefuses: the hub does not know this device, or not in this release.
        HistoryDiffers: the history at the hub or here was changed. This is an alarm.
        JournalBroken: the journal here was changed. This is an alarm too.
        StorageFault: the journal or the cursor cannot be read or written.
    """
    return _Run(outbox, post, sender).go(batches, watch)


class _Run:
    def __init__(self, outbox: Outbox, post: Post, sender: Sender) -> None:
        self._outbox = outbox
        self._post = post
        self._sender = sender
        self._limit = MAX_RECORDS
        self._moves = 0
        self._sightings: Sightings = {}
        self._wanted = 0  # the seq to which the hub has moved the cursor

    def go(self, batches: int, watch: Callable[[int, int], None]) -> Uploaded:
        count = 0
        for _ in range(batches):
            named_ms = self._outbox.hub_ms
            unsent, body = self._pack()
            answer = self._send(body)
            if self._settle(answer, unsent):
                count += len(unsent.bodies)
                watch(unsent.next, unsent.size)
                # One heartbeat more names the first answer of a hub: proof of contact without a clock.
                if not unsent.more and (named_ms or not self._outbox.hub_ms):
                    break
        unsent = self._outbox.unsent(limit=0)
        return Uploaded(count, unsent.next, unsent.size - unsent.next, self._sightings)

    def _pack(self) -> tuple[Unsent, bytes]:
        """The next batch, with as many records as fit."""
        while True:
            unsent = self._outbox.unsent(limit=self._limit)
            if 0 < self._wanted < unsent.first:
                raise HistoryDiffers(
                    f"hub wants record {self._wanted}, but the oldest record here is {unsent.first}",
                    hint="run device remove and device add at the hub, which begins a new history",
                )
            batch = RecordBatch(
                device=self._sender.device,
                base=unsent.base,
                bodies=unsent.bodies,
                note=unsent.note,
                proof=unsent.proof,
                sent_ms=self._sender.now_ms(),
                hub_ms=self._outbox.hub_ms,
                status=self._sender.status,
            )
            try:
                return unsent, pack(batch)
            except TooLarge:
                self._halve(unsent)

    def _send(self, body: bytes) -> Answer:
        device = self._sender.device
        signature = sign(upload_message(device, body), self._sender.key)
        return self._post.post(
            records_path(device), body, {"Content-Type": CONTENT_TYPE, SIGNATURE_HEADER: signature}
        )

    def _settle(self, answer: Answer, unsent: Unsent) -> bool:
        """Whether the hub has these records now. Raises the errors of `upload` for every other answer."""
        match answer.status:
            case HTTPStatus.OK:
                said = self._said(answer)
                if said.next != unsent.next:
                    raise _nonsense(answer)
                self._sightings = said.sightings or {}
                self._outbox.acknowledge(unsent.next)
                return True
            case HTTPStatus.CONFLICT:
                self._move(self._said(answer).next, unsent, answer)
                return False
            case HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
                self._halve(unsent)
                return False
        raise _refusal(answer, self._sender)

    def _said(self, answer: Answer) -> Next:
        """The content of a 200 or 409; its hub time is stored before anything else can fail."""
        try:
            said = parse_next(answer.body)
        except InputError as err:
            raise _nonsense(answer) from err
        if said.hub_ms:
            self._outbox.answered(said.hub_ms)
        return said

    def _move(self, wanted: int, unsent: Unsent, answer: Answer) -> None:
        self._moves += 1
        if wanted == unsent.next or self._moves > MAX_MOVES:
            raise _nonsense(answer)
        self._outbox.resume(wanted)
        self._wanted = wanted

    def _halve(self, unsent: Unsent) -> None:
        if len(unsent.bodies) <= 1:
            raise HubRefuses(
                f"record {unsent.first} alone is too large for the hub, or for a proxy before it",
                hint="allow request bodies of 1 MB in the hub's proxy",
            )
        self._limit = len(unsent.bodies) // 2


def _nonsense(answer: Answer) -> FetchError:
    return FetchError(
        f"hub sends an invalid answer, with status {answer.status}",
        hint="check that [hub] url is the address of a hub",
        after_s=answer.after_s,
    )


def _refusal(answer: Answer, sender: Sender) -> SyncError:
    said = parse_error(answer.body)
    match answer.status, said.error:
        case HTTPStatus.FORBIDDEN, "unknown":
            key = bytes(sender.key.verify_key).hex()
            return HubRefuses(
                "hub does not know this device",
                hint=f"run at the hub: doorward-hub device add {sender.device} --key {key}",
            )
        case ((HTTPStatus.UNAUTHORIZED | HTTPStatus.FORBIDDEN), _):
            return HubRefuses(
                f"hub rejects the signature or the certificate of this device ({answer.status})",
                hint="register its public key at the hub, and check its certificate",
            )
        case HTTPStatus.UNPROCESSABLE_ENTITY, "inconsistent":
            return HistoryDiffers(
                f"hub has another history of this device: {said.detail}",
                hint="keep the journal and the hub's database as evidence: one of the two was changed",
            )
        case HTTPStatus.UNPROCESSABLE_ENTITY, "malformed":
            return HubRefuses(
                f"hub cannot read the records of this device: {said.detail}",
                hint="update the hub before its devices",
            )
    return FetchError(f"hub answers {answer.status}", hint="read the log of the hub", after_s=answer.after_s)
