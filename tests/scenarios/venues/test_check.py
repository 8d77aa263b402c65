"""A check without a door, one holder a row: the result for the host, and data that it does not get."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest
from worlds.venues.check import GRANT, CheckWorld, card
from worlds.venues.venue_passages import Counter

from edge.card.claims import Card, TemplateReference
from edge.card.person import Person
from edge.decision import Decision, Deny, Reason
from edge.errors import ConfigError
from edge.policy.obligations import Visit
from edge.venues.check.result import CheckOutcome

FACE = TemplateReference(100, "mfn1", bytes(64))
SILVA = {"family_name": "Silva", "nationality": "PRT", "birth_date": "1985-11-20"}


def face(who: Card) -> Card:
    return replace(who, face=FACE)


@dataclass(frozen=True)
class Row:
    """`told`: outcome, whether a face was compared, whether a pseudonym is given, and the attributes."""

    who: Card
    told: tuple[CheckOutcome, bool, bool, dict[str, str] | None] | None
    decision: Decision = GRANT
    check: dict[str, object] = field(default_factory=dict)
    face: str = "if-bound"
    ends: str = "checked"
    reason: Reason | None = None


UNNAMED = (CheckOutcome.DENIED, False, False, None)
NAMES = {"request": ("family_name",)}
ROWS = {
    "a card with a face": Row(face(card("a")), (CheckOutcome.GRANTED, True, True, None)),
    "a card without a face": Row(card("a"), (CheckOutcome.GRANTED, False, True, None)),
    "a place that compares no faces": Row(
        face(card("a")), (CheckOutcome.GRANTED, False, True, None), face="none"
    ),
    "more was disclosed than the purpose needs": Row(
        card("a", **SILVA), (CheckOutcome.GRANTED, False, True, None)
    ),
    "one attribute is needed": Row(
        card("a", **SILVA), (CheckOutcome.GRANTED, False, True, {"family_name": "Silva"}), check=NAMES
    ),
    "two are needed": Row(
        card("a", **SILVA),
        (CheckOutcome.GRANTED, False, True, {"family_name": "Silva", "nationality": "PRT"}),
        check={"request": ("family_name", "nationality")},
    ),
    "a name in Chinese characters": Row(
        card("a", family_name="歐陽"),
        (CheckOutcome.GRANTED, False, True, {"family_name": "歐陽"}),
        check=NAMES,
    ),
    "a needed attribute was not disclosed": Row(card("a"), None, check=NAMES, ends="disclosure.missing"),
    "one of two needed attributes": Row(
        card("a", family_name="Silva"),
        None,
        check={"request": ("family_name", "birth_date")},
        ends="disclosure.missing",
    ),
    "another face": Row(face(card("a")), UNNAMED, Deny(Reason.FACE_NO_MATCH)),
    "another face, with a name": Row(
        face(card("a", **SILVA)), UNNAMED, Deny(Reason.FACE_NO_MATCH), check=NAMES
    ),
    "an attack on the face": Row(face(card("a")), UNNAMED, Deny(Reason.FACE_ATTACK)),
    "an expired card": Row(card("a"), UNNAMED, Deny(Reason.CARD_EXPIRED)),
    "a revoked card, and a host that gets the reason": Row(
        card("a"), UNNAMED, Deny(Reason.CARD_REVOKED), check={"reason": True}, reason=Reason.CARD_REVOKED
    ),
    "a grant, and a host that gets reasons": Row(
        card("a"), (CheckOutcome.GRANTED, False, True, None), check={"reason": True}
    ),
    "a card whose issuer names no subject": Row(
        replace(card("a"), person=Person("CN-GD", b"a card id")), (CheckOutcome.GRANTED, False, True, None)
    ),
    "a host that gets no results": Row(card("a"), None, check={"via": "none"}),
}

Open = Callable[..., CheckWorld]


@pytest.fixture
def open_world(tmp_path: Path) -> Iterator[Open]:
    with ExitStack() as stack:
        yield lambda folder=tmp_path, **check: stack.enter_context(closing(CheckWorld(folder, **check)))


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_a_holder_is_checked(row: Row, open_world: Open) -> None:
    world = open_world(face=row.face, **row.check)
    assert world.comes(row.who, row.decision) == row.ends
    told = world.told()
    if row.told is None:
        assert told == []
        return
    (result,) = told
    outcome, compared, named, attributes = row.told
    assert (result.outcome, result.face, result.pseudonym is not None) == (outcome, compared, named)
    assert world.opened(result) == attributes
    assert (result.device, result.seq, result.at) == ("rail-3", 41, world.now)
    assert (result.site, result.purpose, result.reason) == ("station/gate-3", "counter", row.reason)


def test_the_host_recognises_a_holder_with_any_card_and_at_any_of_its_devices(
    open_world: Open, tmp_path: Path
) -> None:
    one = open_world()
    (tmp_path / "second").mkdir()
    (tmp_path / "second" / "check.sector").write_bytes((tmp_path / "check.sector").read_bytes())
    (tmp_path / "second" / "check.sector").chmod(0o600)
    two = open_world(tmp_path / "second")
    holder = card("a")
    one.comes(holder)
    two.comes(replace(holder, card_id=b"the next card...", pseudonym="0123456789ab"))
    one.comes(card("b"))
    (first, other), (again,) = one.told(), two.told()
    assert first.pseudonym == again.pseudonym != other.pseudonym


def test_two_hosts_cannot_compare_their_holders(open_world: Open, tmp_path: Path) -> None:
    (tmp_path / "second").mkdir()
    worlds = (open_world(), open_world(tmp_path / "second"))
    for world in worlds:
        world.comes(card("a"))
    one, two = (world.told()[0].pseudonym for world in worlds)
    assert one != two


def test_the_same_passage_twice_is_one_result(open_world: Open) -> None:
    world = open_world()
    for _ in range(2):
        world.venue.commit(Visit(card("a"), "station/gate-3", world.now), GRANT, 7)
    assert [result.seq for result in world.told()] == [7]


def test_a_new_journal_gives_new_results(open_world: Open) -> None:
    world = open_world()
    world.comes(card("a"))
    world.seq = 40
    world.now += timedelta(minutes=1)
    world.comes(card("b"))
    assert [result.seq for result in world.told()] == [41, 41]


def test_results_outlive_a_power_cut(open_world: Open, tmp_path: Path) -> None:
    world = open_world()
    world.comes(card("a"))
    world.close()
    assert [result.seq for result in open_world().told()] == [41]


def test_no_name_is_on_the_disk(open_world: Open, tmp_path: Path) -> None:
    world = open_world(request=("family_name", "document_number"))
    assert world.comes(card("a", family_name="Mustermann", document_number="C01X00T478")) == "checked"
    on_disk = b"".join(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())
    assert b"rail-3" in on_disk
    assert not [secret for secret in (b"Mustermann", b"C01X00T478", b"subject of a") if secret in on_disk]


def test_without_the_hosts_key_no_attribute_is_passed_on(open_world: Open) -> None:
    # The configuration refuses this; a result made without the configuration has no name either.
    world = open_world(request=("family_name",), host_key=None)
    world.comes(card("a", family_name="Silva"))
    assert world.told()[0].sealed is None


def test_a_sector_key_that_others_can_read_is_refused(open_world: Open, tmp_path: Path) -> None:
    open_world()
    (tmp_path / "check.sector").chmod(0o644)
    with pytest.raises(ConfigError, match="others can read"):
        CheckWorld(tmp_path)
    (tmp_path / "check.sector").chmod(0o600)
    os.truncate(tmp_path / "check.sector", 8)
    with pytest.raises(ConfigError, match="is not 32 bytes"):
        CheckWorld(tmp_path)


def test_a_result_of_yesterday_is_not_sent(open_world: Open) -> None:
    world = open_world(queue_h=24)
    world.comes(card("a"))
    made, world.now = world.now, world.now + timedelta(days=300)
    assert world.deliver() == 0
    world.stores(made + timedelta(hours=24))
    assert world.deliver() == 0
    assert world.office.status(0).waiting == 1  # whatever the wall clock says
    world.stores(made + timedelta(hours=24, seconds=1))
    assert world.deliver() == 0
    assert world.office.status(0).waiting == 0
    assert [letter.why for letter in world.office.results.queue.dead("check")] == ["too old"]


def test_a_whole_passage_ends_with_a_result_that_its_host_can_verify(open_world: Open) -> None:
    world = open_world(request=("family_name",), reason=True)
    counter = Counter("check", world.venue)
    assert counter.shows({}) == Reason.DISCLOSURE_MISSING
    assert counter.shows({"family_name": "Silva"}, who="stranger") == Reason.FACE_NO_MATCH
    assert counter.shows({"family_name": "Costa", "nationality": "PRT"}, subject="s2") is None
    *denied, granted = world.told()
    assert [result.reason for result in denied] == [Reason.DISCLOSURE_MISSING, Reason.FACE_NO_MATCH]
    assert not [result for result in denied if result.pseudonym or result.sealed]
    assert (granted.outcome, granted.face) == (CheckOutcome.GRANTED, True)
    assert world.opened(granted) == {"family_name": "Costa"}
    assert granted.seq == counter.tape.records.index(counter.passages[-1])
