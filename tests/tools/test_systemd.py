"""The units of tools/systemd: they parse, wait for no network, give away little, and never stop trying."""

from __future__ import annotations

import configparser
import re
import shutil
import subprocess

import pytest
from conftest import ROOT

UNITS = ROOT / "tools" / "systemd"
NAMES = sorted(file.name for file in UNITS.glob("*.service"))
# What systemd before 254 does not know, and goes on without; and what only an installed machine has.
EXPECTED = re.compile(
    r"Unknown key.*Restart(Steps|MaxDelaySec)|/opt/doorward/\.venv/bin/doorward is not executable"
)


class Unit(configparser.RawConfigParser):
    """A unit file, of whose repeated keys the last is kept."""

    def __init__(self, name: str) -> None:
        super().__init__(strict=False, delimiters=("=",))
        self.optionxform = str
        self.read_string((UNITS / name).read_text())


def analyze(*words: str) -> subprocess.CompletedProcess[str]:
    command = shutil.which("systemd-analyze")
    if command is None:
        pytest.skip("systemd-analyze is not on this machine: apt-get install systemd")
    return subprocess.run([command, *words], capture_output=True, text=True, timeout=60, check=False)


def test_there_is_a_unit_for_each_process() -> None:
    assert {"check", "desk", "run", "sync"} == {
        name.removeprefix("doorward-").removesuffix(".service") for name in NAMES
    }


@pytest.mark.parametrize("name", NAMES)
def test_a_break_in_gets_little(name: str) -> None:
    """0 is nothing at all, 10 is everything; 1.5 is the limit we set ourselves."""
    ran = analyze("security", "--offline=true", "--no-pager", str(UNITS / name))
    exposure = re.search(rf"Overall exposure level for {name}: (\d+\.\d)", ran.stdout)
    assert exposure, ran.stderr
    assert float(exposure[1]) <= 1.5


@pytest.mark.parametrize("name", NAMES)
def test_systemd_understands_every_line(name: str) -> None:
    ran = analyze("verify", "--man=no", str(UNITS / name))
    about_us = [line for line in ran.stderr.splitlines() if "doorward" in line]
    assert [line for line in about_us if not EXPECTED.search(line)] == []


def test_the_door_waits_for_no_network() -> None:
    unit = Unit("doorward-run.service")["Unit"]
    before = " ".join(unit.get(key, "") for key in ("After", "Wants", "Requires", "BindsTo"))
    assert "network" not in before
    assert "time-sync" not in before  # with chrony-wait or systemd-time-wait-sync it waits for a network
    assert "time-set.target" in before


@pytest.mark.parametrize("name", NAMES)
def test_a_service_is_started_again_for_ever(name: str) -> None:
    unit = Unit(name)
    assert unit["Service"]["Restart"] == "always"
    assert unit["Unit"]["StartLimitIntervalSec"] == "0"


def test_the_door_is_watched_and_read_again_without_a_restart() -> None:
    service = Unit("doorward-run.service")["Service"]
    assert service["Type"] == "notify"
    # The shell's own kill: /bin/kill belongs to procps, which a small Debian does not have.
    assert service["ExecReload"] == """/bin/sh -c 'kill -HUP "$MAINPID"'"""
    # A loop without a camera turns once a second, and a slow look at a face takes two.
    assert 5 <= int(service["WatchdogSec"]) <= 30


@pytest.mark.parametrize("device", ["video4linux", "ttyACM", "ttyUSB", "ttyAMA", "gpiochip", "input", "alsa"])
def test_the_door_reaches_its_devices(device: str) -> None:
    assert f"DeviceAllow=char-{device} r" in (UNITS / "doorward-run.service").read_text()


def test_the_door_listens_to_nobody_but_this_machine() -> None:
    service = Unit("doorward-run.service")["Service"]
    assert (service["IPAddressDeny"], service["IPAddressAllow"]) == ("any", "localhost")


def test_what_reads_the_board_may_read_the_board() -> None:
    """gpiozero takes the pins' layout from /proc/device-tree, which ProcSubset=pid would hide."""
    assert "ProcSubset" not in Unit("doorward-run.service")["Service"]
