"""Wrong clocks at real doors, as stories: events, and the outcome for the next visitor.

Camera and door are simulated. Journal, clock.json, trusted clock, replay memory and policy are those of
`edge.app.door_device`. The phones of visitors show the true time, unless a story changes that.
"""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT
from worlds.sim_device import door_verifier
from worlds.trust import DAY, GATE, ISSUER, KID, LIST, NOW, URI, shown

from edge.app.clock_store import ClockStore, remembered
from edge.app.parts.trust_folder import open_files
from edge.audit.chain import open_chain
from edge.audit.journal import Journal, SegmentLimits
from edge.audit.record import AuditRecord, ClockChange, Passage, StopCause
from edge.card.claims import StatusPointer
from edge.passage.record.replay_restore import restore_replay
from edge.passage.stages import Stages
from edge.policy.decide import DoorPolicy, FaceRule
from edge.ports import Frame
from edge.trust.generation import Generation
from edge.trust.replay import ReplayMemory
from edge.trust.snapshot import TrustSnapshot
from edge.trust.status.status import StatusList
from edge.trust.time.trusted_clock import TrustedClock
from edge.vouched_time import UNVOUCHED
from hw.sim.clock import SimClock
from hw.sim.door import SimDoor
from hw.sim.reader import SimReader

S, MINUTE, HOUR, YEAR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=365)
PIXELS = np.zeros((4, 4), np.uint8)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Site:
    """A device at a door without a face, the true time around it, and an authority that signs."""

    def __init__(self, folder: Path, *, begins: datetime = NOW) -> None:
        self.true = begins
        self.off = timedelta(0)  # of the wall clock
        self.path = folder / "journal.db"
        self.files = open_files(folder / "state")
        self.issuer = replace(ISSUER, valid_from=begins - 400 * DAY, valid_until=begins + 3 * YEAR)
        self.lists: StatusList = LIST
        self.generation: Generation | None = None
        self.publish(age=HOUR)
        self.names = itertools.count()
        self.code = ""
        self.told: list[str] = []

    # -- the world -----------------------------------------------------------------------------------------

    def publish(self, *, age: timedelta = timedelta(0)) -> None:
        """The issuer signs its list, which is copied to the device by hand."""
        signed = (self.true - age).replace(microsecond=0)
        self.lists = replace(LIST, issued_at=signed, expires=signed + 90 * DAY)

    def sync(self, *, age: timedelta = 10 * MINUTE, source: str = "https://t.example/") -> None:
        """The device fetches the publication of `age` ago."""
        self.publish(age=age)
        taken = Generation(self.wall, self.lists.issued_at, source)
        self.generation = self.generation.followed_by(taken) if self.generation else taken.as_first()

    @property
    def trust(self) -> TrustSnapshot:
        return TrustSnapshot.of([self.issuer], {(KID, URI): self.lists}, generation=self.generation)

    @property
    def wall(self) -> datetime:
        return max(self.true + self.off, EPOCH)

    # -- the device ----------------------------------------------------------------------------------------

    def power_on(self) -> None:
        self.clock = SimClock(self.wall, tick_ms=5_000)
        self.journal = Journal.open(self.path, bytes(32), "lobby-1")
        self.door = SimDoor(self.clock)
        self.reader = SimReader()
        replay = ReplayMemory()
        stages = Stages(
            GATE, DoorPolicy(GATE.site, 1.0, face=FaceRule.NONE), None, replay, time.perf_counter_ns
        )
        self.trusted_clock = TrustedClock(remembered(self.files, self.journal, self.trust))
        restore_replay(
            replay, self.journal, self.trusted_clock.at(self.clock.now(), self.clock.tick_ms(), self.trust)
        )
        self.store = ClockStore(self.files, self.trusted_clock)
        self.verifier = door_verifier(
            stages,
            reader=self.reader,
            strike=self.door,
            clock=self.clock,
            journal=self.journal,
            trust=lambda: self.trust,
            trusted_clock=self.trusted_clock,
        )
        self.verifier.start()

    def power_cut(self) -> None:
        """Nothing is recorded and nothing saved; only the file lock is released, as at the end of a process."""
        self.journal.close()

    def rotate(self) -> None:
        """Close the file of the journal, and begin a new one."""
        assert self.journal.rotate_if_due(SegmentLimits(1), UNVOUCHED) is not None

    def stop(self) -> None:
        self.verifier.stop(StopCause.SIGNAL)
        with self.store.saving():
            pass
        self.journal.close()

    def wait(self, passes: timedelta) -> None:
        self.true += passes
        self.clock.advance(round(passes.total_seconds() * 1_000))
        self.clock.jump(self.wall)
        self.see()
        self.store.save_if_due()

    def set_clock(self, off: timedelta) -> None:
        self.off = off
        self.clock.jump(self.wall)

    def visit(self, code: str) -> str:
        """A visitor shows this code; returns the outcome. At the end the door is idle again."""
        self.reader.in_view = (code,)
        outcome = self.see()
        self.reader.in_view = ()
        for _ in range(160):
            self.see()
        assert outcome is not None
        return outcome.reason.value if outcome.reason else "granted"

    def see(self):
        self.true += timedelta(milliseconds=100)
        self.clock.advance(100)
        return self.verifier.see(Frame(PIXELS, PIXELS, self.clock.tick_ms())).outcome

    def guest(self, *, phone: timedelta = timedelta(0), **changes: object) -> str:
        """A new visitor with a valid card, and a phone whose clock is off by `phone`."""
        plain = {
            "card_id": b"guest%03d" % next(self.names),
            "issued_at": self.true - DAY,
            "not_before": self.true - DAY,
            "expires": self.true + 30 * DAY,
            "status": StatusPointer(URI, 5),
        }
        at = (self.true + phone).replace(microsecond=0)
        whole = {
            k: v.replace(microsecond=0) if isinstance(v, datetime) else v
            for k, v in (plain | changes).items()
        }
        self.code = shown(at, **whole)
        return self.visit(self.code)

    def records(self) -> list[AuditRecord]:
        with open_chain([self.path.parent]) as chain:
            chain.verify()
            return [entry.record for entry in chain.entries()]


