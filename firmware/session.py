"""The controller's half of a session (LINK.md sections 2 and 3): handshake, order of messages, heartbeat.

Sans-IO: frames and ticks in, payloads out through one buffer. It does not know the meaning of a message.
"""

from limits import (
    FRESH_MS,
    HANDSHAKES_A_SECOND,
    HEARTBEAT_MS,
    MAX_FRAME,
    NONCE_BYTES,
    SESSION_MS,
    TAG_BYTES,
)
from mac import Mac, same
from micropython import const
from ticks import elapsed

VERSION = const(2)

HELLO = const(0x01)
PROVE = const(0x02)
KEY_OFFER = const(0x04)
KEY_CONFIRM = const(0x05)
WELCOME = const(0x81)
READY = const(0x82)
KEY_ANSWER = const(0x84)
KEY_SET = const(0x85)
REFUSED = const(0x8F)

BUSY = const(2)
NO_KEY = const(3)
WRONG_LOCK = const(4)
WRONG_TAG = const(5)
WRONG_VERSION = const(12)

_HELLO_BYTES = const(18)  # type, version, nonce
_PROVE_BYTES = const(10)  # type, lock, tag
_COUNTER_AT = const(1)
_CONTENT_AT = const(5)
_SEEN_AT = const(5)
ASKED_AT = const(9)  # where the content of the host's messages begins
_LEAST_MESSAGE = const(17)  # type, counter, seen, tag
_LAST_COUNTER = const(0x3FFFFFFF)  # a small integer; ten messages a second reach it in three years


class Session:
    """The session of one pair. `reply` holds the payload to send; methods return its length, 0 for none.

    `key`: 32 bytes, or None before commissioning. `lock`: the kind of lock that was commissioned.
    `firmware`: three bytes. `nonce`: makes 16 bytes that never repeat.
    """

    def __init__(self, key, lock: int, firmware: bytes, nonce) -> None:  # noqa: ANN001
        self.reply = bytearray(MAX_FRAME)  # space for a CRC behind the longest payload
        self.in_force = False
        self.alive = False  # a message came within the last heartbeat
        self.lock = lock
        self._mac = Mac(key) if key else None
        self._firmware = firmware
        self._nonce = nonce
        self._pending_host = self._pending_controller = None
        self._greeted_at = 0  # when the pending handshake began
        self._host = self._controller = None
        self._heard = 0
        self.taken = 0  # counter of the last message taken
        self._sent = 0
        self._window = 0  # start of this second of handshakes
        self._greeted = 0

    @property
    def has_key(self) -> bool:
        return self._mac is not None

    def use_key(self, key, lock: int) -> None:  # noqa: ANN001
        """Take a new key, or None; it ends the session of the old one."""
        self._mac = Mac(key) if key else None
        self.lock = lock
        self._pending_host = self._pending_controller = None
        self._end()

    def greet(self, frame: bytearray, length: int, flags: int, now: int) -> int:
        """Answer a HELLO."""
        if length != _HELLO_BYTES:
            return 0
        if elapsed(now, self._window) >= 1_000:
            self._window, self._greeted = now, 0
        self._greeted += 1
        if self._greeted > HANDSHAKES_A_SECOND:
            # sent once a second only
            return self._refuse(BUSY) if self._greeted == HANDSHAKES_A_SECOND + 1 else 0
        if frame[1] < VERSION:
            return self._refuse(WRONG_VERSION)
        if self._mac is None:
            return self._refuse(NO_KEY)
        nonce = self._nonce()
        secret = self._mac.derive(b"doorward link" + bytes((VERSION,)) + bytes(frame[2:_HELLO_BYTES]) + nonce)
        self._pending_host = secret.derive(b"host to controller")
        self._pending_controller = secret.derive(b"controller to host")
        self._greeted_at = now
        reply = self.reply
        reply[0], reply[1] = WELCOME, VERSION
        reply[2:5] = self._firmware
        reply[5] = flags
        reply[6 : 6 + NONCE_BYTES] = nonce
        return self._tagged(self._pending_controller, 6 + NONCE_BYTES)

    def prove(self, frame: bytearray, length: int, next_event: int, now: int) -> int:
        """Answer a PROVE; a right one opens the session, a wrong one ends the handshake."""
        if length != _PROVE_BYTES or self._pending_host is None:
            return 0
        host, controller = self._pending_host, self._pending_controller
        assert controller is not None  # both are set, or neither
        self._pending_host = self._pending_controller = None
        if not same(host.tag(memoryview(frame)[:2]), frame, 2):
            return self._refuse(WRONG_TAG)
        if frame[1] != self.lock:
            return self._refuse(WRONG_LOCK)
        self._host, self._controller = host, controller
        self.taken = self._sent = 0
        self._heard = now
        self.in_force = self.alive = True
        self.reply[0] = READY
        put32(self.reply, 1, next_event)
        put32(self.reply, 5, now)
        return self._tagged(controller, 9)

    def accept(self, frame: bytearray, length: int, now: int) -> int:
        """The length of a message's content, at ASKED_AT, if it is new, fresh and the host's; else -1."""
        if not self.in_force or length < _LEAST_MESSAGE:
            return -1
        if (frame[4] | frame[8]) & 0xC0:  # beyond the last counter or tick, and no small integer any more
            return -1
        if elapsed(now, get32(frame, _SEEN_AT)) > FRESH_MS:  # banked on its way, or of a tick to come
            return -1
        assert self._host is not None
        counter = get32(frame, _COUNTER_AT)
        at = length - TAG_BYTES
        if counter <= self.taken or not same(self._host.tag(memoryview(frame)[:at]), frame, at):
            return -1
        self.taken = counter
        self._heard = now
        self.alive = True
        return at - ASKED_AT

    def seal(self, kind: int, content_length: int) -> int:
        """Make a message of the content in `reply` from 5 on; 0 without a session."""
        if not self.in_force or self._sent == _LAST_COUNTER:
            return 0
        assert self._controller is not None
        self._sent += 1
        self.reply[0] = kind
        put32(self.reply, _COUNTER_AT, self._sent)
        return self._tagged(self._controller, _CONTENT_AT + content_length)

    def step(self, now: int) -> bool:
        """Let time pass; True once when the host has just fallen silent. Call at least once a day."""
        if elapsed(now, self._greeted_at) > FRESH_MS:
            self._pending_host = self._pending_controller = None
        if not self.in_force:
            return False
        was_alive = self.alive
        silent = elapsed(now, self._heard)
        if silent > HEARTBEAT_MS:
            self.alive = False
        if silent > SESSION_MS:
            self._end()
        return was_alive and not self.alive

    def _end(self) -> None:
        self.in_force = self.alive = False
        self._host = self._controller = None

    def _refuse(self, code: int) -> int:
        self.reply[0], self.reply[1] = REFUSED, code
        return 2

    def _tagged(self, mac: Mac, length: int) -> int:
        self.reply[length : length + TAG_BYTES] = mac.tag(memoryview(self.reply)[:length])
        return length + TAG_BYTES


def put32(data: bytearray, at: int, value: int) -> None:
    """Write little-endian, without struct, which would allocate a tuple."""
    data[at] = value & 0xFF
    data[at + 1] = value >> 8 & 0xFF
    data[at + 2] = value >> 16 & 0xFF
    data[at + 3] = value >> 24 & 0xFF


def get32(data: bytearray, at: int) -> int:
    """Read little-endian; below 2^30 it is a small integer."""
    return data[at] | data[at + 1] << 8 | data[at + 2] << 16 | data[at + 3] << 24
