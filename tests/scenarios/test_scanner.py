"""`doorward run` at a door with a scanner and no camera, with the real tools and a serial port."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from conftest import ROOT
from peers.scanner_on_pty import EngineOnPty
from samples.journals import read_records

from edge.audit.record import DevicePart, DoorChange, Faulted, Passage

DOOR = """
[door]
site = "tower-1/lobby"
face = "none"
release_ms = 400
[camera]
kind = "none"
[scanner]
kind = "serial"
port = "scanner"
trigger = "gm65"
"""
ACK = bytes.fromhex("02 00 00 01 00 33 31")


def tool(name: str, *args: str) -> str:
    command = [sys.executable, str(ROOT / "tools" / name), *args]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


class Turnstile:
    """A device's folder, a scanner on a pty, and a guest with a card."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.engine = EngineOnPty(folder)
        office = str(folder / "office")
        tool("issuer", "init", office, "--name", "tower-1", "--uri", "https://tower-1.example/s")
        tool(
            "issuer", "enrol", office, "--no-face", "--scope", "tower-1", "--out", str(folder / "ada.wallet")
        )
        tool("issuer", "publish", office, "--to", str(folder / "trust"))
        (folder / "door.toml").write_text(DOOR)

    def code(self) -> bytes:
        """The code of the guest's phone, as the scanner sends it."""
        return (
            tool("wallet", "show", str(self.folder / "ada.wallet"), "--text").encode().replace(b"\n", b"\r")
        )

    @contextmanager
    def at_work(self, *more: str) -> Iterator[subprocess.Popen[str]]:
        """The device, when it is ready."""
        command = [sys.executable, "-m", "edge", "run", "--config", str(self.folder / "door.toml"), *more]
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT
        ) as device:
            try:
                assert device.stdout is not None
                ready = device.stdout.readline()
                assert ready == "ready: tower-1/lobby, watching the scanner; Ctrl-C stops\n"
                yield device
            finally:
                device.kill()

    def records(self) -> list[object]:
        return read_records(self.folder / "journal.db")


@pytest.fixture
def turnstile(tmp_path: Path) -> Iterator[Turnstile]:
    turnstile = Turnstile(tmp_path)
    yield turnstile
    turnstile.engine.close()


def test_a_guest_whose_code_the_scanner_reads_is_let_in(turnstile: Turnstile) -> None:
    with turnstile.at_work("--passages", "1") as device:
        code = turnstile.code()
        turnstile.engine.say(
            code[:100], ACK, code[100:]
        )  # the answer to a command comes in the middle of the code
        out, err = device.communicate(timeout=60)
    assert device.returncode == 0, err
    assert out.split()[:3] == ["grant", "record", "1"]
    kinds = [record.change for record in turnstile.records() if isinstance(record, DoorChange)]
    assert kinds == ["released", "relocked"]
    assert [json.loads(line)["state"] for line in err.splitlines() if "scanner" in line] == ["listening"]
    assert "EC1:" not in out + err


def test_an_unplugged_scanner_is_recorded_and_the_next_guest_is_let_in(
    turnstile: Turnstile,
) -> None:
    with turnstile.at_work("--passages", "1") as device:
        assert device.stderr is not None
        lines = (json.loads(line) for line in device.stderr if '"scanner"' in line)
        assert next(lines)["state"] == "listening"
        turnstile.engine.pull_cable()
        fault = next(lines)
        assert fault["state"] == "fault"
        assert fault["hint"]
        turnstile.engine.plug_in()
        assert next(line for line in lines if line["state"] == "listening")
        turnstile.engine.say(turnstile.code())
        assert device.wait(60) == 0
    told = [r.part if isinstance(r, Faulted) else r.outcome for r in turnstile.records() if isinstance(r, Faulted | Passage)]  # fmt: skip
    assert told == [DevicePart.READER, "grant"]


def test_a_device_without_its_scanner_does_not_start_and_gives_a_hint(turnstile: Turnstile) -> None:
    turnstile.engine.pull_cable()
    command = [sys.executable, "-m", "edge", "run", "--config", str(turnstile.folder / "door.toml")]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT, timeout=60)
    assert ran.returncode == 3
    assert f"error: scanner {turnstile.folder / 'scanner'}: it does not exist" in ran.stderr
    assert "hint: check its cable and [scanner] port" in ran.stderr
    assert not (turnstile.folder / "device.key").exists()


def test_on_stop_the_scanner_is_told_to_stop_scanning(turnstile: Turnstile) -> None:
    with turnstile.at_work() as device:
        device.send_signal(signal.SIGTERM)
        assert device.wait(60) == 0
    start, stop = bytes.fromhex("7E 00 08 01 00 02 01 AB CD"), bytes.fromhex("7E 00 08 01 00 02 00 AB CD")
    commands = turnstile.engine.commands()
    assert commands.startswith(start)
    assert commands.endswith(stop)
