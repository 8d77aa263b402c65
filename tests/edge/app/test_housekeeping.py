"""The journal of a running device: files are closed and removed between passages only."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from samples.journals import database, open_journal, passage, write_chain

from edge.app.authority import housekeeper_for
from edge.app.loop.run import RunningDevice, run_device
from edge.audit import retention
from edge.audit.segments import closed_segments
from edge.config import parse_config
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
    monkeypatch.setattr(retention, "_free_bytes", lambda _: 0)
    path = write_chain(tmp_path, [2, 2, 2, 1])[-1]
    if sent:
        with Outbox(path, tmp_path / "state", HUB) as outbox:
            outbox.acknowledge(sent)
    clock = SimClock(NOW)
    with open_journal(path) as journal:
        housekeeper_for(config, tmp_path, journal, clock, TrustedClock()).rest()
    assert [first for first, _ in closed_segments(path)] == left


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
