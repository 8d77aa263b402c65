"""Power failures while a device writes: repeated SIGKILL at random moments, with one journal.

SIGKILL shows that the process may die at any instruction. It does not show that the disk keeps the data after fsync:
that needs a real disk and a real power cut.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from samples.journals import open_journal

from edge.audit.chain import open_chain
from edge.audit.segments import journal_files

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

# `make test-crash` sets more rounds; then each line is tried, not each seventh.
ROUNDS = int(os.environ.get("DOORWARD_CRASH_ROUNDS", "10"))
STEP = 1 if ROUNDS > 10 else 7

WRITER = """
import os, sys
from pathlib import Path
from samples.journals import UNVOUCHED, SegmentLimits, open_journal, passage

journal = open_journal(Path(sys.argv[1]))
os.write(1, b"open\\n")
for tick in range(int(sys.argv[2]), 10**9):
    os.write(1, b"%d %d\\n" % (journal.append(passage(tick)), tick))
    journal.rotate_if_due(SegmentLimits(int(sys.argv[3])), UNVOUCHED)
"""


@pytest.mark.parametrize(
    "segment_bytes", [1 << 30, 30_000], ids=["one file", "a new file after a few records"]
)
def test_no_acknowledged_record_is_lost_or_duplicated(
    tmp_path: Path, segment_bytes: int, record_property: Callable[[str, object], None]
) -> None:
    path = tmp_path / "journal.db"
    dice = random.Random(20_260_102)
    acknowledged: dict[int, int] = {}  # seq -> tick
    for number in range(ROUNDS):
        first = number * 1_000_000
        # The first rounds die while opening or at the first append, the others later.
        lines = number if number < 3 else dice.randrange(1, 60)
        acknowledged |= _write_and_kill(path, first, segment_bytes, lines=lines)
        with open_chain(journal_files(path)) as chain:
            size = chain.verify().size
            written = [entry.record.tick_ms for entry in chain.entries()]
        assert {seq: written[seq] for seq in acknowledged} == acknowledged
        assert len(set(written)) == len(written) == size
        # In each round at most one record was written but not yet acknowledged.
        assert len(written) - len(acknowledged) <= number + 1
    rotation = " and rotation" if segment_bytes < 1 << 20 else ""
    record_property("kills", (f"journal, append{rotation}", ROUNDS))
    assert len(acknowledged) > ROUNDS
    with open_journal(path) as journal:
        assert journal.size == len(written)


def _write_and_kill(path: Path, first_tick: int, segment_bytes: int, *, lines: int) -> dict[int, int]:
    """Run a device until it has printed `lines` lines, kill it, and return the acknowledged records, seq: tick."""
    command = [sys.executable, "-c", WRITER, str(path), str(first_tick), str(segment_bytes)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=_env()) as child:
        assert child.stdout is not None
        printed = [child.stdout.readline() for _ in range(lines + 1)]
        child.kill()
        printed += child.stdout.readlines()  # the lines before the kill reached it
    assert printed[0] == b"open\n"
    return {int(seq): int(tick) for seq, tick in (line.split() for line in printed[1:])}


# For n = 0, STEP, 2 * STEP, ...: runs `act` in a child that dies at its n-th line of our own code; then `check` reads
# the files. It runs in its own process, because it forks.
KILLER = """
import os, shutil, signal, sys
from pathlib import Path
from datetime import timedelta
from samples.journals import VouchedTime, at_ms, housekeeper, open_journal, passage, rotate
from edge.audit.chain import open_chain
from edge.audit.segments import closed_segments, journal_files

OURS = (
    str(Path(sys.modules["edge.audit.chain"].__file__).parent),
    sys.modules["edge.files.durable"].__file__,
    sys.modules["edge.sqlite"].__file__,
)

def dies_at(number):
    left = number
    def watch(frame, event, _):
        nonlocal left
        if not frame.f_code.co_filename.startswith(OURS):
            return None
        if event == "line":
            left -= 1
            if left < 0:
                os.kill(os.getpid(), signal.SIGKILL)
        return watch
    return watch

