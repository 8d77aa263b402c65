"""Joined parts: a door or a lane with its controllers, its metrics and a new configuration."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec import structs
from prometheus_client import generate_latest
from samples.journals import open_journal
from worlds.trust import TRUST
from worlds.venues.lane import Border

from edge.app.assemble import assemble
from edge.app.authority import AuthorityParts
from edge.app.device_parts import DoorParts
from edge.app.lane_parts import LaneParts
from edge.app.loop.lane_frames import CameraPair
from edge.app.loop.metrics import Metrics
from edge.app.stages import stages_for
from edge.audit.journal import Journal
from edge.audit.record import ClockEvent, DoorChange
from edge.config import Config, DoorConfig
from edge.passage.lane.events import Side
from edge.passage.lane.machine import LaneState
from edge.ports import DoorEventKind, EventMark
from hw.sim.camera import SimCamera
from hw.sim.clock import SimClock
from hw.sim.door import SimDoor
from hw.sim.lane import SimLane
from hw.sim.reader import SimReader
from hw.sim.signals import SimSignals


class Controller(SimDoor):
    """A door that keeps its events while the device is off, and is told which of them are recorded."""

    after: EventMark | None = None

    def recount(self, after: EventMark | None) -> None:
        self.after = after


def own(config: Config, journal: Journal) -> AuthorityParts:
    return AuthorityParts(trust=lambda: TRUST, journal=journal, stages=stages_for(config, None))


def wrote(journal: Journal, door: str, number: int) -> None:
    journal.append(
        DoorChange(
            time_ms=1,
            tick_ms=1,
            door=door,
            version="0",
            change=DoorEventKind.REX,
            number=number,
            controller_ms=10 * number,
        )
    )


def test_a_verifier_is_made_in_one_place_only() -> None:
    root = Path(__file__).resolve().parents[3]
    files = [file for folder in ("edge", "hw", "tools", "tests") for file in (root / folder).rglob("*.py")]
    made = {
        str(file.relative_to(root))
        for file in files
        if re.search(r"(?<!class )\b(Lane)?Verifier\(", file.read_text("utf-8"))
    }
    assert made == {"edge/app/assemble.py"}


def test_a_doors_controller_is_told_its_last_recorded_event(tmp_path: Path) -> None:
    clock, config = SimClock(TRUST.floor), Config()
    strike = Controller(clock)
    parts = DoorParts(
        camera=SimCamera((), clock=clock, fps=10),
        reader=SimReader(),
        strike=strike,
        signals=SimSignals(),
        clock=clock,
    )
    with open_journal(tmp_path / "journal.db") as journal:
        wrote(journal, config.door.site, 7)
        assemble(config, parts, own(config, journal))
    assert strike.after == EventMark(7, 70)


def test_each_controller_of_a_lane_is_told_its_own_last_recorded_event(tmp_path: Path) -> None:
    clock, config = SimClock(TRUST.floor), Config(door=DoorConfig(site="border", venue="lane"))
    strikes = {side: Controller(clock) for side in Side}
    parts = LaneParts(
        cameras=CameraPair({}),
        reader=SimReader(),
        strikes=strikes,
        signals={side: SimSignals() for side in Side},
        sensors=SimLane(clock),
        clock=clock,
    )
    with open_journal(tmp_path / "journal.db") as journal:
        wrote(journal, "border/inner", 3)
        wrote(journal, "border/outer", 7)
        assemble(config, parts, own(config, journal))
    assert {side: strike.after for side, strike in strikes.items()} == {
        Side.OUTER: EventMark(7, 70),
        Side.INNER: EventMark(3, 30),
    }


# -- a lane at work ----------------------------------------------------------------------------------------


@pytest.fixture
def border() -> Border:
    border = Border(joint=True)
    border.until(LaneState.IDLE)
    return border


def comes(border: Border, name: str, code: str) -> None:
    """A holder shows code and face at the outer door, and goes through if granted."""
    border.lane.approach(name)
    border.present(code, name)
    border.until(LaneState.IDLE)
    border.see(13)  # the phone is out of view


def test_a_new_configuration_of_a_lane_holds_from_the_next_passage_on(border: Border) -> None:
    comes(border, "Erin", border.code("Erin"))
    stricter = structs.replace(border.config.door, min_assurance=3)
    border.device.adopt(structs.replace(border.config, door=stricter))
    comes(border, "Bea", border.code("Bea"))
    assert border.books[0].decisions == ["outer: granted", "inner: granted", "outer: card.assurance"]
    other = border.config.lane.other_min_assurance
    assert (other, border.books[1].decisions[-1]) == (0, "outer: inspection.refused"), (
        "each authority has its own"
    )


def test_a_code_that_was_shown_before_a_new_configuration_is_refused_after_it(border: Border) -> None:
    code = border.code("Erin")
    comes(border, "Erin", code)
    border.device.adopt(border.config)
    comes(border, "Erin", code)
    assert border.books[0].decisions[-1] == "outer: card.replayed"


def test_nothing_is_adopted_in_the_middle_of_a_lanes_passage(border: Border) -> None:
    border.lane.approach("Erin")
    border.reader.in_view = (border.code("Erin"),)
    border.until(LaneState.OUTSIDE)
    with pytest.raises(AssertionError, match="ends with the stages it began with"):
        border.device.adopt(border.config)


def test_a_lanes_passage_is_counted_once_and_its_trust_measured(border: Border) -> None:
    told = Metrics(replay=lambda: 0, records=lambda: 0)
    comes(border, "Erin", code := border.code("Erin"))
    comes(border, "Erin", code)
    for step in border.moments:
        told.see(step)
    lines = generate_latest(told.registry).decode().splitlines()
    assert [line for line in lines if line.startswith("doorward_passages_total")] == [
        'doorward_passages_total{outcome="grant",reason=""} 1.0',
        'doorward_passages_total{outcome="deny",reason="card.replayed"} 1.0',
    ]
    assert any(line.startswith('doorward_trust_age_seconds{part="status"}') for line in lines)


def test_a_clock_that_is_set_back_is_told_at_a_lane(border: Border) -> None:
    border.jump(border.clock.now() - timedelta(minutes=30))
    border.see(20)
    assert [step.clock for step in border.moments if step.clock] == [(ClockEvent.BACK,)], "once"
