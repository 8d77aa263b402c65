"""A whole controller in memory, with its host, its inputs and its clock: plain Python for CPython and MicroPython.

Under MicroPython the heap is locked in every step: a step that allocates memory fails its case.
"""

import micropython
from controller import DENIED, DONE, EVENT, MODE, PING, PONG, RELEASE, WIEGAND, Controller
from debounce import Debounce
from frame import Receiver, encode
from limits import MAX_WIRE
from mac import Mac
from session import HELLO, PROVE, READY, VERSION, WELCOME, get32, put32
from ticks import wrapped

KEY = bytes(range(32))
FAIL_SECURE = 1
STEP_MS = 10
PING_MS = 250
ANSWER_MS = 200

_lock = getattr(micropython, "heap_lock", lambda: None)
_unlock = getattr(micropython, "heap_unlock", lambda: None)


class Keys:
    """A key store in memory."""

    def __init__(self, stored) -> None:
        self.stored = stored

    def load(self):
        return self.stored

    def save(self, lock, key) -> None:
        self.stored = (lock, key)

    def erase(self) -> None:
        self.stored = None


class Nonces:
    """Chance that is the same in each run."""

    def __init__(self) -> None:
        self._number = 0

    def fresh(self):
        self._number += 1
        return bytes([self._number] * 16)

    def secret(self):
        yield
        return KEY


class World:
    """One door. `wires`: raw inputs as bits; `events`: (kind, data) of the events that the host received."""

    def __init__(self, lock=FAIL_SECURE, key=KEY, wires=0, now=0) -> None:
        self.now = now
        self.wires = wires
        self.level = 0
        self.lamps = 0
        self.panel = []
        self.pings = False
        self.replies = []
        self.events = []
        self.status = None
        self.seen = 0  # the controller's tick in its newest READY or PONG
        self.delayed_ms = 0  # what is said comes so much later
        self.keys = Keys((lock, key) if key else None)
        self._key = key or KEY
        self._lock = lock
        self._count = 0
        self._pinged = now
        self._ears = Receiver()
        self._keys = None
        self._debounce = Debounce(wires, now)
        self.controller = Controller(
            self.keys, Nonces(), self._hear, self._drive, self._show, self._send_panel, wires, now, 0
        )

    # -- steps of a case

    def wait(self, ms) -> None:
        """Let time pass in steps of 10 ms. A host with a session sends its pings."""
        for _ in range(ms // STEP_MS):
            self.now = wrapped(self.now + STEP_MS)
            inputs = self.wires
            _lock()
            try:
                self.controller.step(self._debounce.step(inputs, self.now), self.now)
            finally:
                _unlock()
            if self.pings and wrapped(self.now - self._pinged) >= PING_MS:
                self._pinged = self.now
                self.say(PING, b"")
            self._drain()

    def open_session(self) -> None:
        """Open a session; from now on the host sends pings."""
        self.replies = []
        self.put(bytes([HELLO, VERSION]) + bytes(16))
        welcome = self.replies.pop()
        expect(welcome[0], WELCOME, "answer to HELLO")
        secret = Mac(self._key).derive(b"doorward link" + bytes([VERSION]) + bytes(16) + welcome[6:22])
        self._keys = secret.derive(b"host to controller"), secret.derive(b"controller to host")
        expect(bytes(welcome[22:]), self._keys[1].tag(welcome[:22]), "tag of WELCOME")
        proof = bytes([PROVE, self._lock])
        self.put(proof + self._keys[0].tag(proof))
        ready = self.replies.pop()
        expect(ready[0], READY, "answer to PROVE")
        self.seen = get32(ready, 5)
        self._count = 0
        self.pings = True
        self._drain()

    def say(self, kind, content):
        """Send a message of the host. Return type and content of the answer, or None."""
        self._count += 1
        body = bytearray(9)
        body[0] = kind
        put32(body, 1, self._count)
        put32(body, 5, self.seen)
        body = bytes(body) + content
        self.replies = []
        self.wait(self.delayed_ms)
        self.put(body + self._keys[0].tag(body))
        for reply in self.replies:
            if reply[0] in (DONE, DENIED, PONG):
                return reply[0], bytes(reply[5:-8])
        return None

    def release(self, for_ms, grant):
        """The code of the denial, or 0. It expires when an answer is no longer waited for, and that much later."""
        content = bytearray(10)
        content[0], content[1] = for_ms & 255, for_ms >> 8
        put32(content, 2, grant)
        put32(content, 6, wrapped(self.now + ANSWER_MS + for_ms))
        answer = self.say(RELEASE, bytes(content))
        if answer is None:
            return None
        return 0 if answer[0] == DONE else answer[1][4]

    def mode(self, mode, for_ms=60_000):
        """Likewise."""
        content = bytearray(5)
        content[0] = mode
        put32(content, 1, wrapped(self.now + for_ms))
        answer = self.say(MODE, bytes(content))
        if answer is None:
            return None
        return 0 if answer[0] == DONE else answer[1][4]

    def card(self, content):
        """Likewise."""
        expires = bytearray(4)
        put32(expires, 0, wrapped(self.now + ANSWER_MS))
        answer = self.say(WIEGAND, content + bytes(expires))
        if answer is None:
            return None
        return 0 if answer[0] == DONE else answer[1][4]

    def work(self) -> None:
        """A commissioning has the time that it takes."""
        while self.controller.work():
            pass

    def put(self, payload) -> None:
        """Send the frame of a payload."""
        out = bytearray(MAX_WIRE)
        size = encode(bytearray(payload) + bytearray(2), len(payload), out)
        for byte in out[:size]:
            self.controller.receive(byte, self.now)

    def told(self, kind):
        """The data of the events of this kind, in order."""
        self._drain()
        return [data for one, data in self.events if one == kind]

    # -- the functions that the controller calls

    def _hear(self, buffer, length) -> None:
        for byte in buffer[:length]:
            size = self._ears.feed(byte)
            if size:
                self._listen(bytes(self._ears.frame[:size]))

    def _listen(self, payload) -> None:
        if payload[0] == EVENT:
            self.events.append((payload[9], get32(payload, 14)))
        elif payload[0] == PONG:
            self.status = payload[5:9]
            self.seen = get32(payload, 9)
        self.replies.append(payload)

    def _drain(self) -> None:
        while self.controller.tell(self.now):
            pass

    def _drive(self, level) -> None:
        self.level = level

    def _show(self, bits) -> None:
        self.lamps = bits

    def _send_panel(self, bits, buffer, at) -> bool:
        self.panel.append((bits, bytes(buffer[at : at + 8])))
        return True


def expect(got, wanted, what) -> None:
    """Assert that the values are equal; the message names both, also without pytest."""
    if got != wanted:
        raise AssertionError("%s: %r, not %r" % (what, got, wanted))  # noqa: UP031  MicroPython has no tuples in f-strings
