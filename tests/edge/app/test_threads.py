"""Native libraries have one thread each, in every command of a device, from before they are loaded."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from edge.app.threads import VARIABLES

# A second product after the first: OpenBLAS makes its threads when it is loaded, and counts as it multiplies.
COUNT = """
import json, os
import cv2
import numpy as np
np.ones((64, 192), np.float32) @ np.ones(192, np.float32)
print(json.dumps([cv2.getNumThreads(), len(os.listdir("/proc/self/task"))]))
"""


def threads(before: str, **variables: str) -> list[int]:
    """OpenCV's number of threads, and the threads of a process that has multiplied."""
    plain = {name: value for name, value in os.environ.items() if name not in VARIABLES}
    told = subprocess.run(
        [sys.executable, "-c", before + COUNT],
        env=plain | variables,
        capture_output=True,
        text=True,
        check=True,
    )
    found: list[int] = json.loads(told.stdout.splitlines()[-1])
    return found


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="threads are counted in /proc")
def test_a_command_of_the_device_runs_blas_and_opencv_on_one_thread() -> None:
    assert threads("from edge.__main__ import main; main(['explain', 'card.revoked'])\n") == [1, 1]


def test_a_number_that_the_operator_sets_is_kept() -> None:
    set_by_us = "from edge.app.threads import limit_threads; limit_threads()\n"
    assert threads(set_by_us, OPENCV_FOR_THREADS_NUM="2")[0] == 2


def test_no_library_is_loaded_before_its_threads_are_set() -> None:
    loaded = "import sys, edge.__main__; print({'numpy', 'cv2'} & set(sys.modules))"
    told = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True)
    assert told.stdout == "set()\n"
