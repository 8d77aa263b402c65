"""The page of messages to staff, the numbers of the hub, and the notes on the page of a device."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from worlds.fleet import PASSWORD, Hub, serving
from worlds.staffed_hub import DAY_MS, NOW_MS, StaffedHub, visit

from edge.decision import Reason
from edge.reasons.table import reasons
from tools.hub.app import create_app
from tools.hub.schema import Database
from tools.hub.store import HubStore


@dataclass
class Office:
    """A hub that serves, at an hour that the test sets."""

    hub: Hub
    staffed: StaffedHub
    now_ms: int = NOW_MS


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    database = Database(str(tmp_path / "hub.db"))
    database.prepare()
    office = Office(Hub("", ""), StaffedHub(database, HubStore(database)))
    with serving(create_app(database, password=PASSWORD, now_s=lambda: office.now_ms / 1000)) as hub:
        office.hub = hub
        yield office
    database.close()


def cells(page: str) -> list[list[str]]:
    """The rows of the last table as text."""
    rows = re.findall(r"<tr>(.*?)</tr>", page.rpartition("<tbody>")[2], re.DOTALL)
    return [
        [re.sub(r"<[^>]+>", "", cell).strip() for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row)]
        for row in rows
    ]


def test_the_page_has_each_message_in_clear_newest_first(office: Office) -> None:
    office.staffed.send(visit("duress"), visit("assisted", reason=Reason.PATRON_BLOCKED, seq=1))
    rows = cells(office.hub.page("staff"))
    assert [(row[0], row[3], row[4], row[5], row[6], row[7], row[8], row[9]) for row in rows] == [
        ("notice.assisted", "lobby-1", "tower-1/lobby", "deny: patron.blocked", "0123456789ab", "face", "1",
         "not sent"),
        ("patron.blocked", "lobby-1", "tower-1/lobby", "deny: patron.blocked", "0123456789ab", "face", "1",
         "not sent"),
        ("notice.duress", "lobby-1", "tower-1/lobby", "grant", "0123456789ab", "face", "0", "not sent"),
    ]  # fmt: skip


def test_duress_of_the_last_day_is_at_the_top_of_both_pages(office: Office) -> None:
    office.staffed.send(visit("duress"), visit("passback", seq=1))
    for path in ("", "staff"):
        assert 'role="alert"><b>Duress' in office.hub.page(path)
    office.now_ms += DAY_MS
    for path in ("", "staff"):
        assert 'role="alert"' not in office.hub.page(path)
    assert len(cells(office.hub.page("staff"))) == 2


def test_messages_are_found_by_urgency_and_device(office: Office) -> None:
    office.staffed.send(visit("duress"), visit("passback", seq=1), visit("first-in", seq=2))
    for level, code in (
        ("duress", "notice.duress"),
        ("alarm", "notice.passback"),
        ("note", "notice.first-in"),
    ):
        assert [row[0] for row in cells(office.hub.page(f"staff?level={level}"))] == [code]
    assert len(cells(office.hub.page("staff?level=none"))) == 3
    assert "No messages that match" in office.hub.page("staff?find=yard")
    assert 'http-equiv="refresh"' in office.hub.page("staff?refresh")


def test_an_unknown_word_of_a_later_release_is_shown(office: Office) -> None:
    office.staffed.send(visit("later"))
    assert cells(office.hub.page("staff"))[0][0] == "notice.later"


def test_the_result_of_the_webhook_is_on_the_page(office: Office) -> None:
    office.staffed.send(visit("duress"), visit("passback", seq=1))
    for row in office.staffed.log.latest():
        office.staffed.log.told(row["id"], "" if row["seq"] else "answer 400", NOW_MS)
    assert [row[9] for row in cells(office.hub.page("staff"))] == [
        "2026-01-02 08:01:00",
        "refused: answer 400",
    ]


def test_the_page_of_a_device_has_card_path_and_notes_of_each_record(office: Office) -> None:
    office.staffed.send(visit("duress", "assisted"), visit(seq=1))
    rows = cells(office.hub.page("devices/lobby-1"))
    assert [row[4:] for row in rows] == [
        ["granted", "0123456789ab", "face", ""],
        ["granted", "0123456789ab", "face", "notice.duress, notice.assisted"],
    ]


def test_every_link_of_a_message_leads_to_its_code(office: Office) -> None:
    office.staffed.send(visit("officer.chief", "duress", "passback"))
    office.staffed.dispute()
    for path in ("staff", "devices/lobby-1"):
        links = re.findall(r'href="/reasons#([^"]+)"', office.hub.page(path))
        assert links
        assert set(links) <= set(reasons())


def test_prometheus_has_a_counter_for_each_code(office: Office) -> None:
    before = office.hub.page("metrics")
    assert 'doorward_hub_staff_messages_total{code="notice.duress"} 0.0' in before
    office.staffed.send(visit("duress"), visit("duress", seq=1))
    page = office.hub.page("metrics")
    assert 'doorward_hub_staff_messages_total{code="notice.duress"} 2.0' in page
    assert "doorward_hub_staff_waiting 2.0" in page
    assert "0123456789ab" not in page
