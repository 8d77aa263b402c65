"""Our half of a SIP2 connection, sans-IO: bytes and ticks in, bytes and events out.

One question at a time. What the system says that is no answer to it is dropped; what did not arrive whole is
asked for again; after `TRIES` the connection is of no use any more. Nothing that a system sends raises.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from edge.errors import HostFault
from edge.venues.library.sip2.layouts import REPLIES, Sip2MessageId
from edge.venues.library.sip2.messages import Dialect, Malformed, Sip2Message, Sip2Receiver, decode, encode

if TYPE_CHECKING:
    from collections.abc import Iterator

TRIES: Final = 3  # the specification's default for retries, 98's own third number


@dataclass(frozen=True, slots=True)
class Replied:
    """The answer to what was asked."""

    message: Sip2Message = field(repr=False)


@dataclass(frozen=True, slots=True)
class GaveUp:
    """There will be none: close this connection."""

    fault: HostFault


Sip2Event = Replied | GaveUp


@dataclass(slots=True)
class _Open:
    """The question that waits for its answer."""

    code: Sip2MessageId
    sequence: int | None
    data: bytes = field(repr=False)
    sent_ms: int
    tries: int = 1


class Sip2Session:
    """One connection, from its first byte. `patience_ms`: how long an answer may take before we ask again."""

    def __init__(self, dialect: Dialect, *, patience_ms: int) -> None:
        self._dialect, self._patience_ms = dialect, patience_ms
        self._receiver = Sip2Receiver()
        self._next = 0
        self._open: _Open | None = None
        self._over = False

    def ask(self, request: Sip2Message, tick_ms: int) -> bytes:
        """What to send. Raises Malformed for values that the system's encoding has no letters for."""
        assert self._open is None, "one question at a time"
        assert not self._over, "this connection was given up"
        sequence = self._next if self._dialect.checksum else None
        data = encode(replace(request, sequence=sequence), self._dialect)
        self._next = (self._next + 1) % 10
        self._open = _Open(request.code, sequence, data, tick_ms)
        return data

    def receive(self, data: bytes, tick_ms: int) -> tuple[bytes, tuple[Sip2Event, ...]]:
        """Bytes from the system: what to send for them, and what they told."""
        frames = self._receiver.feed(data)
        return _split(tuple(part for frame in frames for part in self._take(frame, tick_ms)))

    def step(self, tick_ms: int) -> tuple[bytes, tuple[Sip2Event, ...]]:
        """Time has passed: the question once more, or the end of our patience."""
        waiting = self._open
        if waiting is None or tick_ms - waiting.sent_ms < self._patience_ms:
            return b"", ()
        fault = HostFault("the library system does not answer", hint=_SLOW)
        return _split(tuple(self._again(waiting.data, tick_ms, fault)))

    def _take(self, frame: bytes | Malformed, tick_ms: int) -> Iterator[bytes | Sip2Event]:
        waiting = self._open
        if waiting is None:
            return  # an answer that came too late, or a word that nobody asked for
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
        # Anything else answers an older question: its sequence number says so. We go on waiting.

    def _again(self, data: bytes, tick_ms: int, fault: HostFault) -> Iterator[bytes | Sip2Event]:
        assert self._open is not None
        if self._open.tries >= TRIES:
            self._open, self._over = None, True
            yield GaveUp(fault)
            return
        self._open.tries += 1
        self._open.sent_ms = tick_ms
        yield data


_SLOW: Final = "is it at work? check [library] host and port, and its log"
_GARBLED: Final = "check [library] checksum, encoding and terminator against its settings"


def _split(parts: tuple[bytes | Sip2Event, ...]) -> tuple[bytes, tuple[Sip2Event, ...]]:
    out = b"".join(part for part in parts if isinstance(part, bytes))
    return out, tuple(part for part in parts if not isinstance(part, bytes))
