"""The hub over its sockets, with both of its databases: requests of devices, and the stored records."""

from __future__ import annotations

import itertools
import json
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace

import pytest
from nacl.signing import SigningKey
from sqlalchemy import func, select, update
from structlog.testing import CapturingLogger
from worlds.fleet import KEY, OTHER_KEY, PASSWORD, SENT_MS, History, Hub, Said, postgres_server, serving

from edge.errors import InputError, StorageFault
from edge.upload.batch import MAX_PACKED_BYTES, pack
from edge.upload.protocol import (
    CONTENT_TYPE,
    SIGNATURE_HEADER,
    TIME_HEADER,
    next_message,
    records_path,
    sign,
    upload_message,
)
from tools.hub import store as hub_store
from tools.hub import upload
from tools.hub.app import create_app
from tools.hub.schema import Database, devices, records, schema
from tools.hub.store import HubStore

NOW_MS = SENT_MS + 60_000
NUMBERS = itertools.count(1)


@dataclass
class Site:
    """A hub and its store."""

    hub: Hub
    store: HubStore
    log: CapturingLogger
    now_s: float = NOW_MS / 1000

    def device(self, size: int = 10, **how: object) -> History:
        """Register a device with its own name and key, and return its history."""
        number = next(NUMBERS)
        history = History(size, device=f"door-{number}", key=SigningKey(number.to_bytes(32, "big")), **how)
        self.store.add(history.device, bytes(history.key.verify_key), NOW_MS)
        return history

    def give(self, history: History, first: int, end: int, **other: object) -> Said:
        """Send records of a history in the name of its device."""
        return self.hub.give(history.batch(first, end, **other), device=history.device, key=history.key)

    def row(self, history: History) -> dict:
        return dict(self.store.histories(history.device)[0])

    def bodies(self, history: History) -> list[bytes]:
        serial = self.row(history)["serial"]
        return [body.encode() for body in self.store.bodies(serial)]

    def alarms(self, history: History) -> list[dict]:
        return [dict(alarm) for alarm in self.store.alarms(self.row(history)["serial"])]


@contextmanager
def open_site(url: str) -> Iterator[Site]:
    database = Database(url)
    try:
        database.prepare()
        site = Site(Hub("", ""), HubStore(database), CapturingLogger())
        app = create_app(database, password=PASSWORD, log=site.log, now_s=lambda: site.now_s)
        with serving(app) as hub:
            site.hub = hub
            yield site
    finally:
        database.close()


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if request.param == "sqlite":
        yield str(tmp_path_factory.mktemp("hub") / "hub.db")
    else:
        with postgres_server() as address:
            yield address


@pytest.fixture(scope="module")
def shared_site(url: str) -> Iterator[Site]:
    with open_site(url) as site:
        yield site


@pytest.fixture
def site(shared_site: Site) -> Site:
    shared_site.now_s = NOW_MS / 1000
    shared_site.log.calls.clear()
    return shared_site


def variant(history: History, **how: object) -> History:
    """Another history of the same device."""
    return History(history.size, device=history.device, key=history.key, **how)


# -- accepted batches --------------------------------------------------------------------------------------


def test_records_are_stored_byte_for_byte(site: Site) -> None:
    device = site.device()
    assert site.give(device, 0, 10) == replace(site.give(device, 0, 10), status=200)
    assert site.bodies(device) == device.bodies


def test_a_repeated_batch_gets_the_same_answer_and_is_stored_once(site: Site) -> None:
    device = site.device()
    answers = [site.give(device, 0, 6, over=6) for _ in range(3)]
    assert {(said.status, said.body["next"]) for said in answers} == {(200, 6)}
    assert site.bodies(device) == device.bodies[:6]


VISITS = {
    "the rest": ((6, 10), 200, 10),
    "an overlap": ((3, 10), 200, 10),
    "an overlap that ends earlier": ((2, 4), 409, 6),
    "too far ahead": ((8, 10), 409, 6),
    "an empty batch": ((6, 6), 200, 6),
    "an empty batch with an old count": ((0, 0), 409, 6),
}


