"""The OSDP reader and a control panel of another maker, over a pty."""

from __future__ import annotations

import os
import queue
import subprocess
import sys
import threading
import tty
import types
import venv
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest
from conftest import ROOT

from edge.errors import DoorLinkFault
from edge.ports import DoorEventKind
from hw.sim.clock import SimClock

pytest.importorskip("osdp_sys", reason="libosdp is not installed: pip install 'doorward[osdp]'")
pytest.importorskip("serial")

from samples.proofs import proof

from hw.door import osdp_reader
from hw.door.osdp_reader import BAUD, OsdpReader, learn_key
from hw.door.panel import PanelStrike

PANEL = Path(__file__).with_name("osdp_panel.py")
VENV = ROOT / "build" / "osdp-panel"
ADDRESS = 101
MASTER = bytes(range(16))
NOW = datetime(2026, 6, 15, 10, tzinfo=UTC)
CARD = 0x2EC0C86  # 26 bits: facility 118, number 1603


@pytest.fixture(autouse=True)
def long_timeouts(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a slow machine the panel may be late; these tests measure no speed."""
    monkeypatch.setattr(osdp_reader, "FETCH_S", 60.0)
    monkeypatch.setattr(OsdpReader.wait_until_ready, "__defaults__", (60.0,))


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python with the panel's library, which has the same import name as the reader's library."""
    python = VENV / "bin" / "python"
    ready = VENV / ".ready"
    if not ready.exists():
        made = VENV.with_name(f"osdp-panel.{os.getpid()}")
        venv.create(made, with_pip=True, clear=True)
        pip = subprocess.run(
            [made / "bin" / "python", "-m", "pip", "install", "--quiet", "osdp==1.6"],
            capture_output=True,
            text=True,
            check=False,
        )
        if pip.returncode:
            pytest.skip(f"the panel's library cannot be installed: {pip.stderr.strip().splitlines()[-1:]}")
        try:
            made.rename(VENV)
            ready.touch()
        except OSError:  # another worker was first; the environment works under its new name
            subprocess.run(["rm", "-rf", made], check=True)
    return python


class Panel:
    """The panel's program; `said` has the lines that it printed."""

    def __init__(self, python: Path, fd: int) -> None:
        self.said: queue.Queue[str] = queue.Queue()
        self._program = subprocess.Popen(
            [python, PANEL, str(fd), str(ADDRESS), MASTER.hex()],
            pass_fds=[fd],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        threading.Thread(target=self._listen, daemon=True).start()

    def expect(self, line: str) -> None:
        assert self.said.get(timeout=60) == line

    def close(self) -> None:
        self._program.stdin.close()
        try:
            self._program.wait(10)
        except subprocess.TimeoutExpired:
            self._program.kill()
            self._program.wait()
        self._program.stdout.close()

    def _listen(self) -> None:
        for line in self._program.stdout:
            self.said.put(line.strip())


class Bus:
    """A pty, with a panel at one end and a reader at the other."""

    def __init__(self, python: Path, stack: ExitStack) -> None:
        self._python, self._stack = python, stack
        self.fd, slave = os.openpty()
        tty.setraw(self.fd)
        tty.setraw(slave)
        stack.callback(os.close, self.fd)
        stack.callback(os.close, slave)
        self.path = os.ttyname(slave)

    def panel(self) -> Panel:
        panel = Panel(self._python, self.fd)
        self._stack.callback(panel.close)
        return panel

    def reader(self, key: bytes) -> OsdpReader:
        reader = OsdpReader(self.path, address=ADDRESS, key=key)
        self._stack.callback(reader.close)
        return reader

    def commissioned(self) -> bytes:
        """The key that a panel gave to a new reader."""
        panel = self.panel()
        key = learn_key(self.path, address=ADDRESS, baud=BAUD, for_s=60)
        panel.expect("secure")
        panel.close()
        return key


@pytest.fixture
def bus(python: Path) -> Iterator[Bus]:
    with ExitStack() as stack:
        yield Bus(python, stack)


def test_a_panel_gives_a_new_reader_a_key_and_uses_it_again(bus: Bus) -> None:
    key = bus.commissioned()
    assert len(key) == osdp_reader.KEY_BYTES
    assert key not in (MASTER, bytes(16))
    panel, reader = bus.panel(), bus.reader(key)
    reader.wait_until_ready()
    panel.expect("secure")


def test_a_grant_is_one_card_event_and_nothing_else(bus: Bus) -> None:
    key = bus.commissioned()
    panel, reader = bus.panel(), bus.reader(key)
    reader.wait_until_ready()
    panel.expect("secure")
    strike = PanelStrike(lambda allowed: reader.present(26, CARD, allowed), reader.close, clock=SimClock(NOW))
    strike.release(3_000, proof(9))
    assert [event.kind for event in strike.events()] == [DoorEventKind.PRESENTED]
    strike.relock()
    assert strike.events() == ()
    strike.release(3_000, proof())
    panel.expect(f"card 26 {CARD << 6:08x}")
    panel.expect(f"card 26 {CARD << 6:08x}")
    strike.close()
    assert panel.said.empty()


def test_a_reader_with_another_key_gets_no_channel_and_sends_no_card(bus: Bus) -> None:
    panel, reader = bus.panel(), bus.reader(bytes(16))
    with pytest.raises(DoorLinkFault, match="no secure channel") as caught:
        reader.wait_until_ready(2.0)
    assert "key" in caught.value.hint
    with pytest.raises(DoorLinkFault, match="no secure channel"):
        reader.present(26, CARD, proof())
    assert panel.said.empty()


def test_a_card_that_a_panel_does_not_fetch_is_withdrawn(bus: Bus, monkeypatch: pytest.MonkeyPatch) -> None:
    key = bus.commissioned()
    panel, reader = bus.panel(), bus.reader(key)
    reader.wait_until_ready()
    panel.expect("secure")
    panel.close()
    with monkeypatch.context() as patched:
        patched.setattr(osdp_reader, "FETCH_S", 0.3)
        with pytest.raises(DoorLinkFault):
            reader.present(26, CARD, proof())
    again = bus.panel()
    again.expect("secure")
    reader.present(26, 1, proof())
    again.expect(f"card 26 {1 << 6:08x}")


def test_a_panel_that_gives_no_key_is_named(bus: Bus) -> None:
    with pytest.raises(DoorLinkFault, match="gave no key") as caught:
        learn_key(bus.path, address=ADDRESS, baud=BAUD, for_s=0.2)
    assert "enrol" in caught.value.hint


def test_a_missing_bus_is_named(tmp_path: Path) -> None:
    reader = OsdpReader(str(tmp_path / "nothing"), address=1, key=bytes(16))
    try:
        with pytest.raises(DoorLinkFault, match="no such file"):
            reader.wait_until_ready(0.2)
    finally:
        reader.close()


def test_the_other_package_of_the_same_name_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "osdp", types.ModuleType("osdp"))
    with pytest.raises(DoorLinkFault, match="where libosdp should be") as caught:
        OsdpReader("nothing", address=1, key=bytes(16))
    assert "pip uninstall" in caught.value.hint


def test_without_the_library_the_hint_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "osdp", None)
    with pytest.raises(DoorLinkFault, match="not installed") as caught:
        OsdpReader("nothing", address=1, key=bytes(16))
    assert "doorward[osdp]" in caught.value.hint
