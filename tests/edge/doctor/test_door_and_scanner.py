"""The doctor with a door controller and a scanner, each at the other end of a pty."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from peers.cpython_controller import KEY, LEAF_OPEN, PATIENCE_S, SHUT, TAMPER, OnPty
from peers.scanner_on_pty import EngineOnPty
from peers.waiting import until
from samples.journals import read_records
from worlds.folders import write_secret

from edge.audit.record import AuditRecord, DoorChange, Faulted
from edge.config import Config, ScannerConfig, StrikeConfig
from edge.doctor.checks import examine
from edge.doctor.device_probe import DeviceProbe
from edge.ports import Cause, DoorEventKind

pytest.importorskip("serial")


@pytest.fixture(autouse=True)
def key(tmp_path: Path) -> None:
    write_secret(tmp_path / "door.key", KEY)


def probe_of(folder: Path, *, agreed: bool = False) -> DeviceProbe:
    strike = StrikeConfig(kind="controller", port="controller", lock="fail-secure")
    return DeviceProbe(Config(strike=strike), folder, strike=agreed)


def numbers(probe: DeviceProbe, check: str) -> list[int]:
    return [finding.number for finding in examine(probe, [check])]


@pytest.mark.parametrize(("inputs", "expected"), [(SHUT, [0]), (LEAF_OPEN, [42, 43]), (TAMPER, [42])])
def test_the_state_of_a_controller_is_reported_and_nothing_moves(
    controller: OnPty, tmp_path: Path, inputs: int, expected: list[int]
) -> None:
    if inputs != SHUT:
        controller.set(inputs)
    assert numbers(probe_of(tmp_path), "door") == expected
    assert not any(level for _, level in controller.levels)


def test_a_controller_with_another_key_is_an_error(
    controller: OnPty, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hw.door.link.DoorLink.wait_until_ready.__defaults__", (0.5,))
    (tmp_path / "door.key").write_bytes(bytes(32))
    assert numbers(probe_of(tmp_path), "door") == [41]


def test_a_lock_is_not_released_without_agreement(controller: OnPty, tmp_path: Path) -> None:
    assert numbers(probe_of(tmp_path), "strike") == [0]
    assert not any(level for _, level in controller.levels)


def test_a_lock_that_is_released_once_while_a_visitor_opens_the_door_is_ok(
    controller: OnPty, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge.doctor.door_checks.RELEASE_MS", 10_000)
    monkeypatch.setattr("edge.doctor.door_checks.WATCH_S", PATIENCE_S)

    def visitor() -> None:
        until(lambda: controller.energised)
        controller.set(LEAF_OPEN)

    thread = threading.Thread(target=visitor)
    thread.start()
    (finding,) = examine(probe_of(tmp_path, agreed=True), ["strike"])
    thread.join()
    assert (finding.number, finding.text) == (0, "released, opened")
    assert sum(bool(level) for _, level in controller.levels) == 1
    assert not controller.energised
    released, relocked = records(tmp_path)
    assert isinstance(released, DoorChange)
    assert (released.change, released.cause) == (DoorEventKind.RELEASED, Cause.COMMAND)
    assert isinstance(relocked, DoorChange)
    assert relocked.change is DoorEventKind.RELOCKED


def records(folder: Path) -> list[AuditRecord]:
    return read_records(folder / "journal.db")


def test_a_release_that_cannot_be_recorded_does_not_happen(controller: OnPty, tmp_path: Path) -> None:
    (tmp_path / "journal.db").write_bytes(b"this is no journal, but it is long enough to look at" * 40)
    (finding,) = examine(probe_of(tmp_path, agreed=True), ["strike"])
    assert finding.number == 46
    assert "journal" in finding.text
    assert not any(level for _, level in controller.levels)


def test_a_release_that_the_door_refuses_is_recorded_as_a_fault(controller: OnPty, tmp_path: Path) -> None:
    controller.set(TAMPER)
    (finding,) = examine(probe_of(tmp_path, agreed=True), ["strike"])
    assert finding.number == 46
    assert [type(record) for record in records(tmp_path)] == [DoorChange, Faulted]
    assert not any(level for _, level in controller.levels)


def test_a_scanner_that_opens_is_ok(tmp_path: Path) -> None:
    engine = EngineOnPty(tmp_path)
    try:
        config = Config(scanner=ScannerConfig(kind="serial", port="scanner"))
        assert numbers(DeviceProbe(config, tmp_path), "scanner") == [0]
    finally:
        engine.close()
