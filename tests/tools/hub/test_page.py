"""The pages of the hub for operators, and their password."""

from __future__ import annotations

import csv
import io
import re
import sqlite3
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl.signing import SigningKey
from sqlalchemy import Integer, literal_column, select
from worlds.fleet import PASSWORD, SENT_MS, History, Hub, serving

from edge.audit.record import (
    Cause,
    ClockChange,
    ClockEvent,
    ClockTrust,
    DevicePart,
    DoorChange,
    Erased,
    ErasureCause,
    Faulted,
    JournalEntry,
    Started,
    StopCause,
    Stopped,
    decode,
)
from edge.ports import DoorEventKind
from edge.reasons.table import reasons
from edge.upload.batch import DeviceStatus, pack
from tools.hub.app import create_app
from tools.hub.fleet import NEVER, AgeScale, AgeScales, Fleet
from tools.hub.intake import Dispute, Disputed, open_offer
from tools.hub.page import span
from tools.hub.schema import Database
from tools.hub.staff.record_row import told
from tools.hub.store import HubStore

HOUR_MS = 3_600_000
NOW_MS = SENT_MS + 1_000


@dataclass
class Office:
    """A hub and its fleet."""

    hub: Hub
    store: HubStore

    def device(
        self, name: str, *, heard_ms: int | None = None, lists_ms: int = NOW_MS, **other: object
    ) -> History:
        """Add a device with its last contact at `heard_ms` and lists signed at `lists_ms`."""
        key = SigningKey(name.encode().ljust(32, b"."))
        history = History(int(other.pop("size", 5)), device=name, key=key)
        self.store.add(name, bytes(key.verify_key), SENT_MS - 24 * HOUR_MS)
        if heard_ms is not None:
            status = DeviceStatus(
                software="0.1.0", clock=ClockTrust.TRUSTED, lists_issued_s=lists_ms // 1000, free_mb=1_234
            )
            batch = history.batch(0, min(5, history.size), **{"sent_ms": heard_ms, "status": status} | other)
            offer = open_offer(pack(batch), device=name, key=key.verify_key)
            self.store.take(self.store.find(name), offer, heard_ms)
        return history


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    database = Database(str(tmp_path / "hub.db"))
    database.prepare()
    with serving(create_app(database, password=PASSWORD, now_s=lambda: NOW_MS / 1000)) as hub:
        yield Office(hub, HubStore(database))
    database.close()


