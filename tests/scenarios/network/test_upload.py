"""A device and a hub in their own processes, and their data after one is killed at the worst moment."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from samples.journals import open_journal, passage, write_journal
from worlds.fleet import DEVICE, HUB, KEY, STATUS, History, Hub, postgres_server, running_hub

from edge.audit.evidence import open_segment_reader
from edge.audit.record import encode
from edge.errors import FetchError
from edge.upload.client import Sender, Uploaded, upload
from edge.upload.outbox import HistoryDiffers, Outbox
from hw.network.post_http import HttpPost
from tools.hub.schema import Database
from tools.hub.store import HubStore

SENDER = Sender(device=DEVICE, key=KEY, status=STATUS, now_ms=lambda: 1_767_340_900_000)

# A hub that is killed at one place of its code; the rest is tools/hub unchanged.
DYING_HUB = """
import os, signal, sys
sys.path.insert(0, {root!r})
from tools.hub import cli, store, upload

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

keep, tell = store._keep, upload.UploadEndpoint._tell

def half(*args):
    keep(*args)
    die()

def silent(self, device, status, content, **how):
    return die() if status == 200 else tell(self, device, status, content, **how)

if {moment!r} == "before the commit":
    store._keep = half
elif {moment!r} == "before the answer":
    upload.UploadEndpoint._tell = silent
sys.exit(cli.main(sys.argv[1:]))
"""

# A device that is killed between the hub's answer and its own note of it.
DYING_DEVICE = """
import os, signal, sys
from pathlib import Path
from worlds.fleet import DEVICE, KEY, STATUS
from edge.upload.client import Sender, upload
from edge.upload.outbox import Outbox
from hw.network.post_http import HttpPost

class Dying:
    def post(self, path, body, headers):
        HttpPost(sys.argv[2]).post(path, body, headers)
        os.kill(os.getpid(), signal.SIGKILL)

sender = Sender(device=DEVICE, key=KEY, status=STATUS, now_ms=lambda: 1)
with Outbox(Path(sys.argv[1]), Path(sys.argv[1]).parent / "state", "the hub") as outbox:
    upload(outbox, Dying(), sender)
"""


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def server(request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of an empty database; for SQLite, the name of a file for each test."""
    if request.param == "sqlite":
        yield "hub.db"
    else:
        with postgres_server() as url:
            yield url


@contextmanager
def open_store(db: str) -> Iterator[HubStore]:
    database = Database(db)
    try:
        database.prepare()
        yield HubStore(database)
    finally:
        database.close()


@pytest.fixture
def db(server: str, tmp_path: Path) -> str:
    """A database in which the device is registered, and nothing else."""
    url = server if "://" in server else str(tmp_path / server)
    with open_store(url) as store:
        if store.histories(DEVICE):
            store.remove(DEVICE, 0, records_too=True)
        store.add(DEVICE, bytes(KEY.verify_key), 0)
    return url


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    return write_journal(tmp_path / "journal.db", 30)


def send(journal: Path, hub: Hub) -> Uploaded:
    # One state for every port: it is one hub that was started again.
    with Outbox(journal, journal.parent / "state", "the hub") as outbox:
        return upload(outbox, HttpPost(hub.url), SENDER)


def acknowledged(journal: Path) -> int:
    with Outbox(journal, journal.parent / "state", "the hub") as outbox:
        return outbox.acknowledged


def on_hub(db: str) -> list[str]:
    with open_store(db) as store:
        return list(store.bodies(store.find(DEVICE).serial))


def in_journal(journal: Path) -> list[str]:
    with open_segment_reader(journal) as segment:
        return [encode(entry).decode() for entry in segment.entries()]


def test_the_records_of_a_day_are_on_the_hub_byte_for_byte(db: str, journal: Path, tmp_path: Path) -> None:
    with running_hub(db, tmp_path) as hub:
        assert send(journal, hub) == Uploaded(count=30, next=30, left=0)
        with open_journal(journal) as device:
            device.append(passage(30))
        assert send(journal, hub).count == 1
        assert "in touch" in hub.page(f"devices/{DEVICE}")
    assert on_hub(db) == in_journal(journal)


MOMENTS = {"before the commit": 0, "before the answer": 30}


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_hub_that_is_killed_loses_nothing_and_takes_nothing_twice(
    db: str, journal: Path, tmp_path: Path, moment: str
) -> None:
    script = tmp_path / "dying_hub.py"
    script.write_text(DYING_HUB.format(root=str(HUB.parents[1]), moment=moment))
    with running_hub(db, tmp_path, script=script) as dying:
        with pytest.raises(FetchError):
            send(journal, dying)
        assert dying.process.wait(timeout=30) == -signal.SIGKILL
    assert (acknowledged(journal), len(on_hub(db))) == (0, MOMENTS[moment])
    with running_hub(db, tmp_path) as hub:
        assert send(journal, hub).next == 30
    assert on_hub(db) == in_journal(journal)


def test_a_device_that_is_killed_before_it_has_noted_the_answer_sends_again(
    db: str, journal: Path, tmp_path: Path
) -> None:
    with running_hub(db, tmp_path) as hub:
        for _ in range(2):
            env = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
            command = [sys.executable, "-c", DYING_DEVICE, journal, hub.url]
            died = subprocess.run(list(map(str, command)), env=env, check=False, timeout=60)
            assert died.returncode == -signal.SIGKILL
            assert (acknowledged(journal), len(on_hub(db))) == (0, 30)
        assert send(journal, hub) == Uploaded(count=30, next=30, left=0)
    assert on_hub(db) == in_journal(journal)


def test_a_journal_that_was_put_back_is_an_alarm_on_both_sides(db: str, tmp_path: Path) -> None:
    journal = write_journal(tmp_path / "journal.db", 20)
    copy = journal.read_bytes()
    with running_hub(db, tmp_path) as hub:
        with open_journal(journal) as device:
            device.append(passage(99))
        send(journal, hub)
        for file in journal.parent.glob("journal.db*"):
            file.unlink()
        journal.write_bytes(copy)
        with pytest.raises(HistoryDiffers):
            send(journal, hub)
        later = replace(SENDER, now_ms=lambda: SENDER.now_ms() + 1)
        with Outbox(journal, tmp_path / "new card", "the hub") as outbox, pytest.raises(HistoryDiffers):
            upload(outbox, HttpPost(hub.url), later)
        assert "an older copy was restored" in hub.page(f"devices/{DEVICE}")


@contextmanager
def two_hubs(db: str, folder: Path) -> Iterator[tuple[Hub, Hub]]:
    with running_hub(db, folder) as one, running_hub(db, folder) as two:
        yield one, two


def test_two_hubs_over_one_database_take_the_same_batch_once(db: str, tmp_path: Path) -> None:
    history = History(50)
    with two_hubs(db, tmp_path) as hubs, ThreadPoolExecutor(6) as pool:
        for first in range(0, 50, 10):
            batch = history.batch(first, first + 10)
            answers = list(pool.map(lambda hub, batch=batch: hub.give(batch), hubs * 3))
            assert {(said.status, said.body["next"]) for said in answers} == {(200, first + 10)}
    assert on_hub(db) == [body.decode() for body in history.bodies]