# -- steps of the stories -----------------------------------------------------------------------------

Step = Callable[[Site], str | None]


def power_on(*, clock: timedelta | datetime | None = None) -> Step:
    """The device starts, with the right clock, one that is off by so much, or one at this time."""

    def step(site: Site) -> None:
        if clock is not None:
            site.off = clock - site.true if isinstance(clock, datetime) else clock
        site.power_on()

    return step


def clock_is(off: timedelta) -> Step:
    """A technician or a time service sets the clock to the true time plus `off`."""
    return lambda site: site.set_clock(off)


def wait(passes: timedelta) -> Step:
    return lambda site: site.wait(passes)


def off_for(passes: timedelta) -> Step:
    """Time passes, and the device has no power."""

    def step(site: Site) -> None:
        site.true += passes

    return step


def sync(age: timedelta = 10 * MINUTE) -> Step:
    return lambda site: site.sync(age=age)


def stick(age: timedelta) -> Step:
    return lambda site: site.sync(age=age, source="/media/stick")


def SEEN(site: Site) -> None:  # noqa: N802  a step of the stories, like CUT
    """The device reads its new trust, and the next code is made after that."""
    site.wait(S)
    site.wait(2 * S)


def guest(expected: str = "granted", **changes: object) -> Step:
    return lambda site: _expect(site.guest(**changes), expected)


def same_code(expected: str) -> Step:
    return lambda site: _expect(site.visit(site.code), expected)


def expired(expected: str) -> Step:
    return lambda site: _expect(site.guest(expires=site.true - HOUR), expected)


def revoked(expected: str) -> Step:
    return lambda site: _expect(site.guest(status=StatusPointer(URI, 1)), expected)


def _expect(said: str, expected: str) -> str | None:
    return None if said == expected else f"said {said}, not {expected}"


CUT: Step = lambda site: site.power_cut()  # noqa: E731
STOP: Step = lambda site: site.stop()  # noqa: E731
ROTATE: Step = lambda site: site.rotate()  # noqa: E731
RIGHT = timedelta(0)
UNTRUSTED = "clock.untrusted"
LONG = {"expires": NOW + 2 * YEAR}  # a card that outlives a clock that is a year ahead

