"""The patron of a card, and the data that a thief finds on the disk."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from peers.waiting import until
from worlds.venues.library import NOW, LibraryWorld, card, outcome

from edge.app.venues.library import open_store
from edge.card.claims import Card
from edge.card.person import Person
from edge.decision import Deny, Grant, Reason
from edge.errors import InputError, Refused, StorageFault
from edge.keyed_digest import KEY_BYTES
from edge.policy.obligations import Factor, Obligations, Visit
from edge.venues.library.hours import staffed_hours
from edge.venues.library.identity import Roll, Vault, patron_number
from edge.venues.library.lending import Lend, TakeBack
from edge.venues.library.offline_queue import OfflineState
from edge.venues.library.rules import LibraryRules, SeenPatron, Unstaffed
from edge.venues.library.store import LibraryStore
from edge.venues.library.venue import LibraryVenue
from edge.vouched_time import UNVOUCHED, VouchedTime

VAULT = Vault(bytes(KEY_BYTES))
S1, S2 = Person("CN-GD", "s1"), Person("CN-GD", "s2")
ROLL = Roll(VAULT, {VAULT.person(S1): VAULT.seal("P1")}, {"CN-GD"})


def of_gym(own: Card) -> Card:
    """A card of another trusted issuer, which wrote the same subject and attributes."""
    assert isinstance(own.person.subject, str)
    return replace(own, issuer="gym", person=Person("gym", own.person.subject))


FOUND = {
    "bound here": (card("s1"), "P1"),
    "signed by the issuer": (card("s9", "P9"), "P9"),
    "signed, on a card without a pseudonym": (card(None, "P9"), "P9"),
    "bound and signed alike": (card("s1", "P1"), "P1"),
}
NOT_FOUND = {
    "the subject of the bound card, from another issuer": (of_gym(card("s1")), Reason.PATRON_UNKNOWN),
    "a number that another issuer signed": (of_gym(card("s9", "P1")), Reason.PATRON_UNKNOWN),
    "not bound": (card("s2"), Reason.PATRON_UNKNOWN),
    "a card without a pseudonym": (card(None), Reason.PATRON_UNKNOWN),
    "bound to one and signed for another": (card("s1", "P2"), Reason.DOCUMENT_MISMATCH),
    "signed with an empty number": (card("s9", ""), Reason.PATRON_UNKNOWN),
    "a number with another field in it": (card("s9", "P1|BLY"), Reason.PATRON_UNKNOWN),
    "a number that is too long": (card("s9", "9" * 65), Reason.PATRON_UNKNOWN),
}


@pytest.mark.parametrize(("who", "number"), FOUND.values(), ids=FOUND)
def test_the_patron_of_a_card_is_found(who: object, number: str) -> None:
    assert ROLL.patron_of(who) == number  # type: ignore[arg-type]


@pytest.mark.parametrize(("who", "reason"), NOT_FOUND.values(), ids=NOT_FOUND)
def test_a_card_without_a_clear_patron_is_refused(who: object, reason: Reason) -> None:
    with pytest.raises(Refused) as caught:
        ROLL.patron_of(who)  # type: ignore[arg-type]
    assert caught.value.reason == reason
    assert "P1" not in str(caught.value)


@given(st.text(max_size=80))
def test_any_text_is_a_number_or_an_input_error(text: str) -> None:
    try:
        assert patron_number(text) == text
    except InputError:
        return
    assert "|" not in text
    assert text.isprintable()


def test_another_key_opens_no_number() -> None:
    roll = Roll(Vault(b"k" * KEY_BYTES), {Vault(b"k" * KEY_BYTES).person(S1): VAULT.seal("P1")})
    with pytest.raises(StorageFault, match="another key"):
        roll.patron_of(card("s1"))


def test_the_venue_requires_the_library_and_reports_each_granted_patron() -> None:
    inside: list[str] = []
    venue = LibraryVenue(ROLL, LibraryRules(), staffed_hours((), (), NOW.tzinfo), came_in=inside.append)  # type: ignore[arg-type]
    visit = Visit(card("s1"), "library/entrance", NOW)
    assert [asked.factor for asked in venue.evaluate(visit).required] == [Factor.HOST]
    venue.commit(visit, Deny(Reason.FACE_NO_MATCH), 1)
    assert inside == []
    venue.commit(visit, Grant(3_000), 2)
    assert inside == ["P1"]


def test_without_entry_outside_the_staffed_hours_the_library_is_not_asked() -> None:
    hours = staffed_hours(["sun 09:00-10:00"], (), NOW.tzinfo)  # type: ignore[arg-type]
    venue = LibraryVenue(ROLL, LibraryRules(unstaffed=Unstaffed.NONE), hours, came_in=lambda _: None)
    with pytest.raises(Refused) as caught:
        venue.evaluate(Visit(card("s1"), "library/entrance", NOW))
    assert caught.value.reason == Reason.SCHEDULE_CLOSED


@pytest.fixture
def store(tmp_path: Path) -> LibraryStore:
    return LibraryStore(tmp_path / "gate.db", VAULT)


def test_stored_data_survives_a_restart(store: LibraryStore, tmp_path: Path) -> None:
    store.bind([(S1, "P1"), (S2, "P2"), (S1, "P3")])
    store.unbind(S2)
    store.remember("P3", SeenPatron(NOW.date(), alone=True))
    store.add(Lend("P3", "B1001"), NOW)
    store.add(TakeBack("B1002"), NOW)
    store.refuse(1, ("on hold",))
    store.close()
    with LibraryStore(tmp_path / "gate.db", VAULT) as again:
        assert Roll(VAULT, again.roll).patron_of(card("s1")) == "P3"
        assert len(again.roll) == 1
        assert again.seen("P3") == SeenPatron(NOW.date(), alone=True)
        assert again.seen("P1") is None
        assert [(entry.seq, entry.act, entry.at, entry.state, entry.lines) for entry in again.entries()] == [
            (1, Lend("P3", "B1001"), NOW, OfflineState.REFUSED, ("on hold",)),
            (2, TakeBack("B1002"), NOW, OfflineState.WAITING, ()),
        ]
        assert again.first() == again.entries()[1]
        assert (again.count(OfflineState.WAITING), again.count(OfflineState.REFUSED)) == (1, 1)
        again.erase(2)
        assert again.first() is None


def test_a_thief_finds_no_patron_on_the_disk(store: LibraryStore, tmp_path: Path) -> None:
    store.bind([(Person("CN-GD", "subject-of-ada"), "PATRON-0001")])
    store.remember("PATRON-0001", SeenPatron(NOW.date(), alone=True))
    store.add(Lend("PATRON-0001", "ITEM-0001"), NOW)
    store.refuse(1, ("on hold for another patron",))
    store.close()
    for file in tmp_path.iterdir():
        data = file.read_bytes()
        for word in (b"subject-of-ada", b"PATRON-0001", b"ITEM-0001", b"on hold"):
            assert word not in data, file.name
        assert file.stat().st_mode & 0o077 == 0, file.name


def test_old_entries_are_deleted_and_waiting_ones_are_not(store: LibraryStore) -> None:
    long_ago = NOW - timedelta(days=40)
    store.remember("P1", SeenPatron(long_ago.date(), alone=False))
    store.remember("P2", SeenPatron(NOW.date(), alone=False))
    store.add(TakeBack("B1001"), long_ago)
    store.add(TakeBack("B1002"), long_ago)
    store.refuse(1, ())
    for past in (UNVOUCHED, VouchedTime(long_ago + timedelta(days=29))):  # whatever the wall clock says
        store.expire(past, seen_days=30, refused_days=30)
        assert store.seen("P1") is not None
        assert len(store.entries()) == 2
    store.expire(VouchedTime(NOW), seen_days=30, refused_days=30)
    assert (store.seen("P1"), store.seen("P2")) == (None, SeenPatron(NOW.date(), alone=False))
    assert [entry.seq for entry in store.entries()] == [2]
    store.close()


def test_a_file_that_is_not_a_database_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "gate.db").write_bytes(b"no database at all" * 100)
    with pytest.raises(StorageFault, match=r"gate\.db"):
        LibraryStore(tmp_path / "gate.db", VAULT)


def test_a_running_entrance_loads_the_bindings_that_a_command_changes(tmp_path: Path) -> None:
    world = LibraryWorld(tmp_path)
    world.bind(s1="P1", s2="P2")
    with world.library, world.entrance() as entrance:
        assert outcome(entrance, world.visit(card("s3"))) == Reason.PATRON_UNKNOWN
        with open_store(world.settings(), tmp_path) as store:
            store.bind([(Person("CN-GD", "s3"), "P2")])
            store.unbind(S1)
        until(lambda: outcome(entrance, world.visit(card("s3"))) == Obligations())
        until(lambda: outcome(entrance, world.visit(card("s1"))) == Reason.PATRON_UNKNOWN)
        assert outcome(entrance, world.visit(card("s2"))) == Obligations()


def test_binding_makes_a_key_and_a_store(tmp_path: Path) -> None:
    world = LibraryWorld(tmp_path)
    world.bind(s1="P1")
    assert (tmp_path / "gate.key").stat().st_mode & 0o777 == 0o600
    with LibraryStore(tmp_path / "gate.db", Vault((tmp_path / "gate.key").read_bytes())) as store:
        assert len(store.roll) == 1
