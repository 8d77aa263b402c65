"""Rules of a site in site.toml: each error names its key, and a wrong file opens no door."""

from __future__ import annotations

import re

import pytest
from conftest import ROOT
from hypothesis import given
from hypothesis import strategies as st
from worlds.venues.building_door import SITE, ZONES, rules

from edge.errors import ConfigError
from edge.policy.obligations import Factor
from edge.schedule.weekly_schedule import ALWAYS, NEVER
from edge.venues.door import site_tables
from edge.venues.door.file_checks import MAX_ENTRIES
from edge.venues.door.rules import Direction, Passback
from edge.venues.door.rules_file import MAX_RULES_BYTES, parse_rules

FILE = "site.toml"
HEAD = 'version = "1"\nzone = "Asia/Macau"\ngroups = ["staff", "guards"]\n'
PERMIT = '[[permits]]\ngroups = ["staff"]\ndoors = ["tower-1"]\n'

WRONG: dict[str, tuple[str, str, str]] = {  # text, what the error begins with, what its hint has
    "not TOML": (HEAD + "groups\nx = 1", "site.toml:4: ", "write key ="),
    "not text": ("\udcff", "site.toml: not UTF-8 text", "save the file as UTF-8"),
    "empty": ("", "site.toml: version is missing", "add version"),
    "a permit without doors": (HEAD + '[[permits]]\ngroups = ["staff"]\n', "site.toml:4: permits[0]: doors is missing", "add doors"),
    "a zone that does not exist": (HEAD.replace("Macau", "Macao1"), 'site.toml:2: zone: "Asia/Macao1" is not a time zone', "did you mean Asia/Macao"),
    "a zone out of the file system": (HEAD.replace("Asia/Macau", "../../etc/passwd"), 'site.toml:2: zone: "../../etc/passwd" is not a time zone', ""),
    "a zone unlike any other": (HEAD.replace("Asia/Macau", "qqqqqq"), 'site.toml:2: zone: "qqqqqq" is not a time zone', "such as Asia/Macau"),
    "an unknown key": (HEAD + "pasback = 1\n", "site.toml:4: unknown key pasback", "use one of version, zone"),
    "a key with a typing error": (HEAD + "asisted_ms = 900\n", "site.toml:4: unknown key asisted_ms", "did you mean assisted_ms?"),
    "an unknown key of a door": (HEAD + '[doors."tower-1"]\nopen = 1\n', "site.toml:5: doors.tower-1: unknown key open", "area"),
    "a name of a door": (HEAD + '[doors."Tower 1"]\n', 'site.toml:4: doors: "Tower 1" is not a name of a-z, 0-9 and -', ""),
    "a number in place of a table": (HEAD + "lock_down = 3\n", "site.toml:4: lock_down: 3 is not a table", ""),
    "a text in place of a list": (HEAD + '[schedules]\nday = "mon 08:00-18:00"\n', 'site.toml:5: schedules.day: "mon 08:00-18:00" is not a list (each item: days and hours', ""),
    "a number in place of a holiday": (HEAD + "[holidays]\nmay = [5]\n", "site.toml:5: holidays.may[0]: 5 is not a day or days such as", ""),
    "an entry": (HEAD + '[schedules]\nday = ["mon 8-18"]\n', 'site.toml:5: schedules.day: "mon 8-18": not an entry such as', "section 2"),
    "an entry of an unknown day": (HEAD + '[schedules]\nday = ["mo 08:00-18:00"]\n', 'site.toml:5: schedules.day: "mo 08:00-18:00": "mo" is not one of mon, tue', ""),
    "a schedule with a taken name": (HEAD + "[schedules]\nalways = []\n", "site.toml:5: schedules.always: every site has this schedule already", "another name"),
    "a holiday": (HEAD + '[holidays]\nmay = "05-32"\n', 'site.toml:5: holidays.may: "05-32": not a day of the calendar', ""),
    "a group that is not named": (HEAD + PERMIT.replace("staff", "stafff"), 'site.toml:5: permits[0].groups: there is no group "stafff"', "did you mean staff?"),
    "a group to wait for": (HEAD + PERMIT + 'after = "guard"\n', 'site.toml:7: permits[0].after: there is no group "guard"', "did you mean guards?"),
    "a group of people who are not enrolled": ('not_enrolled = ["all"]\n' + HEAD, 'site.toml:1: not_enrolled: there is no group "all"', "add it to groups"),
    "a lock-down's group": (HEAD + '[lock_down]\nmay_pass = ["police"]\n', "site.toml:5: lock_down.may_pass: there is no group", ""),
    "a schedule that is not there": (HEAD + PERMIT + 'schedule = "alway"\n', 'site.toml:7: permits[0].schedule: there is no schedule "alway"', "did you mean always?"),
    "a schedule to unlock": (HEAD + '[doors."tower-1"]\nunlock = "shop"\n', "site.toml:5: doors.tower-1.unlock: there is no schedule", "add it to [schedules]"),
    "a group to unlock": (HEAD + '[doors."tower-1"]\nunlock_after = "x"\n', "site.toml:5: doors.tower-1.unlock_after: there is no group", ""),
    "an area that is not there": (HEAD + '[doors."tower-1"]\narea = "hall"\n', 'site.toml:5: doors.tower-1.area: there is no area "hall"', "add [areas.hall]"),
    "timed passback without its time": (HEAD + '[areas.hall]\npassback = "timed"\n', 'site.toml:5: areas.hall: passback = "timed" needs passback_min', "to 10"),
    "a time for hard passback": (HEAD + '[areas.hall]\npassback = "hard"\npassback_min = 3\n', 'site.toml:6: areas.hall.passback_min: passback = "hard" does not use it', "delete it"),
    "an unknown passback": (HEAD + '[areas.hall]\npassback = "firm"\n', 'site.toml:5: areas.hall.passback: "firm" is not one of off, soft, timed, hard', ""),
    "a passback in capitals": (HEAD + '[areas.hall]\npassback = "HARD"\n', 'site.toml:5: areas.hall.passback: "HARD" is not one of', "did you mean hard?"),
    "a reset that is not a time": (HEAD + '[areas.hall]\nreset = "24:00"\n', 'site.toml:5: areas.hall.reset: "24:00" is not a time of day such as "04:00", or "never"', ""),
    "a limit of zero": (HEAD + "[areas.hall]\nlimit = 0\n", "site.toml:5: areas.hall.limit: 0 is not a whole number from 1 to 100000", ""),
    "a permit without a group": (HEAD + PERMIT.replace('"staff"', ""), "site.toml:5: permits[0].groups: 0 entries, at least 1 are allowed", ""),
    "two people in a second": (HEAD + '[doors."tower-1"]\ntwo_people_s = 1\n', "site.toml:5: doors.tower-1.two_people_s: 1 is not a whole number from 5 to 300", ""),
    "a release without end": ("assisted_ms = 60000\n" + HEAD, "site.toml:1: assisted_ms: 60000 is not a whole number from 200 to 10000", ""),
    "a name with a newline": (HEAD.replace("staff", "st\\naff"), 'site.toml:3: groups[0]: "st\\naff" is not a name of a-z, 0-9, _ and -', ""),
    "deeply nested": ("a = " + "[" * 100_000, "site.toml: too deeply nested", "write key ="),
    "too many holidays": (HEAD + "[holidays]\n" + "".join(f'h{n} = "01-01"\n' for n in range(2_001)), "site.toml:4: holidays: 2001 entries, at most 2000 are allowed", ""),
    "too large": ("#" * (MAX_RULES_BYTES + 1), "site.toml: is larger than 4 MB", "such as site.toml"),
    "too many entries": (HEAD + "[schedules]\nday = [" + '"mon 08:00-09:00",' * (MAX_ENTRIES + 1) + "]", "site.toml:4: schedules: 50001 entries", "merge"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_an_error_names_its_key(name: str) -> None:
    text, begins, hint = WRONG[name]
    with pytest.raises(ConfigError) as caught:
        parse_rules(text.encode(errors="surrogateescape"), FILE, site=SITE, zones=ZONES)
    assert caught.value.message.startswith(begins)
    assert hint in caught.value.hint
    assert "\n" not in caught.value.message + caught.value.hint


def test_the_shortest_file_lets_no_person_pass() -> None:
    least = rules("")
    assert least.permits == {}
    assert least.not_enrolled == frozenset()
    assert least.no_face is Factor.STAFF
    assert (least.doorway.unlock, least.lock_down.schedule, least.doorway.direction) == (
        NEVER,
        NEVER,
        Direction.IN,
    )
    assert (least.area.name, least.area.passback, least.area.reset_min) == (SITE, Passback.OFF, 240)


def test_a_permit_without_a_schedule_always_holds() -> None:
    assert rules(PERMIT).permits["staff"].plain == ALWAYS


def test_only_the_rules_of_this_door_are_kept() -> None:
    text = PERMIT + PERMIT.replace("staff", "guards").replace("tower-1", "tower-2")
    assert set(rules(text).permits) == {"staff"}
    assert set(rules(text, site="tower-2/gate").permits) == {"guards"}
    assert rules(text).groups == {"staff", "guards", "visitors"}


def test_doors_share_their_area() -> None:
    text = '[doors."tower-1/lobby"]\narea = "hall"\n[doors."tower-1/side"]\narea = "hall"\n[areas.hall]\nlimit = 3\n'
    assert rules(text).area == rules(text, site="tower-1/side").area
    assert rules(text, site="tower-1/attic").area.limit is None


def test_the_example_of_the_page_can_be_read_and_has_every_key() -> None:
    page = (ROOT / "edge" / "venues" / "door" / "DOOR_RULES.md").read_text("utf-8")
    text = page.partition("```toml site.toml\n")[2].partition("```")[0]
    made = parse_rules(text.encode(), "site.toml", site=SITE, zones=ZONES)
    assert (made.area.limit, made.doorway.companion_s, made.no_face) == (50, 30, Factor.STAFF)
    assert set(made.permits) == {"staff", "cleaners"}
    for struct in (
        site_tables.RulesTables,
        site_tables.PermitTable,
        site_tables.DoorTable,
        site_tables.AreaTable,
        site_tables.LockDownTable,
    ):
        for key in struct.__struct_fields__:
            assert re.search(rf"^\[*{key}\b", text, re.MULTILINE), key


@given(
    st.binary(max_size=200) | st.text(max_size=200).map(lambda text: (HEAD + text).encode(errors="ignore"))
)
def test_fuzz_any_bytes_are_rules_or_a_config_error(data: bytes) -> None:
    try:
        made = parse_rules(data, FILE, site=SITE, zones=ZONES)
    except ConfigError:
        return
    assert made.doorway.site == SITE
