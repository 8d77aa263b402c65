"""A door with a scanner: beside a camera, and alone."""

from __future__ import annotations

import numpy as np
import pytest
from worlds.code_door import CodeDoor
from worlds.trust import shown

from edge.audit.record import DevicePart, Passage
from edge.config import Config, ScannerConfig
from edge.decision import Reason
from edge.passage.inputs.code_tracker import GAP_MS
from edge.passage.machine import PassageState
from edge.passage.snapshot import StepResult
from edge.ports import Frame

PIXELS = np.zeros((0, 0), np.uint8)
AGAIN_MS = 1_500


class Site(CodeDoor):
    """A door that compares no faces, with a scanner and a camera."""

    def __init__(self) -> None:
        super().__init__(Config(scanner=ScannerConfig(again_ms=AGAIN_MS)))

    def see(self, frames: int = 1) -> None:
        for _ in range(frames):
            self.see_one()

    def see_one(self) -> StepResult:
        self.clock.advance(100)
        return self.verifier.see(Frame(PIXELS, PIXELS, self.clock.tick_ms()))

    def rest(self) -> None:
        """Run until the door is at rest and every shown code has gone."""
        while self.verifier.state is not PassageState.IDLE:
            self.see()
        self.see(AGAIN_MS // 100 + 1)


@pytest.fixture
def site() -> Site:
    return Site()


def test_a_code_before_the_scanner_opens_the_door(site: Site) -> None:
    site.scanner.show(shown(site.clock.now()))
    site.see()
    assert site.told == [None]
    assert site.door.energised


@pytest.mark.parametrize("first", ["camera", "scanner"])
def test_the_first_device_that_reads_a_code_presents_it_once(first: str, site: Site) -> None:
    code = shown(site.clock.now())
    for source in ("camera", "scanner") if first == "camera" else ("scanner", "camera"):
        if source == "camera":
            site.reader.in_view = (code,)
        else:
            site.scanner.show(code)
        site.see(3)
    assert site.told == [None]


def test_a_code_before_camera_and_scanner_at_once_is_one_code(site: Site) -> None:
    code = shown(site.clock.now())
    site.reader.in_view = (code,)
    site.scanner.show(code)
    site.see()
    assert site.told == [None]


def test_two_codes_at_once_are_refused(site: Site) -> None:
    site.reader.in_view = (shown(site.clock.now()),)
    site.scanner.show(shown(site.clock.now(), card_id=b"card0002"))
    site.see()
    assert site.told == [Reason.CODE_SEVERAL]
    site.reader.in_view = ()
    site.rest()
    site.scanner.show(shown(site.clock.now(), card_id=b"card0003"))
    site.scanner.show(shown(site.clock.now(), card_id=b"card0004"))
    site.see()
    assert site.told == [Reason.CODE_SEVERAL] * 2


def test_a_phone_left_on_the_scanner_does_not_open_the_door_again_with_its_next_code(site: Site) -> None:
    for _ in range(30):  # an engine that reports a code in view once a second
        site.scanner.show(shown(site.clock.now()))
        site.see(10)
    assert site.told == [None]
    site.rest()
    site.scanner.show(shown(site.clock.now()))
    site.see()
    assert site.told == [None, None]


def test_a_code_that_was_scanned_during_a_passage_is_not_kept_for_later(site: Site) -> None:
    site.scanner.show(shown(site.clock.now()))
    site.see()
    site.scanner.show(shown(site.clock.now(), card_id=b"card0002"))
    site.see()
    site.rest()
    assert site.told == [None]


def test_another_code_before_the_scanner_is_refused(site: Site) -> None:
    site.scanner.show("https://example.org/menu")
    site.see()
    assert site.told == [Reason.CODE_FOREIGN]
    assert [record.foreign for record in site.records if isinstance(record, Passage)] == ["web-address"]


def test_the_visitor_with_another_code_is_told_which_to_show_until_the_door_is_at_rest(site: Site) -> None:
    site.reader.in_view = ("M1DESMARAIS/LUC       EABC123 YULFRAAC",)
    words = [site.see_one().prompt for _ in range(8)]
    assert words == [None] * 5 + ["show the door's code"] * 3
    site.reader.in_view = ()
    while site.verifier.state is not PassageState.IDLE:
        last = site.see_one()
    assert (last.prompt, last.signal) == (None, None)
    assert site.told == [Reason.CODE_FOREIGN]


def test_a_code_of_ours_beside_a_foreign_one_opens_and_the_foreign_one_is_no_record(site: Site) -> None:
    site.reader.in_view = ("https://example.org/menu", shown(site.clock.now()))
    site.see(10)
    assert site.told == [None]


def test_codes_of_other_systems_that_change_all_the_time_are_few_records(site: Site) -> None:
    """A minute of a screen that shows another code each second."""
    for second in range(60):
        site.reader.in_view = (f"https://example.org/{second}",)
        site.see(10)
    assert site.told == [Reason.CODE_FOREIGN] * len(site.told)
    assert len(site.told) <= 12
    site.reader.in_view = ()
    site.rest()
    site.reader.in_view = (shown(site.clock.now()),)
    site.see()
    assert site.told[-1] is None


def test_the_outage_of_a_scanner_is_recorded_once_and_the_camera_goes_on(site: Site) -> None:
    for _ in range(2):
        site.scanner.is_there = False
        site.see(5)
        site.reader.in_view = (shown(site.clock.now()),)
        site.see()
        site.reader.in_view = ()
        site.rest()
        site.scanner.is_there = True
        site.scanner.show(shown(site.clock.now()))
        site.see()
        site.rest()
    assert site.told == [DevicePart.READER, None, None] * 2


def test_the_gap_of_a_door_with_a_scanner_is_the_scanners(site: Site) -> None:
    code = "https://example.org/menu"
    site.scanner.show(code)
    site.see()
    while site.verifier.state is not PassageState.IDLE:
        site.see()
    site.see(GAP_MS // 100 + 1)
    site.scanner.show(code)
    site.see()
    assert len(site.told) == 1
    site.see(AGAIN_MS // 100 + 1)
    site.scanner.show(code)
    site.see()
    assert len(site.told) == 2
