"""The memory of a service is private."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from conftest import ROOT

PROGRAM = """
import ctypes
from edge.app.loop.service import open_manager
open_manager()
print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="prctl is of Linux")
@pytest.mark.parametrize(("service", "dumpable"), [(True, 0), (False, 1)], ids=["service", "terminal"])
def test_a_service_is_closed_to_other_processes_of_its_user(service: bool, dumpable: int) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "NOTIFY_SOCKET"}
    environment |= {"PYTHONPATH": str(ROOT)} | ({"NOTIFY_SOCKET": "/run/none"} if service else {})
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert int(run.stdout) == dumpable
