"""`doorward sync` with a hub: records are uploaded, also if the download of trust fails."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from samples.journals import SEED, open_journal, passage, write_journal
from worlds.fleet import DEVICE, KEY, OTHER_KEY, PASSWORD, Hub, serving
from worlds.folders import write_secret

from edge.__main__ import main
from edge.audit.journal import Journal
from edge.errors import Exit
from edge.upload.outbox import acknowledged
from tools.hub.app import create_app
from tools.hub.schema import Database
from tools.hub.store import HubStore

PUBLIC = bytes(KEY.verify_key)
OTHER = "lane-2"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[HubStore]:
    database = Database(str(tmp_path / "hub.db"))
    database.prepare()
    yield HubStore(database)
    database.close()


@pytest.fixture
def hub(store: HubStore) -> Iterator[Hub]:
    with serving(create_app(store.database, password=PASSWORD)) as hub:
        yield hub


@pytest.fixture
def config(tmp_path: Path, hub: Hub) -> Path:
    """A device with seven records whose only network is the hub."""
    file = tmp_path / "door.toml"
    file.write_text(f'[device]\nid = "{DEVICE}"\n[hub]\nurl = "{hub.url}"\n')
    write_secret(tmp_path / "device.key", SEED)
    write_journal(tmp_path / "journal.db", 7)
    return file


def sync(config: Path, *more: str) -> int:
    return main(["sync", "--config", str(config), *more])


def test_records_are_uploaded_and_counted_in_a_line(config: Path, store: HubStore, capsys) -> None:
    store.add(DEVICE, PUBLIC, 0)
    assert sync(config) == Exit.OK
    assert capsys.readouterr().out == "records: 7 sent, the hub has all before 7\n"
    with open_journal(config.parent / "journal.db") as device:
        device.append(passage(7))
    assert sync(config, "--json") == Exit.OK
    row = {"result": "sent", "records": 1, "next": 8, "left": 0, "device": DEVICE}
    assert json.loads(capsys.readouterr().out) == row
    assert len(list(store.bodies(store.find(DEVICE).serial))) == 8


def test_a_hub_that_does_not_know_the_device_says_how_to_add_it(config: Path, capsys) -> None:
    assert sync(config) == Exit.REFUSED
    said = capsys.readouterr().err
    assert "error: hub does not know this device" in said
    assert f"device add {DEVICE} --key {PUBLIC.hex()}" in said


def test_an_unreachable_repository_does_not_stop_the_upload(config: Path, store: HubStore, capsys) -> None:
    store.add(DEVICE, PUBLIC, 0)
    config.write_text(config.read_text() + '[sync]\nurl = "http://127.0.0.1:1/"\n')
    (config.parent / "root.json").write_text("{}")
    assert sync(config) != Exit.OK
    said = capsys.readouterr()
    assert said.err.startswith("error: ")
    assert "records: 7 sent" in said.out


def test_a_device_without_a_journal_has_nothing_to_send(config: Path, store: HubStore, capsys) -> None:
    store.add(DEVICE, PUBLIC, 0)
    (config.parent / "journal.db").unlink()
    assert sync(config) == Exit.OK
    assert capsys.readouterr().out == ""
    assert store.histories(DEVICE)[0]["heard_ms"] is None


def test_a_lost_key_is_not_made_again(config: Path, store: HubStore, capsys) -> None:
    store.add(DEVICE, PUBLIC, 0)
    (config.parent / "device.key").unlink()
    assert sync(config) == Exit.DEVICE
    assert not (config.parent / "device.key").exists()


def test_another_history_is_an_error_with_an_exit_code(config: Path, store: HubStore, capsys) -> None:
    store.add(DEVICE, PUBLIC, 0)
    sync(config)
    for file in config.parent.glob("journal.db*"):
        file.unlink()
    with open_journal(config.parent / "journal.db") as device:
        for tick in range(9):
            device.append(passage(tick + 100))
    assert sync(config) != Exit.OK
    assert "history" in capsys.readouterr().err
    assert store.alarms(store.find(DEVICE).serial)


def test_a_stick_has_no_hub_on_it(config: Path, store: HubStore, capsys, tmp_path: Path) -> None:
    store.add(DEVICE, PUBLIC, 0)
    (tmp_path / "stick").mkdir()
    assert sync(config, "--from", str(tmp_path / "stick")) != Exit.OK
    assert store.find(DEVICE).next == 0


def test_the_status_of_a_device_without_trust(config: Path, store: HubStore) -> None:
    store.add(DEVICE, PUBLIC, 0)
    sync(config)
    row = store.histories(DEVICE)[0]
    assert (row["clock"], row["lists_issued_s"]) == ("suspect", None)
    assert row["free_mb"] > 0


@pytest.fixture
def joint(config: Path) -> Path:
    """That device at a lane; a second authority has its own journal of four records and its own key."""
    folder = config.parent
    config.write_text(
        config.read_text() + f'[door]\nvenue = "lane"\n[lane]\nother_trust = "other"\nother_id = "{OTHER}"\n'
    )
    (folder / "other-device.key").touch(0o600)
    (folder / "other-device.key").write_bytes(bytes(OTHER_KEY))
    with Journal.open(folder / "other-journal.db", bytes(OTHER_KEY), OTHER) as journal:
        for tick in range(4):
            journal.append(passage(tick))
    return config


def test_each_authority_of_a_lane_sends_its_own_journal_under_its_own_key_and_name(
    joint: Path, store: HubStore, hub: Hub, tmp_path: Path, capsys
) -> None:
    elsewhere = Database(str(tmp_path / "elsewhere.db"))
    elsewhere.prepare()
    theirs = HubStore(elsewhere)
    store.add(DEVICE, PUBLIC, 0)
    theirs.add(OTHER, bytes(OTHER_KEY.verify_key), 0)
    with serving(create_app(elsewhere, password=PASSWORD)) as other_hub:
        joint.write_text(joint.read_text() + f'other_hub_url = "{other_hub.url}"\n')
        assert sync(joint) == Exit.OK
    assert capsys.readouterr().out.splitlines() == [
        f"{DEVICE}: records: 7 sent, the hub has all before 7",
        f"{OTHER}: records: 4 sent, the hub has all before 4",
    ]
    assert (store.find(DEVICE).next, theirs.find(OTHER).next) == (7, 4)
    assert acknowledged(tmp_path / "state", hub.url) == 7
    assert acknowledged(tmp_path / "state/other", other_hub.url) == 4
    assert acknowledged(tmp_path / "state/other", hub.url) == 0
    elsewhere.close()


def test_an_authority_without_a_hub_sends_nothing(joint: Path, store: HubStore, capsys) -> None:
    store.add(DEVICE, PUBLIC, 0)
    assert sync(joint) == Exit.OK
    assert OTHER not in capsys.readouterr().out
    assert not (joint.parent / "state/other/outbox.db").exists()


def test_a_hub_that_refuses_one_authority_gets_the_records_of_the_other(
    joint: Path, store: HubStore, hub: Hub
) -> None:
    store.add(OTHER, bytes(OTHER_KEY.verify_key), 0)  # the device itself is unknown to the hub
    joint.write_text(joint.read_text() + f'other_hub_url = "{hub.url}"\n')
    assert sync(joint) == Exit.REFUSED
    assert store.find(OTHER).next == 4


def test_watch_uploads_the_records_and_stops_on_sigterm(config: Path, store: HubStore) -> None:
    store.add(DEVICE, PUBLIC, 0)
    command = [sys.executable, "-m", "edge", "sync", "--config", str(config), "--watch", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert json.loads(process.stdout.readline())["records"] == 7
            process.send_signal(signal.SIGTERM)
            _, errors = process.communicate(timeout=30)
        finally:
            process.kill()
    assert (process.returncode, errors) == (0, "")
