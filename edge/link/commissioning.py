"""Commissioning, which gives a controller its key (firmware/LINK.md section 5), sans-IO."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

from edge.errors import DoorLinkFault
from edge.link import faults, frame
from edge.link import messages as m

if TYPE_CHECKING:
    from edge.link.session import LinkPairing

_CHECK_BYTES = 8


class Commissioning:
    """Commissioning of one pair. Send `asks`, and feed the answers to `is_done` until it is True."""

    def __init__(self, pair: LinkPairing) -> None:
        self._key = pair.key
        self._receiver = frame.FrameReceiver()
        self.asks = frame.encode(bytes([m.MessageType.SET_KEY, pair.lock]) + pair.key)

    def is_done(self, data: bytes) -> bool:
        """Whether the controller has stored this key.

        Raises:
            LinkDown: the controller refuses; the hint says what to do.
            DoorLinkFault: the controller has stored another key.
        """
        for payload in self._receiver.feed(data):
            match payload[0], len(payload):
                case m.MessageType.KEY_SET, 9:
                    check = hmac.digest(self._key, b"doorward key check", "sha256")[:_CHECK_BYTES]
                    if not hmac.compare_digest(payload[1:], check):
                        raise DoorLinkFault(
                            "the controller has stored another key than the one that was sent",
                            hint="check the cable, erase the controller with the service jumper, and retry",
                        )
                    return True
                case m.MessageType.REFUSED, 2:
                    raise faults.refused(payload[1])
                case _:
                    pass
        return False
