"""`doorward run` with a face: it starts with parts that belong together, or names the wrong part."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from worlds import folders

from edge.app.door_device import open_device
from edge.app.parts.face_engine import engine_parts
from edge.config import parse_config
from edge.errors import Exit
from edge.face.evaluation.calibration import Calibration, CalibrationRow, Parts, seal

SITE = """
[door]
face = "required"
[camera]
device = "film.avi"
[paths]
models = "models"
[face]
calibration = "site.json"
"""


def row(one_in: int, cosine: float) -> CalibrationRow:
    return CalibrationRow(one_in=one_in, cosine=cosine, matches=0, fmr=0.0, low=0.0, high=1 / one_in)


def calibration(parts: Parts) -> Calibration:
    """The calibration of a site with 51 people, which supports 1 in 1,700."""
    rows = (row(100, 0.41), row(1_000, 0.52), row(1_700, 0.63))
    return Calibration(
        made="2026-11-21", source="pictures", parts=parts, people=51, comparisons=5_100, rows=rows
    )


class Door:
    """A device's folder: trust, models, a film for a camera, a calibration."""

    def __init__(self, folder: Path, models: Path) -> None:
        self.folder = folder
        folders.trust(folder / "trust")
        shutil.copytree(models, folder / "models")
        folders.shoot(folder / "film.avi")
        self.parts = engine_parts(folder / "models")
        self.calibrated(self.parts)

    def calibrated(self, parts: Parts) -> None:
        (self.folder / "site.json").write_bytes(seal(calibration(parts)))

    def run(self, more: str) -> subprocess.CompletedProcess[str]:
        (self.folder / "door.toml").write_text(SITE + more)
        command = [sys.executable, "-m", "edge", "run", "--config", str(self.folder / "door.toml")]
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture
def door(tmp_path: Path, built_models: Path) -> Door:
    return Door(tmp_path, built_models)


def other(**changes: str) -> Callable[[Door], None]:
    return lambda door: door.calibrated(msgspec.structs.replace(door.parts, **changes))


def lowered_by_hand(door: Door) -> None:
    file = door.folder / "site.json"
    file.write_bytes(file.read_bytes().replace(b"0.52", b"0.12"))


def signed_for_another_engine(door: Door) -> None:
    """A valid hash does not help: the parts are named in the file."""
    lowered = msgspec.structs.replace(calibration(door.parts), rows=(row(1_000, 0.12),))
    body = msgspec.json.encode(lowered, order="sorted").replace(b'"mfn1"', b'"mfn9"')
    digest = hashlib.sha256(body).hexdigest().encode()
    (door.folder / "site.json").write_bytes(b'{"calibration":%b,"sha256":"%b"}' % (body, digest))


def without_networks(door: Door) -> None:
    for file in (door.folder / "models").glob("pad_*"):
        file.unlink()


def untouched(_: Door) -> None:
    """Change nothing."""


STARTS: dict[str, tuple[Callable[[Door], None], str, int, str, str]] = {
    "another model": (other(model_id="mfn2"), "", Exit.DEVICE, "another model", "doorward face calibrate"),
    "another embedder": (
        other(embedder_sha256="c" * 64), "", Exit.DEVICE, "another embedder", "doorward face calibrate",
    ),
    "another basis": (
        other(basis_sha256="c" * 64), "", Exit.DEVICE, "another template basis", "doorward face calibrate",
    ),
    "lowered by hand": (lowered_by_hand, "", Exit.DEVICE, "altered", "doorward face calibrate"),
    "sealed again for another model": (
        signed_for_another_engine, "", Exit.DEVICE, "another model", "doorward face calibrate",
    ),
    "no calibration": (
        lambda door: (door.folder / "site.json").unlink(), "", Exit.DEVICE, "no such file", "[face] calibration",
    ),
    "more than it supports": (untouched, "one_in = 2000", Exit.USAGE, "at most 1 in 1700", "more people"),
    "the networks of passive PAD are missing": (
        without_networks, "", Exit.DEVICE, "passive PAD", "doorward models fetch",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", STARTS)
def test_a_door_whose_face_parts_do_not_belong_together_does_not_start(case: str, door: Door) -> None:
    change, more, code, message, hint = STARTS[case]
    change(door)
    ran = door.run(more)
    assert ran.returncode == code
    assert ran.stdout == ""
    error, told = ran.stderr.splitlines()
    assert error.startswith("error: ")
    assert told.startswith("hint: ")
    assert message in error
    assert hint in told
    assert not (door.folder / "journal.db").exists()


@pytest.mark.parametrize(
    ("one_in", "cosine"),
    [("", 0.63), ("one_in = 100", 0.41), ("one_in = 700", 0.52), ("one_in = 1700", 0.63)],
)
def test_the_threshold_of_a_door_is_that_of_its_calibration(one_in: str, cosine: float, door: Door) -> None:
    config = parse_config((SITE + one_in).encode(), Path("door.toml"))
    with open_device(config, door.folder) as device:
        assert device.verifier.stages.policy.similarity == cosine
        assert device.verifier.stages.engine.threshold.cosine == cosine
