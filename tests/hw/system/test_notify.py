"""Messages to a service manager, on a real socket."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from hw.system.notify import ServiceManager


class Manager:
    """The socket of systemd."""

    def __init__(self, address: str) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(address)
        self.socket.setblocking(False)

    def heard(self) -> list[list[str]]:
        messages = []
        while True:
            try:
                messages.append(self.socket.recv(4_096).decode().split("\n"))
            except BlockingIOError:
                return messages


@pytest.fixture(params=["a file", "an abstract name"])
def both(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Manager, ServiceManager]]:
    path = str(tmp_path / "notify")
    bound, named = (path, path) if request.param == "a file" else ("\0" + path, "@" + path)
    manager = Manager(bound)
    told = ServiceManager(named, watchdog_us=2_000_000)
    yield manager, told
    told.close()
    manager.socket.close()


def test_the_manager_is_notified_of_every_step(both: tuple[Manager, ServiceManager]) -> None:
    manager, told = both
    told.ready("tower-1/lobby,\nREADY=0")
    told.reloading()
    told.stopping()
    ready, reloading, stopping = manager.heard()
    assert ready == ["READY=1", "STATUS=tower-1/lobby, READY=0"]
    assert reloading[0] == "RELOADING=1"
    assert reloading[1].removeprefix("MONOTONIC_USEC=").isdecimal()
    assert stopping == ["STOPPING=1"]


def test_the_watchdog_is_fed_at_most_twice_in_its_time(both: tuple[Manager, ServiceManager]) -> None:
    manager, told = both
    for turn_ms in range(0, 4_000, 100):
        told.alive(lambda now=turn_ms: now * 1_000_000)
    assert manager.heard() == [["WATCHDOG=1"]] * 4


ENVIRONMENTS: dict[str, tuple[dict[str, str], int]] = {
    "watched": ({"WATCHDOG_USEC": "1000", "WATCHDOG_PID": "7"}, 1),
    "watched, without a process id": ({"WATCHDOG_USEC": "1000"}, 1),
    "not watched": ({}, 0),
    "another process is watched": ({"WATCHDOG_USEC": "1000", "WATCHDOG_PID": "8"}, 0),
    "no number": ({"WATCHDOG_USEC": "soon"}, 0),
    "no time": ({"WATCHDOG_USEC": "0"}, 0),
    "a very long number": ({"WATCHDOG_USEC": "9" * 5_000}, 0),
}


@pytest.mark.parametrize("case", ENVIRONMENTS)
def test_only_the_watchdog_of_this_process_is_fed(case: str, tmp_path: Path) -> None:
    environment, count = ENVIRONMENTS[case]
    manager = Manager(str(tmp_path / "notify"))
    told = ServiceManager.of({"NOTIFY_SOCKET": str(tmp_path / "notify"), **environment}, 7)
    told.alive()
    assert len(manager.heard()) == count
    told.close()
    manager.socket.close()


@pytest.mark.parametrize(
    "address", [None, "", "relative", "/no/such/socket", "/" + "x" * 200, "/a\0b", "@" + "x" * 200]
)
def test_without_a_manager_nothing_happens(address: str | None) -> None:
    told = ServiceManager(address, 1_000)
    told.ready("")
    told.alive()
    told.stopping()
    told.close()


def test_a_manager_that_does_not_read_does_not_block(tmp_path: Path) -> None:
    manager = Manager(str(tmp_path / "notify"))
    told = ServiceManager(str(tmp_path / "notify"))
    for _ in range(2_000):  # more than its buffer takes
        told.ready("x")
    assert manager.heard()
    manager.socket.close()
    told.ready("x")
    told.close()