@pytest.mark.parametrize("case", VISITS)
def test_after_six_records(site: Site, case: str) -> None:
    (first, end), status, following = VISITS[case]
    device = site.device()
    site.give(device, 0, 6, over=6)
    said = site.give(device, first, end)
    assert (said.status, said.body["next"]) == (status, following)
    assert site.bodies(device) == device.bodies[:following]


def test_a_thousand_records_are_one_batch(site: Site) -> None:
    device = site.device(1_000)
    assert site.give(device, 0, 1_000).body["next"] == 1_000
    assert site.bodies(device) == device.bodies


def test_a_new_hub_starts_at_the_first_record_of_the_device(site: Site) -> None:
    device = site.device()
    assert site.give(device, 4, 10).body["next"] == 10
    assert site.bodies(device) == device.bodies[4:]
    assert site.row(device)["first"] == 4


LATE = {  # what the device says of its erasures, by seq, and the records that never came
    "nothing": ({}, range(4)),
    "all before the first that came": ({7: 4}, range(4, 4)),
    "fewer than are missing": ({7: 3}, range(3, 4)),
    "the newest word counts": ({5: 2, 8: 4}, range(4, 4)),
}


@pytest.mark.parametrize(("erasures", "missing"), LATE.values(), ids=LATE)
def test_a_hub_says_which_records_never_came(site: Site, erasures: dict[int, int], missing: range) -> None:
    device = site.device(erasures=erasures)
    site.give(device, 4, 10)
    assert site.store.missing(site.row(device)) == missing


def test_a_hub_that_was_there_from_the_first_record_misses_none(site: Site) -> None:
    device = site.device()
    site.give(device, 0, 10)
    assert not site.store.missing(site.row(device))


def test_the_status_of_a_device_is_stored(site: Site) -> None:
    device = site.device()
    site.give(device, 0, 5, over=8)
    row = site.row(device)
    assert (row["heard_ms"], row["sent_ms"], row["arrived_ms"]) == (SENT_MS + 8, SENT_MS + 8, NOW_MS)
    assert (row["size"], row["note_size"], row["lists_issued_s"]) == (5, 8, 1_767_340_000)
    assert row["note"] == device.note(8)


def test_a_replayed_request_does_not_renew_the_last_contact(site: Site) -> None:
    device = site.device()
    for _ in range(2):
        site.give(device, 0, 10)
        site.now_s += 3_600
    assert site.row(device)["heard_ms"] == SENT_MS + 10


# -- refused batches ---------------------------------------------------------------------------------------


def test_a_changed_record_is_refused_and_raises_one_alarm_with_a_count(site: Site) -> None:
    device = site.device()
    site.give(device, 0, 6, over=6)
    fork = variant(device, branch=1, since=3)
    for _ in range(3):
        said = site.give(fork, 2, 10)
        assert (said.status, said.body["error"]) == (422, "inconsistent")
        site.now_s += 60
    assert site.bodies(device) == device.bodies[:6]
    (alarm,) = site.alarms(device)
    assert (alarm["kind"], alarm["times"], alarm["cleared_ms"]) == ("inconsistent", 3, None)
    assert (alarm["first_ms"], alarm["last_ms"]) == (NOW_MS, NOW_MS + 120_000)
    assert "record 3" in alarm["detail"]
    assert alarm["note"] == fork.note()


def test_a_cleared_alarm_opens_again_with_the_next_dispute(site: Site) -> None:
    device = site.device()
    site.give(device, 0, 6, over=6)
    site.give(variant(device, branch=1), 6, 10)
    assert site.store.clear_alarms(device.device, NOW_MS) == 1
    assert site.row(device)["alarms"] == 0
    site.give(variant(device, branch=1), 6, 10)
    assert site.row(device)["alarms"] == 1


def test_the_true_history_continues_after_an_alarm(site: Site) -> None:
    device = site.device()
    site.give(device, 0, 6, over=6)
    site.give(variant(device, branch=1), 6, 10)
    assert site.give(device, 6, 10).status == 200


