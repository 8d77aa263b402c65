"""Power failures at both ends of an upload: SIGKILL after a random number of lines of the device's and the hub's code.

Device and hub are one forked process here, so that each line of one can be the last for both. The journal, the cursor
and the hub's database remain. tests/scenarios/network/test_upload.py kills device and hub one by one.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
import sqlalchemy.engine
from crash.dying import folders, lines_run
from samples.journals import open_journal, passage
from worlds.fleet import DEVICE, KEY, STATUS, postgres_server

import edge.sqlite
import edge.sync
from edge.audit.evidence import open_segment_reader
from edge.audit.record import encode
from edge.ports import Answer
from edge.upload.client import Sender, upload
from edge.upload.outbox import Outbox
from edge.upload.protocol import SIGNATURE_HEADER
from tools.hub import store as hub_store
from tools.hub.app import json_lines
from tools.hub.numbers import HubMetrics
from tools.hub.schema import Database
from tools.hub.store import HubStore
from tools.hub.upload import UploadEndpoint

# Few for a normal run of the tests; `make test-crash` sets more rounds. A round kills once.
ROUNDS = int(os.environ.get("DOORWARD_CRASH_ROUNDS", "10"))
COUNTED = (*folders(edge.sync, hub_store, sqlalchemy.engine), edge.sqlite.__file__)
SENDER = Sender(device=DEVICE, key=KEY, status=STATUS, now_ms=lambda: 1_767_340_900_000)
HUB = "https://hub.example"


class LocalHub:
    """A hub without a socket. Implements Post."""

    def __init__(self, database: Database) -> None:
        self._uploads = UploadEndpoint(
            HubStore(database), HubMetrics(dict, dict, int), json_lines(), now_s=lambda: 1_767_340_900.0
        )

    def post(self, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        response = self._uploads._take(path.split("/")[2], headers[SIGNATURE_HEADER], body)
        return Answer(response.status_code, bytes(response.body))


def sent_by_a_child(folder: Path, db: str, *, lines: int | None) -> int:
    """Upload in a process that is killed after `lines` lines. Returns the lines that ran, or 0 if it died."""

    def send() -> None:
        with Outbox(folder / "journal.db", folder, HUB) as outbox:
            upload(outbox, LocalHub(Database(db)), SENDER)

    return lines_run(send, COUNTED, lines=lines)


@pytest.fixture(params=["sqlite", "postgresql"])
def db(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield str(tmp_path / "hub.db")
    else:
        with postgres_server() as url:
            yield url


def on_hub(db: str) -> list[str]:
    database = Database(db)
    try:
        store = HubStore(database)
        device = store.find(DEVICE)
        bodies = list(store.bodies(device.serial))
        assert device.next == len(bodies)
        return bodies
    finally:
        database.close()


def in_journal(folder: Path) -> list[str]:
    with open_segment_reader(folder / "journal.db") as segment:
        return [encode(entry).decode() for entry in segment.entries()]


def test_an_upload_that_dies_at_any_line_loses_and_duplicates_no_record(
    db: str, tmp_path: Path, record_property: Callable
) -> None:
    database = Database(db)
    database.prepare()
    HubStore(database).add(DEVICE, bytes(KEY.verify_key), 0)
    database.close()
    dice = random.Random(20_261_122)
    killed = ticks = 0
    most = 0
    for number in range(ROUNDS + 1):
        with open_journal(tmp_path / "journal.db") as journal:
            for _ in range(dice.randrange(1, 6)):
                journal.append(passage(ticks))
                ticks += 1
        if number < 2:  # after the first answer of a hub a device sends one heartbeat more
            most = sent_by_a_child(tmp_path, db, lines=None)
            continue
        ran = sent_by_a_child(tmp_path, db, lines=dice.randrange(1, most))
        killed += not ran
        written, arrived = in_journal(tmp_path), on_hub(db)
        assert arrived == written[: len(arrived)]
        with Outbox(tmp_path / "journal.db", tmp_path, HUB) as outbox:
            assert outbox.acknowledged <= len(arrived)
    record_property("kills", (f"upload, a hub over {'PostgreSQL' if '://' in db else 'SQLite'}", killed))
    assert killed > ROUNDS / 2
    assert sent_by_a_child(tmp_path, db, lines=None)
    assert on_hub(db) == in_journal(tmp_path)
