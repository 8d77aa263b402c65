"""Parties: members by the signed scope, and referral of the others after one is stopped."""

from __future__ import annotations

import pytest
from worlds.trust import URI, verified

from edge.card.claims import Card, StatusPointer
from edge.decision import Reason
from edge.passage.lane.party import NEXT_MEMBER_MS, Parties, Party, party_of

SCOPES: dict[str, tuple[tuple[str, ...], Party | None]] = {
    "a party of four": (("border", "party/4/k7f3ac"), Party("CN-GD", "k7f3ac", 4)),
    "a party of one": (("border", "party/1/k7f3ac"), None),
    "a party of nine": (("border", "party/9/k7f3ac"), None),
    "a name that is too short": (("border", "party/4/k7"), None),
    "two parties": (("party/4/k7f3ac", "party/3/another"), None),
    "a place within a party": (("party/4/k7f3ac/x",), None),
    "no party": (("border",), None),
    "anywhere": ((), None),
}


def card(number: int, *scope: str) -> Card:
    return verified(card_id=b"card%04d" % number, status=StatusPointer(URI, number), scope=scope)


@pytest.mark.parametrize("case", SCOPES)
def test_the_party_is_the_one_in_the_scope(case: str) -> None:
    scope, expected = SCOPES[case]
    assert party_of(card(3, *scope)) == expected


TRIO = [card(number, "border", "party/3/k7f3ac") for number in (3, 4, 5)]
OTHERS = card(6, "border", "party/2/another")
ALONE = card(7, "border")


def test_the_first_member_opens_the_party_and_the_last_ends_it() -> None:
    parties = Parties()
    for number, member in enumerate(TRIO):
        assert parties.objection(member, 10) is None
        parties.began(member, 10)
        parties.passed(member, 10)
        assert parties.progress == ((number + 1, 3) if number < 2 else None)
    assert parties.objection(ALONE, 10) is None


@pytest.mark.parametrize("who", [OTHERS, ALONE])
def test_other_holders_wait_for_the_party(who: Card) -> None:
    parties = Parties()
    parties.began(TRIO[0], 0)
    assert parties.objection(who, NEXT_MEMBER_MS).reason is Reason.SITE_FULL
    assert parties.objection(who, NEXT_MEMBER_MS + 1) is None


def test_a_member_who_went_through_does_not_pass_again() -> None:
    parties = Parties()
    parties.began(TRIO[0], 0)
    parties.passed(TRIO[0], 0)
    assert parties.objection(TRIO[0], 1).reason is Reason.PERSON_PASSBACK


def test_after_a_member_is_stopped_the_others_are_referred() -> None:
    parties = Parties()
    parties.began(TRIO[0], 0)
    parties.passed(TRIO[0], 0)
    parties.began(TRIO[1], 0)
    parties.stopped(TRIO[1], 0)
    assert parties.objection(TRIO[2], 1).reason is Reason.LANE_REFERRED


def test_if_the_first_member_is_stopped_the_party_ends() -> None:
    parties = Parties()
    parties.began(TRIO[0], 0)
    parties.stopped(TRIO[0], 0)
    assert parties.progress is None
    assert parties.objection(ALONE, 1) is None


def test_a_holder_without_a_party_changes_nothing() -> None:
    parties = Parties()
    parties.began(TRIO[0], 0)
    parties.passed(ALONE, 0)
    parties.stopped(ALONE, 0)
    assert parties.progress == (0, 3)


def test_no_name_of_a_party_is_in_a_repr() -> None:
    assert "k7f3ac" not in repr(party_of(TRIO[0]))


def test_time_for_the_next_member_counts_from_the_last_step_of_the_party() -> None:
    steps = {
        "let in": lambda parties, now: parties.began(TRIO[1], now),
        "through": lambda parties, now: parties.passed(TRIO[0], now),
        "stopped": lambda parties, now: parties.stopped(TRIO[1], now),
    }
    for step in steps.values():
        parties = Parties()
        parties.began(TRIO[0], 1_000)
        parties.passed(TRIO[0], 1_000)
        step(parties, 50_000)
        assert parties.objection(ALONE, 50_000 + 60_000).reason is Reason.SITE_FULL
        assert parties.objection(ALONE, 50_000 + 60_001) is None


def test_a_new_party_begins_after_the_time_of_another_and_owes_nothing_to_it() -> None:
    parties = Parties()
    parties.began(TRIO[0], 0)
    parties.passed(TRIO[0], 0)
    parties.began(TRIO[1], 0)
    parties.stopped(TRIO[1], 0)
    parties.began(OTHERS, NEXT_MEMBER_MS + 1)
    assert parties.progress == (0, 2)
    assert parties.objection(OTHERS, NEXT_MEMBER_MS + 1) is None


def test_a_party_stays_while_another_holder_is_let_in() -> None:
    parties = Parties()
    parties.began(TRIO[0], 0)
    parties.began(ALONE, 1)
    assert parties.progress == (0, 3)


def test_a_holder_without_a_party_changes_nothing_before_the_first() -> None:
    parties = Parties()
    parties.passed(ALONE, 0)
    parties.stopped(ALONE, 0)
    assert parties.progress is None
    assert parties.objection(ALONE, NEXT_MEMBER_MS * 9) is None


def test_a_party_of_eight_is_the_largest() -> None:
    assert party_of(card(3, "party/8/k7f3ac")) == Party("CN-GD", "k7f3ac", 8)