def test_a_signed_body_that_is_not_a_batch_is_an_alarm(site: Site) -> None:
    device = site.device()
    said = site.hub.send(b"garbage", device=device.device, key=device.key)
    assert (said.status, said.body["error"]) == (422, "malformed")
    assert [alarm["kind"] for alarm in site.alarms(device)] == ["malformed"]


STRANGERS = {
    "a wrong key": (lambda device: {"device": device, "key": OTHER_KEY}, 401, "signature"),
    "an unknown device": (lambda _: {"device": "unknown-1", "key": KEY}, 403, "unknown"),
    "not a name of a device": (lambda _: {"device": "No%20body", "key": KEY}, 403, "unknown"),
    "no signature": (lambda device: {"device": device, "headers": {SIGNATURE_HEADER: ""}}, 401, "signature"),
    "another content type": (
        lambda device: {"device": device, "headers": {"Content-Type": "text/plain"}},
        415,
        "malformed",
    ),
}


@pytest.mark.parametrize("case", STRANGERS)
def test_an_unknown_sender_stores_nothing_and_raises_no_alarm(site: Site, case: str) -> None:
    how, status, error = STRANGERS[case]
    device = site.device()
    said = site.hub.send(pack(device.batch(0, 10)), **how(device.device))
    assert (said.status, said.body["error"]) == (status, error)
    assert (site.bodies(device), site.alarms(device), site.row(device)["heard_ms"]) == ([], [], None)


def test_a_removed_device_is_unknown_and_its_records_stay(site: Site) -> None:
    device = site.device()
    site.give(device, 0, 5)
    site.store.remove(device.device, NOW_MS)
    assert site.give(device, 5, 10).status == 403
    assert site.bodies(device) == device.bodies[:5]


def test_a_name_that_is_used_again_starts_another_history(site: Site) -> None:
    old = site.device()
    site.give(old, 0, 10)
    site.store.remove(old.device, NOW_MS)
    site.store.add(old.device, bytes(OTHER_KEY.verify_key), NOW_MS)
    new = History(4, branch=1, device=old.device, key=OTHER_KEY)
    assert site.give(new, 0, 4).status == 200
    now, before = site.store.histories(old.device)
    assert [body.encode() for body in site.store.bodies(now["serial"])] == new.bodies
    assert [body.encode() for body in site.store.bodies(before["serial"])] == old.bodies
    site.store.remove(old.device, NOW_MS, records_too=True)
    assert [row["serial"] for row in site.store.histories(old.device)] == [before["serial"]]


def test_no_two_devices_have_one_name_or_one_key(site: Site) -> None:
    device = site.device()
    with pytest.raises(InputError, match="is registered already"):
        site.store.add(device.device, bytes(OTHER_KEY.verify_key), NOW_MS)
    with pytest.raises(InputError, match="has this key"):
        site.store.add("another", bytes(device.key.verify_key), NOW_MS)


SIZES = {"one byte too many": MAX_PACKED_BYTES + 1, "very many": 30_000_000}


