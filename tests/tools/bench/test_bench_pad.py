"""The table of `tools/bench pad`: its rates have intervals, and it says which set it does not have."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from tools.bench.cli import main
from tools.bench.face import pad


def cells(said: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in said.splitlines() if "|" in line]


@pytest.mark.parametrize(
    ("species", "is_named"), [("print", True), ("phone_screen", False), ("Replay", False)]
)
def test_a_table_without_screens_says_so(
    built_models: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    species: str,
    is_named: bool,
) -> None:
    for name in ("bona_fide", species):
        (tmp_path / name).mkdir()
        cv2.imwrite(str(tmp_path / name / "wall.png"), np.full((64, 64, 3), 120, np.uint8))
    assert main(["pad", str(tmp_path)]) == 0
    *table, told = capsys.readouterr().out.splitlines()
    rows = cells("\n".join(table))[2:]
    assert [row for row in rows if row[:4] != list(pad.NO_SET[:4])] == [
        [f"{tmp_path.name} {name}", light.name, "0", "0", "no face", "no face"]
        for name in sorted(("bona_fide", species))
        for light in pad.LIGHTS
    ]
    assert (list(pad.NO_SET) in rows) is is_named
    assert len(json.loads(told)) == 2 * len(pad.LIGHTS)


def test_a_rate_is_written_with_its_interval() -> None:
    assert str(pad.RateInLight(3 / 162, (0.00632, 0.0530))) == "1.9 (0.6 to 5.3)"
    assert str(pad.RateInLight(None, None)) == "no face"
