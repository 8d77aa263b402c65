"""A stop in the middle of a passage: the strike relocks first, and the record is complete."""

from __future__ import annotations

import secrets
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from samples.journals import read_records

from edge.app.demo.cast import Cast
from edge.app.demo.passages import SCENES, Before, DemoScene
from edge.app.demo.play import Theatre
from edge.app.demo.world import World
from edge.audit.evidence import verify
from edge.audit.record import DoorChange, Passage, StopCause, Stopped
from edge.decision import Reason
from edge.face.engine import FaceEngine
from edge.passage.machine import PassageState
from edge.ports import DoorEventKind

if TYPE_CHECKING:
    from edge.passage.verifier import StepResult


@pytest.fixture
def world(engine: FaceEngine, cast: Cast) -> World:
    return World(engine, cast)


MOVES = next(scene for scene in SCENES if scene.face is Before.MOVES)


def interrupted_in(
    state: PassageState, world: World, folder: Path, scene: DemoScene = SCENES[0]
) -> list[object]:
    """Play a genuine passage, stop in `state`, and return the records of the journal."""
    theatre = Theatre(world, folder, secrets.token_bytes(32))
    stop = threading.Event()

    def watch(step: StepResult) -> None:
        if step.state is state:
            stop.set()

    theatre.play(scene, stop=stop, on_moment=watch)
    theatre.close(StopCause.SIGNAL)
    assert verify(theatre.journal_path).size > 0
    return read_records(theatre.journal_path)


@pytest.mark.parametrize(
    ("state", "scene"), [(PassageState.FACE, SCENES[0]), (PassageState.CHALLENGE, MOVES)]
)
def test_a_stop_during_the_face_comparison_is_recorded_as_interrupted(
    state: PassageState, scene: DemoScene, world: World, tmp_path: Path
) -> None:
    *_, passage, stopped = interrupted_in(state, world, tmp_path, scene)
    assert isinstance(passage, Passage)
    assert passage.reason is Reason.PASSAGE_INTERRUPTED
    assert isinstance(stopped, Stopped)


def test_a_stop_with_a_released_strike_relocks_it_and_records_that(world: World, tmp_path: Path) -> None:
    told = interrupted_in(PassageState.RELEASED, world, tmp_path)
    changes = [record.change for record in told if isinstance(record, DoorChange)]
    assert changes == [DoorEventKind.RELEASED, DoorEventKind.RELOCKED]
    assert isinstance(told[-1], Stopped)
    assert told[-1].cause is StopCause.SIGNAL


@pytest.mark.usefixtures("built_models", "photos")
def test_ctrl_c_ends_the_running_device_in_order(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "edge", "run", "--sim", "--journal", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as device:
        assert device.stdout is not None
        assert device.stdout.readline().startswith("ready")
        device.stdout.readline()  # the first passage is over, the second begins
        device.send_signal(signal.SIGINT)
        _, errors = device.communicate(timeout=30)
    assert device.returncode == 0
    assert errors == ""
    last = read_records(tmp_path / "journal.db")[-1]
    assert isinstance(last, Stopped)
    assert last.cause is StopCause.SIGNAL