class Table(HTMLParser):
    """The rows of all tables on a page, as text; raises for tags that do not match."""

    VOID = ("meta", "input", "link", "br")

    def __init__(self, page: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self._open: list[str] = []
        self.feed(page)
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag not in self.VOID:
            self._open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in {"td", "th"}:
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if {"td", "th"} & set(self._open):
            self.rows[-1][-1] = " ".join(f"{self.rows[-1][-1]} {data}".split())


def names(page: str) -> list[str]:
    return [row[0] for row in Table(page).rows[1:]]


# -- all devices -------------------------------------------------------------------------------------------


def test_a_device_is_a_row_of_words(office: Office) -> None:
    office.device("tower-1.lobby", heard_ms=NOW_MS - 5 * 60_000, lists_ms=NOW_MS - 30 * HOUR_MS)
    head, row = Table(office.hub.page("")).rows
    assert dict(zip(head, row, strict=True)) == {
        "Device": "tower-1.lobby",
        "Last contact ↓": "in touch 5 min",
        "Lists": "ageing 30 h",
        "Clock": "trusted",
        "Records": "5",
        "Waiting": "0",
        "Software": "0.1.0",
        "Free MB": "1,234",
        "Alarms": "none",
    }


@pytest.fixture
def fleet(office: Office) -> Office:
    office.device("b-late", heard_ms=NOW_MS - 2 * HOUR_MS, lists_ms=NOW_MS - 2 * HOUR_MS)
    office.device("c-silent", heard_ms=NOW_MS - 30 * HOUR_MS, lists_ms=NOW_MS - 40 * HOUR_MS)
    office.device("a-new")
    office.device("d-good", heard_ms=NOW_MS - 1_000, lists_ms=NOW_MS - 200 * HOUR_MS)
    office.device("e-alarm", heard_ms=NOW_MS - 1_000, lists_ms=NOW_MS - HOUR_MS)
    office.store.raise_alarm(
        office.store.find("e-alarm"), Disputed(Dispute.INCONSISTENT, "record <4> differs"), NOW_MS
    )
    return office


ORDERS = {
    "": ["e-alarm", "a-new", "c-silent", "b-late", "d-good"],
    "?sort=contact": ["e-alarm", "a-new", "c-silent", "b-late", "d-good"],
    "?sort=lists": ["e-alarm", "a-new", "d-good", "c-silent", "b-late"],
    "?sort=name": ["e-alarm", "a-new", "b-late", "c-silent", "d-good"],
    "?sort=nonsense": ["e-alarm", "a-new", "c-silent", "b-late", "d-good"],
    "?find=-la": ["b-late"],
    "?find=%25": [],
    "?find=_": [],
}


@pytest.mark.parametrize("query", ORDERS)
def test_alarms_come_first_and_then_the_requested_order(fleet: Office, query: str) -> None:
    page = fleet.hub.page(query)
    assert names(page) == ORDERS[query] if ORDERS[query] else "No device has" in page


def test_the_numbers_on_top_are_of_all_devices(fleet: Office) -> None:
    boxes = re.findall(r"<li[^>]*><b>([\d,]+)</b> ([\w ]+)</li>", fleet.hub.page("?find=b-late"))
    assert boxes == [
        ("5", "registered"),
        ("2", "in touch"),
        ("1", "late"),
        ("1", "silent"),
        ("1", "without contact"),
        ("2", "lists fresh"),
        ("1", "lists ageing"),
        ("1", "lists stale"),
        ("1", "with an alarm"),
    ]


def test_a_page_with_no_device_says_how_to_add_one(office: Office) -> None:
    assert "device add" in office.hub.page("")


def test_the_page_refreshes_only_on_request(office: Office) -> None:
    assert "http-equiv" not in office.hub.page("")
    assert 'http-equiv="refresh"' in office.hub.page("?refresh")


# -- one device --------------------------------------------------------------------------------------------


def test_a_device_has_its_facts_its_alarms_and_its_last_records(fleet: Office) -> None:
    page = fleet.hub.page("devices/e-alarm")
    rows = Table(page).rows
    assert rows[1][:2] == ["inconsistent", "record <4> differs"]
    assert [row[0] for row in rows[3:]] == ["4", "3", "2", "1", "0"]
    assert rows[3][4:] == ["denied: card.revoked", "0123456789ab", "", ""]
    assert "alarm clear e-alarm" in page
    assert bytes(SigningKey(b"e-alarm".ljust(32, b".")).verify_key).hex() in page


@pytest.mark.parametrize(
    ("erasures", "says"),
    [
        ({}, "records 0 to 2 never came, and no signed record says that they were erased"),
        ({4: 3}, "from record 3 on: the device erased older ones before"),
    ],
    ids=["nothing says so", "the device says so"],
)
def test_a_page_says_which_records_never_came(office: Office, erasures: dict[int, int], says: str) -> None:
    history = History(5, device="late", key=SigningKey(bytes(32)), erasures=erasures)
    office.store.add("late", bytes(history.key.verify_key), SENT_MS)
    offer = open_offer(pack(history.batch(3, 5)), device="late", key=history.key.verify_key)
    office.store.take(office.store.find("late"), offer, SENT_MS)
    assert says in office.hub.page("devices/late")


def test_only_the_last_hundred_records_are_on_the_page(office: Office) -> None:
    device = office.device("busy", size=400)
    offer = open_offer(pack(device.batch(0, 400)), device="busy", key=device.key.verify_key)
    office.store.take(office.store.find("busy"), offer, NOW_MS)
    assert [row[0] for row in Table(office.hub.page("devices/busy")).rows[1:]][::99] == ["399", "300"]


def test_a_wrong_clock_is_named(office: Office) -> None:
    slow = office.device("slow")
    offset = office.device("fast")
    for hours, arrived_ms in ((-3, NOW_MS - 1_000), (3, NOW_MS)):
        name = "fast" if hours > 0 else "slow"
        history = offset if hours > 0 else slow
        batch = history.batch(0, 5, sent_ms=NOW_MS + HOUR_MS * hours, hub_ms=NOW_MS - 1_000)
        offer = open_offer(pack(batch), device=name, key=history.key.verify_key)
        office.store.take(office.store.find(name), offer, arrived_ms)
    assert "3 h slow" in office.hub.page("devices/slow")
    assert "3 h slow" in office.hub.page("")
    assert "clock of the device: ahead of the hub by 3 hours" in office.hub.page("devices/fast")
    assert "slow" not in office.hub.page("devices/fast")


def test_the_history_of_a_device_that_was_removed_stays(office: Office) -> None:
    office.device("lobby", heard_ms=NOW_MS)
    office.store.remove("lobby", NOW_MS)
    assert names(office.hub.page("")) == []
    assert "the hub refuses its records" in office.hub.page("devices/lobby")
    office.store.add("lobby", bytes(SigningKey.generate().verify_key), NOW_MS)
    page = office.hub.page("devices/lobby")
    (older,) = re.findall(r'href="/(devices/lobby\?history=\d+)"', page)
    assert "No records yet" in page
    assert len(Table(office.hub.page(older)).rows) == 6


FILES = {"jsonl": "application/jsonl", "csv": "text/csv; charset=utf-8"}


@pytest.mark.parametrize("form", FILES)
def test_all_records_can_be_downloaded(office: Office, form: str) -> None:
    device = office.device("busy", size=5)
    office.store.take(
        office.store.find("busy"),
        open_offer(pack(device.batch(0, 5)), device="busy", key=device.key.verify_key),
        NOW_MS,
    )
    said = office.hub.call(
        "GET", f"devices/busy/records.{form}", headers={"Authorization": f"Bearer {PASSWORD}"}
    )
    assert said.headers["content-type"] == FILES[form]
    assert said.headers["content-disposition"] == f'attachment; filename="busy.{form}"'
    if form == "jsonl":
        assert said.body == b"".join(body + b"\n" for body in device.bodies)
    else:
        table = list(csv.DictReader(io.StringIO(said.body.decode())))
        assert [row["seq"] for row in table] == ["0", "1", "2", "3", "4"]
        assert table[3]["time"] == "2026-01-02T08:00:00.003Z"
        assert (table[3]["reason"], table[3]["similarity_milli"], table[3]["cause"]) == (
            "card.revoked",
            "512",
            "",
        )


ABSENT = [
    "devices/unknown-1",
    "devices/unknown-1/records.csv",
    "devices/lobby/records.exe",
    "devices/lobby?history=9",
    "x",
]


@pytest.mark.parametrize("path", ABSENT)
def test_an_unknown_page_is_404(office: Office, path: str) -> None:
    office.device("lobby", heard_ms=NOW_MS)
    assert office.hub.call("GET", path, headers={"Authorization": f"Bearer {PASSWORD}"}).status == 404


# -- the password ------------------------------------------------------------------------------------------

PAGES = ["", "staff", "devices/lobby", "devices/lobby/records.csv", "devices/lobby/records.jsonl", "metrics"]


def basic(user: str, password: str) -> str:
    return "Basic " + b64encode(f"{user}:{password}".encode()).decode()


GIVEN = {
    "nothing": ("", 401),
    "the password as a token": (f"Bearer {PASSWORD}", 200),
    "any user with the password": (basic("operator", PASSWORD), 200),
    "no user": (basic("", PASSWORD), 200),
    "a wrong token": ("Bearer password", 401),
    "a wrong password": (basic("operator", "password"), 401),
    "an empty password": (basic("operator", ""), 401),
    "only the beginning of the password": (f"Bearer {PASSWORD[:-1]}", 401),
    "one more character": (f"Bearer {PASSWORD}x", 401),
    "not base64": ("Basic ***", 401),
    "no colon": ("Basic " + b64encode(PASSWORD.encode()).decode(), 401),
    "another scheme": (f"Digest {PASSWORD}", 401),
}


@pytest.mark.parametrize("case", GIVEN)
def test_every_page_needs_the_password(office: Office, case: str) -> None:
    office.device("lobby", heard_ms=NOW_MS)
    header, status = GIVEN[case]
    for path in PAGES:
        said = office.hub.call("GET", path, headers={"Authorization": header} if header else {})
        assert said.status == status
        if status == 401:
            assert said.headers["www-authenticate"].startswith("Basic")
            assert b"lobby" not in said.body


def test_a_page_loads_nothing_and_runs_nothing(office: Office) -> None:
    said = office.hub.call("GET", "", headers={"Authorization": f"Bearer {PASSWORD}"})
    policy = said.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'")
    page = said.body.decode()
    assert "<script" not in page
    assert not re.search(r'(src|href)="(https?:)?//', page)
    assert not re.search(r'<(?!html|meta)[^>]* style="', page)
    assert said.headers["cache-control"] == "no-store"


def test_the_search_text_is_escaped(office: Office) -> None:
    page = office.hub.page("?find=%22%3E%3Cscript%3E")
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


# -- words -------------------------------------------------------------------------------------------------

LADDER = AgeScale("fresh", 100, "ageing", 1_000, "stale")
AGES = {
    None: NEVER,
    0: "fresh",
    -300: "fresh",
    -301: "stale",
    100: "fresh",
    101: "ageing",
    1_000: "ageing",
    1_001: "stale",
}


@pytest.mark.parametrize("age", AGES)
def test_an_age_is_one_of_four_words(age: int | None) -> None:
    assert LADDER.state(age) == AGES[age]


@given(st.none() | st.integers(-2_000, 2_000))
def test_the_counts_of_the_database_follow_the_words_of_the_page(age_s: int | None) -> None:
    now_s = 1_000_000
    moment = literal_column("NULL" if age_s is None else str(now_s - age_s), Integer)
    conditions = LADDER.conditions(moment, now_s)
    with sqlite3.connect(":memory:") as db:
        true = [
            word
            for word, condition in conditions.items()
            if db.execute(str(select(condition).compile(compile_kwargs={"literal_binds": True}))).fetchone()[
                0
            ]
        ]
    db.close()
    assert true == [LADDER.state(age_s)]


SPANS = {0: "0 s", 119: "119 s", 120: "2 min", 7_199: "120 min", 7_200: "2 h", 172_800: "2 d", -400: "-7 min"}


@pytest.mark.parametrize("seconds", SPANS)
def test_a_time_in_its_largest_unit(seconds: int) -> None:
    assert span(seconds) == SPANS[seconds]


BASE = {"time_ms": SENT_MS, "tick_ms": 1, "door": "tower-1/lobby", "version": "0.1.0"}
TOLD = {
    "door relocked (timeout)": DoorChange(**BASE, change=DoorEventKind.RELOCKED, cause=Cause.TIMEOUT),
    "door opened": DoorChange(**BASE, change=DoorEventKind.OPENED),
    "started": Started(**BASE),
    "stopped (bug)": Stopped(**BASE, cause=StopCause.BUG),
    "fault: camera": Faulted(**BASE, part=DevicePart.CAMERA),
    "clock: back": ClockChange(**BASE, event=ClockEvent.BACK, off_s=-3_600),
    "clock: trusted": ClockChange(**BASE, event=ClockEvent.TRUSTED),
    "denied: card.revoked": decode(History(1).bodies[0]).record,
    "erased before record 1,200 (space)": Erased(**BASE, upto=1_200, cause=ErasureCause.SPACE),
}


@pytest.mark.parametrize("what", TOLD)
def test_a_record_in_words(what: str) -> None:
    row = told(JournalEntry(seq=3, record=TOLD[what]))
    assert row["what"] == what
    assert (row["code"] or "started") in {*reasons(), "started"}


def test_counts_of_no_devices_are_zero(tmp_path: Path) -> None:
    database = Database(str(tmp_path / "hub.db"))
    database.prepare()
    counts = Fleet(database, AgeScales()).counts(NOW_MS // 1000)
    assert {count for states in counts.values() for count in states.values()} == {0}
    database.close()
