"""`doorward door`, with the controller's own program at the other end of a pty."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from peers.cpython_controller import KEY, LEAF_OPEN, PATIENCE_MS, SHUT, TAMPER, OnPty, let_it_crawl
from peers.waiting import until
from samples.journals import passage, read_records
from worlds.folders import write_secret

from edge.__main__ import main
from edge.audit.journal import Journal
from edge.audit.record import DoorChange
from edge.config import DeviceConfig
from edge.errors import Exit, StorageFault

pytest.importorskip("serial")

TOML = '[strike]\nkind = "controller"\nport = "controller"\nlock = "fail-secure"\n'


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    let_it_crawl(monkeypatch)


@pytest.fixture
def controller(tmp_path: Path) -> Iterator[OnPty]:
    controller = OnPty(tmp_path, stored=None, inputs=TAMPER)
    (tmp_path / "door.toml").write_text(TOML)
    yield controller
    controller.close()


@pytest.fixture
def commissioned(tmp_path: Path) -> Iterator[OnPty]:
    controller = OnPty(tmp_path)
    (tmp_path / "door.toml").write_text(TOML)
    write_secret(tmp_path / "door.key", KEY)
    yield controller
    controller.close()


def door(controller: OnPty, *words: str) -> int:
    return main(["door", words[0], "--config", str(controller.path.with_name("door.toml")), *words[1:]])


def key_of(controller: OnPty) -> Path:
    return controller.path.with_name("door.key")


# -- commissioning --------------------------------------------------------------------------------


def test_commissioning_makes_a_key_that_only_its_owner_can_read(controller: OnPty, capsys) -> None:
    assert door(controller, "commission", "--json") == Exit.OK
    row = json.loads(capsys.readouterr().out)
    assert (row["result"], row["firmware"], row["lock"]) == ("commissioned", "0.1.0", "fail-secure")
    assert row["flags"] == ["tamper-open"]
    assert stat.S_IMODE(key_of(controller).stat().st_mode) == 0o600
    assert controller.keys.stored == (1, key_of(controller).read_bytes())
    assert len(set(key_of(controller).read_bytes())) > 8  # it is not a constant


def test_a_second_commissioning_changes_no_key(controller: OnPty, capsys) -> None:
    assert door(controller, "commission") == Exit.OK
    key = key_of(controller).read_bytes()
    assert door(controller, "commission") == Exit.OK
    assert key_of(controller).read_bytes() == key


def test_an_erased_controller_gets_the_existing_key(controller: OnPty) -> None:
    assert door(controller, "commission") == Exit.OK
    key = key_of(controller).read_bytes()
    controller.keys.erase()
    controller.boot()
    assert door(controller, "commission") == Exit.OK
    assert controller.keys.stored == (1, key)


def test_with_the_lid_shut_no_key_is_set_and_no_file_is_left(controller: OnPty, capsys) -> None:
    controller.set(SHUT)
    assert door(controller, "commission") == Exit.DEVICE
    said = capsys.readouterr().err
    assert "its lid is closed" in said
    assert "hint: open the lid" in said
    assert not key_of(controller).exists()
    assert controller.keys.stored is None


def test_a_controller_with_another_key_keeps_it(controller: OnPty, capsys) -> None:
    controller.keys.save(1, KEY)
    controller.boot()
    assert door(controller, "commission") == Exit.DEVICE
    assert "it has a key already" in capsys.readouterr().err
    assert controller.keys.stored == (1, KEY)
    assert not key_of(controller).exists()


def test_a_controller_that_stores_another_key_than_it_was_sent_is_found(
    controller: OnPty, capsys, monkeypatch
) -> None:
    monkeypatch.setattr(controller.controller.session, "check", lambda: bytes(8))
    assert door(controller, "commission") == Exit.DEVICE
    assert "another key than the one that was sent" in capsys.readouterr().err


def test_after_a_silent_controller_the_key_stays_for_a_retry(controller: OnPty, capsys, monkeypatch) -> None:
    controller.is_deaf = True
    with monkeypatch.context() as impatient:
        impatient.setattr("hw.door.commission.EACH_S", 0.05)
        assert door(controller, "commission") == Exit.DEVICE
    assert "does not answer" in capsys.readouterr().err
    key = key_of(controller).read_bytes()
    controller.is_deaf = False
    assert door(controller, "commission") == Exit.OK
    assert controller.keys.stored == (1, key)


# -- at work --------------------------------------------------------------------------------------


def test_status_prints_the_state_of_the_door(commissioned: OnPty, capsys) -> None:
    commissioned.set(LEAF_OPEN)
    assert door(commissioned, "status", "--json") == Exit.OK
    row = json.loads(capsys.readouterr().out)
    assert row == {
        "port": "controller",
        "firmware": "0.1.0",
        "lock": "fail-secure",
        "state": "forced-open",
        "mode": "normal",
        "inputs": ["contact-open"],
        "outputs": ["buzzer"],
        "flags": [],
    }
    assert door(commissioned, "status") == Exit.OK
    assert "state     forced-open" in capsys.readouterr().out


def test_events_prints_the_stored_events_and_deletes_none(commissioned: OnPty, capsys) -> None:
    commissioned.set(LEAF_OPEN)
    commissioned.set(SHUT)
    for _ in range(2):
        assert door(commissioned, "events", "--json") == Exit.OK
        rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        assert [row["event"] for row in rows[:5]] == ["boot", "opened", "forced", "closed", "alarm-over"]
        assert [row["number"] for row in rows[:5]] == [1, 2, 3, 4, 5]
    assert door(commissioned, "events") == Exit.OK
    assert "forced" in capsys.readouterr().out


def test_lock_down_stays_after_the_command(commissioned: OnPty, capsys) -> None:
    assert door(commissioned, "mode", "lock-down") == Exit.OK
    assert commissioned.controller.door.mode == 1
    assert door(commissioned, "mode", "normal") == Exit.OK
    assert commissioned.controller.door.mode == 0
    assert capsys.readouterr().out.split() == ["mode", "lock-down", "mode", "normal"]


def test_free_access_lasts_as_long_as_the_command(commissioned: OnPty, monkeypatch) -> None:
    def interrupted(*_) -> None:
        assert commissioned.energised
        raise KeyboardInterrupt

    monkeypatch.setattr("edge.cli.door._hold", interrupted)
    assert door(commissioned, "mode", "free-access") == Exit.INTERRUPTED
    commissioned.clock.push(PATIENCE_MS + 100)
    until(lambda: not commissioned.energised)


# -- the record of a mode ---------------------------------------------------------------------------


def recorded(controller: OnPty) -> list[tuple[str, str | None]]:
    records = read_records(controller.path.with_name("journal.db"))
    return [
        (record.change, record.cause) if isinstance(record, DoorChange) else (record.part, None)
        for record in records
    ]


def occupy(controller: OnPty) -> Journal:
    """The journal of a device that is at work."""
    key = controller.path.with_name("device.key")
    seed = key.read_bytes() if key.exists() else bytes(32)
    return Journal.open(controller.path.with_name("journal.db"), seed, DeviceConfig().id)


def damage(controller: OnPty) -> None:
    damaged = b"this is no journal, but it is long enough to look at" * 40
    controller.path.with_name("journal.db").write_bytes(damaged)


def test_free_access_is_on_record_before_the_lock_moves_and_its_end_too(
    commissioned: OnPty, monkeypatch
) -> None:
    def interrupted(*_) -> None:
        assert commissioned.energised
        assert recorded(commissioned) == [("free-access", "command")]
        raise KeyboardInterrupt

    monkeypatch.setattr("edge.cli.door._hold", interrupted)
    assert door(commissioned, "mode", "free-access") == Exit.INTERRUPTED
    assert not commissioned.energised
    assert recorded(commissioned) == [("free-access", "command"), ("normal-mode", "command")]


@pytest.mark.parametrize("mode", ["normal", "free-access"])
def test_without_a_record_no_mode_lets_more_through(commissioned: OnPty, capsys, mode: str) -> None:
    assert door(commissioned, "mode", "lock-down") == Exit.OK
    damage(commissioned)
    assert door(commissioned, "mode", mode) == Exit.DEVICE
    assert "journal" in capsys.readouterr().err
    assert commissioned.controller.door.mode == 1
    assert not any(level for _, level in commissioned.levels)


def test_beside_a_service_that_writes_the_journal_the_hint_is_to_stop_it(commissioned: OnPty, capsys) -> None:
    with occupy(commissioned):
        assert door(commissioned, "mode", "free-access") == Exit.DEVICE
    assert "hint: stop the other `doorward run`" in capsys.readouterr().err
    assert not any(level for _, level in commissioned.levels)


def test_free_access_ends_when_its_next_hour_cannot_be_recorded(
    commissioned: OnPty, monkeypatch, capsys
) -> None:
    monkeypatch.setattr("edge.cli.door.LOOK_S", 0)
    monkeypatch.setattr("edge.cli.door.LOOKS_ON_RECORD", 2)
    monkeypatch.setattr(Journal.open.__func__, "__kwdefaults__", {"limit_pages": 20})
    assert door(commissioned, "mode", "free-access") == Exit.DEVICE
    assert "the disk is full" in capsys.readouterr().err
    assert not commissioned.energised
    orders = recorded(commissioned)
    assert len(orders) > 2
    assert set(orders) == {("free-access", "command")}


def fill(controller: OnPty) -> None:
    with occupy(controller) as journal, suppress(StorageFault):
        while True:
            journal.append(passage())


def expose(controller: OnPty) -> None:
    """Let other users read the device's key, which the device then refuses."""
    controller.path.with_name("device.key").chmod(0o644)


