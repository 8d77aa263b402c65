"""The client's half of a SIP2 connection, without I/O: bytes and ticks in, bytes and events out.

One request at a time. A message that is not its reply is dropped; a reply that did not arrive whole is asked
for again; after `TRIES` the connection is given up. No bytes of a system raise an error.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from edge.errors import HostFault
from edge.venues.library.sip2.layouts import REPLIES, Sip2MessageId
from edge.venues.library.sip2.messages import (
    Dialect,
    Malformed,
    Sip2Message,
    Sip2Receiver,
    decode,
    encode,
    ends_like_sealed,
    is_sealed,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

TRIES: Final = 3  # the specification's default for retries
MAX_LINE_BREAKS: Final = 8  # in one message: more than the lines of any text on a screen
_LINE_ENDS: Final = (b"\n", b"\r\n", b"\r", b"\n\n", b"\r\n\r\n")  # the checksum tells which it was


@dataclass(frozen=True, slots=True)
class Replied:
    """The reply to the request."""

    message: Sip2Message = field(repr=False)


@dataclass(frozen=True, slots=True)
class GaveUp:
    """No reply will come: close this connection."""

    fault: HostFault


Sip2Event = Replied | GaveUp


@dataclass(slots=True)
class _Open:
    """The request that waits for its reply."""

    code: Sip2MessageId
    sequence: int | None
    data: bytes = field(repr=False)
    sent_ms: int
    tries: int = 1


class Sip2Session:
    """One connection, from its first byte. `timeout_ms`: of a reply; then the request is sent again."""

    def __init__(self, dialect: Dialect, *, timeout_ms: int) -> None:
        self._dialect, self._timeout_ms = dialect, timeout_ms
        self._receiver = Sip2Receiver()
        self._torn: deque[bytes] = deque(maxlen=MAX_LINE_BREAKS)
        self._next = 0
        self._open: _Open | None = None
        self._over = False

    def ask(self, request: Sip2Message, tick_ms: int) -> bytes:
        """The bytes to send. Raises Malformed for values that the system's encoding cannot write."""
        assert self._open is None, "one request at a time"
        assert not self._over, "this connection was given up"
        sequence = self._next if self._dialect.checksum else None
        data = encode(replace(request, sequence=sequence), self._dialect)
        self._next = (self._next + 1) % 10
        self._open = _Open(request.code, sequence, data, tick_ms)
        self._torn.clear()
        return data

    def receive(self, data: bytes, tick_ms: int) -> tuple[bytes, tuple[Sip2Event, ...]]:
        """Take bytes from the system: the bytes to send back, and the events."""
        frames = list(self._frames(data))
        return _split(tuple(part for frame in frames for part in self._take(frame, tick_ms)))

    def step(self, tick_ms: int) -> tuple[bytes, tuple[Sip2Event, ...]]:
        """Take the time: after the timeout, the bytes of the request again, or the event `GaveUp`."""
        waiting = self._open
        if waiting is None or tick_ms - waiting.sent_ms < self._timeout_ms:
            return b"", ()
        fault = HostFault("the library system does not answer", hint=_SLOW)
        return _split(tuple(self._again(waiting.data, tick_ms, fault)))

    def _frames(self, data: bytes) -> Iterator[bytes | Malformed]:
        """The whole messages in these bytes; a text with line breaks in it comes as several frames."""
        for frame in self._receiver.feed(data):
            joined = frame if isinstance(frame, Malformed) else self._joined(frame)
            if joined is not None:
                self._torn.clear()
                yield joined
        if data:
            return
        if self._dialect.checksum and is_sealed(self._receiver.rest):
            yield self._receiver.rest  # this system sends no end after a message, and has said no more
            self._receiver.end()
        elif self._torn and not self._receiver.rest:
            yield self._torn.pop()  # no more comes: it is not whole
            self._torn.clear()

    def _joined(self, frame: bytes) -> bytes | None:
        """The message that ends with this frame, or a frame that is none; None if more of it may follow."""
        if self._is_whole(frame):
            return frame
        if self._may_end(frame):
            parts = [*self._torn, frame]
            for first in range(len(self._torn)):
                for line_end in _LINE_ENDS:
                    message = line_end.join(parts[first:])
                    if self._is_whole(message):
                        return message
            if self._dialect.checksum:
                return frame
        if not self._torn and not self._begins_reply(frame):
            return frame
        self._torn.append(frame)
        return None

    def _begins_reply(self, frame: bytes) -> bool:
        waiting = self._open
        return waiting is not None and frame.lstrip().startswith(REPLIES[waiting.code].encode())

    def _may_end(self, frame: bytes) -> bool:
        return ends_like_sealed(frame) if self._dialect.checksum else frame.rstrip().endswith(b"|")

    def _is_whole(self, frame: bytes) -> bool:
        if self._dialect.checksum:
            return is_sealed(frame)
        try:
            decode(frame, self._dialect)
        except Malformed:
            return False
        return True

    def _take(self, frame: bytes | Malformed, tick_ms: int) -> Iterator[bytes | Sip2Event]:
        waiting = self._open
        if waiting is None:
            return  # a reply that came too late, or a message without a request
        try:
            if isinstance(frame, Malformed):
                raise frame
            message = decode(frame, self._dialect)
        except Malformed as fault:
            resend = encode(Sip2Message(Sip2MessageId.RESEND_TO_US), self._dialect)
            yield from self._again(resend, tick_ms, fault)
            return
        if message.code == Sip2MessageId.RESEND_TO_SYSTEM:
            misread = Malformed("the library system cannot read what we send", hint=_GARBLED)
            yield from self._again(waiting.data, tick_ms, misread)
        elif message.code == REPLIES[waiting.code] and message.sequence == waiting.sequence:
            self._open = None
            yield Replied(message)
        # Any other message replies to an older request, by its sequence number. Go on waiting.

    def _again(self, data: bytes, tick_ms: int, fault: HostFault) -> Iterator[bytes | Sip2Event]:
        assert self._open is not None
        if self._open.tries >= TRIES:
            self._open, self._over = None, True
            yield GaveUp(fault)
            return
        self._open.tries += 1
        self._open.sent_ms = tick_ms
        yield data


_SLOW: Final = "check that it runs; then check [library] host and port, and its log"
_GARBLED: Final = "compare [library] checksum, encoding and terminator with its settings"


def _split(parts: tuple[bytes | Sip2Event, ...]) -> tuple[bytes, tuple[Sip2Event, ...]]:
    out = b"".join(part for part in parts if isinstance(part, bytes))
    return out, tuple(part for part in parts if not isinstance(part, bytes))
