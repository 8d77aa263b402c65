"""The log of a step."""

from __future__ import annotations

import json

import pytest

from edge.app.loop.watchers import log_background
from edge.passage.machine import PassageState
from edge.passage.snapshot import StepResult


@pytest.mark.parametrize("found", [0, 2])
def test_codes_in_the_background_are_a_warning_without_their_texts(
    capsys: pytest.CaptureFixture[str], found: int
) -> None:
    log_background(StepResult(0, PassageState.IDLE, None, background=found))
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [(line["event"], line["state"], line["count"]) for line in lines] == (
        [("code", "background", found)] if found else []
    )