@pytest.mark.parametrize("spoil", [damage, fill, expose])
def test_a_lock_down_is_recorded_and_is_not_refused_without_a_record(
    commissioned: OnPty, capsys, monkeypatch, spoil
) -> None:
    assert door(commissioned, "mode", "lock-down") == Exit.OK
    assert recorded(commissioned) == [("lock-down", "command")]
    assert door(commissioned, "mode", "normal") == Exit.OK
    monkeypatch.setattr(Journal.open.__func__, "__kwdefaults__", {"limit_pages": 20})
    spoil(commissioned)
    assert door(commissioned, "mode", "lock-down") == Exit.OK
    assert "lock-down is not on record" in capsys.readouterr().err
    assert commissioned.controller.door.mode == 1


def test_free_access_that_the_controller_denies_is_a_fault_on_record(commissioned: OnPty) -> None:
    commissioned.set(TAMPER)
    assert door(commissioned, "mode", "free-access") == Exit.DEVICE
    assert recorded(commissioned) == [("free-access", "command"), ("door", None)]
    assert not any(level for _, level in commissioned.levels)


def test_a_door_without_a_controller_is_an_error(tmp_path: Path, capsys) -> None:
    file = tmp_path / "door.toml"
    file.write_text("")
    assert main(["door", "status", "--config", str(file)]) == Exit.USAGE
    assert '[strike] kind = "sim" has no controller' in capsys.readouterr().err


def test_without_a_key_the_hint_is_to_commission(controller: OnPty, capsys) -> None:
    assert door(controller, "status") == Exit.USAGE
    assert "doorward door commission" in capsys.readouterr().err
