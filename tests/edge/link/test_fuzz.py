"""A working session with an attacker on its cable: no frame raises an error, and none moves the lock.

LINK_FUZZ_FRAMES=1000000 (`make fuzz-link`) makes it as long as the issue of the door asks for.
"""

from __future__ import annotations

import hashlib
import itertools
import os
import random

import pytest
from controller import Controller
from limits import HANDSHAKES_A_SECOND
from peers.link_host import Keys, Nonces

from edge.link import frame
from edge.link import messages as m
from edge.link.session import LinkPairing, LinkSession

FRAMES = int(os.environ.get("LINK_FUZZ_FRAMES", "12000"))
KEY = bytes(range(32))
TYPES = [int(kind) for kind in m.MessageType]
# The length of a payload of each type that a receiver parses.
LENGTHS = {
    m.MessageType.HELLO: 18, m.MessageType.PROVE: 10, m.MessageType.KEY_OFFER: 35, m.MessageType.KEY_CONFIRM: 9,
    m.MessageType.PING: 17, m.MessageType.RELEASE: 27, m.MessageType.RELOCK: 17, m.MessageType.MODE: 22, m.MessageType.SIGNAL: 18, m.MessageType.EVENTS: 21,
    m.MessageType.WIEGAND: 30, m.MessageType.WELCOME: 30, m.MessageType.READY: 17, m.MessageType.KEY_ANSWER: 41, m.MessageType.KEY_SET: 9,
    m.MessageType.REFUSED: 2, m.MessageType.PONG: 25, m.MessageType.DONE: 17, m.MessageType.DENIED: 18, m.MessageType.EVENT: 26,
}  # fmt: skip


def fresh(label: str):
    counter = itertools.count()
    return lambda: hashlib.sha256(f"{label} {next(counter)}".encode()).digest()[:16]


class Door:
    """Both ends in a session, and an attacker on the cable between them."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.now = 0
        self.level = 0
        self.moves = 0
        self.keys = Keys()
        self.heard: list[bytes] = []  # every frame of both directions, as an attacker records them
        self._to_host = bytearray()
        self.controller = Controller(
            keys=self.keys,
            nonces=Nonces(b"controller"),
            write=lambda buffer, length: self._to_host.extend(buffer[:length]),
            drive=self._drive,
            lamps=lambda bits: None,
            wiegand=lambda bits, buffer, at: True,
            inputs=0,
            now=0,
            cause=0,
        )
        self.host = LinkSession(LinkPairing(KEY, m.Lock.FAIL_SECURE), fresh=fresh("host"))

    def _drive(self, level: int) -> None:
        self.moves += level != self.level
        self.level = level

    def work(self, ms: int = 0) -> None:
        """Time passes, and the two ends exchange messages."""
        self.now += ms
        self.controller.step(0, self.now & 2**30 - 1)
        out, _ = self.host.step(self.now)
        while out:
            self._note(out)
            self.to_controller(out)
            while self.controller.tell(self.now & 2**30 - 1):
                pass
            back, self._to_host = bytes(self._to_host), bytearray()
            self._note(back)
            out, _ = self.host.receive(back, self.now)

    def release(self) -> None:
        _, data = self.host.release(1_000, 1, self.now)
        self._note(data)
        self.to_controller(data)
        self.host.receive(bytes(self._to_host), self.now)
        self._to_host.clear()

    def to_controller(self, data: bytes) -> None:
        for byte in data:
            self.controller.receive(byte, self.now & 2**30 - 1)

    def attack(self) -> None:
        """One frame for both ends; the attacker drops their answers."""
        data = self.frame()
        self.to_controller(data)
        self._to_host.clear()
        self.host.receive(data, self.now)

    def frame(self) -> bytes:
        dice = self.dice
        match dice.randrange(6):
            case 0:  # noise
                return dice.randbytes(dice.randrange(1, 100)) + b"\0"
            case 1:  # a valid frame with any content
                return frame.encode(dice.randbytes(dice.randrange(1, 57)))
            case 2:  # of a known type, with its length
                kind = dice.choice(TYPES)
                return frame.encode(bytes([kind]) + dice.randbytes(LENGTHS[m.MessageType(kind)] - 1))
            case 3:  # with the next counter, too
                kind = dice.choice([k for k in TYPES if LENGTHS[m.MessageType(k)] >= 13])
                counter = (self.host._sent if kind < 0x80 else self.host._taken) + dice.randrange(1, 3)
                seen = (self.host._seen & 2**30 - 1).to_bytes(4, "little")
                rest = dice.randbytes(LENGTHS[m.MessageType(kind)] - 9)
                return frame.encode(bytes([kind]) + counter.to_bytes(4, "little") + seen + rest)
            case 4:  # said before
                return dice.choice(self.heard)
            case _:  # a recorded frame, changed
                payload = bytearray(next(frame.FrameReceiver().feed(dice.choice(self.heard))))
                for _ in range(dice.randrange(1, 4)):
                    payload[dice.randrange(len(payload))] ^= 1 << dice.randrange(8)
                return frame.encode(bytes(payload[: dice.choice([56, 56, len(payload) - 1])]) or b"\1")

    def _note(self, data: bytes) -> None:
        self.heard += [piece + b"\0" for piece in data.split(b"\0")[:-1]]
        del self.heard[:-500]


@pytest.mark.parametrize("seed", range(4))
def test_fuzz_frames_without_the_key_raise_nothing_and_move_nothing(seed: int) -> None:
    door = Door(seed)
    door.work()
    assert door.host.is_open
    for number in range(FRAMES // 4):
        door.attack()
        if number % 10 == 0:
            door.work(ms=20)
        assert door.moves == 0
        assert door.keys.writes == 0
    door.work(ms=20)
    assert door.host.is_open
    assert door.controller.session.alive
    door.release()
    assert door.level == 1  # the host with the key is still obeyed


def test_fuzz_a_granted_release_is_not_extended() -> None:
    """The recorded release itself is among the repeated frames."""
    door = Door(9)
    door.work()
    for _ in range(max(3, FRAMES // 4_000)):
        door.release()
        assert door.level == 1
        energised_ms = 0
        while door.level:
            for _ in range(4):
                door.attack()
            door.work(ms=10)
            energised_ms += 10
            assert energised_ms <= 1_010
        door.work(ms=1_000)


def test_fuzz_handshakes_without_the_key_open_nothing() -> None:
    door = Door(17)
    for number in range(FRAMES // 40):
        door.now += 1_000 // HANDSHAKES_A_SECOND + 1
        hello = frame.encode(bytes([m.MessageType.HELLO, 2]) + number.to_bytes(16, "big"))
        door.to_controller(hello)
        for lock in (1, 2):
            door.to_controller(frame.encode(bytes([m.MessageType.PROVE, lock]) + door.dice.randbytes(8)))
        assert not door.controller.session.in_force
    assert door.moves == 0
