"""`doorward door`, with the controller's own program at the other end of a pty."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

import pytest
from peers.cpython_controller import KEY, LEAF_OPEN, PATIENCE_MS, SHUT, TAMPER, OnPty, let_it_crawl
from peers.waiting import until
from samples.journals import passage, read_records
from session import KEY_SET
from worlds.folders import write_secret

from edge.__main__ import main
from edge.audit.journal import Journal
from edge.audit.record import DoorChange
from edge.config import DeviceConfig
from edge.errors import Exit, StorageFault
from edge.link import frame
from edge.link import messages as m

pytest.importorskip("serial")

from hw.door.link import DoorLink

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


def new_key_of(controller: OnPty) -> Path:
    return controller.path.with_name("door.key.new")


def heard_by_a_tap(controller: OnPty) -> bytearray:
    """Every byte that the host says from now on."""
    heard, receive = bytearray(), controller.controller.receive

    def tap(byte: int, now: int) -> bool:
        heard.append(byte)
        return receive(byte, now)

    controller.controller.receive = tap
    return heard


def kinds(wire: bytes) -> set[int]:
    return {payload[0] for payload in frame.FrameReceiver().feed(wire)}


def without_key_set(controller: OnPty, monkeypatch: pytest.MonkeyPatch) -> None:
    """The controller stores the key, and its last word is lost."""
    half = controller.controller.commissioning
    say = half._say
    monkeypatch.setattr(half, "_say", lambda payload: 0 if payload[0] == KEY_SET else say(payload))


@pytest.fixture
def impatience(monkeypatch: pytest.MonkeyPatch) -> None:
    """For answers that never come."""
    monkeypatch.setattr("hw.door.commission.EACH_S", 0.05)
    monkeypatch.setattr("hw.door.link.DoorLink.wait_until_ready.__defaults__", (1.0,))


def test_commissioning_makes_a_key_that_only_its_owner_can_read(controller: OnPty, capsys) -> None:
    wire = heard_by_a_tap(controller)
    assert door(controller, "commission", "--json") == Exit.OK
    row = json.loads(capsys.readouterr().out)
    assert (row["result"], row["firmware"], row["lock"]) == ("commissioned", "0.2.0", "fail-secure")
    assert row["flags"] == ["tamper-open"]
    assert stat.S_IMODE(key_of(controller).stat().st_mode) == 0o600
    key = key_of(controller).read_bytes()
    assert controller.keys.stored == (1, key)
    assert len(set(key)) > 8  # it is not a constant
    assert not new_key_of(controller).exists()
    assert not any(key[at : at + 8] in wire for at in range(24))


def test_a_second_commissioning_changes_no_key_and_offers_none(controller: OnPty) -> None:
    assert door(controller, "commission") == Exit.OK
    key = key_of(controller).read_bytes()
    controller.set(SHUT)
    wire = heard_by_a_tap(controller)
    assert door(controller, "commission") == Exit.OK
    assert key_of(controller).read_bytes() == key
    assert m.MessageType.PROVE in kinds(wire)
    assert m.MessageType.KEY_OFFER not in kinds(wire)
    assert not any(key[at : at + 8] in wire for at in range(24))


def test_an_erased_controller_gets_a_new_key_and_never_the_old_one(controller: OnPty) -> None:
    assert door(controller, "commission") == Exit.OK
    old = key_of(controller).read_bytes()
    controller.keys.erase()
    controller.boot()
    assert door(controller, "commission") == Exit.OK
    key = key_of(controller).read_bytes()
    assert key != old
    assert controller.keys.stored == (1, key)
    assert not new_key_of(controller).exists()


def test_with_the_lid_shut_no_key_is_set_and_no_file_is_left(controller: OnPty, capsys) -> None:
    controller.set(SHUT)
    assert door(controller, "commission") == Exit.DEVICE
    said = capsys.readouterr().err
    assert "its lid is closed" in said
    assert "hint: check the cable first" in said
    assert "then open the lid" in said
    assert not key_of(controller).exists()
    assert not new_key_of(controller).exists()
    assert controller.keys.stored is None


def test_a_controller_with_another_key_keeps_it(controller: OnPty, capsys) -> None:
    controller.keys.save(1, KEY)
    controller.boot()
    assert door(controller, "commission") == Exit.DEVICE
    assert "it has a key already" in capsys.readouterr().err
    assert controller.keys.stored == (1, KEY)
    assert not key_of(controller).exists()
    assert not new_key_of(controller).exists()


def test_a_key_in_use_stays_where_no_controller_takes_a_new_one(controller: OnPty, capsys) -> None:
    write_secret(key_of(controller), KEY)
    controller.keys.save(1, bytes(32))
    controller.boot()
    assert door(controller, "commission") == Exit.DEVICE
    assert "it has a key already" in capsys.readouterr().err
    assert key_of(controller).read_bytes() == KEY


def test_a_public_key_that_no_controller_sends_is_a_fault_and_leaves_no_file(
    controller: OnPty, capsys, monkeypatch
) -> None:
    half = controller.controller.commissioning
    monkeypatch.setattr(half, "hear", lambda *_: half._say(b"\x84" + bytes(40)))
    assert door(controller, "commission") == Exit.DEVICE
    assert "every pair's key the same" in capsys.readouterr().err
    assert not new_key_of(controller).exists()


@pytest.mark.usefixtures("impatience")
def test_a_silent_controller_leaves_no_key(controller: OnPty, capsys) -> None:
    controller.is_deaf = True
    assert door(controller, "commission") == Exit.DEVICE
    said = capsys.readouterr().err
    assert "does not answer" in said
    assert "0.2.0 or newer" in said
    assert not key_of(controller).exists()
    controller.is_deaf = False
    assert door(controller, "commission") == Exit.OK


@pytest.mark.usefixtures("impatience")
def test_a_last_answer_that_is_lost_is_found_out_by_a_session(controller: OnPty, monkeypatch) -> None:
    without_key_set(controller, monkeypatch)
    assert door(controller, "commission") == Exit.OK
    assert controller.keys.stored == (1, key_of(controller).read_bytes())


@pytest.mark.usefixtures("impatience")
def test_a_commissioning_that_broke_off_behind_the_confirmation_is_ended_by_the_next(
    controller: OnPty, monkeypatch
) -> None:
    write_secret(key_of(controller), KEY)
    without_key_set(controller, monkeypatch)
    with monkeypatch.context() as power_cut:
        power_cut.setattr("edge.app.parts.strike._replacing", lambda link, *_: link.close() or 1 / 0)
        assert door(controller, "commission") == Exit.BUG
    assert key_of(controller).read_bytes() == KEY  # stays until a session was opened with the new one
    new = new_key_of(controller).read_bytes()
    assert controller.keys.stored == (1, new)
    assert stat.S_IMODE(new_key_of(controller).stat().st_mode) == 0o600
    controller.set(SHUT)
    assert door(controller, "commission") == Exit.OK
    assert key_of(controller).read_bytes() == new
    assert not new_key_of(controller).exists()


@pytest.mark.usefixtures("impatience")
def test_a_commissioning_that_broke_off_before_the_confirmation_begins_anew(
    controller: OnPty, monkeypatch
) -> None:
    with monkeypatch.context() as cut_cable:
        cut_cable.setattr("commissioning.Commissioning._confirm", lambda *_: 0)
        assert door(controller, "commission") == Exit.DEVICE
    stale = new_key_of(controller).read_bytes()
    assert controller.keys.stored is None
    assert door(controller, "commission") == Exit.OK
    assert key_of(controller).read_bytes() != stale
    assert controller.keys.stored == (1, key_of(controller).read_bytes())
    assert not new_key_of(controller).exists()


def test_a_refusal_that_an_attacker_invents_leads_to_no_key_on_the_wire(commissioned: OnPty) -> None:
    """A device on the cable says "it has no key", and a technician runs this command, the lid shut."""
    wire = heard_by_a_tap(commissioned)
    refused = frame.encode(bytes([m.MessageType.REFUSED, m.DenyCode.NO_KEY]))
    receive = commissioned.controller.receive

    def lie_first(byte: int, now: int) -> bool:
        if byte == 0:
            commissioned._write(bytearray(refused), len(refused))
        return receive(byte, now)

    commissioned.controller.receive = lie_first
    assert door(commissioned, "commission") in (Exit.OK, Exit.DEVICE)
    assert key_of(commissioned).read_bytes() == KEY
    assert not any(KEY[at : at + 8] in wire for at in range(24))
    assert commissioned.keys.stored == (1, KEY)


# -- at work --------------------------------------------------------------------------------------


def test_status_prints_the_state_of_the_door(commissioned: OnPty, capsys) -> None:
    commissioned.set(LEAF_OPEN)
    assert door(commissioned, "status", "--json") == Exit.OK
    row = json.loads(capsys.readouterr().out)
    assert row == {
        "port": "controller",
        "firmware": "0.2.0",
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


def test_free_access_is_renewed_while_the_command_goes_on(commissioned: OnPty, monkeypatch) -> None:
    asked: list[m.Mode] = []
    looks = iter(range(200))
    set_mode = DoorLink.set_mode

    class HundredSeconds:
        """The event on which the command waits, twice a second."""

        def wait(self, _: float) -> bool:
            if next(looks, None) is None:
                raise KeyboardInterrupt
            return False

    def count(link: DoorLink, mode: m.Mode, allowed: object = None) -> None:
        asked.append(mode)
        set_mode(link, mode, allowed)

    monkeypatch.setattr("edge.cli.door.threading", SimpleNamespace(Event=HundredSeconds))
    monkeypatch.setattr("hw.door.link.DoorLink.set_mode", count)
    assert door(commissioned, "mode", "free-access") == Exit.INTERRUPTED
    assert asked == [m.Mode.FREE_ACCESS] * (1 + 5) + [m.Mode.NORMAL]  # each 20 s


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
