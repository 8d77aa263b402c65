"""The commands of tools/hub: what they print, keep and refuse."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from peers.tls import make_certificate
from worlds.fleet import DEVICE, HUB, KEY, SENT_MS, History, running_hub
from worlds.terminal import Terminal

from edge.errors import Exit, FetchError
from edge.upload.batch import pack
from edge.upload.protocol import CONTENT_TYPE, SIGNATURE_HEADER, records_path, sign, upload_message
from hw.network.post_http import Credentials, HttpPost
from tools.hub import cli
from tools.hub.intake import Dispute, Disputed, open_offer
from tools.hub.schema import Database
from tools.hub.store import HubStore

PUBLIC = bytes(KEY.verify_key)


@pytest.fixture
def db(tmp_path: Path) -> str:
    return str(tmp_path / "hub.db")


def run(*args: object, db: str) -> int:
    return cli.main([*map(str, args), "--db", db])


def rows(capsys: pytest.CaptureFixture[str], *args: object, db: str) -> list[dict]:
    capsys.readouterr()
    assert run(*args, "--json", db=db) == Exit.OK
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def fill(db: str) -> History:
    """A device with ten records and an alarm."""
    history = History(10)
    database = Database(db)
    database.prepare()
    store = HubStore(database)
    registered = store.find(DEVICE)
    store.take(registered, open_offer(pack(history.batch(0, 10)), device=DEVICE, key=KEY.verify_key), SENT_MS)
    store.raise_alarm(registered, Disputed(Dispute.INCONSISTENT, "record 4 differs"), SENT_MS)
    database.close()
    return history


@pytest.mark.parametrize("way", ["digits", "a file"])
def test_a_device_is_added_by_its_public_key(db: str, tmp_path: Path, capsys, way: str) -> None:
    file = tmp_path / "lobby-1.pub"
    file.write_text(PUBLIC.hex() + "\n")
    assert run("device", "add", DEVICE, "--key", PUBLIC.hex() if way == "digits" else file, db=db) == Exit.OK
    (row,) = rows(capsys, "device", "list", db=db)
    assert (row["id"], row["key"], row["heard_ms"], row["removed_ms"]) == (DEVICE, PUBLIC.hex(), None, None)


def test_the_secret_key_of_a_device_is_refused(db: str, tmp_path: Path, capsys) -> None:
    (tmp_path / "device.key").write_bytes(bytes(KEY))
    assert run("device", "add", DEVICE, "--key", tmp_path / "device.key", db=db) == Exit.USAGE
    assert "secret" in capsys.readouterr().err
    assert rows(capsys, "device", "list", db=db) == []


WRONG = {
    "half a key": ["device", "add", DEVICE, "--key", PUBLIC.hex()[:32]],
    "no hex digits": ["device", "add", DEVICE, "--key", "x" * 64],
    "no such file": ["device", "add", DEVICE, "--key", "no/such/file"],
    "an unknown device": ["device", "remove", "unknown-1"],
    "records of an unknown device": ["records", "export", "unknown-1"],
    "alarms of an unknown device": ["alarm", "clear", "unknown-1"],
    "a certificate without its key": ["serve", "--cert", "x.pem"],
    "a folder without a repository": ["serve", "--repository", "/nowhere"],
}


@pytest.mark.parametrize("case", WRONG)
def test_an_error_is_named_with_a_hint(
    db: str, case: str, capsys, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(*WRONG[case], db=db) in {Exit.USAGE, Exit.DEVICE}
    assert "error: " in capsys.readouterr().err


def test_a_database_without_its_driver_names_the_package(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)  # as in an installation without it
    assert run("device", "list", db="postgresql://hub@db.example/hub") == Exit.USAGE
    assert "hint: pip install 'doorward-office[postgresql]'" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["Lobby 1", "a/b", ""])
def test_an_invalid_name_is_a_usage_error(db: str, name: str, capsys) -> None:
    assert run("device", "add", name, "--key", PUBLIC.hex(), db=db) == Exit.USAGE
    assert "name of a device" in capsys.readouterr().err


def test_exported_records_are_the_ones_received(db: str, capsys) -> None:
    run("device", "add", DEVICE, "--key", PUBLIC.hex(), db=db)
    history = fill(db)
    capsys.readouterr()
    assert run("records", "export", DEVICE, db=db) == Exit.OK
    assert capsys.readouterr().out.encode() == b"".join(body + b"\n" for body in history.bodies)
    assert run("records", "export", DEVICE, "--format", "csv", db=db) == Exit.OK
    assert capsys.readouterr().out.splitlines()[4].startswith("3,2026-01-02T08:00:00.003Z,passage,")


def test_alarms_are_listed_and_cleared(db: str, capsys) -> None:
    run("device", "add", DEVICE, "--key", PUBLIC.hex(), db=db)
    fill(db)
    (alarm,) = rows(capsys, "alarm", "list", db=db)
    assert (alarm["device"], alarm["kind"], alarm["open"]) == (DEVICE, "inconsistent", True)
    assert run("alarm", "clear", DEVICE, db=db) == Exit.OK
    (alarm,) = rows(capsys, "alarm", "list", db=db)
    assert alarm["open"] is False


def test_a_removed_device_keeps_its_records_without_records_too(db: str, capsys) -> None:
    run("device", "add", DEVICE, "--key", PUBLIC.hex(), db=db)
    fill(db)
    assert run("device", "remove", DEVICE, db=db) == Exit.OK
    (row,) = rows(capsys, "device", "list", db=db)
    assert (row["size"], row["removed_ms"] is None) == (10, False)
    run("device", "add", DEVICE, "--key", PUBLIC.hex(), db=db)
    assert run("device", "remove", DEVICE, "--records-too", db=db) == Exit.OK
    assert len(rows(capsys, "device", "list", db=db)) == 1


def test_records_are_deleted_at_a_terminal_after_a_question(db: str, capsys, monkeypatch) -> None:
    run("device", "add", DEVICE, "--key", PUBLIC.hex(), db=db)
    fill(db)
    monkeypatch.setattr("sys.stdin", Terminal("\n"))
    assert run("device", "remove", DEVICE, "--records-too", db=db) == Exit.REFUSED
    assert "no command brings them back" in capsys.readouterr().err
    (row,) = rows(capsys, "device", "list", db=db)
    assert (row["size"], row["removed_ms"]) == (10, None)
    assert run("device", "remove", DEVICE, "--records-too", "--yes", db=db) == Exit.OK
    assert DEVICE not in [row["device"] for row in rows(capsys, "device", "list", db=db)]


def test_a_history_whose_first_records_never_came_is_incomplete(db: str, capsys) -> None:
    run("device", "add", DEVICE, "--key", PUBLIC.hex(), db=db)
    database = Database(db)
    store, history = HubStore(database), History(10)
    offer = open_offer(pack(history.batch(4, 10)), device=DEVICE, key=KEY.verify_key)
    store.take(store.find(DEVICE), offer, 1_000)
    database.close()
    (row,) = rows(capsys, "device", "list", db=db)
    assert row["missing"] == 4
    run("device", "list", db=db)
    assert "incomplete: records 0 to 3 never came" in capsys.readouterr().out


def test_the_list_is_a_table_in_a_terminal(db: str, capsys) -> None:
    run("device", "add", DEVICE, "--key", PUBLIC.hex(), db=db)
    fill(db)
    capsys.readouterr()
    run("device", "list", db=db)
    head, row = capsys.readouterr().out.splitlines()
    assert head.split()[0] == "device"
    assert row.split() == [DEVICE, "2026-01-02", "08:00:00", "10", "1", "registered"]


# -- serving -----------------------------------------------------------------------------------------------


def test_the_first_start_makes_a_password_that_only_its_owner_reads(db: str, tmp_path: Path) -> None:
    with running_hub(db, tmp_path) as hub_:
        assert len(hub_.password) == 32
        assert stat.S_IMODE((tmp_path / "hub.password").stat().st_mode) == 0o600
        assert hub_.call("GET", "").status == 401
        assert "No device is registered" in hub_.page("")
    with running_hub(db, tmp_path) as again:
        assert again.password == hub_.password


def served(*args: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, HUB, "serve", *map(str, args)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_a_short_password_is_refused(db: str, tmp_path: Path) -> None:
    (tmp_path / "pw").write_text("short")
    done = served("--db", db, "--password-file", tmp_path / "pw", "--listen", "127.0.0.1:0")
    assert done.returncode == Exit.USAGE
    assert "fewer than 12 characters" in done.stderr


def test_an_address_in_use_is_named(db: str, tmp_path: Path) -> None:
    with running_hub(db, tmp_path) as first:
        where = first.url.removeprefix("http://")
        done = served("--db", db, "--password-file", tmp_path / "hub.password", "--listen", where)
    assert done.returncode == Exit.USAGE
    assert "address already in use" in done.stderr


def test_with_mutual_tls_only_certified_devices_are_accepted(db: str, tmp_path: Path) -> None:
    for name in ("localhost", DEVICE):
        make_certificate(tmp_path, name, subject=name)
    run("device", "add", DEVICE, "--key", PUBLIC.hex(), db=db)
    more = ["--cert", tmp_path / "localhost.pem", "--cert-key", tmp_path / "localhost.key"]
    body = pack(History(3).batch(0, 3))
    headers = {"Content-Type": CONTENT_TYPE, SIGNATURE_HEADER: sign(upload_message(DEVICE, body), KEY)}
    with running_hub(db, tmp_path, *more, "--client-ca", tmp_path / f"{DEVICE}.pem") as hub_:
        url = hub_.url.replace("http://127.0.0.1", "https://localhost")
        ours = Credentials(tmp_path / "localhost.pem", tmp_path / f"{DEVICE}.pem", tmp_path / f"{DEVICE}.key")
        assert (
            HttpPost(url, ours)
            .post(records_path(DEVICE), body, headers)
            .body.startswith(b'{"next":3,"hub_ms":')
        )
        with pytest.raises(FetchError):
            HttpPost(url, Credentials(tmp_path / "localhost.pem")).post(records_path(DEVICE), body, headers)


def test_the_hub_stops_in_order_on_a_signal(db: str, tmp_path: Path) -> None:
    with running_hub(db, tmp_path) as hub_:
        hub_.process.terminate()
        assert hub_.process.wait(timeout=30) in {-15, 0}