STORIES: dict[str, list[Step]] = {
    "an ordinary day": [power_on(), guest(), wait(DAY / 4), guest(), STOP],
    # -- set back
    "set back by a day": [
        power_on(), guest(), clock_is(-DAY), guest(UNTRUSTED), wait(HOUR), guest(UNTRUSTED),
        clock_is(RIGHT), guest(), STOP,
    ],
    "set back, and the code of an hour ago again": [
        power_on(), guest(), wait(HOUR), clock_is(-HOUR), same_code(UNTRUSTED), clock_is(RIGHT),
        same_code("code.stale"), STOP,
    ],
    "set back: expired and revoked cards keep their reasons": [
        power_on(), clock_is(-0.5 * HOUR), expired("card.expired"), revoked("card.revoked"), STOP,
    ],
    "set back while the power was off": [
        power_on(), guest(), CUT, off_for(HOUR), power_on(clock=-2 * HOUR), guest(UNTRUSTED),
        same_code(UNTRUSTED), clock_is(RIGHT), guest(), STOP,
    ],
    "set back below what is signed, then forward by a month": [
        power_on(), guest(), clock_is(-30 * DAY), guest(UNTRUSTED), clock_is(30 * DAY), guest(UNTRUSTED), STOP,
    ],
    # -- set forward
    "set forward by a year for an hour": [
        power_on(), guest(), clock_is(YEAR), guest(UNTRUSTED), wait(HOUR), guest(UNTRUSTED),
        clock_is(RIGHT), guest(), STOP, power_on(), guest(), STOP,
    ],
    "set forward by a year for an hour, and cut": [
        power_on(), guest(), clock_is(YEAR), wait(HOUR), guest(UNTRUSTED), CUT,
        power_on(clock=RIGHT), guest(), STOP,
    ],
    "started a year ahead, corrected, never online: a restart is enough": [
        power_on(clock=YEAR), guest("status.stale", phone=YEAR, **LONG), wait(HOUR), STOP,
        power_on(clock=RIGHT), guest(), STOP, power_on(), guest(), STOP,
    ],
    "started a year ahead, corrected while it runs, never online": [
        power_on(clock=YEAR), guest("status.stale", phone=YEAR, **LONG), wait(HOUR), clock_is(RIGHT), SEEN,
        guest(), clock_is(-HOUR), guest(UNTRUSTED), STOP,
    ],
    "started eight hours ahead, a time zone, then right": [
        power_on(clock=8 * HOUR), guest("code.stale"), wait(HOUR), CUT, power_on(clock=RIGHT), guest(), STOP,
    ],
    "right for a week, then one start ahead": [
        power_on(), guest(), wait(3 * DAY), guest(), STOP, power_on(clock=91 * DAY), guest("status.stale", phone=91 * DAY, **LONG),
        wait(HOUR), STOP, power_on(clock=RIGHT), guest(), STOP,
    ],
    "one start ahead, then the code of before it again": [
        power_on(), guest(), CUT, power_on(clock=HOUR), wait(10 * S), CUT, power_on(clock=RIGHT),
        same_code("card.replayed"), guest(), STOP,
    ],
    "one start ahead, then set back before the last grant": [
        power_on(), guest(), wait(HOUR), guest(), STOP, power_on(clock=91 * DAY), CUT,
        power_on(clock=-0.5 * HOUR), same_code(UNTRUSTED), guest(UNTRUSTED), STOP,
    ],
    "one start ahead, then set back below the time that was counted": [
        power_on(), guest(), wait(DAY), STOP, power_on(clock=91 * DAY), wait(HOUR), CUT,
        power_on(clock=-2 * HOUR), guest(UNTRUSTED), STOP,
    ],
    "started a year ahead, corrected by the network that also brings lists": [
        power_on(clock=YEAR), wait(HOUR), clock_is(RIGHT), sync(), SEEN, guest(),
        CUT, power_on(), guest(), STOP,
    ],
    "forward by eight hours, a time zone, then a sync at that clock": [
        power_on(), clock_is(8 * HOUR), guest(UNTRUSTED), sync(), guest("code.stale"), STOP,
    ],
    # -- no clock of its own
    "no RTC: 1970 at the start, and a network after a minute": [
        power_on(clock=EPOCH), guest(UNTRUSTED), expired("card.expired"), revoked("card.revoked"),
        wait(MINUTE), clock_is(RIGHT), guest(), STOP,
    ],
    "no RTC: the time of the last shutdown, and a network later": [
        power_on(), guest(), STOP, off_for(5 * HOUR), power_on(clock=-5 * HOUR), guest("code.stale"),
        clock_is(RIGHT), guest(), clock_is(5 * HOUR), guest(UNTRUSTED), STOP,
    ],
    "no RTC and no network: 1970 at every start": [
        power_on(clock=EPOCH), guest(UNTRUSTED), CUT, power_on(clock=EPOCH), guest(UNTRUSTED), STOP,
    ],
    # -- leap seconds, drift, and jumps that look like a leap second
    "a leap second is put in": [power_on(), guest(), clock_is(-S), guest(), wait(HOUR), guest(), STOP],
    "a leap second is left out": [power_on(), guest(), clock_is(S), guest(), wait(HOUR), guest(), STOP],
    "a crystal 20 ppm slow after 30 days, set right in one step": [
        power_on(), sync(), guest(), wait(30 * DAY), sync(), clock_is(-1.7 * S), guest(), clock_is(RIGHT),
        guest(), STOP,
    ],
    "thirty days without sync: a phone that is 50 s off still opens": [
        power_on(), sync(), wait(30 * DAY), stick(age=HOUR), guest(phone=-70 * S), guest(phone=55 * S),
        guest("code.stale", phone=-95 * S), STOP,
    ],
    "a day without sync: it does not": [
        power_on(), sync(), wait(DAY), stick(age=HOUR), guest("code.stale", phone=-50 * S), STOP,
    ],
    "set back by one hour at the end of summer time, which is wrong for a UTC clock": [
        power_on(), guest(), clock_is(-HOUR), guest(UNTRUSTED), STOP,
    ],
    # -- power cuts and replay
    "the same code after a power cut": [
        power_on(), guest(), CUT, power_on(), same_code("card.replayed"), guest(), STOP,
    ],
    "the same code after an orderly stop": [
        power_on(), guest(), STOP, power_on(), same_code("card.replayed"), STOP,
    ],
    "the code of a phone that is fast, after a power cut": [
        power_on(), guest(phone=9 * S), CUT, power_on(), same_code("card.replayed"), STOP,
    ],
    "a code whose record is in a closed file": [
        power_on(), guest(), ROTATE, CUT, power_on(), same_code("card.replayed"), STOP,
    ],
    "many power cuts": [
        power_on(), guest(), CUT, power_on(), CUT, power_on(), CUT, power_on(), same_code("card.replayed"), STOP,
    ],
}  # fmt: skip