@pytest.mark.parametrize("case", SIZES)
def test_a_body_that_is_too_long_is_not_read_to_its_end(site: Site, case: str) -> None:
    device = site.device()
    body = bytes(SIZES[case])
    path = records_path(device.device)
    host, port = site.hub.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=20) as line:
        head = (
            f"POST /{path} HTTP/1.1\r\nHost: hub\r\nContent-Type: {CONTENT_TYPE}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        line.sendall(head.encode() + body[: MAX_PACKED_BYTES + 1])
        assert line.recv(12) == b"HTTP/1.1 413"


def test_an_incomplete_body_stores_nothing(site: Site) -> None:
    device = site.device()
    body = pack(device.batch(0, 10))
    host, port = site.hub.url.removeprefix("http://").split(":")
    head = (
        f"POST /{records_path(device.device)} HTTP/1.1\r\nHost: hub\r\nContent-Type: {CONTENT_TYPE}\r\n"
        f"{SIGNATURE_HEADER}: {sign(upload_message(device.device, body), device.key)}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    with socket.create_connection((host, int(port)), timeout=20) as line:
        line.sendall(head.encode() + body[:-1])
    assert site.give(device, 0, 3, over=3).body["next"] == 3
    assert site.bodies(device) == device.bodies[:3]


def test_a_body_that_never_ends_reaches_a_timeout(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upload, "BODY_S", 0.1)
    device = site.device()
    host, port = site.hub.url.removeprefix("http://").split(":")
    head = (
        f"POST /{records_path(device.device)} HTTP/1.1\r\nHost: hub\r\nContent-Type: {CONTENT_TYPE}\r\n"
        "Content-Length: 1000\r\n\r\n"
    )
    with socket.create_connection((host, int(port)), timeout=20) as line:
        line.sendall(head.encode())
        assert line.recv(12) == b"HTTP/1.1 408"


# -- the question of a device ------------------------------------------------------------------------------


def ask(site: Site, device: History, at_s: int, *, key: SigningKey | None = None, says: str = "") -> Said:
    headers = {
        SIGNATURE_HEADER: sign(next_message(device.device, at_s), key or device.key),
        TIME_HEADER: says or str(at_s),
    }
    return site.hub.call("GET", f"v1/devices/{device.device}", headers=headers)


def test_a_device_may_ask_what_the_hub_has(site: Site) -> None:
    device = site.device()
    site.give(device, 0, 7)
    assert ask(site, device, NOW_MS // 1000).body["next"] == 7


SKEWS = {
    "no difference": (0, 200),
    "5 min slow": (-300, 200),
    "5 min fast": (300, 200),
    "slower": (-301, 401),
    "1 day": (86_400, 401),
}


@pytest.mark.parametrize("case", SKEWS)
def test_the_time_of_a_question_must_be_recent(site: Site, case: str) -> None:
    skew_s, status = SKEWS[case]
    assert ask(site, site.device(), NOW_MS // 1000 + skew_s).status == status


def test_a_question_is_signed_with_its_time(site: Site) -> None:
    device, now_s = site.device(), NOW_MS // 1000
    assert ask(site, device, now_s, key=OTHER_KEY).status == 401
    assert ask(site, device, now_s - 200, says=str(now_s)).status == 401
    assert ask(site, device, now_s, says="now").status == 401
    assert ask(site, History(1, device="unknown-1"), now_s).status == 403


# -- many at once ------------------------------------------------------------------------------------------


def test_a_batch_sent_to_two_hubs_at_once_is_stored_once(site: Site, url: str) -> None:
    device = site.device(60)
    with open_site(url) as second, ThreadPoolExecutor(8) as pool:
        for first in range(0, 60, 10):
            batch = device.batch(first, first + 10)
            answers = list(
                pool.map(
                    lambda hub, batch=batch: hub.give(batch, device=device.device, key=device.key),
                    [site.hub, second.hub] * 4,
                )
            )
            assert {(said.status, said.body["next"]) for said in answers} == {(200, first + 10)}
    assert site.bodies(device) == device.bodies


def test_many_devices_at_once_do_not_disturb_each_other(site: Site) -> None:
    fleet = [site.device(30) for _ in range(8)]

    def day(device: History) -> list[int]:
        return [site.give(device, first, first + 10).status for first in (0, 10, 20)]

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(day, fleet)) == [[200, 200, 200]] * 8
    assert [site.bodies(device) for device in fleet] == [device.bodies for device in fleet]


def test_two_histories_of_one_device_that_race_never_mix(site: Site) -> None:
    for _ in range(5):
        device = site.device(40)
        fork = variant(device, branch=1)
        with ThreadPoolExecutor(2) as pool:
            answers = list(pool.map(lambda history: site.give(history, 0, 40), [device, fork]))
        assert sorted(said.status for said in answers) == [200, 422]
        assert site.bodies(device) in (device.bodies, fork.bodies)


def test_many_hubs_may_start_at_once(tmp_path, url: str) -> None:
    fresh = str(tmp_path / "hub.db") if "://" not in url else url
    databases = [Database(fresh) for _ in range(6)]
    barrier = threading.Barrier(len(databases))

    def begin(database: Database) -> None:
        barrier.wait()
        database.prepare()
        database.ready()

    try:
        with ThreadPoolExecutor(len(databases)) as pool:
            list(pool.map(begin, databases))
    finally:
        for database in databases:
            database.close()


# -- the service -------------------------------------------------------------------------------------------


def test_the_hub_reports_that_it_is_alive_and_ready(site: Site) -> None:
    assert [site.hub.call("GET", path).status for path in ("healthz", "readyz")] == [200, 200]


def test_every_answer_to_a_device_is_one_line_of_the_log(site: Site) -> None:
    device = site.device()
    site.give(device, 0, 10)
    site.hub.send(b"x", device="unknown-1")
    lines = [call.kwargs for call in site.log.calls]
    assert lines[0] == {"device": device.device, "status": 200, "records": 10, "next": 10}
    assert (lines[1]["device"], lines[1]["status"], lines[1]["error"]) == ("unknown-1", 403, "unknown")


def test_metrics_have_no_device_name(site: Site) -> None:
    site.give(site.device(), 0, 10)
    page = site.hub.page("metrics")
    assert 'doorward_hub_answers_total{status="200"}' in page
    assert 'doorward_hub_devices_contact{state="in touch"}' in page
    assert "door-" not in page


def test_an_unreachable_database_is_503_and_nothing_is_lost(tmp_path) -> None:
    database = Database(str(tmp_path / "hub.db"), lock_s=0.1)
    database.prepare()
    log = CapturingLogger()
    HubStore(database).add("lobby-1", bytes(KEY.verify_key), NOW_MS)
    with serving(create_app(database, password=PASSWORD, log=log)) as hub:
        batch = History(5).batch(0, 5)
        assert hub.give(batch).status == 200
        # another connection holds the lock
        with closing(Database(str(tmp_path / "hub.db"))) as holder, holder.writing():
            said = hub.give(History(9).batch(5, 9))
        assert (said.status, said.headers["Retry-After"]) == (503, "5")
        assert "sqlite" not in json.dumps(said.body)
        assert hub.give(History(9).batch(5, 9)).body["next"] == 9
    database.close()
    assert [call.kwargs for call in log.calls if call.method_name == "error"]


def test_a_database_of_another_release_is_not_changed(tmp_path) -> None:
    database = Database(str(tmp_path / "hub.db"))
    database.prepare()
    with database.writing() as db:
        db.execute(update(schema).values(version=99))
    with pytest.raises(StorageFault, match="another release"):
        database.prepare()
    database.close()


ADDRESSES = {
    "an unreachable server": ("postgresql://hub@127.0.0.1:1/hub", StorageFault),
    "a folder": ("/", StorageFault),
    "another kind": ("mysql://hub@localhost/hub", InputError),
    "memory": ("sqlite://", InputError),
    "nonsense": ("://", InputError),
}


@pytest.mark.parametrize("case", ADDRESSES)
def test_an_error_of_the_database_does_not_show_its_password(case: str) -> None:
    address, error = ADDRESSES[case]
    address = address.replace("hub@", "hub:secret@")
    with pytest.raises(error) as caught:
        Database(address).prepare()
    assert "secret" not in str(caught.value)


def test_a_batch_that_fails_half_way_stores_nothing(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    device = site.device()

    def keep_and_fail(*args: object) -> None:
        monkeypatch.undo()
        hub_store._keep(*args)
        raise StorageFault("the disk is full")

    monkeypatch.setattr(hub_store, "_keep", keep_and_fail)
    assert site.give(device, 0, 10).status == 503
    with site.store.database.reading() as db:
        serial = site.row(device)["serial"]
        assert db.execute(select(func.count()).where(records.c.serial == serial)).scalar_one() == 0
        assert db.execute(select(devices.c.size).where(devices.c.serial == serial)).scalar_one() == 0
    assert site.give(device, 0, 10).status == 200
