"""The camera object of a door without a camera."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime

from hw.camera.none import PERIOD_MS, NoCamera
from hw.codes.cascade import Cascade
from hw.codes.zbar import ZbarReader
from hw.codes.zxing import ZxingReader
from hw.sim.clock import SimClock


def test_its_frames_are_empty_and_have_the_time() -> None:
    clock = SimClock(datetime(2026, 1, 1, tzinfo=UTC))
    frames = list(itertools.islice(NoCamera(clock=clock, wait=clock.advance).frames(), 4))
    assert [frame.tick_ms for frame in frames] == [number * PERIOD_MS for number in range(4)]
    for reader in (ZxingReader(), ZbarReader()):
        assert all(Cascade(reader).read(frame.luma) == () for frame in frames)


def test_closed_it_ends_at_once() -> None:
    camera = NoCamera(clock=SimClock(datetime(2026, 1, 1, tzinfo=UTC)))
    frames = camera.frames()
    next(frames)
    camera.close()
    assert list(frames) == []
