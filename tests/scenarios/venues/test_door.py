"""Days at a building's door as stories: visitors, times, and the outcome for each.

A line is `day clock who [door]: outcome`. The outcome is `opens`, with staff notices and required factors, or
the reason of the denial. Each line is a passage: the card's scope, the venue, the policy's decision, and the
venue's occupancy. `turned away`: the face does not match the card.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pytest
from worlds.venues.building_door import Entrance, card, local, rules

from edge.decision import Deny, Reason
from edge.errors import Refused
from edge.policy.decide import DoorPolicy, FaceRule, decide, judge_card
from edge.policy.obligations import Factor, Visit
from edge.trust.time.freshness import AgePolicy
from edge.trust.time.trust_age import TrustState
from edge.trust.time.trusted_clock import TrustedTime
from edge.venues.door.occupancy import MemoryOccupancyStore

DAYS = {"mon": 1, "tue": 2, "wed": 3, "thu": 4, "fri": 5, "sat": 6, "sun": 7, "mon2": 8}  # of March 2027
TOWER = """
not_enrolled = []
no_face = "pin"
[holidays]
founding-day = "2027-03-08"
[schedules]
office = ["mon-fri 08:00-18:00", "holiday 10:00-12:00"]
cleaning = ["mon-fri 20:00-23:00", "sun 22:00-02:00"]
[[permits]]
groups = ["staff"]
doors = ["tower-1"]
schedule = "office"
after = "guards"
[[permits]]
groups = ["visitors"]
doors = ["tower-1/lobby", "tower-1/exit"]
schedule = "office"
[[permits]]
groups = ["guards"]
doors = ["tower-1"]
[doors."tower-1/lobby"]
area = "tower-1"
[doors."tower-1/exit"]
area = "tower-1"
direction = "out"
"""


def tower(more: str = "", *, area: str = "", lobby: str = "") -> str:
    text = TOWER.replace('"tower-1/lobby"]\narea', f'"tower-1/lobby"]\n{lobby}\narea', 1)
    return f"{text}[areas.tower-1]\n{area}\n{more}"


ANNA, BEN, GUS = {"groups": {"staff"}}, {"groups": {"staff"}}, {"groups": {"guards"}}


@dataclass(frozen=True)
class Story:
    """The rules of a site, its enrolled people, and the lines of a day."""

    rules: str
    lines: str
    people: dict[str, dict[str, Any]] = field(default_factory=lambda: {"anna": ANNA, "ben": BEN, "gus": GUS})
    zone: str = "Asia/Macau"


STORIES = {
    "an ordinary monday": Story(
        tower(),
        """
        mon 07:55 anna: schedule.closed
        mon 08:00 anna: schedule.unattended
        mon 08:02 gus: opens, first-in
        mon 08:03 anna: opens
        mon 08:04 gus: opens
        mon 12:00 stranger: person.unknown
        mon 17:59 ben: opens
        mon 18:00 ben: schedule.closed
        mon 23:00 gus: opens
        tue 09:00 ben: schedule.unattended
        tue 09:01 gus: opens, first-in
        tue 09:02 ben: opens
        sat 09:00 gus: opens, first-in
        sat 09:01 ben: schedule.closed
        """,
    ),
    "a holiday that is a monday": Story(
        tower(),
        """
        mon2 08:30 gus: opens, first-in
        mon2 08:31 anna: schedule.closed
        mon2 10:00 anna: opens
        mon2 12:00 anna: schedule.closed
        """,
    ),
    "a guard whose face does not match opens no door": Story(
        tower(),
        """
        mon 08:00 gus: turned away
        mon 08:01 anna: schedule.unattended
        mon 08:02 gus: opens, first-in
        mon 08:03 anna: opens
        """,
    ),
    "a visitor of one morning": Story(
        tower(),
        """
        mon 09:59 vera: visit.window
        mon 10:00 vera: opens
        mon 11:59 vera: opens
        mon 12:00 vera: visit.window
        mon 12:30 vera exit: opens
        """,
        people={
            "vera": {
                "groups": {"visitors"},
                "valid_from": local("2027-03-01T10:00", "Asia/Macau"),
                "valid_until": local("2027-03-01T12:00", "Asia/Macau"),
            }
        },
    ),
    "people with another way to pass": Story(
        tower(),
        """
        mon 09:00 olga: opens, assisted, 8000 ms
        mon 09:01 nina: opens, no-face, pin
        mon 09:02 paul: opens, assisted, no-face, pin, 8000 ms
        mon 09:03 dora: opens
        mon 09:04 dora-2: opens, duress
        mon 22:00 dora-2: schedule.closed
        """,
        people={
            "olga": {"groups": {"visitors"}, "assisted": True},
            "nina": {"groups": {"visitors"}, "no_face": True},
            "paul": {"groups": {"visitors"}, "no_face": True, "assisted": True},
            "dora": {"groups": {"visitors"}},
            "dora-2": {"same_as": "dora", "groups": {"visitors"}, "duress": True},
        },
    ),
    "a card that was lent to a friend outside": Story(
        tower(area='passback = "hard"'),
        """
        mon 09:00 gus: opens, first-in
        mon 09:01 anna: opens
        mon 09:02 anna: person.passback
        mon 12:00 anna exit: opens
        mon 13:00 anna: opens
        mon 13:01 anna: person.passback
        tue 03:59 gus: person.passback
        tue 08:00 gus: opens, first-in
        tue 08:05 anna: opens
        """,
    ),
    "a person who never came in can go out and come in": Story(
        tower(area='passback = "hard"\nreset = "never"'),
        """
        mon 09:00 gus exit: opens
        mon 09:01 gus: opens, first-in
        mon 09:02 gus: person.passback
        thu 09:00 gus: person.passback
        thu 09:01 gus exit: opens
        thu 09:02 gus: opens, first-in
        """,
    ),
    "soft passback: staff are told, and no visitor waits": Story(
        tower(area='passback = "soft"'),
        """
        mon 09:00 gus: opens, first-in
        mon 09:01 gus: opens, passback
        mon 09:02 gus exit: opens
        mon 09:03 gus: opens
        """,
    ),
    "a turnstile that admits no person twice in ten minutes": Story(
        tower(area='passback = "timed"\npassback_min = 10'),
        """
        mon 09:00 gus: opens, first-in
        mon 09:09 gus: person.passback
        mon 09:10 gus: opens
        mon 09:12 gus exit: opens
        mon 09:13 gus: opens
        """,
    ),
    "the clock was a day ahead, and is set right": Story(
        tower(area='passback = "timed"\npassback_min = 10'),
        """
        tue 09:00 gus: opens, first-in
        mon 09:00 anna: schedule.unattended
        mon 09:01 gus: opens, first-in
        mon 09:02 anna: opens
        """,
    ),
    "a room for two": Story(
        tower(area="limit = 2"),
        """
        mon 09:00 gus: opens, first-in
        mon 09:01 anna: opens
        mon 09:02 ben: site.full
        mon 09:03 anna: opens
        mon 09:04 gus exit: opens
        mon 09:05 ben: opens
        mon 09:06 gus: site.full
        tue 09:00 gus: opens, first-in
        """,
    ),
    "a refused visitor does not count as inside": Story(
        tower(area="limit = 1"),
        """
        mon 09:00 gus: turned away
        mon 09:01 gus: opens, first-in
        mon 09:02 anna: site.full
        """,
    ),
    "the vault": Story(
        tower(area='passback = "hard"', lobby="two_people_s = 30"),
        """
        mon 09:00:00 gus: person.alone
        mon 09:00:10 gus: person.alone
        mon 09:00:20 hank: opens, first-in
        mon 09:00:30 anna: person.alone
        mon 09:00:40 stranger: person.unknown
        mon 09:01:01 ben: person.alone
        mon 09:01:10 ben: person.alone
        mon 09:01:20 anna: turned away
        mon 09:01:30 anna: opens
        mon 09:01:40 ben: person.passback
        """,
        people=dict.fromkeys(("anna", "ben", "gus", "hank"), GUS),
    ),
    "a lock-down that guards can pass": Story(
        tower('[lock_down]\nschedule = "cleaning"\nmay_pass = ["guards"]'),
        """
        mon 17:00 gus: opens, first-in
        mon 17:01 anna: opens
        mon 20:00 anna: site.locked_down
        mon 20:01 gus: opens
        mon 20:02 anna exit: opens
        mon 23:00 anna: schedule.closed
        """,
    ),
    "a shop with free access after its guard came": Story(
        tower(lobby='unlock = "office"\nunlock_after = "guards"'),
        """
        mon 08:30 stranger: person.unknown
        mon 08:31 gus: opens, first-in
        mon 08:32 stranger: opens
        mon 17:59 unnamed: opens
        mon 18:00 stranger: person.unknown
        tue 09:00 stranger: person.unknown
        """,
    ),
    "the cleaners' night": Story(
        tower('[[permits]]\ngroups = ["staff"]\ndoors = ["tower-1"]\nschedule = "cleaning"'),
        """
        mon 19:59 anna: schedule.closed
        mon 20:00 anna: opens
        mon 22:59 anna: opens
        mon 23:00 anna: schedule.closed
        sun 21:59 anna: schedule.closed
        sun 22:00 anna: opens
        mon2 01:59 anna: opens
        mon2 02:00 anna: schedule.closed
        """,
    ),
    "the night on which lisbon skips an hour": Story(
        tower('[[permits]]\ngroups = ["staff"]\ndoors = ["tower-1"]\nschedule = "cleaning"').replace(
            "sun 22:00-02:00", "sat 22:00-01:30"
        ),
        """
        2023-03-25 22:00 anna: opens
        2023-03-26 00:59 anna: opens
        2023-03-26 02:00 anna: schedule.closed
        """,
        zone="Europe/Lisbon",
    ),
    "the night on which lisbon has an hour twice": Story(
        tower('[[permits]]\ngroups = ["staff"]\ndoors = ["tower-1"]\nschedule = "cleaning"').replace(
            "sun 22:00-02:00", "sat 22:00-01:30"
        ),
        """
        2023-10-29 01:29 anna: opens
        2023-10-29 01:30 anna: schedule.closed
        2023-10-29 01:29 again anna: opens
        2023-10-29 01:30 again anna: schedule.closed
        """,
        zone="Europe/Lisbon",
    ),
    "a card for another place": Story(
        tower(),
        """
        mon 08:00 gus: opens, first-in
        mon 08:01 elsewhere: door.not_permitted
        """,
        people={"gus": GUS, "elsewhere": {"groups": {"guards"}}},
    ),
}


class Tower:
    """Two readers of one tower, with a common occupancy."""

    def __init__(self, story: Story) -> None:
        occupancy = MemoryOccupancyStore()
        self._zone = story.zone
        self._doors = {
            name: Entrance(
                rules(story.rules, site=f"tower-1/{name}", zone=story.zone), story.people, occupancy
            )
            for name in ("lobby", "exit")
        }

    def plays(self, told: str) -> str:
        """The outcome of this line, in the words of the stories."""
        words = told.split()
        at = self._instant(words.pop(0), words.pop(0), again=words[0] == "again")
        who = words[-1] if words[-1] not in self._doors else words[-2]
        name = words[-1] if words[-1] in self._doors else "lobby"
        return self._passage(name, who, at, turned_away=False)

    def turns_away(self, told: str) -> None:
        words = told.split()
        at = self._instant(words[0], words[1], again=False)
        self._passage("lobby", words[2], at, turned_away=True)

    def _passage(self, name: str, who: str, at: datetime, *, turned_away: bool) -> str:
        venue, site = self._doors[name].venue, f"tower-1/{name}"
        policy = DoorPolicy(site=site, similarity=0.6, face=FaceRule.NONE)
        scope = ("tower-2",) if who == "elsewhere" else ("tower-1",)
        shown = card(None if who == "unnamed" else who, scope=scope, moment=at)
        trust_state = TrustState(TrustedTime(at), (), AgePolicy())
        visit = Visit(shown, site, at)
        if objection := judge_card(shown, policy, trust_state):
            return objection.reason.value
        try:
            obligations = venue.evaluate(visit)
        except Refused as refused:
            venue.commit(visit, Deny(refused.reason), 1)
            return refused.reason.value
        given = {asked.factor for asked in obligations.required} - {Factor.COMPANION}
        decision = (
            Deny(Reason.FACE_NO_MATCH)
            if turned_away
            else decide(shown, None, policy, trust_state, obligations, given)
        )
        venue.commit(visit, decision, 1)
        if isinstance(decision, Deny):
            return decision.reason.value
        times = [] if obligations.release_ms is None else [f"{obligations.release_ms} ms"]
        return ", ".join(
            ["opens", *sorted(obligations.notices), *(asked.factor for asked in obligations.required), *times]
        )

    def _instant(self, day: str, clock: str, *, again: bool) -> datetime:
        date = f"2027-03-{DAYS[day]:02}" if day in DAYS else day
        return local(f"{date}T{clock}", self._zone, fold=int(again))


@pytest.mark.parametrize("name", STORIES)
def test_a_day_at_the_door(name: str) -> None:
    story = STORIES[name]
    tower_of = Tower(story)
    heard = []
    lines = [line.strip() for line in story.lines.splitlines() if line.strip()]
    for line in lines:
        told, _, what = line.rpartition(": ")
        if what == "turned away":
            tower_of.turns_away(told)
            heard.append(line)
        else:
            heard.append(f"{told}: {tower_of.plays(told)}")
    assert heard == lines


def test_the_stories_have_enough_passages() -> None:
    passages = [line for story in STORIES.values() for line in story.lines.splitlines() if line.strip()]
    assert len(passages) >= 90
