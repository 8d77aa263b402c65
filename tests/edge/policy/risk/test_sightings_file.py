"""Sightings of cards at other doors, from the tables of the hub to the door that uses them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from samples.journals import passage

from edge.app.parts.trust_folder import open_files
from edge.app.sync.sightings_watch import LOOK_MS, SightingsWatch
from edge.audit.record import JournalEntry
from edge.errors import InputError
from edge.passage.machine import PassageState
from edge.passage.verifier import StepResult
from edge.policy.risk import sightings_file
from edge.policy.risk.history import RecentPast
from edge.upload.protocol import MAX_ANSWER_BYTES, MAX_SIGHTINGS, Next, parse_next
from tools.hub.schema import Database, devices
from tools.hub.sightings import KEPT_MS, note, recent

NOW_MS = passage().time_ms + 1_000


def seen(card: str, door: str, ago_ms: int = 0) -> JournalEntry:
    record = msgspec.structs.replace(passage(), card=card, door=door, time_ms=NOW_MS - ago_ms)
    return JournalEntry(seq=0, record=record)


@pytest.fixture
def hub(tmp_path: Path):
    database = Database(str(tmp_path / "hub.db"))
    database.prepare()
    with database.writing() as db:
        for name in ("a", "b", "c"):
            db.execute(devices.insert().values(id=name, key=name.encode(), added_ms=0, frontier=b""))
    yield database
    database.close()


A, B = "0" * 12, "1" * 12
ROWS = {
    "a card at one door is not sent": ([(1, seen(A, "x"))], {}),
    "a card at two doors is sent": (
        [(1, seen(A, "x", 5)), (2, seen(A, "y"))],
        {A: {"y": NOW_MS, "x": NOW_MS - 5}},
    ),
    "the latest at each door counts": (
        [(1, seen(A, "x", 9)), (2, seen(A, "y")), (1, seen(A, "x", 5))],
        {A: {"y": NOW_MS, "x": NOW_MS - 5}},
    ),
    "two readers of one door are one": ([(1, seen(A, "x")), (2, seen(A, "x"))], {}),
    "a sighting of an hour ago is forgotten": ([(1, seen(A, "x", KEPT_MS)), (2, seen(A, "y"))], {}),
    "a sighting in the future is ignored": ([(1, seen(A, "x", -5)), (2, seen(A, "y"))], {}),
    "the card at most doors comes first": (
        [
            (1, seen(A, "x", 9)),
            (2, seen(A, "y", 9)),
            (3, seen(A, "z", 9)),
            (1, seen(B, "x")),
            (2, seen(B, "y")),
        ],
        {A: {"x": NOW_MS - 9, "y": NOW_MS - 9, "z": NOW_MS - 9}, B: {"x": NOW_MS, "y": NOW_MS}},
    ),
    "one device tells one door of a card, whatever it calls it": (
        [(1, seen(A, "x", 9)), (2, seen(A, "p", 3)), (2, seen(A, "q", 2)), (2, seen(A, "r", 1))],
        {A: {"r": NOW_MS - 1, "x": NOW_MS - 9}},
    ),
    "the latest card comes first": (
        [(1, seen(A, "x", 9)), (2, seen(A, "y", 8)), (1, seen(B, "x", 7)), (2, seen(B, "y", 6))],
        {B: {"y": NOW_MS - 6, "x": NOW_MS - 7}, A: {"y": NOW_MS - 8, "x": NOW_MS - 9}},
    ),
}


@pytest.mark.parametrize("row", ROWS)
def test_a_hub_sends_the_cards_at_several_doors(row: str, hub: Database) -> None:
    entries, told = ROWS[row]
    for serial, entry in entries:
        with hub.writing() as db:
            note(db, serial, [entry], NOW_MS)
    with hub.reading() as db:
        found = recent(db, NOW_MS)
    assert found == told
    assert list(found) == list(told)


def test_the_longest_list_of_a_hub_fits_into_an_answer(hub: Database) -> None:
    for serial in (1, 2, 3):
        entries = [seen(f"{card:012x}", f"{serial}" * 40, card) for card in range(2 * MAX_SIGHTINGS)]
        with hub.writing() as db:
            note(db, serial, entries, NOW_MS)
    with hub.reading() as db:
        told = recent(db, NOW_MS)
    assert len(told) == MAX_SIGHTINGS
    body = msgspec.json.encode(Next(2**53 - 1, told, hub_ms=253_402_300_799_999))
    assert len(body) <= MAX_ANSWER_BYTES
    assert parse_next(body).sightings == told


def test_a_rogue_device_that_names_every_card_pushes_out_no_copied_one(hub: Database) -> None:
    copied = "f" * 12
    crowd = [f"{card:012x}" for card in range(2 * MAX_SIGHTINGS)]
    with hub.writing() as db:
        note(db, 1, [seen(card, "x", 60_000) for card in (*crowd, copied)], NOW_MS)
        note(db, 2, [seen(copied, "y", 60_000)], NOW_MS)
        note(db, 3, [seen(card, "rogue") for card in crowd], NOW_MS)
        note(db, 3, [seen(copied, "rogue", 60_000)], NOW_MS)
    with hub.reading() as db:
        assert next(iter(recent(db, NOW_MS))) == copied


@pytest.mark.parametrize(
    "data", [b"", b"[]", b'{"x":{}}', b'{"0123456789ab":{"A":1}}', b"\xff", b"{" * 2_000]
)
def test_a_file_that_is_not_a_list_of_sightings_is_refused(data: bytes) -> None:
    with pytest.raises(InputError):
        sightings_file.decode(data)


def test_a_door_reads_the_sightings_that_sync_wrote(tmp_path: Path) -> None:
    state, past = open_files(tmp_path), RecentPast("x")
    watch = SightingsWatch(past, state)
    watch.see(StepResult(0, PassageState.IDLE, None))
    assert past.sightings == {}
    state.write(sightings_file.FILE, sightings_file.encode({A: {"y": NOW_MS}}))
    watch.see(StepResult(1, PassageState.IDLE, None))
    assert past.sightings == {}, "not in every frame"
    watch.see(StepResult(LOOK_MS, PassageState.FACE, None))
    assert past.sightings == {}, "not during a passage"
    watch.see(StepResult(LOOK_MS, PassageState.IDLE, None))
    known = {A: {"y": datetime.fromtimestamp(NOW_MS / 1_000, UTC)}}
    assert past.sightings == known
    state.write(sightings_file.FILE, b"garbage")
    watch.see(StepResult(2 * LOOK_MS, PassageState.IDLE, None))
    assert past.sightings == known
