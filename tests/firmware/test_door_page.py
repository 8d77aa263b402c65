"""The tables of firmware/DOOR.md are equal to those that this test makes from firmware/door.py."""

from __future__ import annotations

import door as d
import limits
import pytest
from conftest import ROOT
from strike import FAIL_SAFE, FAIL_SECURE, Strike

PAGE = ROOT / "firmware" / "DOOR.md"

STATES = ("normal", "released", "egress-open", "open", "pre-alarm", "open-too-long", "forced-open", "fault", "lock-down", "free-access", "fire")  # fmt: skip
# The events, in the order of the table, and the layer that decides each.
HAPPENS = (
    ("grant", "Pi"),
    ("relock", "Pi"),
    ("heartbeat lost", "firmware"),
    ("REX", "firmware"),
    ("leaf opens", "firmware"),
    ("leaf shuts", "firmware"),
    ("time is up", "firmware"),
    ("fire", "wiring, firmware"),
    ("fire over", "wiring, firmware"),
    ("mode", "Pi"),
    ("lid off", "firmware"),
    ("fault", "firmware"),
)
CELLS = {d.STAY: "", d.REST: "*rests*", d.LOOSEN: "*by mode*", d.NO: "denied"}
LIMITS = (
    ("longest release", "MAX_RELEASE_MS"),
    ("free after REX", "REX_RELEASE_MS"),
    ("REX counts as stuck", "STUCK_REX_MS"),
    ("heartbeat", "HEARTBEAT_MS"),
    ("longest free access without a renewal", "FREE_ACCESS_MS"),
    ("pre-alarm after the opening", "PRE_ALARM_MS"),
    ("open too long after the opening", "OPEN_TOO_LONG_MS"),
    ("an opening so soon after the passage was free is not forced", "LATE_OPENING_MS"),
    ("an input must be stable for", "DEBOUNCE_MS"),
)


def row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |".replace("|  |", "| |").replace("|  |", "| |")


def table(head: list[str], rows: list[list[str]]) -> str:
    return "\n".join([row(head), "|" + "---|" * len(head), *map(row, rows)])


def door_in(state: int) -> d.Door:
    door = d.Door(0, 0, lambda *_: None)
    door.state = state
    return door


def current(state: int, lock: int) -> str:
    levels: list[int] = []
    Strike(lock, levels.append).set_free(door_in(state).is_free or state == d.EGRESS)
    return "current" if levels[-1] else "none"


def outputs() -> str:
    rows = [
        [
            name,
            "free" if door_in(state).is_free or state == d.EGRESS else "locked",
            current(state, FAIL_SECURE),
            current(state, FAIL_SAFE),
            "sounds" if door_in(state).alarm else "",
        ]
        for state, name in enumerate(STATES)
    ]
    return table(["state", "passage", "fail-secure", "fail-safe", "buzzer"], rows)


def moves() -> str:
    cells = [
        [CELLS.get(cell) if cell in CELLS else STATES[cell] for cell in d.TABLE[at : at + len(HAPPENS)]]
        for at in range(0, len(d.TABLE), len(HAPPENS))
    ]
    rows = [[f"**{name}**", *row] for name, row in zip(STATES, cells, strict=True)]
    decides = ["*decided by*", *(who for _, who in HAPPENS)]
    return table(["", *(what for what, _ in HAPPENS)], [decides, *rows])


def numbers() -> str:
    return table(["limit", "value"], [[what, f"{getattr(limits, name):,} ms"] for what, name in LIMITS])


@pytest.mark.parametrize("part", [outputs, moves, numbers], ids=lambda part: part.__name__)
def test_the_page_shows_the_programs_own_table(part) -> None:
    text = PAGE.read_text("utf-8")
    begin, end = f"<!-- {part.__name__} -->\n", f"\n<!-- end of {part.__name__} -->"
    shown = text.partition(begin)[2].partition(end)[0]
    assert shown == part(), f"put this between the marks in DOOR.md:\n{part()}"


def test_the_table_has_a_row_for_each_state_and_a_column_for_each_event() -> None:
    assert len(d.TABLE) == len(STATES) * len(HAPPENS)
    assert len(STATES) == d.FIRE + 1
    assert len(HAPPENS) == d.FAULTED + 1


def test_the_page_is_short() -> None:
    assert len(PAGE.read_text("utf-8").splitlines()) <= 100
