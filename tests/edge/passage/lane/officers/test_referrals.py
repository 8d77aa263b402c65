"""Referrals: each authority's officers see their own reason, and an admission needs one of each authority."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from worlds.venues.lane import Desk

from edge.decision import Grant, Reason
from edge.passage.lane import events as e
from edge.passage.lane.events import Why
from edge.passage.lane.officers.messages import OfficerVerb, Referral, ReferralClosed
from edge.passage.lane.officers.referrals import Referrals

ADMIT, SEND_BACK, EMPTY = OfficerVerb.ADMIT, OfficerVerb.SEND_BACK, OfficerVerb.EMPTY
ADMITTED = e.Admitted(Grant(3_000), "o-1")
SWAPPED, REVOKED = Reason.LANE_SWAPPED, Reason.CARD_REVOKED


class Bureau:
    """One authority with its desk. `wrote`: what it was told to write about an empty lane."""

    def __init__(self, officer: str, last_seq: int) -> None:
        self.officers, self.last_seq = Desk(officer), last_seq
        self.wrote: list[tuple[str, int]] = []

    def emptied(self, officer: str, tick_ms: int) -> None:
        self.wrote.append((officer, tick_ms))


class Lane:
    """Two authorities, and a card on which `answer` is the decision once all officers admit its holder."""

    def __init__(self) -> None:
        self.is_known = True
        self.answer: e.Admitted | list[Reason | None] = ADMITTED
        self.asked: list[str] = []
        self.bureaus = [Bureau("o-1", 7), Bureau("o-2", 40)]
        self.referrals = Referrals(self.bureaus, self, "border/lane-1")
        self.refer()

    def refer(self, *reasons: Reason) -> None:
        self.referrals.open(reasons or (SWAPPED, REVOKED), Why.FACE)
        self.update()

    def update(self, people: int | None = 1, *, admissible: bool = True) -> None:
        self.referrals.update(people=people, admissible=admissible, party=None)

    def by_eye(self, officer: str, tick_ms: int) -> e.Admitted | list[Reason | None]:
        self.asked.append(officer)
        return self.answer

    def says(self, *words: tuple[int, OfficerVerb], alone: bool = True) -> e.LaneEvent | None:
        for at, word in words:
            self.bureaus[at].officers.say(word)
        return self.referrals.hear(500, alone=alone)

    @property
    def shown(self) -> list[Referral | None]:
        return [each.officers.news for each in self.bureaus]


def test_each_authority_has_its_own_reason_and_number() -> None:
    assert [(each.referral, each.reason) for each in Lane().shown if each] == [(7, SWAPPED), (40, REVOKED)]


def test_a_referral_is_sent_again_only_if_it_has_changed() -> None:
    lane = Lane()
    for people in (1, 1, 2, 2):
        lane.update(people)
    assert [len(each.officers.told) for each in lane.bureaus] == [2, 2]


@pytest.mark.parametrize(("people", "told"), [(None, None), (98, 98), (99, 99), (100, 99)])
def test_a_screen_counts_to_99(people: int | None, told: int | None) -> None:
    lane = Lane()
    lane.update(people)
    assert [each.people for each in lane.shown if each] == [told, told]


def test_a_new_referral_closes_the_older_one() -> None:
    lane = Lane()
    lane.bureaus[0].last_seq = 8
    lane.refer()
    told = lane.bureaus[0].officers.told
    assert told[1] == ReferralClosed(referral=7)
    assert lane.says((0, SEND_BACK)) == e.SentBack("o-1")


def test_a_decision_about_a_closed_referral_has_no_effect() -> None:
    lane = Lane()
    for each in lane.bureaus:
        each.officers.say(SEND_BACK)
    lane.referrals.close()
    assert lane.referrals.hear(500, alone=True) is None
    assert lane.shown == [None, None]
    lane.referrals.close()
    assert [len(each.officers.told) for each in lane.bureaus] == [2, 2], "it is closed once"


def test_an_admission_needs_an_officer_of_every_authority() -> None:
    lane = Lane()
    assert lane.says((0, ADMIT)) is None
    assert lane.asked == []
    assert lane.says((1, ADMIT)) == ADMITTED
    assert lane.asked == ["o-1"]
    assert lane.referrals.take_spoken() == {0: "o-1", 1: "o-2"}
    assert lane.referrals.take_spoken() == {}


def test_one_officer_sends_back_alone() -> None:
    lane = Lane()
    assert lane.says((1, SEND_BACK)) == e.SentBack("o-2")
    assert lane.referrals.take_spoken() == {1: "o-2"}


def test_an_empty_lane_is_recorded_by_all_with_the_officer_of_one() -> None:
    lane = Lane()
    assert lane.says((1, EMPTY)) == e.Emptied("o-2")
    assert [each.wrote for each in lane.bureaus] == [[("joint", 500)], [("o-2", 500)]]


@pytest.mark.parametrize("unfit", ["not alone", "not admissible", "no card"])
def test_no_policy_is_asked_about_a_person_who_cannot_be_admitted(unfit: str) -> None:
    lane = Lane()
    lane.is_known = unfit != "no card"
    lane.update(admissible=unfit != "not admissible")
    assert lane.says((0, ADMIT), (1, ADMIT), alone=unfit != "not alone") is None
    assert lane.asked == []


@pytest.mark.parametrize("change", ["no longer alone", "another referral"])
def test_an_admission_does_not_count_for_the_next_person(change: str) -> None:
    lane = Lane()
    lane.says((0, ADMIT))
    if change == "no longer alone":
        lane.update(2, admissible=False)
        lane.update()
    else:
        lane.refer()
    assert lane.says((1, ADMIT)) is None
    assert lane.asked == []


def barred(*reasons: Reason | None) -> Lane:
    lane = Lane()
    lane.answer = list(reasons)
    assert lane.says((0, ADMIT), (1, ADMIT)) is None
    lane.update()
    return lane


BARRED: Sequence[tuple[tuple[Reason | None, Reason | None], tuple[Reason, Reason]]] = [
    ((Reason.CARD_EXPIRED, None), (Reason.CARD_EXPIRED, REVOKED)),
    ((None, Reason.CARD_EXPIRED), (SWAPPED, Reason.CARD_EXPIRED)),
]


@pytest.mark.parametrize(("objections", "shown"), BARRED)
def test_the_objection_of_policy_is_shown_to_its_own_authority(
    objections: tuple[Reason | None, Reason | None], shown: tuple[Reason, Reason]
) -> None:
    lane = barred(*objections)
    assert tuple(each.reason for each in lane.shown if each) == shown
    assert [each.referral for each in lane.shown if each] == [7, 40]


def test_no_officer_can_lift_an_objection_of_policy() -> None:
    lane = barred(Reason.CARD_EXPIRED, None)
    assert not any(each.admissible for each in lane.shown if each)
    assert lane.says((0, ADMIT), (1, ADMIT)) is None
    assert lane.asked == ["o-1"], "it is not asked again"


def test_an_objection_of_policy_ends_with_its_referral() -> None:
    lane = barred(Reason.CARD_EXPIRED, None)
    lane.refer()
    assert all(each.admissible for each in lane.shown if each)


def test_after_an_objection_the_officers_of_all_must_admit_anew() -> None:
    lane = Lane()
    lane.answer = [Reason.CARD_EXPIRED, None]
    assert lane.says((0, ADMIT), (1, ADMIT), (1, ADMIT)) is None
    assert lane.asked == ["o-1"]
