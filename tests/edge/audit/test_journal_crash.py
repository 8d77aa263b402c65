"""Power fails while a device writes: SIGKILL at random moments, again and again, to one journal.

SIGKILL shows that no instruction is a wrong one to die at. It does not show that the disk keeps what fsync
promised: that takes a real disk and a real power cut.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
from typing import TYPE_CHECKING

from journals import open_journal

from edge.audit.evidence import open_evidence, verify

if TYPE_CHECKING:
    from pathlib import Path

ROUNDS = 10

WRITER = """
import os, sys
from pathlib import Path
from journals import open_journal, passage

journal = open_journal(Path(sys.argv[1]))
os.write(1, b"open\\n")
for tick in range(int(sys.argv[2]), 10**9):
    os.write(1, b"%d %d\\n" % (journal.append(passage(tick)), tick))
"""


def test_no_acknowledged_record_is_lost_and_none_is_there_twice(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    dice = random.Random(20_260_102)
    acknowledged: dict[int, int] = {}  # seq -> tick
    for number in range(ROUNDS):
        first = number * 1_000_000
        # The first rounds die while opening or at the first append, the others somewhere later.
        acknowledged |= _write_and_kill(path, first, lines=number if number < 3 else dice.randrange(1, 60))
        with open_evidence(path) as evidence:
            written = [entry.record.tick_ms for entry in evidence.entries()]
        assert {seq: written[seq] for seq in acknowledged} == acknowledged
        assert len(set(written)) == len(written)
        # At most one record a round was written and not yet acknowledged.
        assert len(written) - len(acknowledged) <= number + 1
        assert verify(path).size == len(written)
    assert len(acknowledged) > ROUNDS
    with open_journal(path) as journal:
        assert journal.size == len(written)


def _write_and_kill(path: Path, first_tick: int, *, lines: int) -> dict[int, int]:
    """Let a device write until it has said `lines` lines, kill it, and return what it acknowledged."""
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [sys.executable, "-c", WRITER, str(path), str(first_tick)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=env) as child:
        assert child.stdout is not None
        said = [child.stdout.readline() for _ in range(lines + 1)]
        child.kill()
        said += child.stdout.readlines()  # what it said before the kill reached it
    assert said[0] == b"open\n"
    return {int(seq): int(tick) for seq, tick in (line.split() for line in said[1:])}
