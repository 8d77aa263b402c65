"""The controller's program on CPython behind a real pty, for tests of the host with pyserial at the other end.

Both ends share one clock, which a test may push forward, so that no test sleeps.
"""

from __future__ import annotations

import os
import secrets
import select
import threading
import time
import tty
from collections.abc import Generator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from controller import Controller
from peers.link_host import KEY, Keys
from strike import FAIL_SECURE
from ticks import wrapped

PATIENCE_S = 60.0
PATIENCE_MS = 60_000
SHUT, LEAF_OPEN, REX, TAMPER, FIRE, SERVICE = 0, 1, 2, 4, 8, 16


def let_it_crawl(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set long time limits, so that a slow machine breaks no session: these tests measure no speed.

    `test_session.py` and the emulators test the real limits, with simulated time.
    """
    pytest.importorskip("serial")
    for name in ("wait_until_ready", "wait_until_told"):
        monkeypatch.setattr(f"hw.door.link.DoorLink.{name}.__defaults__", (PATIENCE_S,))
    monkeypatch.setattr("hw.door.link.ANSWER_S", PATIENCE_S)
    monkeypatch.setattr("hw.door.commission.EACH_S", PATIENCE_S)
    for name in ("SILENCE_MS", "FRESH_MS", "ANSWER_MS"):
        monkeypatch.setattr(f"edge.link.session.{name}", PATIENCE_MS)
    for name in ("HEARTBEAT_MS", "FRESH_MS"):
        monkeypatch.setattr(f"session.{name}", PATIENCE_MS)
    monkeypatch.setattr("session.SESSION_MS", 2 * PATIENCE_MS)


class PushedClock:
    """The clock of this machine plus the pushes of a test; a `frozen` clock moves by pushes only."""

    def __init__(self, *, frozen: bool = False) -> None:
        self._frozen = frozen
        self._pushed_ms = 1_000

    def now(self) -> datetime:
        return datetime.now(UTC)

    def tick_ms(self) -> int:
        return self._pushed_ms + (0 if self._frozen else time.monotonic_ns() // 1_000_000)

    def push(self, ms: int) -> None:
        self._pushed_ms += ms


class _Chance:
    """Real nonces and secrets, at once."""

    fresh = staticmethod(lambda: secrets.token_bytes(16))

    def secret(self) -> Generator[None, None, bytes]:
        yield
        return secrets.token_bytes(32)


class OnPty:
    """One controller. `path`: its serial port, the same after the cable was pulled and plugged in again."""

    def __init__(
        self,
        folder: Path,
        *,
        clock: PushedClock | None = None,
        stored: tuple[int, bytes] | None = (FAIL_SECURE, KEY),
        panel: bool = True,
        inputs: int = SHUT,
    ) -> None:
        self.clock = clock or PushedClock()
        self.keys = Keys(stored)
        self.path = folder / "controller"
        self.inputs = inputs
        self.level = 0
        self.levels: list[tuple[int, int]] = []  # (nanoseconds, level) at each change of the strike's pin
        self.lamps = 0
        self.panel: list[tuple[int, bytes]] = []  # (bits, data) sent by Wiegand
        self.is_deaf = False  # reads nothing: for the host it hangs
        self.is_mute = False  # reads and obeys, but sends nothing
        self._has_panel = panel
        self._guard = threading.Lock()
        self._master = -1
        self._wake, self._woken = os.pipe()
        self._ends = False
        self.boot()
        self.plug_in()
        self._thread = threading.Thread(target=self._run, name="controller", daemon=True)
        self._thread.start()

    # -- actions of a test --------------------------------------------------------------------

    def boot(self, cause: int = 0) -> None:
        """Start the program, after power-on or a reset by the watchdog."""
        with self._guard:
            self.controller = Controller(
                keys=self.keys,
                nonces=_Chance(),
                write=self._write,
                drive=self._drive,
                lamps=self._show,
                wiegand=self._wiegand,
                inputs=self.inputs,
                now=wrapped(self.clock.tick_ms()),
                cause=cause,
            )

    def plug_in(self) -> None:
        """Open a new pty, as a USB device returns under another name; `path` stays, as a link to it."""
        master, slave = os.openpty()
        tty.setraw(slave)
        name = os.ttyname(slave)
        os.set_blocking(master, False)
        fresh = self.path.with_name("fresh")
        fresh.symlink_to(name)
        fresh.rename(self.path)
        with self._guard:
            self._master, self._slave = master, slave
        os.write(self._woken, b"x")

    def pull_cable(self) -> None:
        with self._guard:
            master, self._master = self._master, -1
            self.path.unlink()
            os.close(master)
            os.close(self._slave)

    def say(self, data: bytes) -> None:
        """Send bytes of a stranger to the host, as fast as it reads them."""
        while data:
            with self._guard, suppress(BlockingIOError):
                data = data[os.write(self._master, data) :]
            threading.Event().wait(0.001 if data else 0)

    def set(self, inputs: int) -> None:
        """Set the inputs, already debounced."""
        with self._guard:
            self.inputs = inputs
            self.controller.step(inputs, wrapped(self.clock.tick_ms()))
        os.write(self._woken, b"x")

    @property
    def energised(self) -> bool:
        return bool(self.level)

    @property
    def signal(self) -> int:
        """The signal that its lamps show."""
        return self.controller.signals._signal

    @property
    def next_event(self) -> int:
        return self.controller._ring.next

    def close(self) -> None:
        self._ends = True
        os.write(self._woken, b"x")
        self._thread.join()
        if self._master >= 0:
            self.pull_cable()
        os.close(self._wake)
        os.close(self._woken)

    # -- its loop -----------------------------------------------------------------------------

    def _run(self) -> None:
        while not self._ends:
            with self._guard:
                master = self._master
            wires = [self._wake] if master < 0 or self.is_deaf else [self._wake, master]
            try:
                ready, _, _ = select.select(wires, [], [], 0.001)
                data = os.read(master, 64) if master in ready else b""
            except (OSError, ValueError):  # the cable was pulled in this moment, or no host has the port open
                ready, data = [], b""
                select.select([self._wake], [], [], 0.001)
            if self._wake in ready:
                os.read(self._wake, 64)
            with self._guard:
                self._turn(data)

    def _turn(self, data: bytes) -> None:
        now = wrapped(self.clock.tick_ms())
        self.controller.step(self.inputs, now)
        if self.is_deaf:
            return
        for byte in data:
            self.controller.receive(byte, now)
        while self.controller.tell(now) or self.controller.work():
            pass

    def _write(self, buffer: bytearray, length: int) -> None:
        if self._master >= 0 and not self.is_mute:
            try:
                os.write(self._master, buffer[:length])
            except OSError:
                return

    def _drive(self, level: int) -> None:
        if level != self.level:
            self.level = level
            self.levels.append((time.monotonic_ns(), level))

    def _show(self, bits: int) -> None:
        self.lamps = bits

    def _wiegand(self, bits: int, buffer: bytearray, at: int) -> bool:
        self.panel.append((bits, bytes(buffer[at : at + 8])))
        return self._has_panel
