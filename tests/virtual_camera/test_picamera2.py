"""A real Picamera2 on libcamera's virtual camera, which plays pictures of the test: `make test-picamera2`.

It differs from a camera of a Pi in three ways: it has no raw stream, its pictures are in two planes that do not fit
into picamera2's own memory, and it has only one size and only NV12. `Virtual` handles the first two; the adapter
must handle the third.
"""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from samples.journals import read_records

from edge.app.demo.cast import Cast
from edge.app.door_device import open_device
from edge.app.loop.run import run_device
from edge.app.parts.camera import open_camera, system_clock
from edge.app.parts.code_readers import open_live_reader
from edge.audit.record import Passage
from edge.config import CameraConfig, parse_config
from edge.errors import CameraFault
from edge.passage.verifier import PassageOutcome, StepResult
from edge.ports import TellsHealth
from hw.camera.picamera2 import _picamera2
from hw.sim.pictures.phone import phone
from hw.sim.pictures.scene import CODE_SIZE, hold_up, visitor
from tools.bench.passage import SITE, Prepared, prepare

PICTURES = os.environ.get("DOORWARD_VIRTUAL_CAMERA", "")
pytestmark = [
    pytest.mark.skipif(not PICTURES, reason="needs libcamera's virtual camera: make test-picamera2"),
    # picamera2 itself uses a deprecated call, and leaves files open
    pytest.mark.filterwarnings("ignore::DeprecationWarning:picamera2", "ignore::ResourceWarning"),
]

CONFIG = CameraConfig(kind="picamera2")


def save(number: int, picture: np.ndarray) -> None:
    Image.fromarray(picture).save(Path(PICTURES) / f"{number:03}.jpg", quality=95)


@dataclass(frozen=True)
class Played:
    """The pictures of the camera: the code of a holder whose card the door trusts."""

    world: Prepared
    code: str


@pytest.fixture(scope="module", autouse=True)
def played() -> Iterator[Played]:
    """The virtual camera, in which a visitor shows her code and then her face, again and again.

    libcamera reads the pictures once, in the first import of picamera2, and from then on the code has 30 s. So
    another process imports picamera2 before, which makes this import fast, and the phone's clock is 9 s ahead.
    """
    warm = [sys.executable, "-c", "from hw.camera.picamera2 import _picamera2; _picamera2()"]
    subprocess.run(warm, check=True, capture_output=True)
    world = prepare(datetime.now(UTC))
    face = visitor(Cast().sitter("Erin"), size=CODE_SIZE, seed=1)
    code = world.wallet.code(datetime.now(UTC) + timedelta(seconds=9))
    held_up = hold_up(phone(code))
    for number in range(8):
        save(number, held_up)
        save(8 + number, face)

    picamera2 = _picamera2()  # imported as by the adapter, without a library for screens
    from picamera2.allocators import LibcameraAllocator

    class Virtual(picamera2.Picamera2):
        def _get_raw_modes(self) -> list[dict[str, Any]]:
            return [{"format": "NV12", "size": CODE_SIZE}]

        def __init__(self, number: int = 0) -> None:
            super().__init__(number)
            self.allocator = LibcameraAllocator(self.camera)

    patch = pytest.MonkeyPatch()
    patch.setattr(picamera2, "Picamera2", Virtual)
    yield Played(world, code)
    patch.undo()


# This test must run first, while the code is fresh.
def test_a_passage_grants_from_it(played: Played, tmp_path: Path) -> None:
    played.world.save(tmp_path)
    text = f"door.site = '{SITE}'\ncamera.kind = 'picamera2'\ncamera.device = 'Virtual0'\n"
    stop, outcomes = threading.Event(), list[PassageOutcome]()

    def watch(step: StepResult) -> None:
        if step.outcome is not None:
            outcomes.append(step.outcome)
        if outcomes or time.monotonic() > give_up_s:
            stop.set()

    give_up_s = time.monotonic() + 60
    with open_device(parse_config(text.encode(), Path("door.toml")), tmp_path) as device:
        assert run_device(device, stop=stop, on_moment=watch) == 0
    (outcome,) = outcomes
    assert outcome.reason is None
    passages = [record for record in read_records(tmp_path / "journal.db") if isinstance(record, Passage)]
    assert len(passages) == 1
    print(f"granted, microseconds: {outcome.micros}")


def test_frames_come_in_both_sizes_with_the_time_of_the_sensor() -> None:
    camera, clock = open_camera(CONFIG, Path()), system_clock()
    last_ms = clock.tick_ms()
    for frame in itertools.islice(camera.frames(), 20):
        assert (frame.luma.shape, frame.luma.dtype) == ((720, 1280), np.uint8)
        assert (frame.rgb.shape, frame.rgb.dtype) == ((360, 640, 3), np.uint8)
        assert last_ms - 1_000 <= frame.tick_ms <= clock.tick_ms()
        last_ms = frame.tick_ms
    camera.close()


def test_a_frame_stays_unchanged_after_its_camera_is_closed() -> None:
    camera = open_camera(CONFIG, Path())
    shown = camera.frames()
    first = next(shown)
    luma, rgb = first.luma.copy(), first.rgb.copy()
    list(itertools.islice(shown, 30))
    camera.close()
    assert (first.luma == luma).all()
    assert (first.rgb == rgb).all()


def test_luma_has_the_code_and_colours_are_right(played: Played) -> None:
    camera, reader = open_camera(CONFIG, Path()), open_live_reader()
    texts, warmest = set(), 0.0
    for frame in itertools.islice(camera.frames(), 40):
        texts |= {symbol.text for symbol in reader.read(frame.luma)}
        red, _, blue = (float(channel.mean()) for channel in np.moveaxis(frame.rgb[60:200, 270:370], 2, 0))
        warmest = max(warmest, red - blue)
    camera.close()
    assert texts == {played.code}
    assert warmest > 20  # skin; with red and blue exchanged it is below zero


def test_a_slow_caller_gets_a_recent_frame() -> None:
    camera, clock = open_camera(CONFIG, Path()), system_clock()
    shown = camera.frames()
    for _ in range(5):
        time.sleep(0.2)  # the time for a face on a slow board; pictures come every 20 ms
        frame = next(shown)
        assert clock.tick_ms() - frame.tick_ms < 150
    assert isinstance(camera, TellsHealth)
    assert camera.health().unseen > 5
    camera.close()


def test_it_can_be_opened_again_after_closing() -> None:
    for _ in range(3):
        camera = open_camera(CONFIG, Path())
        assert next(camera.frames()).luma.mean() > 20
        camera.close()


def test_two_programs_cannot_open_it_and_the_second_gets_a_fault() -> None:
    first = open_camera(CONFIG, Path())
    next(first.frames())
    second = open_camera(CONFIG, Path())
    with pytest.raises(CameraFault, match="cannot be opened") as caught:
        next(second.frames())
    assert "another program" in caught.value.hint
    second.close()
    assert next(first.frames()).luma.mean() > 20
    first.close()


def test_a_missing_camera_is_named() -> None:
    with pytest.raises(CameraFault, match=r"no camera 3 on this board \(there are: 0: Virtual0\)"):
        open_camera(CameraConfig(kind="picamera2", device=3), Path())
