"""Models of the door link, checked by spin: each property holds, and each rule that is left out breaks one.

`link.pml` has sessions, ages, expiries and commissioning with an attacker in the cable, `events.pml` what is told to
the host. Their numbers are the program's own, in units that keep the states few.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import limits
import pytest

from edge.link import feed
from edge.link import limits as host_limits

HERE = Path(__file__).parent
DEPTH = 1_000_000  # steps in one path; the longest is a quarter of it
MISSING = [program for program in ("spin", "gcc") if shutil.which(program) is None]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(MISSING), reason=f"apt-get install {' '.join(MISSING)}"),
]


def times(unit_ms: int) -> list[str]:
    """The link's times in units: what is shorter than one counts as one, but for the grace behind a release."""
    ms = {
        "FRESH": limits.FRESH_MS,
        "HEARTBEAT": limits.HEARTBEAT_MS,
        "SESSION": limits.SESSION_MS,
        "SILENCE": host_limits.SILENCE_MS,
        "MAX_RELEASE": limits.MAX_RELEASE_MS,
        "FREE_ACCESS": limits.FREE_ACCESS_MS,
    }
    return [f"-D{name}={-(-value // unit_ms)}" for name, value in ms.items()] + [
        f"-DANSWER={host_limits.ANSWER_MS // unit_ms}"
    ]


# What the model looks at, and the unit of its time.
LINK = {
    "releases": ["-DRELEASES", *times(500)],
    "long releases": ["-DRELEASES", "-DLONG", *times(1_000)],
    "free access": ["-DMODES", *times(2_500)],
    "longer free access": ["-DMODES", "-DLONG", *times(2_500)],
    "status": ["-DSTATUS", *times(500)],
    "keys": ["-DRELEASES", "-DKEYS", *times(2_500)],
}
# The ring of the model is a sixteenth of the real one; the two events of a session that are told last stay two.
EVENTS = [
    f"-DKEPT={limits.EVENTS_KEPT // 16}",
    f"-DUNHEARD={feed._UNHEARD}",
    f"-DTRIES={feed._TRIES // 6}",
]

# Each rule: where it is left out, and what breaks then.
RULES = {
    "FRESH": ("long releases", "dead_for"),  # section 3.3
    "COUNTER": ("releases", "is_used"),  # 3.1
    "SESSION": ("releases", "is_of_this_session"),  # 2: tags are of one session
    "SESSION_END": ("releases", "dead_for"),  # 4: five seconds of silence
    "HALF_OPEN": ("releases", "prove_said"),  # 2.2
    "REPLACE": ("releases", "is_of_this_session"),  # 2.2: what one session was granted is not the next one's
    "EXPIRY": ("releases", "until_expiry"),  # 4.1
    "LONGEST": ("long releases", "age<"),  # 4.1
    "HEARTBEAT": ("long releases", "dead_for"),  # 4
    "HEARD": ("status", "seen<="),  # 3.4
    "SILENCE": ("status", "seen<="),  # 3.4: the host's own heartbeat
    "RETRY": ("status", "seen<="),  # 2.2: a host begins anew
    "EXCHANGE": ("keys", "is_of_this_session"),  # 5.1: no key crosses the wire
    "LID": ("keys", "is_of_this_session"),  # 5.2
    "ONE_KEY": ("keys", "is_of_this_session"),  # 5.2
    "ADOPT": ("keys", "is_of_this_key"),  # 5.4: a new key ends what was agreed with the old one
}
RULES_OF_FREE_ACCESS = {
    "FRESH": ("free access", "dead_for"),
    "EXPIRY": ("free access", "until_expiry"),
    "LONGEST": ("longer free access", "age<"),
    "HEARTBEAT": ("free access", "is_of_this_session"),
}
RULES_OF_EVENTS = {
    "AGAIN": "told_boot",  # the last event that is known is asked for again: is it the same boot?
    "READY": "rounds",  # a next event that is not above the last one tells of a boot
    "OVERWRITTEN": "told_boot",  # where the last one is gone, nothing is taken for the same boot
    "ONCE": "told_last",
    "ORDER": "wanted",  # what was lost on its way is asked for again before later ones are taken
    "ASK": "rounds",
}


@dataclass(frozen=True)
class Checked:
    """The verdict of spin on one model. `broken`: the property that does not hold, or none."""

    broken: str
    states: int


def check(model: str, defines: list[str], folder: Path) -> Checked:
    """Every state of it. Raises AssertionError where spin has not seen all of them."""
    source = HERE / f"{model}.pml"
    run(["spin", "-a", *defines, str(source)], folder)
    run(["gcc", "-O2", "-w", "-DSAFETY", "-DCOLLAPSE", "-o", "pan", "pan.c"], folder)
    said = run(["./pan", "-n", f"-m{DEPTH}"], folder)
    assert "too small" not in said, said
    errors = re.search(r"errors: (\d+)", said)
    states = re.search(r"(\d+) states, stored", said)
    assert errors is not None, said
    assert states is not None, said
    broken = re.search(r"assertion violated (.*) \(at depth", said)
    assert bool(broken) == (errors[1] != "0"), said
    return Checked(broken[1] if broken else "", int(states[1]))


def run(command: list[str], folder: Path) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("what", LINK)
def test_the_link_keeps_its_properties_whatever_the_cable_does(what: str, tmp_path: Path) -> None:
    found = check("link", LINK[what], tmp_path)
    print(f"{what}: {found.states:,} states", end=" ")
    assert found.broken == ""
    assert found.states > 1_000


def test_events_are_told_or_known_to_be_lost(tmp_path: Path) -> None:
    found = check("events", EVENTS, tmp_path)
    print(f"events: {found.states:,} states", end=" ")
    assert found.broken == ""
    assert found.states > 1_000


DOES = {
    "RELEASED": "releases",
    "LONG": "long releases",
    "FREE": "free access",
    "REPLACED": "releases",
    "REKEYED": "keys",
}


@pytest.mark.parametrize("what", DOES)
def test_a_door_of_the_model_does_something_at_all(what: str, tmp_path: Path) -> None:
    """A model in which nothing happens has every property."""
    assert check("link", [*LINK[DOES[what]], f"-DNEVER_{what}"], tmp_path).broken


@pytest.mark.parametrize("rule", RULES)
def test_each_rule_of_the_link_is_needed(rule: str, tmp_path: Path) -> None:
    what, breaks = RULES[rule]
    assert breaks in check("link", [*LINK[what], f"-DBROKEN_{rule}"], tmp_path).broken


@pytest.mark.parametrize("rule", RULES_OF_FREE_ACCESS)
def test_each_rule_of_free_access_is_needed(rule: str, tmp_path: Path) -> None:
    what, breaks = RULES_OF_FREE_ACCESS[rule]
    assert breaks in check("link", [*LINK[what], f"-DBROKEN_{rule}"], tmp_path).broken


@pytest.mark.parametrize("rule", RULES_OF_EVENTS)
def test_each_rule_of_the_events_is_needed(rule: str, tmp_path: Path) -> None:
    assert RULES_OF_EVENTS[rule] in check("events", [*EVENTS, f"-DBROKEN_{rule}"], tmp_path).broken


def test_every_rule_that_a_model_can_leave_out_is_left_out_here() -> None:
    text = "".join(path.read_text("utf-8") for path in HERE.glob("*.pml"))
    assert set(re.findall(r"BROKEN_([A-Z_]{2,})", text)) == {*RULES, *RULES_OF_FREE_ACCESS, *RULES_OF_EVENTS}
