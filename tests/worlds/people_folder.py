"""A folder of a building's door with rules and a list of people, in which `doorward people` runs."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import closing
from typing import TYPE_CHECKING

from edge.__main__ import main
from edge.app.venues.door import read_rules, site_key
from edge.card.person import Person
from edge.venues.door.occupancy import OccupancyChange
from edge.venues.door.occupancy_store import OccupancyFile
from edge.venues.door.person import person_name
from edge.venues.door.visit_facts import DoorContext

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    import pytest

DOOR = '[door]\nsite = "tower-1/lobby"\n[permits]\nrules = "site.toml"\n'
SITE = """
version = "1"
zone = "Asia/Macau"
groups = ["guards", "staff", "visitors"]
[schedules]
office = ["daily 08:00-18:00"]
night = ["daily 22:00-06:00"]
[[permits]]
groups = ["guards"]
doors = ["tower-1"]
[[permits]]
groups = ["staff"]
doors = ["tower-1/lobby"]
schedule = "office"
[[permits]]
groups = ["staff"]
doors = ["tower-1/lab"]
schedule = "night"
after = "guards"
[doors."tower-1/lobby"]
area = "tower-1"
[doors."tower-1/exit"]
area = "tower-1"
direction = "out"
[doors."tower-1/vault"]
two_people_s = 30
[areas."tower-1"]
limit = 50
passback = "hard"
[lock_down]
may_pass = ["guards"]
"""
PEOPLE = """issuer,subject,groups,valid_until,no_face,duress_of
tower-1,gus,guards,,,
tower-1,anna,staff,2099-12-31,,
tower-1,vera,visitors,,yes,
tower-1,anna-2,,,,anna
"""
Run = Callable[..., tuple[int, str, str]]


def people_folder(folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs `doorward people ...` in a folder with rules and enrolled people."""
    (folder / "door.toml").write_text(DOOR)
    (folder / "site.toml").write_text(SITE)
    (folder / "people.csv").write_text(PEOPLE)
    monkeypatch.chdir(folder)

    def call(*words: str) -> tuple[int, str, str]:
        code = main(["people", *words])
        said = capsys.readouterr()
        return code, said.out, said.err

    assert call("import", "people.csv") == (0, "taken     4\nenrolled  4\n", "")
    return call


def lines(text: str) -> dict[str, list[str]]:
    """The values of `key value` lines, by key."""
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        key, _, value = line.partition(" ")
        found.setdefault(key, []).append(value.strip())
    return found


def row(text: str) -> dict:
    """The one row of `--json`."""
    (line,) = text.splitlines()
    return json.loads(line)


def come_in(folder: Path, now: datetime, *subjects: str) -> None:
    """The lobby's device stores that these people came in."""
    rules = read_rules(folder / "site.toml", "tower-1/lobby")
    key = site_key(folder / "people.key", may_make=False)
    names = tuple(person_name(Person("tower-1", subject), key) for subject in subjects)
    with closing(OccupancyFile(folder / "state" / "presence.db")) as presence:
        door = DoorContext.at(rules, presence, now)
        presence.write(
            OccupancyChange("tower-1/lobby", "tower-1", door.second, door.day, door.local.day, came=names)
        )
