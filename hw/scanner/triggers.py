"""Commands that make a scanner read: a table of scanner families, and the time to send each command. Pure.

Most scanners watch for codes by themselves after they scanned their maker's setup sheet ("sense",
"presentation" or "continuous" mode); they need no command. The others read for a few seconds after a
command.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

# A read ends the session, and most engines need a moment before they accept the next command.
AGAIN_MS: Final = 300
WAKE_MS: Final = (
    50  # GM72 manual: from the NUL to the command. A command that a sleeping engine lost is sent again
)


@dataclass(frozen=True, slots=True)
class Trigger:
    """One family. `hold_ms`: reading time after one `start`; `replies`: a pattern of its answers."""

    start: bytes = b""
    stop: bytes = b""
    hold_ms: int = 5_000
    wake: bytes = b""
    replies: re.Pattern[bytes] | None = None


TRIGGERS: Final[dict[str, Trigger]] = {
    "none": Trigger(),
    # Manual of the Waveshare module, appendix B, and of the Hamlet HBCS2D100W, section 8.4: "command trigger
    # mode"; AB CD instead of a checksum; reads for 5 s.
    "gm65": Trigger(
        bytes.fromhex("7E 00 08 01 00 02 01 AB CD"),
        bytes.fromhex("7E 00 08 01 00 02 00 AB CD"),
        replies=re.compile(rb"\x02\x00\x00\x01\x00\x33\x31"),
    ),
    # GM72 manual, host mode: wake, 50 ms, START_DECODE, STOP_DECODE; each answered by CMD_ACK or CMD_NAK.
    "gm72": Trigger(
        bytes.fromhex("04 E4 04 00 FF 14"),
        bytes.fromhex("04 E5 04 00 FF 13"),
        wake=b"\x00",
        replies=re.compile(rb"\x04\xd0[\x00\x04]\x00\xff[\x28\x2c]|\x05\xd1[\x00\x04]\x00.\xff.", re.DOTALL),
    ),
    # Honeywell N86 manual, page 10-4, and all older engines of Honeywell: SYN T CR, SYN U CR, after a menu
    # command or setup code for manual trigger. It does not answer these two.
    "honeywell": Trigger(b"\x16T\r", b"\x16U\r"),
    # Newland FM530 manual, chapter 13: ~ SOH 0000, # for "not stored", command, ; ETX. The answer repeats the
    # command with ACK, NAK or ENQ in front of its end.
    "newland": Trigger(
        b"~\x010000#SCNTRG1;\x03",
        b"~\x010000#SCNTRG0;\x03",
        hold_ms=3_000,
        replies=re.compile(rb"\x02\x010000[#@]SCNTRG[01][\x05\x06\x15];\x03"),
    ),
}


def custom(start: bytes, stop: bytes, reply: bytes) -> Trigger:
    """A family that is not in the table; `reply` may be empty."""
    return Trigger(start, stop, replies=re.compile(re.escape(reply)) if reply else None)


@dataclass(slots=True)
class Finger:
    """Says which command is due, so that the scanner reads all the time."""

    trigger: Trigger
    _due_ms: int | None = None
    _is_awake: bool = field(init=False)

    def __post_init__(self) -> None:
        self._is_awake = not self.trigger.wake

    def heard(self, data: bytes, tick_ms: int) -> None:
        """Take bytes of the scanner: a text ends its session now or soon; an answer alone does not."""
        if self.trigger.replies is None or self.trigger.replies.sub(b"", data):
            self._due_ms = tick_ms + AGAIN_MS

    def due(self, tick_ms: int) -> bytes:
        """The bytes to send now: usually none."""
        if not self.trigger.start or (self._due_ms is not None and tick_ms < self._due_ms):
            return b""
        if not self._is_awake:
            self._is_awake = True
            self._due_ms = tick_ms + WAKE_MS
            return self.trigger.wake
        self._is_awake = not self.trigger.wake
        self._due_ms = tick_ms + self.trigger.hold_ms
        return self.trigger.start
