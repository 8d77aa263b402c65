"""The host's half of the door link (firmware/LINK.md), sans-IO: bytes and ticks in, bytes and events out.

Bytes from the cable never raise: they are dropped, or they are an event. Commands such as `release` raise
LinkDown while there is no session.
"""

from __future__ import annotations

import hmac
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from edge.link import frame
from edge.link import messages as m
from edge.link.faults import OLDEST_FIRMWARE, PROTOCOL, silent
from edge.link.limits import (
    ANSWER_MS,
    FRESH_MS,
    LAST_COUNTER,
    NONCE_BYTES,
    PING_EVERY_MS,
    RETRY_MS,
    SILENCE_MS,
    TAG_BYTES,
    TICKS,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_HEAD: Final = 5  # type and counter
_LABEL: Final = b"doorward link" + bytes([PROTOCOL])


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
        self._pings: deque[tuple[int, int]] = deque()  # (tick, counter) of those that a PONG may still name
        self._seen = 0  # the controller's tick in its newest READY or PONG
        self._heard_ms = 0  # when that was heard

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
                counter, data = self._message(m.MessageType.PING)
                self._pings.append((tick_ms, counter))
                return data, ()
        elif self._asked_ms is None or tick_ms - self._asked_ms >= RETRY_MS:
            return self._hello(tick_ms), ()
        return b"", ()

    def release(self, for_ms: int, grant: int, tick_ms: int) -> tuple[int, bytes]:
        """The counter by which the answer will name it, and the bytes. Raises LinkDown.

        It expires `for_ms` after the last moment at which its answer is still waited for.
        """
        content = min(for_ms, 0xFFFF).to_bytes(2, "little") + (grant & 0xFFFFFFFF).to_bytes(4, "little")
        expires = self._expires(tick_ms, for_ms + ANSWER_MS)
        return self._message(m.MessageType.RELEASE, content + expires)

    def relock(self) -> tuple[int, bytes]:
        """A RELOCK: its counter and its bytes. Raises LinkDown."""
        return self._message(m.MessageType.RELOCK)

    def mode(self, mode: m.Mode, for_ms: int, tick_ms: int) -> tuple[int, bytes]:
        """Likewise. `for_ms`: until free access ends, if it is not asked for again."""
        return self._message(m.MessageType.MODE, bytes([mode]) + self._expires(tick_ms, for_ms))

    def signal(self, number: int) -> tuple[int, bytes]:
        """A SIGNAL: its counter and its bytes. `number`: 0 to 5 of the specification. Raises LinkDown."""
        return self._message(m.MessageType.SIGNAL, bytes([number]))

    def events(self, first: int) -> tuple[int, bytes]:
        """An EVENTS, which asks for all events from this number on. Raises LinkDown."""
        return self._message(m.MessageType.EVENTS, first.to_bytes(4, "little"))

    def wiegand(self, bits: int, value: int, tick_ms: int) -> tuple[int, bytes]:
        """A WIEGAND, which sends a card number of `bits` bits (1 to 64) to a panel. Raises LinkDown.

        It expires when its answer is no longer waited for.
        """
        content = bytes([bits]) + (value << 64 - bits).to_bytes(8, "big") + self._expires(tick_ms, ANSWER_MS)
        return self._message(m.MessageType.WIEGAND, content)

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
        if body[1] != PROTOCOL:  # of which neither the labels nor the tag are known here
            return b"", m.WrongVersion(body[1], (body[2], body[3], body[4]))
        secret = _hmac(self._pair.key, _LABEL + self._nonce + body[6:])
        host, controller = _hmac(secret, b"host to controller"), _hmac(secret, b"controller to host")
        if not hmac.compare_digest(_hmac(controller, body)[:TAG_BYTES], tag):
            return b"", m.HandshakeRefused(m.DenyCode.WRONG_TAG)
        self._nonce = None  # one HELLO, one answer
        firmware = (body[2], body[3], body[4])
        if firmware < OLDEST_FIRMWARE:
            return b"", m.WrongVersion(body[1], firmware)
        self._offer = host, controller
        proof = bytes([m.MessageType.PROVE, self._pair.lock])
        return frame.encode(proof + _hmac(host, proof)[:TAG_BYTES]), m.Welcomed(
            firmware, m.Flags(body[5] & 15)
        )

    def _ready(self, payload: bytes, tick_ms: int) -> m.LinkEvent | None:
        if len(payload) != 9 + TAG_BYTES or self._offer is None:
            return None
        body, tag = payload[:-TAG_BYTES], payload[-TAG_BYTES:]
        if not hmac.compare_digest(_hmac(self._offer[1], body)[:TAG_BYTES], tag):
            return None
        self._keys, self._offer = self._offer, None
        self._sent = self._taken = 0
        self._heard_ms = self._pinged_ms = tick_ms
        self._seen = int.from_bytes(body[5:9], "little")
        self._pings = deque([(tick_ms, 0)])  # a PONG that comes before any message was taken
        return m.SessionOpened(int.from_bytes(body[1:5], "little"))

    def _listen(self, payload: bytes, tick_ms: int) -> m.LinkEvent | None:
        """The event of a new message of the open session; None for any other bytes."""
        if self._keys is None or len(payload) < _HEAD + TAG_BYTES:
            return None
        body, tag = payload[:-TAG_BYTES], payload[-TAG_BYTES:]
        counter = int.from_bytes(body[1:_HEAD], "little")
        if counter <= self._taken or not hmac.compare_digest(_hmac(self._keys[1], body)[:TAG_BYTES], tag):
            return None
        if body[0] == m.MessageType.PONG and not self._is_fresh(body[_HEAD:], tick_ms):
            return None
        self._taken = counter
        return next(_parse(body[0], body[_HEAD:]), None)

    def _is_fresh(self, pong: bytes, tick_ms: int) -> bool:
        """Whether a PONG answers a message of the last second; its tick counts then.

        No other message is a sign of life: it may have been held back on its way.
        """
        while self._pings and tick_ms - self._pings[0][0] > FRESH_MS:
            self._pings.popleft()
        if len(pong) != 12 or not self._pings or int.from_bytes(pong[8:], "little") < self._pings[0][1]:
            return False
        self._seen, self._heard_ms = int.from_bytes(pong[4:8], "little"), tick_ms
        return True

    def _expires(self, tick_ms: int, after_ms: int) -> bytes:
        """The controller's tick so long after now; earlier by the time that the last PONG took."""
        return ((self._seen + tick_ms - self._heard_ms + after_ms) % TICKS).to_bytes(4, "little")

    def _message(self, kind: m.MessageType, content: bytes = b"") -> tuple[int, bytes]:
        if self._keys is None:
            raise silent()
        self._sent += 1
        counter, seen = self._sent.to_bytes(4, "little"), self._seen.to_bytes(4, "little")
        body = bytes([kind]) + counter + seen + content
        return self._sent, frame.encode(body + _hmac(self._keys[0], body)[:TAG_BYTES])


def _parse(kind: int, content: bytes) -> Iterator[m.LinkEvent]:
    """The event in an authenticated message; none for a message that this release does not know."""
    number = int.from_bytes(content[:4], "little")
    try:
        match kind, len(content):
            case m.MessageType.PONG, 12:
                state, inputs, outputs, mode = content[:4]
                tick_ms = int.from_bytes(content[4:8], "little")
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
