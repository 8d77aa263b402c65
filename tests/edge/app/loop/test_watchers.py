"""The log of a step."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from edge.app.loop.watchers import WAKE_EVERY_MS, ColourWatch, StaffWatch, log_background
from edge.decision import Reason
from edge.face.engine import FaceEvidence
from edge.face.quality import Component
from edge.passage.lane.machine import LaneState
from edge.passage.lane.snapshot import LaneStepResult, LaneUpdate
from edge.passage.machine import PassageState
from edge.passage.snapshot import StepResult
from edge.policy.staff_messages import StaffLevel, StaffMessage, StaffNews
from edge.ports import LaneView
from edge.sync.wake_file import WakeFile


@pytest.mark.parametrize("found", [0, 2])
def test_codes_in_the_background_are_a_warning_without_their_texts(
    capsys: pytest.CaptureFixture[str], found: int
) -> None:
    log_background(StepResult(0, PassageState.IDLE, None, background=found))
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [(line["event"], line["state"], line["count"]) for line in lines] == (
        [("code", "background", found)] if found else []
    )


def door_step(evidence: FaceEvidence | None) -> StepResult:
    return StepResult(0, PassageState.FACE, None, evidence=evidence)


def lane_step(evidence: FaceEvidence | None) -> LaneStepResult:
    view = LaneView(people=0, outer_shut=True, inner_shut=True)
    return LaneStepResult(0, LaneState.OUTSIDE, view, {}, LaneUpdate(evidence=evidence))


@pytest.mark.parametrize("step_of", [door_step, lane_step])
def test_a_camera_without_colour_is_told_once_and_so_is_its_end(
    step_of: Callable[[FaceEvidence | None], StepResult | LaneStepResult],
    capsys: pytest.CaptureFixture[str],
) -> None:
    grey = FaceEvidence(0, reason=Reason.FACE_QUALITY, fta=Component.NATURAL_COLOUR)
    watch = ColourWatch()
    for evidence in (FaceEvidence(1), grey, None, grey, FaceEvidence(1), FaceEvidence(1)):
        watch.see(step_of(evidence))
    told = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [(line["event"], line["state"]) for line in told] == [("camera", "fault"), ("camera", "colour")]
    assert "colour camera" in told[0]["hint"]


DURESS = StaffNews(7, "tower-1/lobby", (StaffMessage(StaffLevel.DURESS, "notice.duress"),))
ASSISTED = StaffNews(8, "tower-1/lobby", (StaffMessage(StaffLevel.NOTE, "notice.assisted"),))


def step(tick_ms: int, *news: StaffNews) -> StepResult:
    return StepResult(tick_ms, PassageState.IDLE, None, staff=news)


def test_the_log_has_each_message_to_staff_and_a_neutral_word_for_duress(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    StaffWatch(tmp_path).see(step(0, DURESS, ASSISTED))
    said = capsys.readouterr().err
    lines = [json.loads(line) for line in said.splitlines()]
    assert [(line["event"], line["record"], line["codes"]) for line in lines] == [
        ("staff", 7, ["routine"]),
        ("staff", 8, ["notice.assisted"]),
    ]
    assert "duress" not in said
    assert len({line["level"] for line in lines}) == 1  # the level does not tell duress apart


@pytest.mark.parametrize(("news", "wakes"), [(DURESS, True), (ASSISTED, False)])
def test_an_alarm_wakes_the_sync_and_a_note_waits(tmp_path: Path, news: StaffNews, wakes: bool) -> None:
    wake = WakeFile(tmp_path)
    StaffWatch(tmp_path).see(step(0, news))
    assert wake.changed() is wakes


def test_an_alarm_soon_after_another_wakes_the_sync_once_and_later(tmp_path: Path) -> None:
    wake, watch = WakeFile(tmp_path), StaffWatch(tmp_path)
    watch.see(step(0, DURESS))
    assert wake.changed()
    watch.see(step(1, DURESS))
    watch.see(step(2, DURESS))
    assert not wake.changed()
    watch.see(step(WAKE_EVERY_MS))
    assert wake.changed()
    watch.see(step(3 * WAKE_EVERY_MS))
    assert not wake.changed()


def test_a_state_folder_that_cannot_be_written_stops_no_passage(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file in place of the folder")
    StaffWatch(tmp_path / "state").see(step(0, DURESS))
