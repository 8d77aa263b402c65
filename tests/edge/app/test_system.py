"""Units, user, folders and device rules of edge/app/system, and the command that writes them."""

from __future__ import annotations

import configparser
import json
import os
import re
import shutil
import subprocess
import sysconfig
from pathlib import Path

import pytest
from conftest import ROOT

from edge.__main__ import main
from edge.app.parts.model_folders import SYSTEM
from edge.errors import Exit

UNITS = ROOT / "edge" / "app" / "system"
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


@pytest.mark.parametrize("name", NAMES)
def test_no_service_writes_its_memory_to_the_disk(name: str) -> None:
    assert Unit(name)["Service"]["LimitCORE"] == "0"


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


@pytest.fixture
def staged(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """The files as `doorward config units --to DIR` writes them."""
    assert main(["config", "units", "--to", str(tmp_path)]) == Exit.OK
    capsys.readouterr()
    return tmp_path


def test_each_file_is_written_to_the_folder_that_its_reader_reads(staged: Path) -> None:
    written = {str(path.relative_to(staged)) for path in staged.rglob("*") if path.is_file()}
    assert written == {
        *(f"etc/systemd/system/{name}" for name in NAMES),
        "etc/sysusers.d/doorward.conf",
        "etc/tmpfiles.d/doorward.conf",
        "etc/udev/rules.d/60-doorward.rules",
    }


@pytest.mark.parametrize("name", NAMES)
def test_a_written_unit_starts_the_program_of_this_installation(name: str, staged: Path) -> None:
    command = re.findall(
        r"^ExecStart=(\S+) ", (staged / "etc/systemd/system" / name).read_text(), re.MULTILINE
    )
    assert command == [str(Path(sysconfig.get_path("scripts")) / "doorward")]


def test_files_that_are_not_written_are_shown_with_their_places(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["config", "units", "--json"]) == Exit.OK
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {Path(row["file"]).name for row in rows} == {file.name for file in UNITS.iterdir()}
    assert "/etc/sysusers.d/doorward.conf" in {row["target"] for row in rows}


def test_a_folder_that_cannot_be_written_is_an_error_with_a_hint(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "etc").touch()
    assert main(["config", "units", "--to", str(tmp_path)]) == Exit.DEVICE
    error, hint = capsys.readouterr().err.splitlines()
    assert error.startswith(f"error: cannot write {tmp_path}/etc/udev/rules.d/60-doorward.rules: ")
    assert hint == "hint: run it with sudo, or give another folder: --to DIR"


def test_the_user_has_every_group_that_a_unit_asks_for(staged: Path) -> None:
    run_on("systemd-sysusers", staged)
    members = {
        line.split(":")[0]
        for line in (staged / "etc/group").read_text().splitlines()
        if line.endswith(":doorward")
    }
    asked = {
        group for name in NAMES for group in Unit(name)["Service"].get("SupplementaryGroups", "").split()
    }
    assert members == asked != set()
    assert "doorward:x:" in (staged / "etc/passwd").read_text()


@pytest.mark.skipif(os.geteuid() != 0, reason="gives folders to another user: run as root")
def test_the_folders_are_those_of_the_units(staged: Path) -> None:
    run_on("systemd-sysusers", staged)
    run_on("systemd-tmpfiles", staged, "--create")
    state = staged / "var" / "lib" / Unit("doorward-run.service")["Service"]["StateDirectory"]
    assert state.stat().st_mode & 0o777 == int(
        Unit("doorward-run.service")["Service"]["StateDirectoryMode"], 8
    )
    assert (state / SYSTEM.name).stat().st_uid == state.stat().st_uid != 0
    assert str(SYSTEM) == f"/var/lib/doorward/{SYSTEM.name}"


RULE = re.compile(
    r'(?:(?:ACTION|SUBSYSTEM|KERNEL|ENV\{\w+\}|ATTR\{\w+\})(?:==|!=)"[^"]+", )*'
    r'(?:GROUP="\w+", MODE="0660"|ENV\{ID_MM_DEVICE_IGNORE\}="1"|(?:GOTO|LABEL)="doorward_end")'
)


def test_every_rule_gives_a_device_to_a_group_of_the_door_or_keeps_modemmanager_away() -> None:
    lines = (UNITS / "60-doorward.rules").read_text().splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    assert [rule for rule in rules if not RULE.fullmatch(rule)] == []
    groups = set(re.findall(r'GROUP="(\w+)"', "\n".join(rules)))
    assert groups == set(Unit("doorward-run.service")["Service"]["SupplementaryGroups"].split())


def run_on(program: str, root: Path, *words: str) -> None:
    command = shutil.which(program)
    if command is None:
        pytest.skip(f"{program} is not on this machine: apt-get install systemd")
    subprocess.run([command, f"--root={root}", *words], capture_output=True, timeout=60, check=True)
