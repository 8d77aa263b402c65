"""Desks in memory and on disk, with any list and any order of guests: equal, and never too many guests."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from contextlib import closing
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from worlds.venues.desk import SITE, DeskWorld, booking, guest
from worlds.venues.desk_memory import MemoryArrivals, MemoryRegistrationStore

from edge.app.venues.desk import match_key, rules_of
from edge.card.birth_date import BirthDate
from edge.card.person import Person
from edge.decision import Grant
from edge.errors import Refused
from edge.policy.obligations import Visit
from edge.venues.desk.arrivals.arrivals import read_json
from edge.venues.desk.booking import Booking, expected
from edge.venues.desk.name_digests import Digests
from edge.venues.desk.venue import DeskVenue

FAMILIES, GIVEN = ("Silva", "Müller", "Costa"), ("Ana", "Rui")
BIRTHS = (None, "1985-11-20", "2015-03-02")
names = st.tuples(st.sampled_from(FAMILIES), st.sampled_from(GIVEN), st.sampled_from(BIRTHS))
stays = st.tuples(
    st.lists(names, max_size=3), st.integers(0, 2), st.integers(0, 1), st.sampled_from((14, 15, 16))
)
visits = st.tuples(names, st.integers(0, 3), st.sampled_from((None, "R-0", "R-1", "R-9")))


def listed(number: int, stay) -> dict[str, object]:
    people, unnamed, minors, day = stay
    rows = [
        {"family_name": family, "given_name": given_name, "birth_date": born}
        for family, given_name, born in people
    ]
    guests = max(len(rows) + unnamed, 1)
    return booking(
        f"R-{number}",
        *rows,
        guests=guests,
        minors=min(minors, guests),
        arrival=f"{date(2026, 6, day)}",
        departure="2026-06-18",
    )


def comes(venue: DeskVenue, visit: Visit, seq: int) -> str:
    try:
        venue.evaluate(visit)
    except Refused as refused:
        return refused.reason.value
    venue.commit(visit, Grant(3_000), seq)
    return "in"


@settings(max_examples=12)
@given(st.lists(stays, min_size=1, max_size=4), st.lists(visits, max_size=8))
def test_the_desk_on_disk_agrees_with_the_desk_in_memory(bookings: list, arriving: list) -> None:
    with TemporaryDirectory() as name:
        world = DeskWorld(Path(name))
        rows = [listed(number, stay) for number, stay in enumerate(bookings)]
        world.expect(*rows)
        rules, digests = (
            rules_of(world.config.desk),
            Digests(match_key(Path(name) / world.config.desk.folder)),
        )
        known = [
            expected(one, digests, adult_age=rules.adult_age)
            for one in read_json([json.dumps(rows)])
            if isinstance(one, Booking)
        ]
        register = MemoryRegistrationStore()
        memory = DeskVenue(rules, digests, MemoryArrivals(known), register)
        for seq, ((family, given_name, born), who, reference) in enumerate(arriving):
            card = guest(family, given_name, birth_date=born, booking=reference)
            visit = Visit(card, SITE, world.now)
            if who:  # the same name on another person's card
                object.__setattr__(card, "person", Person(card.issuer, f"subject {who}"))
            assert comes(memory, visit, seq) == comes(world.venue, visit, seq)
        kept = [
            (one.seq, one.place, one.adult, one.covers, dict(one.attributes))
            for one in register.registrations
        ]
        with closing(sqlite3.connect(world.office.store.path)) as db:
            places = dict(db.execute("SELECT seq, place FROM registrations").fetchall())
        assert kept == [
            (one.seq, places[one.seq], one.adult, one.covers, dict(one.attributes)) for one in world.kept()
        ]
        world.close()
        room = {one.id: one.guests for one in known}
        came = Counter(one.booking for one in register.registrations if one.booking)
        assert all(count <= room[of] for of, count in came.items())
        adults = {one.booking for one in register.registrations if one.adult}
        assert all(one.adult or one.booking in adults for one in register.registrations)
        assert (
            max(Counter(one.booking for one in register.registrations if one.covers).values(), default=0) <= 1
        )


def test_a_list_of_an_earlier_version_keeps_its_birth_dates(tmp_path: Path) -> None:
    """Earlier versions stored one digest for a birth date, of the whole day."""
    with closing(DeskWorld(tmp_path)) as world:
        world.expect(
            booking("R-1", {"family_name": "Silva", "given_name": "Ana", "birth_date": "1985-11-20"})
        )
        (file,) = tmp_path.rglob("arrivals.db")
        with closing(sqlite3.connect(file)) as db:
            ((kept,),) = db.execute("SELECT places FROM bookings")
            ((names_, _, minor),) = msgspec.msgpack.decode(kept)
            digests = Digests(match_key(file.parent))
            day = digests.births(BirthDate(1985, 11, 20)) - digests.births(BirthDate(1985, 11))
            db.execute("UPDATE bookings SET places = ?", (msgspec.msgpack.encode([(names_, *day, minor)]),))
            db.commit()
        assert world.comes(guest("Silva", "Ana", birth_date="1985-11-21")) == "booking.unknown"
        assert world.comes(guest("Silva", "Ana", birth_date="1985-11-20")) == "in"
