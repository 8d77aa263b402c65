"""`doorward run` under systemd: a real notify socket, SIGHUP, a film for the camera, a scanner on a pty."""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from conftest import ROOT
from peers.scanner_on_pty import EngineOnPty
from samples.journals import read_records
from worlds import folders
from worlds.office import new_holder, new_issuer

from edge.audit.record import DoorChange, Started

PATIENCE_S = 60
WATCHDOG_US = 400_000
DOOR = """
[door]
site = "tower-1/lobby"
face = "none"
release_ms = {release_ms}
[camera]
device = "film.avi"
size = [320, 240]
fps = {fps}
[scanner]
kind = "serial"
port = "scanner"
"""


class Manager:
    """The notify socket of systemd."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))

    def hears(self, seconds: float = PATIENCE_S) -> list[str] | None:
        """The next message, or None if none comes in this time."""
        readable, _, _ = select.select([self._socket], [], [], seconds)
        return self._socket.recv(4_096).decode().split("\n") if readable else None

    def waits_for(self, line: str) -> list[str]:
        while (message := self.hears()) is not None:
            if message[0] == line:
                return message
        raise AssertionError(f"no {line}")

    def close(self) -> None:
        self._socket.close()


class Desk:
    """A device's folder, its scanner, its service manager, and a guest with a card."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.engine = EngineOnPty(folder)
        self.manager = Manager(folder / "notify")
        now = datetime.now(UTC)
        issuer = new_issuer(now=now)
        self._wallet = new_holder(issuer, now=now, face=None)
        folders.trust(folder / "trust", issuer, now)
        self.says(release_ms=1_500)
        self._shoot_an_empty_lobby()

    def says(self, *, release_ms: int, fps: int = 15) -> None:
        """Write the configuration."""
        (self.folder / "door.toml").write_text(DOOR.format(release_ms=release_ms, fps=fps))

    def guest(self) -> None:
        """A guest lays a phone with a new code on the scanner."""
        self.engine.say(f"{self._wallet.code(datetime.now(UTC))}\r\n".encode())

    def next_guest(self, device: subprocess.Popen[str]) -> dict[str, object]:
        """The row of the next guest, whose code counts after [scanner] again_ms without the first code."""
        for _ in range(20):
            self.guest()
            if select.select([device.stdout], [], [], 2.5)[0]:
                return row(device)
        raise AssertionError("the next guest got no row")

    @contextmanager
    def at_work(self, stdout: int = subprocess.PIPE) -> Iterator[subprocess.Popen[str]]:
        """The device, started as its systemd unit starts it."""
        command = [sys.executable, "-m", "edge", "run", "--json", "--config", str(self.folder / "door.toml")]
        environment = os.environ | {
            "NOTIFY_SOCKET": str(self.manager.path),
            "WATCHDOG_USEC": str(WATCHDOG_US),
        }
        with subprocess.Popen(
            command, stdout=stdout, stderr=subprocess.PIPE, text=True, cwd=ROOT, env=environment
        ) as device:
            try:
                yield device
            finally:
                device.kill()

    def records(self) -> list[object]:
        return read_records(self.folder / "journal.db")

    def close(self) -> None:
        self.engine.close()
        self.manager.close()

    def _shoot_an_empty_lobby(self) -> None:
        folders.shoot(self.folder / "film.avi", [folders.EMPTY_LOBBY] * (10 * PATIENCE_S), fps=10)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path)
    yield desk
    desk.close()


def of_configuration(device: subprocess.Popen[str]) -> dict[str, object]:
    """The next log line about the configuration."""
    assert device.stderr is not None
    return next(json.loads(line) for line in device.stderr if '"configuration"' in line)


def row(device: subprocess.Popen[str]) -> dict[str, object]:
    assert device.stdout is not None
    found: dict[str, object] = json.loads(device.stdout.readline())
    return found


def test_it_is_ready_when_the_device_is_open_and_alive_while_it_works(desk: Desk) -> None:
    with desk.at_work() as device:
        assert desk.manager.hears() == ["READY=1", "STATUS=tower-1/lobby, watching the camera"]
        assert [type(record) for record in desk.records()] == [Started]
        for _ in range(4):
            assert desk.manager.hears() == ["WATCHDOG=1"]
        device.send_signal(signal.SIGTERM)
        desk.manager.waits_for("STOPPING=1")
        assert device.wait(PATIENCE_S) == 0