@pytest.mark.parametrize("story", STORIES)
def test_a_story_of_time(story: str, tmp_path: Path) -> None:
    site = Site(tmp_path)
    for number, step in enumerate(STORIES[story]):
        assert step(site) is None, f"step {number}"
    records = site.records()
    assert [record for record in records if isinstance(record, Passage)]
    # For every wall clock, no record is before the time that was signed when the story began.
    assert all(record.time_ms >= (NOW - HOUR).timestamp() * 1_000 for record in records)


@pytest.mark.parametrize(
    "begins",
    [
        datetime(2028, 2, 28, 23, 59, 30, tzinfo=UTC),  # the leap day
        datetime(2028, 12, 31, 23, 59, 30, tzinfo=UTC),  # the last second of a leap year
        datetime(2038, 1, 19, 3, 13, 50, tzinfo=UTC),  # 2^31 seconds
        datetime(2027, 3, 28, 0, 59, 30, tzinfo=UTC),  # summer time begins in Europe
    ],
    ids=["leap day", "leap year", "2038", "summer time"],
)
def test_special_days_of_the_calendar(begins: datetime, tmp_path: Path) -> None:
    site = Site(tmp_path, begins=begins)
    site.power_on()
    for _ in range(4):
        assert site.guest() == "granted"
        site.wait(15 * S)
    site.stop()
    assert not [record for record in site.records() if isinstance(record, ClockChange)]


