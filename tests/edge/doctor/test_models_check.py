"""The doctor opens the face engine with the configuration of the door."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from edge.config import parse_config
from edge.doctor.checks import examine
from edge.doctor.device_probe import DeviceProbe


@pytest.mark.parametrize(("pad", "number"), [('["geometry"]', 0), ('["geometry", "passive"]', 71)])
def test_missing_weights_of_a_door_are_reported(
    pad: str, number: int, tmp_path: Path, built_models: Path
) -> None:
    shutil.copytree(built_models, tmp_path / "models", ignore=shutil.ignore_patterns("pad_*"))
    text = f'[face]\npad = {pad}\n[paths]\nmodels = "models"\n'
    probe = DeviceProbe(parse_config(text.encode(), tmp_path / "door.toml"), tmp_path)
    assert [finding.number for finding in examine(probe, ["models"])] == [number]
