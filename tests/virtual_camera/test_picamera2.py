"""A real Picamera2 on libcamera's virtual camera, which plays our pictures: `make test-picamera2`.

Three things of it are not as on a Pi: it has no raw stream, its pictures lie in two planes that picamera2's own
memory cannot hold, and it knows one size and NV12 alone. `Virtual` makes up for the first two; the adapter has to
cope with the third.
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
    # picamera2's own: a call that Python is about to drop, and files that it leaves to the collector
    pytest.mark.filterwarnings("ignore::DeprecationWarning:picamera2", "ignore::ResourceWarning"),
]

CONFIG = CameraConfig(kind="picamera2")


def save(number: int, picture: np.ndarray) -> None:
    Image.fromarray(picture).save(Path(PICTURES) / f"{number:03}.jpg", quality=95)


@dataclass(frozen=True)
class Played:
    """What the camera shows: the code of somebody whom the door may know."""

    world: Prepared
    code: str


@pytest.fixture(scope="module", autouse=True)
def played() -> Iterator[Played]:
    """The virtual camera, with a visitor who shows her code and then her face, over and over.

    libcamera reads the pictures once, before the first import of picamera2 is over: the code ages from then on,
    and has 30 s. So another process imports it first, from the disk, and the phone's clock is 9 s ahead.
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

    picamera2 = _picamera2()  # as the adapter imports it, which has no library for screens
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


# The first test, while the code is fresh.
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


def test_a_frame_outlives_its_camera_and_the_pictures_after_it() -> None:
    camera = open_camera(CONFIG, Path())
    shown = camera.frames()
    first = next(shown)
    luma, rgb = first.luma.copy(), first.rgb.copy()
    list(itertools.islice(shown, 30))
    camera.close()
    assert (first.luma == luma).all()
    assert (first.rgb == rgb).all()


def test_luma_holds_the_code_and_colours_are_right(played: Played) -> None:
    camera, reader = open_camera(CONFIG, Path()), open_live_reader()
    texts, warmest = set(), 0.0
    for frame in itertools.islice(camera.frames(), 40):
        texts |= {symbol.text for symbol in reader.read(frame.luma)}
        red, _, blue = (float(channel.mean()) for channel in np.moveaxis(frame.rgb[60:200, 270:370], 2, 0))
        warmest = max(warmest, red - blue)
    camera.close()
    assert texts == {played.code}
    assert warmest > 20  # skin; with red and blue exchanged it would be below zero


def test_a_slow_viewer_sees_the_present() -> None:
    camera, clock = open_camera(CONFIG, Path()), system_clock()
    shown = camera.frames()
    for _ in range(5):
        time.sleep(0.2)  # a look at a face on a slow board; pictures come every 20 ms
        frame = next(shown)
        assert clock.tick_ms() - frame.tick_ms < 150
    assert isinstance(camera, TellsHealth)
    assert camera.health().unseen > 5
    camera.close()


def test_it_is_opened_again_after_it_was_closed_and_again() -> None:
    for _ in range(3):
        camera = open_camera(CONFIG, Path())
        assert next(camera.frames()).luma.mean() > 20
        camera.close()


def test_two_programs_cannot_have_it_and_the_second_is_told() -> None:
    first = open_camera(CONFIG, Path())
    next(first.frames())
    second = open_camera(CONFIG, Path())
    with pytest.raises(CameraFault, match="cannot be opened") as caught:
        next(second.frames())
    assert "another program" in caught.value.hint
    second.close()
    assert next(first.frames()).luma.mean() > 20
    first.close()


def test_a_camera_that_is_not_there_is_named() -> None:
    with pytest.raises(CameraFault, match=r"no camera 3 on this board \(there are: 0: Virtual0\)"):
        open_camera(CameraConfig(kind="picamera2", device=3), Path())
