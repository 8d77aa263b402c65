"""A library's entrance, one patron a row: the real entrance with a simulated library system over TCP."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from peers.waiting import until
from worlds.passage_site import Site
from worlds.venues.library import NOW, LibraryWorld, card, come_in, outcome, see_until_decided

from edge.app.venues.library import LibraryEntrance, open_store
from edge.card.claims import Card
from edge.decision import Deny, Grant, Reason
from edge.passage.requirements.means import Means
from edge.passage.requirements.visit_rules import VisitRules
from edge.policy.obligations import Obligations
from edge.venues.library.lending import Lend, TakeBack
from edge.venues.library.offline_queue import OfflineState as Kept
from edge.venues.library.worker import ItemResult
from hw.sim.library import FaultMode, SimItem, SimLibrary, SimPatron

NIGHT = datetime(2026, 1, 7, 21, tzinfo=UTC)
SUNDAY = datetime(2026, 1, 11, 11, tzinfo=UTC)
STAFFED = {"staffed": ("mon-fri 09:00-18:00",)}
AGREED = {**STAFFED, "unstaffed": "registered", "unstaffed_kinds": ("AGREED",)}
ADULTS = {**STAFFED, "unstaffed": "registered", "unstaffed_age": 18}
SOON = {"reply_ms": 100}  # for systems that never answer


@pytest.fixture
def world(tmp_path: Path) -> Iterator[LibraryWorld]:
    world = LibraryWorld(tmp_path)
    with world.library:
        yield world


@dataclass(frozen=True)
class Row:
    """`seen_days`: days since the system admitted this patron; None: never."""

    expect: Reason | None
    patron: SimPatron = field(default_factory=SimPatron)
    who: Card = field(default_factory=lambda: card("s1"))
    fault_mode: FaultMode = FaultMode.GOOD
    down: bool = False
    rules: dict[str, object] = field(default_factory=dict)
    at: datetime = NOW
    seen_days: int | None = None
    says: str = ""


def patron(**said: object) -> SimPatron:
    return SimPatron(**said)  # type: ignore[arg-type]


def flags(*places: int) -> str:
    return "".join("Y" if place in places else " " for place in range(14))


MEMBERS = {"offline": "members"}
EVERYONE = {"offline": "everyone"}
ROWS = {
    "a patron in good standing comes in": Row(None),
    "with holds, and staff see that they are on the shelf": Row(
        None, patron(holds=2), says="Holds on the shelf: 2"
    ),
    "with a number that the issuer signed": Row(None, who=card(None, "P1")),
    "bound and signed for different patrons": Row(Reason.DOCUMENT_MISMATCH, who=card("s1", "P2")),
    "a card that belongs to no patron": Row(Reason.PATRON_UNKNOWN, who=card("s9")),
    "a number that the library does not know": Row(Reason.PATRON_UNKNOWN, who=card(None, "P-9999")),
    "a patron who is no longer valid": Row(Reason.PATRON_UNKNOWN, patron(valid=False)),
    "a system that confirms no patron": Row(Reason.PATRON_UNKNOWN, patron(valid=None)),
    "a card reported lost": Row(Reason.PATRON_BLOCKED, patron(flags=flags(4)), says="reported lost"),
    "borrowing is denied": Row(Reason.PATRON_BLOCKED, patron(flags=flags(0)), says="may not borrow"),
    "the library system's text is shown to staff": Row(
        Reason.PATRON_BLOCKED, patron(flags=flags(0), message="See the desk"), says="See the desk"
    ),
    "too many overdue, and admitted": Row(None, patron(flags=flags(6)), says="overdue"),
    "too many overdue, with a rule that refuses that": Row(
        Reason.PATRON_BLOCKED, patron(flags=flags(6)), rules={"blocks": ("too-many-overdue",)}
    ),
    "owes less than the limit": Row(None, patron(owed="9.99"), rules={"fee_limit": 10.0}),
    "owes more than the limit": Row(Reason.PATRON_BLOCKED, patron(owed="10,50"), rules={"fee_limit": 10.0}),
    "asked with the older message": Row(None, rules={"inquiry": "status"}),
    "blocked, by the older message": Row(
        Reason.PATRON_BLOCKED, patron(flags=flags(4)), rules={"inquiry": "status"}
    ),
    "in staffed hours": Row(None, rules=STAFFED),
    "at night, with unstaffed = none": Row(Reason.SCHEDULE_CLOSED, rules=STAFFED, at=NIGHT),
    "at night, having signed the agreement": Row(None, patron(more={"PC": "AGREED"}), rules=AGREED, at=NIGHT),
    "at night, without having signed": Row(
        Reason.SCHEDULE_CLOSED, patron(more={"PC": "CHILD"}), rules=AGREED, at=NIGHT, says="Not registered"
    ),
    "on a Sunday, grown up": Row(None, patron(more={"PB": "19900101"}), rules=ADULTS, at=SUNDAY),
    "on a Sunday, a child": Row(
        Reason.SCHEDULE_CLOSED, patron(more={"PB": "20150101"}), rules=ADULTS, at=SUNDAY, says="Under 18"
    ),
    "on a Sunday, of unknown age": Row(Reason.SCHEDULE_CLOSED, rules=ADULTS, at=SUNDAY),
    "a child in staffed hours": Row(None, patron(more={"PB": "20150101"}), rules=ADULTS),
    "at night, with unstaffed = everyone": Row(None, rules={**STAFFED, "unstaffed": "everyone"}, at=NIGHT),
    "blocked at night is told as blocked": Row(
        Reason.PATRON_BLOCKED, patron(flags=flags(4), more={"PC": "AGREED"}), rules=AGREED, at=NIGHT
    ),
    "the system is down, with offline = deny": Row(Reason.HOST_UNAVAILABLE, down=True, says="is offline"),
    "down, and a member of last week comes in": Row(
        None, down=True, rules=MEMBERS, seen_days=7, says="is offline"
    ),
    "down, and a member of last year does not": Row(
        Reason.HOST_UNAVAILABLE, down=True, rules=MEMBERS, seen_days=300
    ),
    "down, and a patron who never came does not": Row(Reason.HOST_UNAVAILABLE, down=True, rules=MEMBERS),
    "down, and every patron with a number comes in": Row(None, down=True, rules=EVERYONE),
    "down, and a card without a number does not": Row(
        Reason.PATRON_UNKNOWN, who=card("s9"), down=True, rules=EVERYONE
    ),
    "down at night, a member who cannot come without staff": Row(
        Reason.SCHEDULE_CLOSED, down=True, rules={**MEMBERS, **AGREED}, seen_days=7, at=NIGHT
    ),
    "down at night, with offline = everyone and unstaffed = none": Row(
        Reason.SCHEDULE_CLOSED, down=True, rules={**EVERYONE, **STAFFED}, at=NIGHT
    ),
    "silent, with offline = deny": Row(Reason.HOST_UNAVAILABLE, fault_mode=FaultMode.SILENT, rules=SOON),
    "silent, and a member comes in": Row(
        None, fault_mode=FaultMode.SILENT, rules={**SOON, **MEMBERS}, seen_days=1
    ),
    "a system that says it is not online": Row(Reason.HOST_UNAVAILABLE, fault_mode=FaultMode.NOT_ONLINE),
    "not online, and a member comes in": Row(
        None, fault_mode=FaultMode.NOT_ONLINE, rules=MEMBERS, seen_days=1
    ),
    "one wrong checksum is asked for again": Row(None, fault_mode=FaultMode.WRONG_CHECKSUM_ONCE),
    "wrong checksums, always": Row(
        Reason.HOST_UNAVAILABLE, fault_mode=FaultMode.WRONG_CHECKSUM, says="invalid replies"
    ),
    "wrong checksums let no member in: the system is not offline": Row(
        Reason.HOST_UNAVAILABLE, fault_mode=FaultMode.WRONG_CHECKSUM, rules=MEMBERS, seen_days=1
    ),
    "an answer about another patron, with offline = everyone": Row(
        Reason.HOST_UNAVAILABLE, fault_mode=FaultMode.OTHER_PATRON, rules=EVERYONE, says="invalid replies"
    ),
    "garbage": Row(Reason.HOST_UNAVAILABLE, fault_mode=FaultMode.GARBAGE, rules=EVERYONE),
    "half a line, and the connection is closed": Row(Reason.HOST_UNAVAILABLE, fault_mode=FaultMode.HALF_LINE),
    "a line without an end": Row(Reason.HOST_UNAVAILABLE, fault_mode=FaultMode.ENDLESS, rules=SOON),
    "answers to other questions only": Row(
        Reason.HOST_UNAVAILABLE, fault_mode=FaultMode.WRONG_SEQUENCE, rules=SOON
    ),
    "answers of another kind only": Row(Reason.HOST_UNAVAILABLE, fault_mode=FaultMode.OTHER_KIND, rules=SOON),
    "it asks for every message again": Row(Reason.HOST_UNAVAILABLE, fault_mode=FaultMode.ASKS_AGAIN),
    "it says everything twice": Row(None, fault_mode=FaultMode.CHATTY),
    "one byte at a time": Row(None, fault_mode=FaultMode.DRIPS),
    "it refuses our login": Row(
        Reason.HOST_UNAVAILABLE, fault_mode=FaultMode.REFUSES_LOGIN, rules={"user": "gate"}
    ),
}


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_row(world: LibraryWorld, row: Row) -> None:
    world.bind(s1="P1")
    world.clock.jump(row.at)
    world.library.patrons["P1"] = row.patron
    if row.seen_days is not None:
        remember(world, row)
    world.library.fault_mode = row.fault_mode
    if row.down:
        world.library.stop()
    with world.entrance(**row.rules) as entrance:
        found = outcome(entrance, world.visit(row.who))
        assert (found if isinstance(found, Reason) else None) == row.expect, entrance.lines
        assert row.says in " ".join(entrance.lines)
    assert "P1" not in repr(entrance.lines) + repr(found) + repr(world.told)


def remember(world: LibraryWorld, row: Row) -> None:
    """The patron came in some days ago, while the system was online."""
    world.clock.jump(row.at - timedelta(days=row.seen_days or 0))
    with world.entrance() as entrance:
        assert isinstance(outcome(entrance, world.visit(card("s1"))), Obligations)
    world.clock.jump(row.at)


SYSTEMS = {
    "UTF-8, with checksums": ({}, {}),
    "cp850": ({"encoding": "cp850"}, {"encoding": "cp850"}),
    "latin-1": ({"encoding": "latin-1"}, {"encoding": "latin-1"}),
    "lines that end in CR LF, both ways": ({"terminator": b"\r\n"}, {"terminator": "crlf"}),
    "no checksums": ({"checksum": False}, {"checksum": False}),
    "a login": ({"login": ("gate", "")}, {"user": "gate"}),
}


@pytest.mark.parametrize(("system", "settings"), SYSTEMS.values(), ids=SYSTEMS)
def test_systems_differ(tmp_path: Path, system: dict[str, object], settings: dict[str, object]) -> None:
    world = LibraryWorld(tmp_path)
    world.library = SimLibrary(**system)  # type: ignore[arg-type]
    world.library.patrons["P1"] = SimPatron(name="João", message="Olá, é bom vê-lo")
    world.library.items["B1001"] = SimItem(title="Ação")
    with world.library, world.entrance(**settings) as entrance:
        come_in(entrance, world.visit(card(None, "P1")))
        assert entrance.lines == ("Olá, é bom vê-lo",)
        entrance.scanned("B1001")
        assert items(entrance, 1)[0].title == "Ação"


MISUNDERSTANDINGS = {
    "no checksums, and the entrance requires them": ({"checksum": False}, {}),
    "checksums, and the entrance expects none": ({}, {"checksum": False}),
}


@pytest.mark.parametrize(("system", "settings"), MISUNDERSTANDINGS.values(), ids=MISUNDERSTANDINGS)
def test_an_entrance_with_wrong_settings_admits_no_patron(
    tmp_path: Path, system: dict[str, object], settings: dict[str, object]
) -> None:
    world = LibraryWorld(tmp_path)
    world.library = SimLibrary(**system)  # type: ignore[arg-type]
    world.library.patrons["P1"] = SimPatron(name="João")
    with world.library, world.entrance(**settings, offline="everyone") as entrance:
        until(lambda: entrance.away or world.library.asked)
        assert outcome(entrance, world.visit(card(None, "P1"))) == Reason.HOST_UNAVAILABLE


def passes(site: Site, entrance: LibraryEntrance, **claims: object) -> Reason | None:
    """One passage with a matching face: the recorded reason, or None if the door opened."""
    visit_rules = VisitRules(
        kind="library", venue=entrance, means=Means(host=entrance), items=entrance.scanned
    )
    site.verifier.adopt(replace(site.stages, visit_rules=visit_rules), site.times)
    site.reader.in_view = (site.code(**claims),)
    site.see()
    site.engine.who = "holder"
    see_until_decided(site, entrance)
    (passage,) = site.passages
    assert ("release" in site.tape.entries) == (passage.reason is None)
    return passage.reason


PASSAGES = {
    "a patron whom the library knows": ("s1", SimPatron(), FaultMode.GOOD, None),
    "a patron who is blocked": ("s1", SimPatron(flags=flags(4)), FaultMode.GOOD, Reason.PATRON_BLOCKED),
    "a card that is not bound": ("s9", SimPatron(), FaultMode.GOOD, Reason.PATRON_UNKNOWN),
    "a system that lies": ("s1", SimPatron(), FaultMode.OTHER_PATRON, Reason.HOST_UNAVAILABLE),
    "a system that is not online": ("s1", SimPatron(), FaultMode.NOT_ONLINE, Reason.HOST_UNAVAILABLE),
}


@pytest.mark.parametrize("row", PASSAGES.values(), ids=PASSAGES)
def test_the_door_opens_for_a_card_a_face_and_a_known_patron(
    world: LibraryWorld, row: tuple[str, SimPatron, FaultMode, Reason | None]
) -> None:
    subject, member, fault_mode, expect = row
    world.bind(s1="P1")
    world.library.patrons["P1"], world.library.fault_mode = member, fault_mode
    with world.entrance() as entrance:
        assert passes(Site(), entrance, subject=subject) == expect
        entrance.scanned("B1001")
        if expect is None:
            assert items(entrance, 1)[0].done
    assert member.loans == ({"B1001"} if expect is None else set())


def items(entrance: LibraryEntrance, count: int) -> list[ItemResult]:
    """The results of this many items."""
    heard: list[ItemResult] = []

    def all_came() -> bool:
        heard.extend(entrance.news())
        return len(heard) >= count

    until(all_came)
    return heard


def test_a_patron_comes_in_borrows_two_and_leaves(world: LibraryWorld) -> None:
    with world.entrance() as entrance:
        come_in(entrance, world.visit(card(None, "P1")))
        entrance.scanned("B1001")
        entrance.scanned("B1002")
        news = items(entrance, 2)
        assert [(one.act, one.done, one.due) for one in news] == [
            (Lend("P1", "B1001"), True, "2026-02-02"),
            (Lend("P1", "B1002"), True, "2026-02-02"),
        ]
        assert news[0].line.words == "Blue Nights: yours until 2026-02-02"
        world.clock.advance(61_000)
        entrance.news()
        until(lambda: any(text[:2] == "35" for text in world.library.asked))
    assert world.library.patrons["P1"].loans == {"B1001", "B1002"}


def test_an_item_on_hold_is_not_lent_and_the_screen_tells_why(world: LibraryWorld) -> None:
    world.library.items["B1001"].on_hold = True
    with world.entrance() as entrance:
        come_in(entrance, world.visit(card(None, "P1")))
        entrance.scanned("B1001")
        (news,) = items(entrance, 1)
    assert (news.done, news.kept, news.lines) == (False, False, ("Item is on hold for another patron",))
    assert news.line.words == "Blue Nights: Item is on hold for another patron"


def test_a_denied_visitor_borrows_nothing(world: LibraryWorld) -> None:
    with world.entrance() as entrance:
        visit = world.visit(card(None, "P1"))
        assert isinstance(outcome(entrance, visit), Obligations)
        entrance.commit(visit, Deny(Reason.FACE_NO_MATCH), 1)
        entrance.scanned("B1001")
    assert not any(text[:2] == "11" for text in world.library.asked)
    with open_store(world.settings(), world.folder) as store:
        assert store.entries() == ()


def test_an_item_is_taken_back_from_any_person(world: LibraryWorld) -> None:
    world.library.patrons["P2"].loans.add("B1003")
    world.library.items["B1003"].on_hold = True
    with world.entrance(returns=True) as entrance:
        entrance.scanned("B1003")
        (news,) = items(entrance, 1)
    assert (news.act, news.done, news.alert) == (TakeBack("B1003"), True, True)
    assert news.line.words == "Blue Nights: thank you, please give it to staff"
    assert world.library.patrons["P2"].loans == set()


def test_a_loan_while_the_system_is_offline_is_sent_later(world: LibraryWorld) -> None:
    world.bind(s1="P1")
    world.library.stop()
    with world.entrance(offline="everyone", loan_days=21, returns=True) as entrance:
        come_in(entrance, world.visit(card("s1")))
        entrance.scanned("B1001")
        (kept,) = items(entrance, 1)
        assert (kept.done, kept.kept, kept.line.words) == (True, True, "B1001: yours until 2026-01-28")
        until(lambda: entrance.away)
        world.library.start()
        world.clock.advance(60_000)  # the entrance tries again after its wait
        until(lambda: entrance.waiting == 0)
        assert entrance.away is None
    assert world.library.patrons["P1"].loans == {"B1001"}
    with open_store(world.settings(), world.folder) as store:
        assert store.entries() == ()
    (told,) = [text for text in world.library.asked if text[:2] == "11"]
    assert told[3] == "Y"
    assert told[4:22] == "20260107    110000"


def test_a_loan_that_the_system_refuses_later_waits_for_staff(world: LibraryWorld) -> None:
    world.bind(s1="P1")
    world.library.stop()
    with world.entrance(offline="everyone") as entrance:
        come_in(entrance, world.visit(card("s1")))
        entrance.scanned("B1001")
        entrance.scanned("B1002")
        items(entrance, 2)
    world.library.items["B1001"].on_hold = True
    world.library.start()
    with world.entrance() as entrance:
        until(lambda: entrance.waiting == 0)
    assert world.library.patrons["P1"].loans == {"B1002"}
    with open_store(world.settings(), world.folder) as store:
        (conflict,) = store.entries()
    assert (conflict.act, conflict.state) == (Lend("P1", "B1001"), Kept.REFUSED)
    assert conflict.lines == ("Item is on hold for another patron",)


def test_loans_without_an_answer_are_kept_when_the_entrance_closes(world: LibraryWorld) -> None:
    with world.entrance() as entrance:
        come_in(entrance, world.visit(card(None, "P1")))
        world.library.fault_mode = FaultMode.SILENT
        for name in ("B1001", "B1002"):
            entrance.scanned(name)
        until(lambda: any(text[:2] == "11" for text in world.library.asked))
    with open_store(world.settings(), world.folder) as store:
        assert [entry.act for entry in store.entries()] == [Lend("P1", "B1001"), Lend("P1", "B1002")]
    assert world.told == []


def test_an_item_is_not_lent_if_the_loan_can_neither_be_sent_nor_stored(world: LibraryWorld) -> None:
    world.library.stop()
    with world.entrance(offline="everyone") as entrance:
        come_in(entrance, world.visit(card(None, "P1")))
        with closing(sqlite3.connect(world.folder / "gate.db", timeout=30)) as db:
            db.execute("CREATE TRIGGER t BEFORE INSERT ON messages BEGIN SELECT RAISE(ABORT, 'full'); END")
        entrance.scanned("B1001")
        (news,) = items(entrance, 1)
    assert (news.done, news.lines) == (False, ("Please take it to the desk.",))
    assert any("gate.db" in (text or "") for text in world.told)


def test_when_the_system_is_online_again_the_next_visitor_is_admitted(world: LibraryWorld) -> None:
    world.library.stop()
    with world.entrance() as entrance:
        assert outcome(entrance, world.visit(card(None, "P1"))) == Reason.HOST_UNAVAILABLE
        world.library.start()
        world.clock.advance(60_000)
        until(lambda: entrance.away is None)
        assert isinstance(outcome(entrance, world.visit(card(None, "P1"))), Obligations)
    assert world.told[-1] is None
    assert len(world.told) == 2, "a log line when it goes offline, and one when it is online again"


def test_a_closed_connection_is_opened_again_for_the_visitor(world: LibraryWorld) -> None:
    with world.entrance() as entrance:
        assert isinstance(outcome(entrance, world.visit(card(None, "P1"))), Obligations)
        world.library.hang_up()
        assert isinstance(outcome(entrance, world.visit(card(None, "P2"))), Obligations)


def test_a_slow_system_delays_a_visitor_by_answer_ms_at_most(world: LibraryWorld) -> None:
    world.library.answering.clear()
    with world.entrance(answer_ms=5_000, reply_ms=100) as entrance:
        visit = world.visit(card(None, "P1"))
        entrance.evaluate(visit)
        entrance.ask(visit)
        world.clock.advance(5_000)
        assert entrance.answer() == Reason.HOST_UNAVAILABLE
        world.library.answering.set()


def test_the_answer_about_an_earlier_visitor_does_not_count(world: LibraryWorld) -> None:
    world.library.patrons["P2"].valid = False
    world.library.answering.clear()
    with world.entrance() as entrance:
        entrance.ask(world.visit(card(None, "P1")))
        entrance.ask(world.visit(card(None, "P2")))
        assert entrance.answer() is None
        world.library.answering.set()
        answers: list[object] = []
        until(lambda: answers.append(entrance.answer()) or answers[-1])
        assert answers[-1] == Reason.PATRON_UNKNOWN


def test_a_patron_whom_the_system_refuses_is_not_a_member_any_more(world: LibraryWorld) -> None:
    with world.entrance() as entrance:
        assert isinstance(outcome(entrance, world.visit(card(None, "P1"))), Obligations)
        world.library.patrons["P1"].flags = flags(4)
        assert outcome(entrance, world.visit(card(None, "P1"))) == Reason.PATRON_BLOCKED
    world.library.stop()
    with world.entrance(offline="members") as entrance:
        assert outcome(entrance, world.visit(card(None, "P1"))) == Reason.HOST_UNAVAILABLE


def test_without_its_thread_an_entrance_admits_no_patron(world: LibraryWorld) -> None:
    with world.entrance(offline="everyone", answer_ms=100) as entrance:
        entrance._worker.close()
        assert outcome(entrance, world.visit(card(None, "P1"))) == Reason.HOST_UNAVAILABLE


def test_a_grant_without_lending_lends_nothing(world: LibraryWorld) -> None:
    with world.entrance(lending=False) as entrance:
        visit = world.visit(card(None, "P1"))
        assert isinstance(outcome(entrance, visit), Obligations)
        entrance.commit(visit, Grant(3_000), 1)
        entrance.scanned("B1001")
        assert entrance.news() == ()
    assert not any(text[:2] == "11" for text in world.library.asked)
