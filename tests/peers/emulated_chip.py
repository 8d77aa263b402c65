"""An emulated RP2040 that runs the UF2 of `make firmware`, and a host at its UART. Time is that of the chip.

Each emulator is a process (tests/firmware/emulated/chip_*): it runs the chip for a given time, and returns the bytes
that the chip sent and the times of the pin changes.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edge.link import frame
from edge.link import messages as m
from edge.link.commissioning import Commissioning
from edge.link.session import LinkPairing, LinkSession

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[2]
EMULATORS = ROOT / "build" / "emulators"
UF2 = ROOT / "build" / "firmware" / "doorward-controller.uf2"
PROGRAMS = ROOT / "tests" / "firmware" / "emulated"

STRIKE, CONTACT, REX, TAMPER, FIRE, D0, D1 = 2, 3, 4, 5, 6, 8, 9
HIGH = 1  # the emulators' number of a pin that is driven high; other numbers are low, or an input
SLICE_MS = 5  # the host has one turn in each slice
# The exit button at rest, every loop closed, jumper and straps open.
AT_REST = {CONTACT: 0, REX: 1, TAMPER: 0, FIRE: 0, 7: 1, 20: 1, 21: 1}


def command(emulator: str) -> list[str]:
    """The command that starts an emulator."""
    if emulator == "rp2040js":
        node = shutil.which("node") or "node"
        library = EMULATORS / "package" / "dist" / "esm"
        return [
            node,
            str(PROGRAMS / "chip_rp2040js.mjs"),
            str(library),
            str(EMULATORS / "bootrom.json"),
            str(UF2),
        ]
    return [sys.executable, str(PROGRAMS / "chip_rp2040py.py"), str(UF2)]


@dataclass
class Move:
    """A change of a pin. `level`: 1 driven high, 0 driven low, 2 to 5 an input."""

    us: int
    pin: int
    level: int


@dataclass
class Chip:
    """A chip and, with a `session`, a host that talks to it."""

    emulator: str
    us: int = 0
    resets: int = 0
    moves: list[Move] = field(default_factory=list)
    payloads: list[bytes] = field(default_factory=list)
    events: list[tuple[int, m.LinkEvent]] = field(default_factory=list)
    session: LinkSession | None = None

    def __post_init__(self) -> None:
        self._process = subprocess.Popen(
            command(self.emulator),
            env={**os.environ, "PYTHONPATH": str(EMULATORS)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._heard = frame.FrameReceiver()
        self._outbox = bytearray()
        self._held: bytearray | None = None  # what an attacker keeps of the host's frames, while he does
        self._asked: Commissioning | None = None
        self._pins = dict(AT_REST)
        self._fresh_pins = dict(AT_REST)

    def close(self) -> None:
        for stream in (self._process.stdin, self._process.stdout):
            if stream:
                stream.close()
        self._process.kill()
        self._process.wait()

    # -- actions of a test

    def set(self, pin: int, level: int) -> None:
        """Set the level of an input pin."""
        self._pins[pin] = self._fresh_pins[pin] = level

    def say(self, payload: bytes) -> None:
        """Send any payload, in a host's frame."""
        self._outbox += frame.encode(payload)

    def commission(self) -> LinkPairing:
        """The lid is off, and a host agrees on a key with it."""
        keys: list[bytes] = []
        asked = self._asked = Commissioning(m.Lock.FAIL_SECURE, secrets.token_bytes(32), keep=keys.append)
        self._outbox += asked.asks
        self.until(lambda: asked.is_done, within_ms=20_000)
        self._asked = None
        return LinkPairing(keys[0], m.Lock.FAIL_SECURE)

    def hold_back(self) -> None:
        """An attacker on the cable keeps what the host says from now on."""
        self._held = bytearray()

    def let_through(self) -> None:
        """All of it, at once and in its order."""
        assert self._held is not None
        self._outbox += self._held
        self._held = None

    def connect(self, pair: LinkPairing) -> None:
        """Start a host with this key."""
        self.session = LinkSession(pair, fresh=lambda: secrets.token_bytes(16))

    def disconnect(self) -> None:
        """Stop the host."""
        self.session = None

    def release(self, for_ms: int, grant: int) -> int:
        """Send a RELEASE; returns its counter, which the answer names."""
        assert self.session
        counter, data = self.session.release(for_ms, grant, self.us // 1_000)
        self._say(data)
        return counter

    def run(self, ms: int) -> None:
        """Run the chip and the host for `ms` of the chip's time."""
        for _ in range(max(1, ms // SLICE_MS)):
            if self.session:
                out, told = self.session.step(self.us // 1_000)
                self._say(out)
                self._note(told)
            self._slice(SLICE_MS * 1_000)

    def until(self, holds: Callable[[], object], *, within_ms: int) -> int:
        """Run until the condition holds; returns that time in microseconds."""
        for _ in range(0, within_ms, SLICE_MS):
            if holds():
                return self.us
            self.run(SLICE_MS)
        raise AssertionError(f"not within {within_ms} ms of the chip's time; told: {self.events[-6:]}")

    def power_cycle(self) -> None:
        """Switch the power off and on; flash keeps its content."""
        self._slice(0, reset="power")

    def hang(self) -> None:
        """Make the firmware itself run an endless loop."""
        self._slice(0, hang=True)

    def watch_closely(self) -> None:
        """Report every pulse of PIO from now on."""
        self._slice(0, closely=True)

    def repeat_events(self) -> None:
        """Ask for all events since the last boot again."""
        assert self.session
        self._outbox += self.session.events(1)[1]

    def send_number(self, bits: int, number: int) -> int:
        """Send a card's number for the panel; returns the message's counter, which the answer names."""
        assert self.session
        counter, data = self.session.wiegand(bits, number, self.us // 1_000)
        self._outbox += data
        return counter

    # -- state of the chip

    @property
    def energised(self) -> bool:
        return self.level(STRIKE) == HIGH

    def level(self, pin: int) -> int:
        return next((move.level for move in reversed(self.moves) if move.pin == pin), 0)

    def strikes(self, since_us: int = 0) -> list[tuple[int, int]]:
        """The times at which the strike's current began and ended, as (us, 1 or 0)."""
        found: list[tuple[int, int]] = []
        for move in self.moves:
            high = int(move.level == HIGH)
            if move.pin == STRIKE and move.us >= since_us and (found[-1][1] if found else 0) != high:
                found.append((move.us, high))
        return found

    def told(self, wanted: type | m.LinkEventKind, since_us: int = 0) -> list[m.LinkEvent]:
        """The events of a type, or those of a kind that happened at the door."""
        return [
            event
            for us, event in self.events
            if us >= since_us
            and (
                isinstance(event, wanted)
                if isinstance(wanted, type)
                else isinstance(event, m.Happened) and event.kind == wanted
            )
        ]

    def _say(self, data: bytes) -> None:
        if self._held is None:
            self._outbox += data
        else:
            self._held += data

    def _slice(self, us: int, **more: Any) -> None:
        asked = {"run_us": us, "send": bytes(self._outbox).hex(), "pins": self._fresh_pins, **more}
        self._outbox.clear()
        self._fresh_pins = {}
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, "the emulator has ended"
        answer = json.loads(line)
        self.us, self.resets = answer["us"], answer["resets"]
        self.moves += [Move(*move) for move in answer["levels"]]
        data = bytes.fromhex(answer["received"])
        self.payloads += self._heard.feed(data)
        if self._asked and self._asked.receive(data):
            self._outbox += self._asked.asks
        if self.session:
            out, told = self.session.receive(data, self.us // 1_000)
            self._say(out)
            self._note(told)

    def _note(self, told: tuple[m.LinkEvent, ...]) -> None:
        self.events += [(self.us, event) for event in told]
