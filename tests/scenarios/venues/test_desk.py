"""A hotel's desk, one guest a row: registrations, refusals, and the data that is kept."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import get_args

import pytest
from peers.web_server import reply, serve
from worlds.venues.desk import DENY, GRANT, PASSPORT, DeskWorld, booking, card, guest, on
from worlds.venues.venue_passages import Counter

from edge.audit.record import utc_ms
from edge.card.attributes import Attribute
from edge.card.claims import Card
from edge.config.sections.desk import AttributeName
from edge.decision import Reason
from edge.vouched_time import VouchedTime

CHILD = {"family_name": "Silva", "given_name": "Rita", "birth_date": "2015-03-02"}
PARENT = {"family_name": "Silva", "given_name": "Maria", "birth_date": "1985-11-20"}
FAMILY = booking("FAM-1", PARENT, CHILD, minors=1)
TWO_OF_A_NAME = (booking("A-1", "Silva, Maria"), booking("A-2", "Silva, Maria"))


@dataclass(frozen=True)
class Row:
    """`lists`: lists of the property. `before`: earlier guests. `ends`: the outcome for `who`."""

    who: Card
    ends: str
    lists: tuple[dict, ...] = (booking("R-1001", "Silva, Maria"),)
    before: tuple[Card, ...] = ()
    desk: dict[str, object] = field(default_factory=dict)
    at: str = "2026-06-15T10"
    registered: int | None = None


ROWS = {
    "expected today": Row(guest("Silva"), "in"),
    "expected today, in capitals": Row(guest("SILVA", "MARIA"), "in"),
    "expected with more given names than the list has": Row(guest("Silva", "Maria Inês"), "in"),
    "an umlaut that the list writes without dots": Row(
        guest("Müller"), "in", (booking("R-1", "Muller, Maria"),)
    ),
    "an umlaut that the list writes as two letters": Row(
        guest("Müller"), "in", (booking("R-1", "Mueller, Maria"),)
    ),
    "an umlaut that only the list has": Row(guest("MUELLER"), "in", (booking("R-1", "Müller, Maria"),)),
    "a sharp s": Row(guest("Groß"), "in", (booking("R-1", "GROSS, Maria"),)),
    "an apostrophe and a hyphen": Row(
        guest("O'Brien-Lang"), "in", (booking("R-1", "O\u2019BRIEN LANG, Maria"),)
    ),
    "full-width letters": Row(
        guest("Silva"), "in", (booking("R-1", "\uff33\uff49\uff4c\uff56\uff41, Maria"),)
    ),
    "a name in Chinese characters": Row(guest("歐陽", "小明"), "in", (booking("R-1", "歐陽, 小明"),)),
    "a name in Chinese characters, and a list in Latin letters": Row(
        guest("歐陽", "小明"), "booking.unknown", (booking("R-1", "Ouyang, Xiaoming"),)
    ),
    "one name and no other": Row(
        card("mono", family_name="Suharto", **PASSPORT),
        "in",
        (booking("R-1", "Suharto"),),
        desk={"request": ("family_name", "document_type", "document_number")},
    ),
    "one name, and the law requires two": Row(
        card("mono", family_name="Suharto", **PASSPORT), "disclosure.missing", (booking("R-1", "Suharto"),)
    ),
    "a guest without a booking": Row(guest("Costa"), "booking.unknown"),
    "another given name": Row(guest("Silva", "Joana"), "booking.unknown"),
    "no list was ever imported": Row(guest("Silva"), "booking.unknown", ()),
    "a walk-in at a desk that accepts them": Row(
        guest("Costa"), "staff", desk={"walk_in": True}, registered=1
    ),
    "two bookings of one name": Row(guest("Silva"), "booking.ambiguous", TWO_OF_A_NAME),
    "two bookings of one name, and the holder gives the reference": Row(
        guest("Silva", booking="A-2"), "in", TWO_OF_A_NAME
    ),
    "two bookings of one name, told apart by birth date": Row(
        guest("Silva", birth_date="1985-11-20"),
        "in",
        (booking("A-1", PARENT), booking("A-2", PARENT | {"birth_date": "1990-01-01"})),
    ),
    "two bookings of one name, one of them next week": Row(
        guest("Silva"),
        "in",
        (TWO_OF_A_NAME[0], booking("A-2", "Silva, Maria", arrival="2026-06-22", departure="2026-06-23")),
    ),
    "one reference in the list twice": Row(
        guest("Silva"), "booking.ambiguous", (booking("A-1", "Silva, Maria"), booking("a 1", "Costa, Ana"))
    ),
    "by the booking's reference alone": Row(
        card("by reference", booking="r1001"), "in", desk={"request": ("booking",)}
    ),
    "by an unknown reference": Row(
        card("by reference", booking="R-9"), "booking.unknown", desk={"request": ("booking",)}
    ),
    "the reference of another guest": Row(guest("Costa", booking="R-1001"), "booking.unknown"),
    "an unnamed companion, by the reference": Row(
        guest("Costa", booking="R-1001"), "in", (booking("R-1001", "Silva, Maria", guests=2),)
    ),
    "a reference of the portal's, and the right name": Row(guest("Silva", booking="PORTAL-77"), "in"),
    "a day too early": Row(guest("Silva"), "visit.window", at="2026-06-14T23"),
    "a day too early, and the desk accepts early guests": Row(
        guest("Silva"), "in", desk={"early_h": 6}, at="2026-06-14T19"
    ),
    "on the last day": Row(guest("Silva"), "in", at="2026-06-18T23"),
    "the day after": Row(guest("Silva"), "visit.window", at="2026-06-19T00"),
    "today in Macau, yesterday in Greenwich": Row(
        guest("Silva"), "in", desk={"zone": "Asia/Macau"}, at="2026-06-14T16"
    ),
    "past midnight after the day of arrival": Row(guest("Silva"), "in", at="2026-06-16T01"),
    "no document number was disclosed": Row(guest("Silva", document_number=None), "disclosure.missing"),
    "nothing was disclosed": Row(card("silent"), "disclosure.missing"),
    "a document that the law does not accept": Row(
        guest("Silva", document_type="library-card"), "document.mismatch", desk={"documents": ("passport",)}
    ),
    "an unknown document at a desk that accepts all": Row(guest("Silva", document_type="moon-permit"), "in"),
    "a guest of the same booking": Row(
        guest("Costa", "Ana"),
        "in",
        (booking("R-1", "Silva, Maria", "Costa, Ana"),),
        before=(guest("Silva"),),
        registered=2,
    ),
    "the same guest again": Row(guest("Silva"), "in", before=(guest("Silva"),), registered=1),
    "a third guest of a booking for two": Row(
        guest("Reis", "Rui", booking="R-1"),
        "booking.ambiguous",
        (booking("R-1", "Silva, Maria", guests=2),),
        before=(guest("Silva"), guest("Costa", "Ana", booking="R-1")),
    ),
    "another guest with the name of a registered one": Row(
        card("another", family_name="Silva", given_name="Maria", **PASSPORT),
        "booking.ambiguous",
        (booking("R-1", "Silva, Maria", guests=2),),
        before=(guest("Silva"),),
    ),
    "a child before the parent": Row(
        guest("Silva", "Rita", birth_date="2015-03-02"), "person.alone", (FAMILY,)
    ),
    "a child after the parent": Row(
        guest("Silva", "Rita", birth_date="2015-03-02"), "in", (FAMILY,), before=(guest("Silva"),)
    ),
    "a child whose age is only in the list": Row(guest("Silva", "Rita"), "person.alone", (FAMILY,)),
    "a family whose child is not named": Row(
        guest("Silva"), "disclosure.missing", (booking("R-1", "Silva, Maria", guests=2, minors=1),)
    ),
    "eighteen on the day of arrival": Row(
        guest("Silva", birth_date="2008-06-15"), "in", (booking("R-1", "Silva, Maria", guests=2, minors=1),)
    ),
    "eighteen the day after": Row(
        guest("Silva", birth_date="2008-06-16"),
        "person.alone",
        (booking("R-1", "Silva, Maria", guests=2, minors=1),),
    ),
    "a year of birth, and the list has the day": Row(
        guest("Silva", birth_date="1985"),
        "in",
        (booking("A-1", PARENT), booking("A-2", PARENT | {"birth_date": "1990-01-01"})),
    ),
    "another year of birth": Row(
        guest("Silva", birth_date="1986"), "booking.unknown", (booking("A-1", PARENT),)
    ),
    "a day of birth, and the list has the year": Row(
        guest("Silva", birth_date="1985-11-20"),
        "in",
        (booking("A-1", PARENT | {"birth_date": "1985"}), booking("A-2", PARENT | {"birth_date": "1986"})),
    ),
    "a year of birth in which the guest turns eighteen": Row(
        guest("Silva", birth_date="2008"), "person.alone"
    ),
    "a month of birth in which the guest was eighteen already": Row(
        guest("Silva", birth_date="2008-05"), "in"
    ),
    "a year of birth, and the list says that the guest is an adult": Row(
        guest("Silva", birth_date="2008"), "in", (booking("A-1", PARENT | {"birth_date": "2008-01-02"}),)
    ),
    "a name of signs, and the reference of another guest": Row(
        guest("-", "-", booking="R-1001"), "booking.unknown"
    ),
    "a name of signs in card and list": Row(guest("-"), "booking.unknown", (booking("R-1", "-, Maria"),)),
    "a guest whom the list names with a sign, by the reference": Row(
        guest("Costa", booking="R-1"), "in", (booking("R-1", "., ."),)
    ),
    "a name that differs in its vowel signs": Row(
        guest("शर्मा", "राज"), "booking.unknown", (booking("R-1", "शर्मा, राम"),)
    ),
    "a name in Cyrillic letters, and a list in Latin ones": Row(
        guest("Щеглова", "Юлия"), "in", (booking("R-1", "Shcheglova, Iuliia"),)
    ),
}

Open = Callable[..., DeskWorld]


@pytest.fixture
def open_world(tmp_path: Path) -> Iterator[Open]:
    with ExitStack() as stack:
        yield lambda **desk: stack.enter_context(closing(DeskWorld(tmp_path, **desk)))


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_a_guest_comes_to_the_desk(row: Row, open_world: Open) -> None:
    world = open_world(**row.desk)
    if row.lists:
        world.expect(*row.lists)
    day, hour = row.at.split("T")
    world.now = on(day, int(hour))
    for other in row.before:
        assert world.comes(other) == "in"
    assert world.comes(row.who) == row.ends
    expected = row.registered
    if expected is None:
        expected = len(row.before) + (row.ends == "in")
    assert world.office.store.count() == expected


# -- kept data -----------------------------------------------------------------------


def test_only_the_attributes_that_the_law_requires_are_kept(open_world: Open) -> None:
    world = open_world()
    world.expect(booking("R-1001", "Silva, Maria"))
    world.comes(guest("Silva", birth_date="1985-11-20", address="Rua do Campo 3", expiry="2031-01-01"))
    (kept,) = world.kept()
    assert kept.attributes == {"family_name": "Silva", "given_name": "Maria"} | PASSPORT
    assert kept.booking is not None
    assert (kept.booking["reference"], kept.booking["departure"]) == ("R-1001", "2026-06-18")


def test_no_data_is_kept_of_a_guest_whose_face_does_not_match(open_world: Open) -> None:
    world = open_world()
    world.expect(booking("R-1001", "Silva, Maria"))
    world.comes(guest("Silva"), DENY)
    assert world.kept() == []


def test_a_guardian_registers_for_the_minors_once(open_world: Open) -> None:
    world = open_world(request=("family_name", "given_name", "birth_date"))
    world.expect(FAMILY)
    world.comes(guest("Silva", birth_date="1985-11-20"))
    world.comes(guest("Silva", "Rita", birth_date="2015-03-02"))
    assert [(kept.adult, kept.covers) for kept in world.kept()] == [(True, 1), (False, 0)]


def test_a_guest_who_was_let_in_while_the_list_changed_is_registered(open_world: Open) -> None:
    world = open_world()
    world.expect(booking("R-1001", "Silva, Maria"))
    visit = world.visit(guest("Silva"))
    world.venue.evaluate(visit)
    world.expect(booking("R-2002", "Costa, Ana"))
    world.venue.commit(visit, GRANT, 7)
    (kept,) = world.kept()
    assert (kept.seq, kept.booking, kept.attributes["family_name"]) == (7, None, "Silva")


def test_a_cancelled_booking_is_removed_by_the_next_list(open_world: Open) -> None:
    world = open_world()
    world.expect(booking("R-1001", "Silva, Maria"), booking("R-1002", "Costa, Ana"))
    world.expect(booking("R-1002", "Costa, Ana"))
    assert world.comes(guest("Silva")) == "booking.unknown"
    assert world.comes(guest("Costa", "Ana")) == "in"


def test_the_same_passage_twice_is_one_registration(open_world: Open) -> None:
    world = open_world()
    world.expect(booking("R-1001", "Silva, Maria"))
    visit = world.visit(guest("Silva"))
    for _ in range(2):
        world.venue.commit(visit, GRANT, 7)
    assert world.office.store.count() == 1


def test_guests_and_reports_outlive_a_power_cut(open_world: Open) -> None:
    world = open_world(authority="https://authority.invalid/reports")
    world.expect(booking("R-1001", "Silva, Maria"))
    world.comes(guest("Silva"))
    world.restart()
    assert len(world.kept()) == 1
    assert len(world.office.store.queue.waiting("authority")) == 1
    assert world.comes(guest("Silva")) == "in"
    assert len(world.kept()) == 1


def test_staff_see_the_number_of_a_guest_and_no_name(open_world: Open) -> None:
    world = open_world()
    world.expect(FAMILY)
    obligations = world.admit(guest("Silva", birth_date="1985-11-20"))
    lines = [text.words for text in obligations.lines]
    assert lines == ["guest 1 of 2, until 2026-06-18", "responsible for 1 minor"]
    assert "guest" not in repr(obligations)


def erase(world: DeskWorld, passed: datetime) -> int:
    return world.office.erase(VouchedTime(passed), utc_ms(passed))


# -- retention ----------------------------------------------------------------------------------------------


def test_a_registration_is_erased_at_its_time_and_not_before(open_world: Open) -> None:
    world = open_world(retain_days=30, zone="Asia/Macau")
    world.expect(booking("R-1001", "Silva, Maria"))
    world.comes(guest("Silva"))
    over = on("2026-07-18", 16)  # midnight in Macau, thirty days after the departure on 18 June
    assert erase(world, over - timedelta(milliseconds=1)) == 0
    assert erase(world, over) == 1
    assert world.kept() == []


def test_erased_data_is_not_on_the_disk_any_more(open_world: Open) -> None:
    world = open_world(retain_days=0, webhook="https://host.invalid/hook")
    world.expect(booking("R-1001", "Silva, Maria"))
    world.comes(guest("Silva"))
    with closing(sqlite3.connect(world.office.store.path)) as db:
        box, key = db.execute("SELECT box, key FROM registrations JOIN record_keys USING (seq)").fetchone()

    def on_disk() -> bytes:
        return b"".join(file.read_bytes() for file in (world.folder / "desk").glob("desk.db*"))

    assert box[:200] in on_disk()
    assert key in on_disk()
    erase(world, on("2026-06-20"))
    assert box[60:100] not in on_disk()
    assert key not in on_disk()
    assert world.office.store.queue.waiting("desk") == ()


def test_every_attribute_that_can_be_disclosed_can_be_asked_for() -> None:
    assert set(get_args(AttributeName)) == set(Attribute) - {Attribute.PATRON}


# -- the whole passage, from the phone to the register -----------------------------------------------------


def test_a_guest_checks_in_with_a_code_a_face_and_a_booking_and_no_lock_moves(open_world: Open) -> None:
    world = open_world(retain_days=1)
    counter = Counter("desk", world.venue)
    today = counter.clock.now().date()
    days = {"arrival": f"{today}", "departure": f"{today + timedelta(days=2)}"}
    world.expect(booking("R-1001", "Silva, Maria", "Costa, Ana", **days))
    silva = {"family_name": "Silva", "given_name": "Maria"} | PASSPORT
    assert counter.shows(silva, who="stranger") == Reason.FACE_NO_MATCH
    assert counter.shows(silva | {"family_name": "Reis"}, subject="s2") == Reason.BOOKING_UNKNOWN
    assert counter.shows({"family_name": "Silva"}, subject="s3") == Reason.DISCLOSURE_MISSING
    assert world.kept() == []
    assert counter.shows(silva) is None
    (kept,) = world.kept()
    assert kept.attributes == silva
    assert kept.seq == counter.tape.records.index(counter.passages[-1])
    assert not counter.strike.released


def test_guests_check_in_while_the_hotels_system_and_the_authority_are_down(open_world: Open) -> None:
    with serve({}) as web:
        world = open_world(webhook=f"{web.url}hook", authority=f"{web.url}reports")
        for path in ("hook", "reports"):
            web.answers[path] = lambda handler: reply(handler, 503, b"")
        world.expect(booking("R-1", "Silva, Maria", "Costa, Ana"))
        assert [world.comes(guest("Silva")), world.comes(guest("Costa", "Ana"))] == ["in", "in"]
        assert world.deliver() == 0
        world.now += timedelta(hours=24)
        assert [(one.waiting, one.overdue) for one in world.office.statuses(world.now_ms())] == [
            (2, 0),
            (2, 2),
        ]
        for path in ("hook", "reports"):
            web.answers[path] = lambda handler: reply(handler, 200, b"")
        assert world.deliver() == 4
        assert [(one.waiting, one.overdue) for one in world.office.statuses(world.now_ms())] == [
            (0, 0),
            (0, 0),
        ]
