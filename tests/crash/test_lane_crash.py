"""Power failures at a lane of two authorities: before, between and after the two records of one decision.

`test_journal_crash` says what a SIGKILL shows and what it does not show.
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
from edge.on_record import OnRecord
from edge.passage.lane.events import Side
from edge.passage.lane.machine import LaneState


class Mortal:
    """A journal that kills its process before, or after, it writes a grant for this door."""

    def __init__(self, journal: Journal, side: Side, when: str) -> None:
        self._journal, self._side, self._when = journal, side, when

    def append(self, record: AuditRecord) -> int:
        return self._journal.append(record)

    def permit(self, record: AuditRecord) -> OnRecord:
        is_it = isinstance(record, Passage) and record.reason is None and record.door.endswith(self._side)
        if is_it and self._when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        allowed = self._journal.permit(record)
        if is_it and self._when == "after":
            os.kill(os.getpid(), signal.SIGKILL)
        return allowed


def journals(folder: Path) -> list[Journal]:
    return [Journal.open(folder / f"{name}.db", name.encode() * 32, name) for name in "ab"]


def cross(border: Border, folder: Path) -> None:
    """Let one traveller cross, from the code to the inside; each release leaves a file named after the door."""
    for side, cable in border.cables.items():
        release = cable.release

        def released(for_ms: int, allowed: OnRecord, *, side: Side = side, release=release) -> None:
            (folder / side).touch()
            release(for_ms, allowed)

        cable.release = released
    border.see(3)
    border.lane.approach("Erin")
    border.before, border.reader.in_view = ("Erin",), (border.code("Erin"),)
    border.see(3)
    border.reader.in_view, border.before = (), ()
    while border.state is not LaneState.IDLE:
        border.see()


def recorded(folder: Path) -> list[list[str]]:
    """The passages and releases in each journal, after its verification."""
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


# The journal that dies, the moment, and whether each journal then has the grant.
MOMENTS: dict[str, tuple[int, str, tuple[bool, bool]]] = {
    "before the first record": (0, "before", (False, False)),
    "between the two": (0, "after", (True, False)),
    "after both": (1, "after", (True, True)),
}


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("side", Side)
def test_a_half_recorded_passage_releases_no_door_and_the_next_passage_succeeds(
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
    assert recorded(tmp_path) == [before + [f"{side}: granted"] * there for there in has]

    border = Border(joint=True)
    border.books = journals(tmp_path)
    cross(border, tmp_path)
    for journal in border.books:
        journal.close()
    assert border.lane.gone == ["Erin"]
    assert all((tmp_path / each).exists() for each in Side)
    for events in recorded(tmp_path):
        assert events[-4:] == ["outer: granted", "outer released", "inner: granted", "inner released"]
