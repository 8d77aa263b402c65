"""The tables in edge/passage/lane/LANE.md, compared with the tables of the program."""

from __future__ import annotations

import pytest
from conftest import ROOT

from edge.passage.events import (
    ChallengeWanted,
    FaceWanted,
    Granted,
    Interrupted,
    Recorded,
    RecordFailed,
    TimedOut,
)
from edge.passage.lane import events as e
from edge.passage.lane import machine as m
from edge.passage.lane.machine import TABLE, Cue, LaneState
from edge.passage.lane.occupancy import LaneOccupancy
from edge.passage.lane.times import LaneTimes

PAGE = ROOT / "edge" / "passage" / "lane" / "LANE.md"

# Events of the table, in its order, with the part that decides each.
HAPPENS: dict[type, tuple[str, str]] = {
    FaceWanted: ("card verified", "policy"),
    Granted: ("granted", "policy"),
    e.LaneDenied: ("denied", "policy"),
    Recorded: ("recorded", "journal"),
    RecordFailed: ("not recorded", "journal"),
    e.ReleaseFailed: ("no answer", "door"),
    TimedOut: ("timeout", "clock"),
    e.Admitted: ("admitted", "officer and policy"),
    e.SentBack: ("sent back", "officer"),
    e.Emptied: ("declared empty", "officer"),
}
SHOWN = [state for state in LaneState if state is not LaneState.HALTED]
TOLD = {
    "face_ms": "to look into the camera outside",
    "challenge_ms": "to move the head as asked",
    "enter_ms": "to open the outer door",
    "shut_ms": "for the outer leaf to be shut again",
    "inside_ms": "to look into the camera inside",
    "leave_ms": "to open the inner door",
    "through_ms": "for the inner leaf to be shut again",
    "officer_ms": "for an officer to answer",
    "clear_ms": "until officers are told that the lane is not empty",
    "cooldown_ms": "for the signal outside to stay readable",
}


def cell(state: LaneState, cue: Cue) -> str:
    row = TABLE.get((state, cue))
    if row is None:
        return ""
    if row.effects in (m._let_in, m._let_out):
        return f"**{row.to}**"
    if row.reason is not None and row.to is not LaneState.RECORDING_ABANDON:
        return f"*{row.reason}*"
    return "stays" if row.to is state else row.to.value


def table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("|" + "|".join(f" {item} " if item else " " for item in line) + "|" for line in lines)


def seen() -> str:
    return table(
        ["", *LaneOccupancy],
        [[f"**{state}**", *(cell(state, word) for word in LaneOccupancy)] for state in SHOWN],
    )


def happens() -> str:
    decides = ["*decided by*", *(who for _, who in HAPPENS.values())]
    rows = [[f"**{state}**", *(cell(state, event) for event in HAPPENS)] for state in SHOWN]
    return table(["", *(what for what, _ in HAPPENS.values())], [decides, *rows])


def times() -> str:
    return table(["time", "at most"], [[TOLD[name], f"{getattr(LaneTimes(), name):,} ms"] for name in TOLD])


@pytest.mark.parametrize("part", [seen, happens, times], ids=lambda part: part.__name__)
def test_the_page_shows_the_table_of_the_program(part) -> None:
    text = PAGE.read_text("utf-8")
    begin, end = f"<!-- {part.__name__} -->\n", f"\n<!-- end of {part.__name__} -->"
    shown = text.partition(begin)[2].partition(end)[0]
    assert shown == part(), f"put this between the marks in LANE.md:\n{part()}"


def test_the_page_leaves_out_only_interruptions_and_challenges() -> None:
    shown = {*HAPPENS, *LaneOccupancy}
    assert {cue for _, cue in TABLE} - shown == {Interrupted, ChallengeWanted}


def test_the_page_has_every_time() -> None:
    assert set(TOLD) == set(LaneTimes.__dataclass_fields__)


def test_the_page_has_at_most_150_lines() -> None:
    assert len(PAGE.read_text("utf-8").splitlines()) <= 150
