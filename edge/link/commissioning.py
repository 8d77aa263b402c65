"""The host's half of commissioning (firmware/LINK.md section 5), sans-IO: no key crosses the wire."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Final

from nacl.bindings import crypto_scalarmult, crypto_scalarmult_base
from nacl.exceptions import CryptoError

from edge.errors import DoorLinkFault
from edge.link import faults, frame
from edge.link import messages as m
from edge.link.limits import KEY_BYTES, TAG_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable

_POINT_BYTES: Final = 32
_ANSWER_BYTES: Final = 1 + _POINT_BYTES + TAG_BYTES
# Answers to a HELLO, which may still be on their way here.
_OF_SESSIONS: Final = (m.DenyCode.BUSY, m.DenyCode.NO_KEY, m.DenyCode.LOCK_KIND)


class Commissioning:
    """One exchange. Send `asks`, again and again, and feed what comes back to `receive` until `is_done`.

    `private`: 32 random bytes, for this object only. `keep`: stores the new key, durably, before the
    controller is told to store it too.
    """

    def __init__(self, lock: m.Lock, private: bytes, *, keep: Callable[[bytes], None]) -> None:
        self._private = private
        self._keep = keep
        self._receiver = frame.FrameReceiver()
        self._offer = bytes([faults.PROTOCOL, lock]) + crypto_scalarmult_base(private)
        self._key: bytes | None = None
        self.is_done = False

    @property
    def is_agreed(self) -> bool:
        """Whether the controller can have the key: `keep` was called."""
        return self._key is not None

    @property
    def asks(self) -> bytes:
        """The frame that is to be sent now."""
        if self._key is None:
            return frame.encode(bytes([m.MessageType.KEY_OFFER]) + self._offer)
        return frame.encode(bytes([m.MessageType.KEY_CONFIRM]) + _check(self._key, b"host check"))

    def receive(self, data: bytes) -> bool:
        """Bytes from the wire; whether `asks` is another frame from now on.

        Raises:
            LinkDown: a refusal; the hint says what to do about it.
            DoorLinkFault: a public key that no honest controller has.
        """
        was_agreed = self.is_agreed
        for payload in self._receiver.feed(data):
            match payload[0], len(payload):
                case m.MessageType.KEY_ANSWER, _ if len(payload) == _ANSWER_BYTES and self._key is None:
                    self._answer(payload[1 : 1 + _POINT_BYTES], payload[1 + _POINT_BYTES :])
                case m.MessageType.KEY_SET, _ if len(payload) == 1 + TAG_BYTES and self._key is not None:
                    self.is_done |= hmac.compare_digest(payload[1:], _check(self._key, b"key set"))
                case m.MessageType.REFUSED, 2 if payload[1] not in _OF_SESSIONS:
                    raise faults.refused(payload[1])
                case _:
                    pass
        return self.is_agreed and not was_agreed

    def _answer(self, public: bytes, check: bytes) -> None:
        """Take the controller's public key, unless it answers another offer."""
        try:
            shared = crypto_scalarmult(self._private, public)
        except CryptoError as error:  # all zero, whatever our key: RFC 7748 section 6.1
            raise DoorLinkFault(
                "a device on the cable sent a public key that makes every pair's key the same",
                hint="look at the cable from end to end: a controller does not send this",
            ) from error
        key = _hmac(shared, b"doorward link key" + self._offer + public)[:KEY_BYTES]
        if hmac.compare_digest(check, _check(key, b"controller check")):
            self._keep(key)
            self._key = key


def _check(key: bytes, label: bytes) -> bytes:
    return _hmac(key, label)[:TAG_BYTES]


def _hmac(key: bytes, message: bytes) -> bytes:
    return hmac.digest(key, message, "sha256")
