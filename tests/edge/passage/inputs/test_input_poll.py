"""Each outage of an input is reported once, until the input answers again."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from edge.audit.record import DevicePart
from edge.errors import DoorLinkFault, ReaderFault
from edge.passage.inputs.input_poll import InputPoll
from edge.ports import DoorEvent, DoorEventKind, Scan, Symbol

OPENED = DoorEvent(DoorEventKind.OPENED, 7)
SCAN = Scan(Symbol("X", b"X", "test"), 7)


class Cable:
    """A strike, a scanner and a keypad behind one cable."""

    cut = False

    def events(self) -> Sequence[DoorEvent]:
        if self.cut:
            raise DoorLinkFault("no answer")
        return [OPENED]

    def scans(self) -> Sequence[Scan]:
        if self.cut:
            raise ReaderFault("no answer")
        return [SCAN]

    def keys(self) -> str:
        if self.cut:
            raise ReaderFault("no answer")
        return "12"

    def release(self, for_ms: int, *, grant: int = 0) -> None:
        raise NotImplementedError

    def relock(self) -> None:
        raise NotImplementedError

    def close(self) -> None:
        pass


POLLS = {
    "door": (lambda inputs: inputs.door(), (OPENED,), DevicePart.DOOR),
    "scanner": (lambda inputs: [*inputs.scans()], [SCAN], DevicePart.READER),
    "keypad": (lambda inputs: inputs.keys(), "12", DevicePart.READER),
}


@pytest.mark.parametrize("part", POLLS)
def test_each_outage_is_reported_once(part: str) -> None:
    poll, there, named = POLLS[part]
    cable, told = Cable(), []
    inputs = InputPoll(told.append, cable, cable, cable)
    for cable.cut in (False, True, True, False, True):
        assert poll(inputs) == (type(there)() if cable.cut else there)
    assert told == [named, named]


def test_outages_of_scanner_and_keypad_are_reported_separately() -> None:
    cable, told = Cable(), []
    cable.cut = True
    inputs = InputPoll(told.append, cable, cable, cable)
    inputs.scans()
    inputs.keys()
    assert told == [DevicePart.READER, DevicePart.READER]


def test_the_outage_of_a_camera_is_reported_once() -> None:
    told: list[DevicePart] = []
    inputs = InputPoll(told.append, Cable())
    for answers in (True, False, False, True, False):
        inputs.camera(answers=answers)
    assert told == [DevicePart.CAMERA, DevicePart.CAMERA]


def test_a_door_without_scanner_and_keypad_has_no_scans_and_no_keys() -> None:
    inputs = InputPoll(lambda part: pytest.fail(f"{part} is not there"), Cable())
    assert (list(inputs.scans()), inputs.keys()) == ([], "")
