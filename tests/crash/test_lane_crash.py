"""Power fails at a lane where two inspect, around and between the two records of one decision.

SIGKILL shows that no moment is a wrong one to die at; see `test_journal_crash` for what it does not show.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from crash.dying import lines_run
from samples.journals import read_records
from worlds.venues.lane import Border

from edge.audit.journal import Journal
from edge.audit.record import AuditRecord, DoorChange, Passage
from edge.passage.lane.events import Side
from edge.passage.lane.machine import LaneState


class Mortal:
    """A journal whose process dies when a grant for this door is to be written, or has been."""

    def __init__(self, journal: Journal, side: Side, when: str) -> None:
        self._journal, self._side, self._when = journal, side, when

    def append(self, record: AuditRecord) -> int:
        is_it = isinstance(record, Passage) and record.reason is None and record.door.endswith(self._side)
        if is_it and self._when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        seq = self._journal.append(record)
        if is_it and self._when == "after":
            os.kill(os.getpid(), signal.SIGKILL)
        return seq


def journals(folder: Path) -> list[Journal]:
    return [Journal.open(folder / f"{name}.db", name.encode() * 32, name) for name in "ab"]


def cross(border: Border, folder: Path) -> None:
    """One traveller, from the code to the inside, with a mark of each release."""
    for side, cable in border.cables.items():
        release = cable.release

        def released(for_ms: int, *, grant: int = 0, side: Side = side, release=release) -> None:
            (folder / side).touch()
            release(for_ms, grant=grant)

        cable.release = released
    border.see(3)
    border.lane.approach("Erin")
    border.before, border.reader.in_view = ("Erin",), (border.code("Erin"),)
    border.see(3)
    border.reader.in_view, border.before = (), ()
    while border.state is not LaneState.IDLE:
        border.see()


def told(folder: Path) -> list[list[str]]:
    """What each journal says of passages and releases, once it is found whole."""
    both = []
    for name in "ab":
        records = read_records(folder / f"{name}.db")
        both.append(
            [
                f"{record.door.rpartition('/')[2]}: {record.reason or 'granted'}"
                if isinstance(record, Passage)
                else f"{record.door.rpartition('/')[2]} released"
                for record in records
                if isinstance(record, Passage)
                or (isinstance(record, DoorChange) and record.change == "released")
            ]
        )
    return both


# Which journal dies when, and whether each of them has the grant then.
MOMENTS: dict[str, tuple[int, str, tuple[bool, bool]]] = {
    "before the first record": (0, "before", (False, False)),
    "between the two": (0, "after", (True, False)),
    "after both": (1, "after", (True, True)),
}


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("side", Side)
def test_a_half_recorded_passage_released_nothing_and_the_next_one_goes_through(
    side: Side, moment: str, tmp_path: Path
) -> None:
    which, when, has = MOMENTS[moment]

    def live() -> None:
        border = Border(joint=True)
        books: list[object] = [*journals(tmp_path)]
        books[which] = Mortal(books[which], side, when)
        border.books = books
        cross(border, tmp_path)

    assert lines_run(live, (), lines=None) == 0
    assert not (tmp_path / side).exists()
    before = ["outer: granted", "outer released"] if side is Side.INNER else []
    assert told(tmp_path) == [before + [f"{side}: granted"] * there for there in has]

    border = Border(joint=True)
    border.books = journals(tmp_path)
    cross(border, tmp_path)
    for journal in border.books:
        journal.close()
    assert border.lane.gone == ["Erin"]
    assert all((tmp_path / each).exists() for each in Side)
    for said in told(tmp_path):
        assert said[-4:] == ["outer: granted", "outer released", "inner: granted", "inner released"]
