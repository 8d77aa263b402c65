"""The frame loop with a camera that stalls, is unplugged, and works again or does not."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator

import numpy as np
import pytest
from worlds.code_door import CodeDoor
from worlds.trust import shown

from edge.app.loop.frames import BLIND_MS, steps
from edge.audit.record import DevicePart, DoorChange
from edge.errors import CameraFault
from edge.passage.verifier import StepResult
from edge.ports import Frame
from hw.sim.camera import Scene, SimCamera, Stall, Unplug

FRAME = Frame(np.full((16, 16), 90, np.uint8), np.full((8, 8, 3), 90, np.uint8), 0)
SECOND = [FRAME] * 10


class Site(CodeDoor):
    """A door without a face, and a simulated camera with a script."""

    def __init__(self, *script: Scene) -> None:
        super().__init__()
        self.camera = SimCamera(script, clock=self.clock, fps=10)
        self.stop = threading.Event()

    def run(self, *, blind_ms: int | None = BLIND_MS) -> Iterator[StepResult]:
        return steps(self.camera, self.verifier, stop=self.stop, blind_ms=blind_ms)


@pytest.mark.parametrize("trouble", [Stall(4_000), Unplug(4_000)], ids=["stalled", "unplugged"])
def test_a_camera_that_works_again_is_recorded_once(
    trouble: Scene, capsys: pytest.CaptureFixture[str]
) -> None:
    site = Site(*SECOND, trouble, *SECOND)
    ticks = [step.tick_ms for step in site.run()]
    assert site.told == [DevicePart.CAMERA]
    assert all(0 <= later - earlier <= 1_000 for earlier, later in itertools.pairwise(ticks))
    assert ticks[-1] >= 5_000 + 1_000 + 4_000 + 900
    said = capsys.readouterr().err.splitlines()
    assert ["fault" in line for line in said] == [True, False]
    assert "seeing" in said[1]


def test_a_stall_of_less_than_a_second_is_not_told(capsys: pytest.CaptureFixture[str]) -> None:
    site = Site(*SECOND, Stall(900), *SECOND)
    assert len(list(site.run())) == 20
    assert site.told == []
    assert capsys.readouterr().err == ""


def test_two_camera_faults_are_two_records() -> None:
    site = Site(*SECOND, Unplug(3_000), *SECOND, Unplug(3_000), *SECOND)
    list(site.run())
    assert site.told == [DevicePart.CAMERA, DevicePart.CAMERA]


def test_a_camera_that_never_gave_a_frame_is_a_fault_at_once() -> None:
    site = Site(Unplug(500), *SECOND)
    with pytest.raises(CameraFault, match="it is unplugged"):
        list(site.run())
    assert site.told == []  # `edge.app.loop.run` records a fault that ends the program


def test_a_camera_that_fails_for_a_minute_ends_the_program() -> None:
    site = Site(*SECOND, Unplug(600_000))
    with pytest.raises(CameraFault, match="it is unplugged"):
        list(site.run())
    assert BLIND_MS < site.clock.tick_ms() - 6_000 <= BLIND_MS + 1_000


def test_with_a_scanner_a_door_works_on_without_its_camera() -> None:
    site = Site(*SECOND, Unplug(120_000), *SECOND)
    for step in site.run(blind_ms=None):
        if step.tick_ms == 50_000:
            site.scanner.show(shown(site.clock.now()))
    assert site.told == [DevicePart.CAMERA, None]
    changes = [record.change for record in site.records if isinstance(record, DoorChange)]
    assert changes == ["released", "relocked"]


def test_a_camera_that_is_lost_for_good_is_raised_at_once() -> None:
    class Torn:
        def frames(self) -> Iterator[Frame]:
            yield FRAME
            raise CameraFault("the film is torn")

        def close(self) -> None:
            """Close nothing: nothing is open."""

    site = Site()
    site.camera = Torn()  # type: ignore[assignment]
    with pytest.raises(CameraFault, match="torn"):
        list(site.run())


@pytest.mark.parametrize("script", [[*SECOND, *SECOND], [*SECOND, Unplug(60_000)]], ids=["seeing", "blind"])
def test_after_the_stop_no_visitor_is_let_in(script: list[Scene]) -> None:
    site = Site(*script)
    seen = 0
    for _ in site.run():
        seen += 1
        if seen == 10:
            site.stop.set()
            site.reader.in_view = (shown(site.clock.now()),)
    assert seen == 10
    assert site.told == []
