"""A door's controller, opened from a configuration: its key's file, and the records of its events."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from peers.cpython_controller import KEY, LEAF_OPEN, SHUT, OnPty
from peers.waiting import until
from samples.journals import read_records
from samples.proofs import proof
from worlds.folders import write_secret

from edge.app.parts.signals import open_signals
from edge.app.parts.strike import LINK_KEY_BYTES, door_key, open_strike
from edge.audit.journal import Journal
from edge.audit.record import DoorChange, Started
from edge.config import Config, PanelConfig, StrikeConfig, parse_config
from edge.errors import ConfigError, DoorLinkFault
from edge.passage.record import record_builder
from edge.policy.decide import DoorPolicy
from edge.ports import Cause, DoorEventKind, EventMark, Recounts

NOW = datetime(2026, 6, 15, 10, tzinfo=UTC)


def key_file(folder: Path, data: bytes = KEY) -> Path:
    return write_secret(folder / "door.key", data)


def config(controller: OnPty, kind: str = "controller") -> Config:
    strike = StrikeConfig(kind=kind, port=controller.path.name, lock="fail-secure")
    return Config(strike=strike, panel=PanelConfig(facility=118, number=1_603))


def test_a_configured_controller_is_a_strike_with_lamps_and_recount(
    controller: OnPty, tmp_path: Path
) -> None:
    pytest.importorskip("serial")
    key_file(tmp_path)
    door = open_strike(config(controller), tmp_path)
    try:
        assert isinstance(door, Recounts)
        with open_signals(config(controller), tmp_path, door) as signals:
            assert signals is door.signals
        door.release(10_000, proof())
        assert controller.energised
    finally:
        door.close()
    assert not controller.energised


def test_a_door_without_a_controller_does_not_recount() -> None:
    assert not isinstance(open_strike(Config(), Path()), Recounts)


def test_a_device_does_not_start_without_its_controller(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = pytest.importorskip("hw.door.link")
    monkeypatch.setattr(link.DoorLink.wait_until_ready, "__defaults__", (0.05,))
    key_file(tmp_path)
    with pytest.raises(DoorLinkFault, match="no such file"):
        open_strike(Config(strike=StrikeConfig(kind="controller", port="none", lock="fail-safe")), tmp_path)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda folder: folder / "door.key", "no such file"),
        (lambda folder: key_file(folder, b"short"), "5 bytes"),
        (lambda folder: key_file(folder, b""), "0 bytes"),
        (lambda folder: key_file(folder, bytes(33)), "larger than"),
        (lambda folder: folder, "door's key"),
        (lambda folder: folder / "no\0name", "not a name of a file"),
    ],
)
def test_a_wrong_key_file_is_named_with_a_hint(make, words: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=words) as caught:
        door_key(make(tmp_path), LINK_KEY_BYTES)
    assert "doorward door commission" in caught.value.hint


def test_a_controller_needs_its_kind_of_lock() -> None:
    with pytest.raises(ConfigError, match=r'\[strike\] kind = "controller" needs lock') as caught:
        parse_config(b'[door]\n[strike]\nkind = "controller"\n', Path("door.toml"))
    assert caught.value.line == 3
    assert "fail-safe" in caught.value.hint
    right = parse_config(b'[strike]\nkind = "controller"\nlock = "fail-safe"\n', Path("door.toml"))
    assert right.strike.lock == "fail-safe"


def test_a_panel_needs_its_number() -> None:
    with pytest.raises(ConfigError, match=r"needs \[panel\] number"):
        parse_config(b'[strike]\nkind = "osdp"\n', Path("door.toml"))
    right = parse_config(b'[strike]\nkind = "osdp"\n[panel]\nnumber = 5\n', Path("door.toml"))
    assert right.panel.number == 5


def test_a_panel_on_the_controllers_wires_gets_the_configured_number(
    controller: OnPty, tmp_path: Path
) -> None:
    pytest.importorskip("serial")
    key_file(tmp_path)
    door = open_strike(config(controller, "wiegand"), tmp_path)
    try:
        door.release(3_000, proof())
        assert controller.panel == [(26, (0x2EC0C86 << 38).to_bytes(8, "big"))]
        assert not controller.energised
        assert [event.kind for event in door.events()] == [DoorEventKind.PRESENTED]
        with open_signals(config(controller), tmp_path, door) as signals:
            assert signals is door.signals
        assert isinstance(door, Recounts)
    finally:
        door.close()


def test_a_journal_knows_the_last_event_of_its_doors_controller(tmp_path: Path) -> None:
    stamp = {"time_ms": 1, "tick_ms": 1, "door": "tower-1", "version": "0.1"}
    with Journal.open(tmp_path / "journal.db", bytes(32), "doorward-1") as journal:
        assert journal.last_mark(10) is None
        journal.append(DoorChange(**stamp, change=DoorEventKind.BOOT, number=1, controller_ms=5))
        journal.append(DoorChange(**stamp, change=DoorEventKind.REX, number=2, controller_ms=9))
        journal.append(DoorChange(**stamp, change=DoorEventKind.RELEASED, cause=Cause.GRANT))
        journal.append(Started(**stamp))
        assert journal.last_mark(10) == EventMark(2, 9)
        assert journal.last_mark(2) is None


def test_over_a_restart_every_event_is_recorded_once(controller: OnPty, tmp_path: Path) -> None:
    """The program ends with unread events; the next one records them, and repeats no record."""
    pytest.importorskip("serial")
    key_file(tmp_path)
    said = record_builder.RecordBuilder(DoorPolicy("tower-1/lobby", 1.0), None, "0.1")

    def record(journal: Journal, door: Recounts, kind: DoorEventKind) -> None:
        def found() -> bool:
            records = [said.door(event, NOW) for event in door.events()]
            for change in records:
                journal.append(change)
            return any(change.change is kind for change in records)

        until(found)

    with Journal.open(tmp_path / "journal.db", bytes(32), "doorward-1") as journal:
        for wires, kind in (([], DoorEventKind.BOOT), ([LEAF_OPEN, SHUT], DoorEventKind.ALARM_OVER)):
            for inputs in wires:
                controller.set(inputs)
            door = open_strike(config(controller), tmp_path)
            door.recount(journal.last_mark(100))
            record(journal, door, kind)
            door.close()
    changes = read_records(tmp_path / "journal.db")
    assert [change.change for change in changes] == [
        DoorEventKind.BOOT,
        DoorEventKind.OPENED,
        DoorEventKind.FORCED,
        DoorEventKind.CLOSED,
        DoorEventKind.ALARM_OVER,
    ]
    assert [change.number for change in changes] == sorted({change.number for change in changes})