def kill_everywhere(folder, prepare, act, check):
    for line in range(0, 9_000, int(sys.argv[2])):
        path = folder / str(line) / "journal.db"
        path.parent.mkdir()
        prepare(path)
        child = os.fork()
        if child == 0:
            act(path, lambda: sys.settrace(dies_at(line)))
            os._exit(0)
        _, status = os.waitpid(child, 0)
        check(path)
        shutil.rmtree(path.parent)
        if status == 0:
            return line
        assert os.WTERMSIG(status) == signal.SIGKILL, status

def ticks(path):
    with open_chain(journal_files(path)) as chain:
        chain.verify()
        chain.check_complete()
        return chain.first, [entry.record.tick_ms for entry in chain.entries() if entry.record.tick_ms]
"""

ROTATION = """
def prepare(path):
    with open_journal(path) as journal:
        for tick in range(3):
            journal.append(passage(tick + 1))

def act(path, begin_to_die):
    with open_journal(path) as journal:
        assert journal.append(passage(4)) == 3
        begin_to_die()
        assert rotate(journal)
        assert journal.append(passage(5)) == 4

def check(path):
    first, before = ticks(path)
    assert (first, before) in [(0, list(range(1, size))) for size in (5, 6)], before
    with open_journal(path) as journal:
        assert journal.append(passage(9)) == len(before)
        assert journal.tail(0, 100)[-1].seq == len(before)
    assert ticks(path) == (0, [*before, 9])

print(kill_everywhere(Path(sys.argv[1]), prepare, act, check))
"""

RETENTION = """
# The lines that write: to die while reading, one line after the other, shows nothing more.
AUDIT = Path(sys.modules["edge.audit.chain"].__file__).parent
WRITERS = ("housekeeper", "retention", "journal", "segment")
OURS = (*(str(AUDIT / f"{name}.py") for name in WRITERS), *OURS[1:])

def prepare(path):
    with open_journal(path) as journal:
        for tick in range(8):
            journal.append(passage(tick + 1))
            if tick % 2:
                rotate(journal)

# Everything is short, and a hub has the records before 6.
SENT = {"acknowledged": 6, "spare_bytes": 1 << 60}
# There is no hub, and all files but the newest were kept for their time.
OLD = {"past": VouchedTime(at_ms(passage().time_ms) + timedelta(days=91))}

def act(path, begin_to_die):
    with open_journal(path) as journal:
        keeper = housekeeper(journal, **eval(sys.argv[3]))
        begin_to_die()
        for _ in range(8):
            keeper.rest()
    assert [first for first, _ in closed_segments(path)] == [6]

def check(path):
    first, kept = ticks(path)  # complete: whatever is gone, a signed record says so
    assert first in (0, 2, 4, 6)
    assert kept == list(range(first + 1, 9))
    with open_journal(path) as journal:
        assert journal.append(passage(9)) >= 8

print(kill_everywhere(Path(sys.argv[1]), prepare, act, check))
"""


@pytest.mark.parametrize(
    ("script", "least", "case"),
    [
        pytest.param(ROTATION, 400, "", id="rotation"),
        pytest.param(RETENTION, 100, "SENT", id="retention of what the hub has", marks=pytest.mark.slow),
        pytest.param(RETENTION, 200, "OLD", id="retention of what is old", marks=pytest.mark.slow),
    ],
)
def test_it_may_die_at_any_line_of_our_code(
    tmp_path: Path, script: str, least: int, case: str, record_property: Callable[[str, object], None]
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", KILLER + script, tmp_path, str(STEP), case],
        env=_env(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    what = "rotation" if script is ROTATION else f"retention, {case.lower()}"
    record_property("kills", (f"journal, {what}, line by line", int(done.stdout) // STEP))
    assert int(done.stdout) > least


def _env() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