def test_a_device_that_cannot_open_is_never_ready(desk: Desk) -> None:
    desk.engine.pull_cable()
    with desk.at_work() as device:
        assert device.wait(PATIENCE_S) == 3
    assert desk.manager.hears(0) is None


def test_a_loop_that_hangs_is_not_alive(desk: Desk) -> None:
    """The reader of its rows has stopped: the loop waits in a write, and the scanner's thread goes on."""
    reading, writing = os.pipe()
    with desk.at_work(writing):
        desk.manager.waits_for("WATCHDOG=1")
        # A second handle of the pipe: it does not block here, and the device's handle still blocks.
        stuffing = os.open(f"/proc/self/fd/{writing}", os.O_WRONLY | os.O_NONBLOCK)
        with suppress(BlockingIOError):
            while True:
                os.write(stuffing, b"x" * 4_096)
        desk.guest()
        beats = 0
        while desk.manager.hears(4 * WATCHDOG_US / 1e6) is not None:
            beats += 1
            assert beats < 100, "the watchdog is fed although the loop hangs"
    for handle in (stuffing, reading, writing):
        os.close(handle)


@pytest.mark.slow
def test_a_new_configuration_waits_for_the_visitor_in_the_door(desk: Desk) -> None:
    with desk.at_work() as device:
        desk.manager.waits_for("READY=1")
        desk.guest()
        assert row(device)["outcome"] == "grant"
        desk.says(release_ms=400, fps=10)
        device.send_signal(signal.SIGHUP)
        desk.manager.waits_for("RELOADING=1")
        status = "STATUS=tower-1/lobby, watching the camera; restart to apply camera.fps"
        assert desk.manager.waits_for("READY=1")[1] == status
        told = of_configuration(device)
        assert (told["state"], told["changed"], told["restart_to_apply"]) == (
            "adopted",
            ["door.release_ms"],
            ["camera.fps"],
        )
        assert desk.next_guest(device)["outcome"] == "grant"
        device.send_signal(signal.SIGTERM)
        assert device.wait(PATIENCE_S) == 0
    changes = [record for record in desk.records() if isinstance(record, DoorChange)]
    assert [record.change for record in changes] == ["released", "relocked"] * 2
    first, second = (after.tick_ms - before.tick_ms for before, after in (changes[:2], changes[2:]))
    # The visitor in the door had all of the granted time; the stop can cut the second release short.
    assert first == 1_500
    assert second <= 400


LANE = """
[door]
venue = "lane"
release_ms = {release_ms}
[camera]
device = "film.avi"
[lane]
inner_camera = "film.avi"
[paths]
models = "{models}"
"""


def test_a_lane_is_alive_and_applies_a_new_configuration_too(desk: Desk, built_models: Path) -> None:
    file = desk.folder / "door.toml"
    file.write_text(LANE.format(release_ms=1_500, models=built_models))
    with desk.at_work() as device:
        assert desk.manager.hears() == ["READY=1", "STATUS=tower-1/lobby, a lane"]
        desk.manager.waits_for("WATCHDOG=1")
        file.write_text(LANE.format(release_ms=900, models=built_models))
        device.send_signal(signal.SIGHUP)
        desk.manager.waits_for("RELOADING=1")
        told = of_configuration(device)
        assert (told["state"], told["changed"]) == ("adopted", ["door.release_ms"])
        device.send_signal(signal.SIGTERM)
        assert device.wait(PATIENCE_S) == 0


def test_a_wrong_file_leaves_the_old_configuration_in_force(desk: Desk) -> None:
    with desk.at_work() as device:
        desk.manager.waits_for("READY=1")
        desk.says(release_ms=99)
        device.send_signal(signal.SIGHUP)
        told = of_configuration(device)
        assert told["state"] == "refused"
        assert f"{desk.folder}/door.toml:5: [door] release_ms: 99 is not" in str(told["error"])
        assert told["hint"]
        assert "the old one is in force" in desk.manager.waits_for("READY=1")[1]
        desk.guest()
        assert row(device)["outcome"] == "grant"
