"""The host's half of the door link (firmware/LINK.md), sans-IO: bytes and ticks in, bytes and events out.

Bytes from the cable never raise: they are dropped, or they are an event. Commands such as `release` raise
LinkDown while there is no session.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from edge.link import frame
from edge.link import messages as m
from edge.link.faults import OLDEST_FIRMWARE, PROTOCOL, silent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

KEY_BYTES: Final = 32
NONCE_BYTES: Final = 16
TAG_BYTES: Final = 8
PING_EVERY_MS: Final = 250
SILENCE_MS: Final = 1_000  # four lost PONGs in a row, as at the controller
RETRY_MS: Final = 500  # a handshake takes 10 ms; the controller answers four a second
LAST_COUNTER: Final = 2**30 - 1

_HEAD: Final = 5  # type and counter


@dataclass(frozen=True, slots=True)
class LinkPairing:
    """The key and the kind of lock that host and controller share since commissioning. `key`: 32 bytes."""

    key: bytes = field(repr=False)
    lock: m.Lock


class LinkSession:
    """The session of one host with its controller.

    `fresh`: makes 16 random bytes. Call `receive` with bytes from the wire, and `step` at least every 100 ms;
    send the bytes that both return.
    """

    def __init__(self, pair: LinkPairing, *, fresh: Callable[[], bytes]) -> None:
        self._pair = pair
        self._fresh = fresh
        self._receiver = frame.FrameReceiver()
        self._nonce: bytes | None = None  # of the handshake that has begun
        self._offer: tuple[bytes, bytes] | None = None  # keys of a handshake that waits for READY
        self._keys: tuple[bytes, bytes] | None = None  # host's and controller's, of the open session
        self._sent = self._taken = 0
        self._asked_ms: int | None = None
        self._pinged_ms = 0
        self._heard_ms = 0

    @property
    def is_open(self) -> bool:
        return self._keys is not None

    def receive(self, data: bytes, tick_ms: int) -> tuple[bytes, tuple[m.LinkEvent, ...]]:
        """Take bytes from the wire. Returns the bytes to send, and the events."""
        replies, events = bytearray(), []
        for payload in self._receiver.feed(data):
            reply, event = self._take(payload, tick_ms)
            replies += reply
            if event is not None:
                events.append(event)
        return bytes(replies), tuple(events)

    def step(self, tick_ms: int) -> tuple[bytes, tuple[m.LinkEvent, ...]]:
        """Let time pass. Returns the bytes to send, and Lost if the controller is silent."""
        if self._keys is not None:
            if tick_ms - self._heard_ms > SILENCE_MS or self._sent >= LAST_COUNTER:
                self._keys = None
                return self._hello(tick_ms), (m.Lost(),)
            if tick_ms - self._pinged_ms >= PING_EVERY_MS:
                self._pinged_ms = tick_ms
                return self._message(m.MessageType.PING)[1], ()
        elif self._asked_ms is None or tick_ms - self._asked_ms >= RETRY_MS:
            return self._hello(tick_ms), ()
        return b"", ()

    def release(self, for_ms: int, grant: int) -> tuple[int, bytes]:
        """A RELEASE: its counter, which the answer repeats, and its bytes. Raises LinkDown."""
        content = min(for_ms, 0xFFFF).to_bytes(2, "little") + (grant & 0xFFFFFFFF).to_bytes(4, "little")
        return self._message(m.MessageType.RELEASE, content)

    def relock(self) -> tuple[int, bytes]:
        """A RELOCK: its counter and its bytes. Raises LinkDown."""
        return self._message(m.MessageType.RELOCK)

    def mode(self, mode: m.Mode) -> tuple[int, bytes]:
        """A MODE: its counter and its bytes. Raises LinkDown."""
        return self._message(m.MessageType.MODE, bytes([mode]))

    def signal(self, number: int) -> tuple[int, bytes]:
        """A SIGNAL: its counter and its bytes. `number`: 0 to 5 of the specification. Raises LinkDown."""
        return self._message(m.MessageType.SIGNAL, bytes([number]))

    def events(self, first: int) -> tuple[int, bytes]:
        """An EVENTS, which asks for all events from this number on. Raises LinkDown."""
        return self._message(m.MessageType.EVENTS, first.to_bytes(4, "little"))

    def wiegand(self, bits: int, value: int) -> tuple[int, bytes]:
        """A WIEGAND, which sends a card number of `bits` bits (1 to 64) to a panel. Raises LinkDown."""
        return self._message(m.MessageType.WIEGAND, bytes([bits]) + (value << 64 - bits).to_bytes(8, "big"))

    def _hello(self, tick_ms: int) -> bytes:
        self._asked_ms = tick_ms
        self._nonce, self._offer = self._fresh(), None
        return frame.encode(bytes([m.MessageType.HELLO, PROTOCOL]) + self._nonce)

    def _take(self, payload: bytes, tick_ms: int) -> tuple[bytes, m.LinkEvent | None]:
        match payload[0]:
            case m.MessageType.WELCOME:
                return self._welcome(payload)
            case m.MessageType.READY:
                return b"", self._ready(payload, tick_ms)
            case m.MessageType.REFUSED if len(payload) == 2:
                return b"", m.HandshakeRefused(payload[1])
        return b"", self._listen(payload, tick_ms)

    def _welcome(self, payload: bytes) -> tuple[bytes, m.LinkEvent | None]:
        if len(payload) != 6 + NONCE_BYTES + TAG_BYTES or self._nonce is None:
            return b"", None
        body, tag = payload[:-TAG_BYTES], payload[-TAG_BYTES:]
        secret = _hmac(self._pair.key, b"doorward link v1" + self._nonce + body[6:])
        host, controller = _hmac(secret, b"host"), _hmac(secret, b"controller")
        if not hmac.compare_digest(_hmac(controller, body)[:TAG_BYTES], tag):
            return b"", m.HandshakeRefused(m.DenyCode.WRONG_TAG)
        self._nonce = None  # one HELLO, one answer
        firmware = (body[2], body[3], body[4])
        if body[1] != PROTOCOL or firmware < OLDEST_FIRMWARE:
            return b"", m.WrongVersion(body[1], firmware)
        self._offer = host, controller
        proof = bytes([m.MessageType.PROVE, self._pair.lock])
        return frame.encode(proof + _hmac(host, proof)[:TAG_BYTES]), m.Welcomed(
            firmware, m.Flags(body[5] & 15)
        )

    def _ready(self, payload: bytes, tick_ms: int) -> m.LinkEvent | None:
        if len(payload) != 5 + TAG_BYTES or self._offer is None:
            return None
        body, tag = payload[:-TAG_BYTES], payload[-TAG_BYTES:]
        if not hmac.compare_digest(_hmac(self._offer[1], body)[:TAG_BYTES], tag):
            return None
        self._keys, self._offer = self._offer, None
        self._sent = self._taken = 0
        self._heard_ms = self._pinged_ms = tick_ms
        return m.SessionOpened(int.from_bytes(body[1:5], "little"))

    def _listen(self, payload: bytes, tick_ms: int) -> m.LinkEvent | None:
        """The event of a new message of the open session; None for any other bytes."""
        if self._keys is None or len(payload) < _HEAD + TAG_BYTES:
            return None
        body, tag = payload[:-TAG_BYTES], payload[-TAG_BYTES:]
        counter = int.from_bytes(body[1:_HEAD], "little")
        if counter <= self._taken or not hmac.compare_digest(_hmac(self._keys[1], body)[:TAG_BYTES], tag):
            return None
        self._taken = counter
        self._heard_ms = tick_ms
        return next(_parse(body[0], body[_HEAD:]), None)

    def _message(self, kind: m.MessageType, content: bytes = b"") -> tuple[int, bytes]:
        if self._keys is None:
            raise silent()
        self._sent += 1
        body = bytes([kind]) + self._sent.to_bytes(4, "little") + content
        return self._sent, frame.encode(body + _hmac(self._keys[0], body)[:TAG_BYTES])


def _parse(kind: int, content: bytes) -> Iterator[m.LinkEvent]:
    """The event in an authenticated message; none for a message that this release does not know."""
    number = int.from_bytes(content[:4], "little")
    try:
        match kind, len(content):
            case m.MessageType.PONG, 8:
                state, inputs, outputs, mode = content[:4]
                tick_ms = int.from_bytes(content[4:], "little")
                yield m.ControllerStatus(
                    m.DoorState(state),
                    m.ControllerInputs(inputs & 31),
                    m.Outputs(outputs & 15),
                    m.Mode(mode),
                    tick_ms,
                )
            case m.MessageType.DONE, 4:
                yield m.CommandDone(number)
            case m.MessageType.DENIED, 5:
                yield m.CommandDenied(number, m.DenyCode(content[4]))
            case m.MessageType.EVENT, 13:
                tick_ms, data = (int.from_bytes(part, "little") for part in (content[5:9], content[9:]))
                yield m.Happened(number, m.LinkEventKind(content[4]), tick_ms, data)
    except ValueError:  # a number of a later firmware
        return


def _hmac(key: bytes, message: bytes) -> bytes:
    return hmac.digest(key, message, "sha256")
