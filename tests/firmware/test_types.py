"""The type checker of `make check` reads the firmware: it finds planted errors."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from peers.micropython_controller import ROOT

PYRIGHT = Path(sys.executable).with_name("pyright")
TYPINGS = ROOT / "typings"

PLANTED = """
Board().strike("high")
Pin(STRIKE, Pin.OUT).energise()
"""


def test_a_wrong_type_and_an_unknown_method_are_found(tmp_path: Path) -> None:
    if not PYRIGHT.exists() or not TYPINGS.is_dir():
        pytest.skip("pyright or MicroPython's types are not installed: make check")
    shutil.copytree(ROOT / "firmware", tmp_path / "firmware")
    with (tmp_path / "firmware" / "board.py").open("a") as file:
        file.write(PLANTED)
    settings = {"typeshedPath": str(TYPINGS), "stubPath": str(TYPINGS), "extraPaths": ["firmware"]}
    (tmp_path / "pyrightconfig.json").write_text(json.dumps({"include": ["firmware/board.py"], **settings}))
    done = subprocess.run(
        [PYRIGHT, "--outputjson", "-p", tmp_path], capture_output=True, text=True, check=False
    )
    told = json.loads(done.stdout)["generalDiagnostics"]
    found = [one["rule"] for one in told if one["severity"] == "error"]
    assert found == ["reportArgumentType", "reportAttributeAccessIssue"], done.stdout
