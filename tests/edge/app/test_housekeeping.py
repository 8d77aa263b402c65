"""The journal of a running device: files are closed and removed between passages only."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from samples.journals import at_ms, database, open_journal, passage, write_chain
from worlds.trust import TRUST

from edge.app.authority import housekeeper_for
from edge.app.clock_store import ClockStore, remembered
from edge.app.loop.run import RunningDevice, run_device
from edge.app.parts.trust_folder import open_files
from edge.audit import housekeeper
from edge.audit.chain import open_chain
from edge.audit.segments import closed_segments
from edge.config import Config, parse_config
from edge.passage.machine import PassageState
from edge.passage.verifier import StepResult
from edge.trust.time.trusted_clock import TrustedClock
from edge.upload.outbox import Outbox
from hw.sim.clock import SimClock

HUB = "https://hub.example"
NOW = datetime(2026, 6, 15, 10, tzinfo=UTC)


@dataclass
class Door:
    """A verifier whose steps are in the states that a test sets."""

    states: tuple[PassageState, ...]

    def moments(self, stop: threading.Event) -> Iterator[StepResult]:
        for number, state in enumerate(self.states):
            yield StepResult(number, state, None)

    def start(self) -> None: ...

    def stop(self, cause: object) -> None: ...

    def fault(self, part: object) -> None: ...


class Keeper:
    """Counts its calls."""

    rests = 0

    def rest(self) -> None:
        self.rests += 1


@pytest.mark.parametrize("state", [state for state in PassageState if state is not PassageState.IDLE])
def test_the_housekeeper_works_in_idle_only(state: PassageState) -> None:
    door, keeper = Door((PassageState.IDLE, state, state, PassageState.IDLE)), Keeper()
    run_device(RunningDevice(door, door.moments, [keeper]), stop=threading.Event())
    assert keeper.rests == 2


CONFIGS = {
    "no hub": ("", 0, [0, 2, 4]),
    "a hub that has nothing": (f'[hub]\nurl = "{HUB}"\n', 0, [0, 2, 4]),
    "a hub that has one file": (f'[hub]\nurl = "{HUB}"\n', 3, [2, 4]),
    "a hub that has all": (f'[hub]\nurl = "{HUB}"\n', 6, [4]),
}


@pytest.mark.parametrize("case", CONFIGS)
def test_on_a_full_disk_files_that_the_hub_has_are_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    text, sent, left = CONFIGS[case]
    config = parse_config(text.encode(), Path("door.toml"))
    monkeypatch.setattr(housekeeper, "free_bytes", lambda _: 0)
    path = write_chain(tmp_path, [2, 2, 2, 1])[-1]
    if sent:
        with Outbox(path, tmp_path / "state", HUB) as outbox:
            outbox.acknowledge(sent)
    clock = SimClock(NOW)
    with open_journal(path) as journal:
        housekeeper_for(config, tmp_path, journal, clock, TrustedClock()).rest()
    assert [first for first, _ in closed_segments(path)] == left


class Board:
    """A device with four files of records and no hub, as its clock and its trust tell the time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = write_chain(folder, [50, 50, 50, 50])[-1]
        self.signed = at_ms(passage().time_ms)
        self.trust = replace(TRUST, floor=self.signed, published_at=self.signed)

    def boot(self, wall: datetime, *, rests: int = 20) -> None:
        """Start with this wall clock, and stay idle for some minutes."""
        clock, state = SimClock(wall), open_files(self.folder / "state")
        with open_journal(self.path) as journal:
            trusted_clock = TrustedClock(remembered(state, journal, self.trust))
            with ClockStore(state, trusted_clock).saving():
                trusted_clock.at(clock.now(), clock.tick_ms(), self.trust)
                keeper = housekeeper_for(Config(), self.folder, journal, clock, trusted_clock)
                for _ in range(rests):
                    clock.advance(20_000)
                    trusted_clock.at(clock.now(), clock.tick_ms(), self.trust)
                    keeper.rest()

    @property
    def files(self) -> list[int]:
        return [first for first, _ in closed_segments(self.path)]


@pytest.fixture
def board(tmp_path: Path) -> Board:
    return Board(tmp_path)


DAY = timedelta(days=1)


@pytest.mark.parametrize("days", [91, 400, 20_000])
def test_a_start_with_a_clock_that_is_ahead_erases_nothing(board: Board, days: int) -> None:
    """A board without a battery, or a false time server: nothing signed says that the time has passed."""
    board.boot(board.signed + days * DAY)
    board.boot(board.signed + DAY)
    assert board.files[:3] == [0, 50, 100]


def test_many_starts_with_a_clock_that_is_ahead_erase_nothing(board: Board) -> None:
    for number in range(1, 6):
        board.boot(board.signed + 30 * number * DAY)
    assert board.files[:3] == [0, 50, 100]


def test_records_are_erased_once_a_newer_signature_says_that_their_time_is_over(board: Board) -> None:
    later = board.signed + 91 * DAY
    board.trust = replace(board.trust, floor=later, published_at=later)
    board.boot(later + timedelta(hours=1))
    assert board.files == [150]  # the newest closed file stays
    with open_chain([board.folder]) as chain:
        chain.check_complete()
        assert chain.verify().erased == 150


def test_a_device_that_is_never_online_erases_after_it_has_run_for_the_days(board: Board) -> None:
    clock, state = SimClock(board.signed), open_files(board.folder / "state")
    days = 0
    while board.files[0] == 0:
        with open_journal(board.path) as journal:
            trusted_clock = TrustedClock(remembered(state, journal, board.trust))
            with ClockStore(state, trusted_clock).saving():
                trusted_clock.at(clock.now(), clock.tick_ms(), board.trust)
                clock.advance(86_400_000)
                trusted_clock.at(clock.now(), clock.tick_ms(), board.trust)
                keeper = housekeeper_for(Config(), board.folder, journal, clock, trusted_clock)
                for _ in range(3):
                    keeper.rest()
                    clock.advance(10_000)
        days += 1
    assert 90 < days < 102  # a tenth more: a time service may speed up the steady clock


def test_a_file_is_closed_at_the_configured_size(tmp_path: Path) -> None:
    config = parse_config(b"[journal]\nsegment_mb = 1\n", Path("door.toml"))
    clock = SimClock(NOW)
    with open_journal(tmp_path / "journal.db") as journal:
        keeper = housekeeper_for(config, tmp_path, journal, clock, TrustedClock())
        database(journal).execute("PRAGMA synchronous = OFF")  # this test has no power cut
        while not closed_segments(journal.path):
            for _ in range(100):
                journal.append(passage())
            clock.advance(10_000)
            keeper.rest()
        (_, closed), *_ = closed_segments(journal.path)
    assert 1 << 20 < closed.stat().st_size < 1.2 * (1 << 20)