@pytest.mark.parametrize("zone", ["Asia/Macau", "Europe/Lisbon", "America/St_Johns"])
def test_the_time_zone_of_a_device_does_not_matter(zone: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Summer time changes local time; the wall clock of a device is UTC everywhere."""
    from hw.system.clock import SystemClock

    before = SystemClock().now()
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        assert timedelta(0) <= SystemClock().now() - before < MINUTE
        assert SystemClock().now().utcoffset() == timedelta(0)
    finally:
        monkeypatch.undo()
        time.tzset()
    assert "TZ" not in os.environ or os.environ["TZ"] != zone


CHILD = """
import sys
from pathlib import Path
from test_time import Site
site = Site(Path(sys.argv[1]))
site.power_on()
print(site.guest(), site.code, flush=True)
sys.stdin.read()
"""


def test_a_process_that_is_killed_after_a_grant_does_not_grant_the_same_code_again(tmp_path: Path) -> None:
    """kill -9 after the release, before any other file is saved: only the record remembers the code."""
    path = os.pathsep.join(str(ROOT / part) for part in (".", "tests", "tests/scenarios"))
    with subprocess.Popen(
        [sys.executable, "-c", CHILD, tmp_path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": path},
    ) as child:
        assert child.stdout is not None
        said, code = child.stdout.readline().rstrip("\n").split(" ", maxsplit=1)
        child.kill()
    assert said == "granted"
    assert not (tmp_path / "state").exists()
    again = Site(tmp_path)
    again.true += 20 * S
    again.power_on()
    assert again.visit(code) == "card.replayed"
    holder = {"card_id": b"guest000"}
    assert again.guest(phone=-29 * S, **holder) == "card.replayed"  # made 7 s after the first
    again.wait(10 * S)
    assert again.guest(**holder) == "granted"
    again.stop()


# -- clocks of phones --------------------------------------------------------------------------------------


def alarms(site: Site) -> list[tuple[str, int | None]]:
    return [
        (record.event.value, record.off_s) for record in site.records() if isinstance(record, ClockChange)
    ]


def test_five_phones_that_agree_raise_one_alarm_and_move_no_clock(tmp_path: Path) -> None:
    """The device was started 40 s ahead, which no signed time shows: honest holders are refused."""
    site = Site(tmp_path)
    site.off = 40 * S
    site.power_on()
    assert [site.guest() for _ in range(7)] == ["code.stale"] * 7
    assert alarms(site) == [("phones", 30)]
    assert site.trusted_clock.at(site.clock.now(), site.clock.tick_ms(), site.trust).now == site.clock.now()
    site.stop()


def test_one_person_with_many_old_screenshots_of_few_cards_raises_no_alarm(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.power_on()
    for number in range(20):
        site.guest(phone=-HOUR, card_id=b"guest%03d" % (number % 4))
    assert alarms(site) == []
    site.stop()


def test_phones_with_the_right_time_raise_no_alarm(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.power_on()
    for number in range(12):
        assert site.guest(phone=-(number % 20) * S) == "granted"
    assert alarms(site) == []
    site.stop()


# -- stored time ----------------------------------------------------------------------------------------


def test_time_is_stored_each_minute_and_at_once_after_a_new_signed_time(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.power_on()
    site.wait(S)  # the first is written at once
    assert not site.store.save_if_due()
    site.wait(30 * S)
    assert not site.store.save_if_due()
    site.true += 31 * S
    site.clock.advance(31_000)
    site.see()
    assert site.store.save_if_due()
    site.publish()
    site.see()
    for _ in range(11):  # a pulse
        site.see()
    assert site.store.save_if_due()
    site.stop()


def test_with_a_damaged_clock_file_the_last_record_counts(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.power_on()
    site.guest()
    site.stop()
    site.files.write("clock.json", b"\0" * 40)
    site.off = -0.5 * HOUR
    site.power_on()
    assert site.guest() == UNTRUSTED
    site.stop()
