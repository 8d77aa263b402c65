"""A lane's device from its configuration to its last record."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from worlds import folders

from edge.app.lane_device import open_lane, run_lane
from edge.app.lane_loop import CameraPair
from edge.audit.evidence import open_segment_reader
from edge.config import Config, parse_config
from edge.errors import CameraFault, ConfigError, Fault
from edge.passage.lane.events import Side
from edge.passage.lane.machine import LaneState
from edge.passage.lane.snapshot import LaneStepResult
from edge.ports import Frame

FILMS = "door.venue = 'lane'\ncamera.device = 'film.avi'\nlane.inner_camera = 'film.avi'\n"


def config(text: str = "") -> Config:
    return parse_config((FILMS + text).encode(), Path("lane.toml"))


@pytest.fixture
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two authorities' trust, and a film of an empty lane; a short path, for the sockets in it."""
    folder = tmp_path_factory.mktemp("l")
    for trust in ("trust", "other"):
        folders.trust(folder / trust)
    folders.shoot(folder / "film.avi")
    return folder


def kinds(journal: Path) -> list[str]:
    with open_segment_reader(journal) as evidence:
        evidence.verify()
        return [type(entry.record).__name__ for entry in evidence.entries()]


def test_a_lane_opens_works_and_closes_everything(folder: Path, built_models: Path) -> None:
    moments: list[LaneStepResult] = []
    text = (
        f"paths.models = '{built_models}'\nlane.other_trust = 'other'\nlane.socket = 'a'\n"
        "lane.other_socket = 'b'\nlane.documents = ['travel-permit']"
    )
    with open_lane(config(text), folder) as device:
        assert {(folder / name).is_socket() for name in "ab"} == {True}
        assert run_lane(device, stop=threading.Event(), on_moment=moments.append) == 0
    assert LaneState.IDLE in {moment.state for moment in moments}  # the simulated lane is seen to be empty
    for journal in ("journal.db", "other-journal.db"):
        assert kinds(folder / journal)[0] == "Started"
        assert kinds(folder / journal)[-1] == "Stopped"
    assert not (folder / "a").exists()
    first, other = ((folder / name).read_bytes() for name in ("device.key", "other-device.key"))
    assert first != other


WRONG: dict[str, tuple[str, type[Exception], str]] = {
    "no lane": ("door.venue = 'door'", ConfigError, "no lane"),
    "a document that there is not": (
        "lane.documents = ['library-card']",
        ConfigError,
        "no document is called",
    ),
    "no trust of the other authority": ("lane.other_trust = 'nowhere'", Fault, "no such folder"),
    "no camera inside": ("lane.inner_camera = 'nothing.avi'", CameraFault, "there is no"),
}


@pytest.mark.parametrize("part", WRONG)
def test_a_lane_that_cannot_open_leaves_no_journal(part: str, folder: Path, built_models: Path) -> None:
    text, error, message = WRONG[part]
    kept = [line for line in FILMS.splitlines() if line.partition(" ")[0] not in text]
    whole = parse_config(
        "\n".join([*kept, text, f"paths.models = '{built_models}'"]).encode(), Path("lane.toml")
    )
    with pytest.raises(error, match=message), open_lane(whole, folder):
        pytest.fail("it opened")
    assert not [*folder.glob("*.db")]


INCOHERENT: dict[str, tuple[str, str]] = {
    "no face": ("door.face = 'none'", "looks at the face inside"),
    "a real door with simulated sensors": ("strike.kind = 'gpio'\nlane.inner = 'gpio'", "simulated as a whole"),
    "one real door": ("strike.kind = 'gpio'\nlane.sensors = 'gpio'", "simulated as a whole"),
    "a controller whose lock is not said": (
        "strike.kind = 'gpio'\nlane.sensors = 'gpio'\nlane.inner = 'controller'", "inner_lock must be said",
    ),
    "two things on one pin": (
        "strike.kind = 'gpio'\nlane.sensors = 'gpio'\nlane.inner = 'gpio'\nlane.inner_pin = 5", "on one pin",
    ),
    "an officer without a role": ("lane.officers = ['anna']", "lane.officers"),
}  # fmt: skip


@pytest.mark.parametrize("case", INCOHERENT)
def test_words_that_contradict_each_other_are_said_so(case: str) -> None:
    text, message = INCOHERENT[case]
    with pytest.raises(ConfigError, match=message):
        config(text)


class Reel:
    """A camera that plays frames and faults, and waits for the test between them."""

    def __init__(self, *scenes: Frame | Exception) -> None:
        self._scenes = list(scenes)

    def frames(self) -> Iterator[Frame]:
        while self._scenes:
            scene = self._scenes.pop(0)
            if isinstance(scene, Exception):
                raise scene
            yield scene

    def close(self) -> None:
        self._scenes.clear()


class Still(Reel):
    """A camera that shows one frame, and nothing more until it is closed."""

    def __init__(self, frame: Frame) -> None:
        super().__init__(frame)
        self._closed = threading.Event()

    def frames(self) -> Iterator[Frame]:
        yield from super().frames()
        self._closed.wait()

    def close(self) -> None:
        self._closed.set()


FRAME = Frame(np.zeros((2, 2), np.uint8), np.zeros((2, 2, 3), np.uint8), 0)


def watch(eyes: CameraPair) -> None:
    while True:
        eyes.next()


def test_a_camera_that_will_not_come_back_ends_the_lane() -> None:
    cameras = {Side.OUTER: Still(FRAME), Side.INNER: Reel(CameraFault("gone"))}
    with CameraPair.open(cameras) as eyes, pytest.raises(CameraFault, match="gone"):
        watch(eyes)


def test_a_frame_is_told_once_and_the_latest_counts() -> None:
    with CameraPair.open({Side.OUTER: Still(FRAME), Side.INNER: Still(FRAME)}) as eyes:
        seen = []
        while len(seen) < 2:
            sights = eyes.next()
            assert sights is not None
            seen += [frame for frame in (sights.outside, sights.inside) if frame is not None]
        sights = eyes.next()
        assert sights is not None
        assert (sights.outside, sights.inside, sights.lost) == (None, None, frozenset())
