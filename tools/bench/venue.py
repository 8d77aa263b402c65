"""Measures a building's door with the data of a large site: `make bench-venue`.

100,000 people, 10,000 entries in 1,000 schedules and 2,000 permits of five groups each in one site.toml; each
person belongs to four of 2,000 groups, the area counts the people inside, and half of the permits wait for a
guard. The door is opened and asked in its own process, on one core, with cards of random subjects. Half of
the people are inside already.

    python tools/bench venue            a minute, half of it to enrol all people
    python tools/bench venue --write    also write tests/BENCHMARKS-venue.md
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from edge.cli.output import progress
from edge.cli.verbs import argument
from tools.bench import tables
from tools.bench.passage import memory_mb
from tools.bench.tables import Line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from edge.app.venues.door import SiteDoor
    from edge.card.claims import Card
    from edge.config import Config
    from edge.policy.obligations import Visit
    from edge.venues.door.enrolment import Enrolment

PAGE: Final = Path(__file__).resolve().parents[2] / "tests" / "BENCHMARKS-venue.md"
PEOPLE: Final = 100_000
SCHEDULES: Final = 1_000
ENTRIES: Final = 10  # in each
PERMITS: Final = 2_000
NAMED: Final = 5  # groups in each
GROUPS: Final = 2_000
VISITS: Final = 5_000
SETTLED: Final = 500  # each is on the disk before the next one starts
NOW: Final = datetime(2027, 3, 1, 10, 0, tzinfo=UTC)
ISSUER: Final = "CN-GD"
ROWS: Final = (
    Line("people enrolled", "people", ",.0f", None),
    Line("schedule entries", "entries", ",.0f", None),
    Line("permits", "permits", ",.0f", None),
    Line("import of all people, s", "import_s", ".1f", None),
    Line("open the door, s", "open_s", ".2f", 1.0),
    Line("of the processor, s", "open_cpu_s", ".2f", None),
    Line("of that, read the rules, s", "rules_cpu_s", ".2f", None),
    Line("evaluate, median, ms", "admit_ms", ".3f", 0.3),
    Line("evaluate, 99 of 100, ms", "admit_99_ms", ".3f", None),
    Line("evaluate, slowest, ms", "admit_max_ms", ".3f", None),
    Line("admitted, of 100", "admitted", ".0f", None),
    Line("policy, risk and venue, median, ms", "passage_ms", ".3f", 1.0),
    Line("policy, risk and venue, 99 of 100, ms", "passage_99_ms", ".3f", None),
    Line("mode of the door, median, ms", "mode_ms", ".3f", None),
    Line("commit with fsync, median, ms", "settle_ms", ".2f", None),
    Line("own memory, MB", "own_mb", ".1f", 30.0),
)
NOTE: Final = (
    "No Raspberry Pi was measured. The head of `tools/bench/venue.py` describes the measurement. Own memory",
    "is the peak of the process above that of a device with a verified card and no rules.",
)


def site_toml() -> str:
    """The text of site.toml."""
    lines = ['version = "1"', 'zone = "Europe/Lisbon"']
    lines.append(f"groups = {json.dumps([f'g{i}' for i in range(GROUPS)])}")
    lines.append("[holidays]")
    lines += [f'h{i} = "2027-{i % 12 + 1:02}-{i % 28 + 1:02}"' for i in range(40)]
    lines.append("[schedules]")
    for i in range(SCHEDULES):
        entries = [f"mon-fri {h:02}:{(i + h) % 60:02}-{h + 1:02}:30" for h in range(6, 6 + ENTRIES)]
        lines.append(f"s{i} = {json.dumps(entries)}")
    for i in range(PERMITS):
        lines += ["[[permits]]", f'groups = ["g{i % GROUPS}"]', 'doors = ["tower-1"]']
        lines += [
            f'schedule = "s{(i * 7 + i // GROUPS * 13) % SCHEDULES}"',
            *(['after = "g0"'] if i % 2 else []),
        ]
    lines += ['[doors."tower-1/lobby"]', 'area = "hall"', '[areas."hall"]']
    lines += ["limit = 100000", 'passback = "hard"']
    return "\n".join(lines) + "\n"


def all_people(key: bytes) -> Iterator[Enrolment]:
    """The enrolments of all people, each in four groups."""
    from edge.card.person import Person
    from edge.venues.door.enrolment import Enrolment
    from edge.venues.door.person import person_name

    for i in range(PEOPLE):
        groups = frozenset(f"g{(i * 7 + k * 501) % GROUPS}" for k in range(4))
        yield Enrolment(
            person_name(Person(ISSUER, f"subject-{i}"), key), groups, valid_from=NOW - timedelta(days=30)
        )


def prepare(folder: Path) -> float:
    """Write rules, people and occupancy; returns the seconds of the import."""
    from edge.app.venues.door import read_rules, site_key
    from edge.card.person import Person
    from edge.venues.door.occupancy import OccupancyChange
    from edge.venues.door.occupancy_store import OccupancyFile
    from edge.venues.door.people_store import PeopleFile
    from edge.venues.door.person import person_name

    (folder / "site.toml").write_text(site_toml())
    key = site_key(folder / "people.key", may_make=True)
    people = PeopleFile(folder / "people.db")
    began = time.perf_counter()
    people.take(progress(all_people(key), total=PEOPLE, label="enrolling"))
    took = time.perf_counter() - began
    people.close()
    rules = read_rules(folder / "site.toml", "tower-1/lobby")
    day = rules.calendar.day_since(rules.area.reset_min or 0, NOW)
    inside = tuple(person_name(Person(ISSUER, f"subject-{i}"), key) for i in range(0, PEOPLE, 2))
    presence = OccupancyFile(folder / "state" / "presence.db")
    today = rules.calendar.local_time(NOW).day
    presence.write(
        OccupancyChange("tower-1/lobby", "hall", 0, day, today, came=inside, opened=frozenset({"g0"}))
    )
    presence.close()
    return took


def verified_card() -> Card:
    """A card made by a real issuer, a real wallet and a real verification."""
    from edge.card.claims import TemplateReference
    from edge.card.code import one_code
    from edge.card.ecard import decode
    from edge.ports import Symbol
    from edge.trust.folder import load
    from edge.trust.verify import VerificationContext, verify
    from tools.issuing.issuer import CardApplication as Enrolment
    from tools.issuing.issuer import Issuer
    from tools.issuing.register import Register
    from tools.issuing.wallet import Wallet

    since = NOW - timedelta(days=60)
    seed, uri, register = secrets.token_bytes(32), "https://s.example/7", Register(100)
    issuer = Issuer(ISSUER, seed, uri, since=since, random_source=secrets, register=register)
    wallet = Wallet(secrets.token_bytes(32))
    request = Enrolment(
        holder_key=wallet.holder_key,
        expires=NOW + timedelta(days=30),
        face=TemplateReference(100, "mfn1", bytes(64)),
        subject="subject-0",
    )
    text = wallet.with_card(issuer.enrol(request, now=NOW).card).code(NOW)
    code = one_code([Symbol(text, text.encode(), "bench")])
    assert code is not None
    return verify(
        decode(code),
        load(dict(issuer.publish(NOW))),
        now=NOW,
        context=VerificationContext(site="tower-1/lobby"),
    )


def config() -> Config:
    """The configuration of a device with these rules."""
    from edge.config import Config, PermitsConfig

    return Config(permits=PermitsConfig(rules="site.toml"))


def timed(ask: Callable[[], object]) -> float:
    """The milliseconds of one call."""
    began = time.perf_counter_ns()
    ask()
    return (time.perf_counter_ns() - began) / 1e6


def whole_passages(door: SiteDoor, visits: Sequence[Visit]) -> Iterator[float]:
    """The milliseconds of each visit from a verified card to a decision, without face and record."""
    from edge.errors import Refused
    from edge.face.engine import FaceEvidence
    from edge.passage.requirements.visit_rules import VisitRules
    from edge.policy.decide import DoorPolicy, FaceRule, decide, judge_card
    from edge.policy.risk.history import RecentPast
    from edge.trust.time.freshness import AgePolicy
    from edge.trust.time.trust_age import TrustState
    from edge.trust.time.trusted_clock import TrustedTime

    policy = DoorPolicy("tower-1/lobby", 0.4, face=FaceRule.IF_BOUND)
    visit_rules, trust_state = (
        VisitRules(venue=door, history=RecentPast(policy.site)),
        TrustState(TrustedTime(NOW), (), AgePolicy()),
    )
    face = FaceEvidence(1, similarity=0.9)

    def passage(visit: Visit) -> None:
        if judge_card(visit.card, policy, trust_state) is not None:
            return
        with suppress(Refused):
            requirements = visit_rules.require(visit, trust_state, compares=True)
            decide(visit.card, face, policy, trust_state, requirements.obligations)

    for visit in visits:
        yield timed(lambda visit=visit: passage(visit))  # type: ignore[misc]


def measure(folder: Path) -> dict[str, float]:
    """Open the door of this folder and ask it, in its own process."""
    import edge.app.door_device  # noqa: F401  a door without rules needs it too

    card, root = verified_card(), config()
    before_mb = memory_mb("VmRSS")
    began, began_cpu = time.perf_counter(), time.process_time()
    from edge.app.venues.door import SiteDoor, open_door, read_rules
    from edge.decision import Deny, Reason
    from edge.errors import Refused
    from edge.policy.obligations import Visit

    door = open_door(root, folder)
    open_s, open_cpu_s = time.perf_counter() - began, time.process_time() - began_cpu
    assert isinstance(door, SiteDoor)
    own_mb = memory_mb("VmHWM") - before_mb
    began_cpu = time.process_time()
    read_rules(folder / "site.toml", "tower-1/lobby")
    rules_cpu_s = time.process_time() - began_cpu
    from edge.card.person import Person

    subjects = [f"subject-{secrets.randbelow(PEOPLE)}" for _ in range(VISITS)]
    visits = [
        Visit(replace(card, person=Person(ISSUER, subject)), "tower-1/lobby", NOW) for subject in subjects
    ]
    admitted = 0

    def ask(visit: Visit) -> None:
        nonlocal admitted
        try:
            door.evaluate(visit)
            admitted += 1
        except Refused as refused:
            if refused.reason is not Reason.PERSON_PASSBACK:
                raise

    times = sorted(timed(lambda visit=visit: ask(visit)) for visit in visits)  # type: ignore[misc]
    whole_ms = sorted(whole_passages(door, visits))
    modes = [timed(lambda: door.mode_at(NOW)) for _ in range(1_000)]
    # Every outcome that is stored is written in one way.
    settled = [
        timed(lambda visit=visit: door.commit(visit, Deny(Reason.PERSON_ALONE), 1))  # type: ignore[misc]
        for visit in visits[:SETTLED]
    ]
    own_mb = max(own_mb, memory_mb("VmRSS") - before_mb)
    door.close()
    return {
        "people": PEOPLE,
        "entries": SCHEDULES * ENTRIES,
        "permits": PERMITS,
        "open_s": open_s,
        "open_cpu_s": open_cpu_s,
        "rules_cpu_s": rules_cpu_s,
        "admit_ms": statistics.median(times),
        "admit_99_ms": times[len(times) * 99 // 100],
        "admit_max_ms": times[-1],
        "admitted": 100 * admitted / VISITS,
        "passage_ms": statistics.median(whole_ms),
        "passage_99_ms": whole_ms[len(whole_ms) * 99 // 100],
        "mode_ms": statistics.median(modes),
        "settle_ms": statistics.median(settled),
        "own_mb": own_mb,
    }


def run(args: argparse.Namespace) -> int:
    """Measure and print; exit 1 where a promise was missed."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    if args.folder is not None:
        print(json.dumps(measure(args.folder)))
        return 0
    with tempfile.TemporaryDirectory() as name:
        import_s = prepare(Path(name))
        command = [sys.executable, str(Path(__file__).parent), "venue", "--in", name]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    told = {"import_s": import_s} | json.loads(done.stdout)
    heads, rows = ("a building's door", "", "promised"), [row.cells([told]) for row in ROWS]
    tables.show(heads, rows)
    print(json.dumps(told))
    lines = tables.missed(ROWS, told)
    if args.write:
        busy = f" of {os.cpu_count()}, with a load average of {os.getloadavg()[0]:.0f}."
        table = tables.markdown(heads, rows)
        notes = (busy, *NOTE)
        page = tables.page("Benchmarks of the venues", "venue --write", notes, table, missed=lines)
        PAGE.write_text(page, "utf-8")
    for line in lines:
        print(f"missed: {line}", file=sys.stderr)
    return 1 if lines else 0


ARGUMENTS = (
    argument("--write", action="store_true", help="write tests/BENCHMARKS-venue.md"),
    argument("--in", dest="folder", type=Path, help=argparse.SUPPRESS),
)
