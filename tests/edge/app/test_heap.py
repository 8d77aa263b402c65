"""The heap keeps the memory of one picture for the next, from the start of every command of a device."""

from __future__ import annotations

import os
import platform
import subprocess
import sys

import pytest

from edge.app.heap import VARIABLES

# As an enlarged picture and an engine's copies of it: made, written and freed together, frame after frame.
FRAMES = """
import resource
import numpy as np
def frame():
    blocks = [np.ones(3_700_000, np.uint8) for _ in range(3)]
frame()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(4):
    frame()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def page_faults(before: str, **variables: str) -> int:
    """The page faults of four frames, after that program."""
    plain = {name: value for name, value in os.environ.items() if name not in VARIABLES}
    told = subprocess.run(
        [sys.executable, "-c", before + FRAMES],
        env=plain | variables,
        capture_output=True,
        text=True,
        check=True,
    )
    return int(told.stdout.splitlines()[-1])


def test_a_command_of_the_device_uses_the_memory_of_the_last_frame_again() -> None:
    ours = "from edge.__main__ import main; main(['explain', 'card.revoked'])\n"
    assert page_faults(ours) < 100
    if platform.libc_ver()[0] == "glibc":  # which gives it back: 2,700 pages a frame
        assert page_faults("") > 1_000


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="its variable")
def test_a_limit_that_the_operator_sets_is_kept() -> None:
    ours = "from edge.app.heap import keep_freed_memory; keep_freed_memory()\n"
    assert page_faults(ours, MALLOC_TRIM_THRESHOLD_="131072") > 1_000
