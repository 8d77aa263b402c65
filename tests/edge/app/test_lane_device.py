"""A lane's device from its configuration to its last record."""

from __future__ import annotations

import socket
import threading
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from samples.journals import DEVICE, SEED, read_records, write_chain
from worlds import folders
from worlds.trust import verified

from edge.app.lane_device import open_lane
from edge.app.loop.lane_frames import CameraPair
from edge.app.loop.run import run_device
from edge.app.parts.trust_folder import open_files
from edge.audit.segments import closed_segments
from edge.config import Config, parse_config
from edge.errors import CameraFault, ConfigError, Fault
from edge.passage.lane.events import Side
from edge.passage.lane.machine import LaneState
from edge.passage.lane.snapshot import LaneStepResult
from edge.policy.risk import sightings_file
from edge.ports import Frame
from edge.upload.outbox import Outbox

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
    return [type(record).__name__ for record in read_records(journal)]


def test_a_lane_opens_works_and_closes_everything(folder: Path, built_models: Path) -> None:
    moments: list[LaneStepResult] = []
    text = (
        f"paths.models = '{built_models}'\nlane.other_trust = 'other'\nlane.socket = 'a'\n"
        "lane.other_socket = 'b'\nlane.documents = ['travel-permit']"
    )
    with open_lane(config(text), folder) as device:
        assert {(folder / name).is_socket() for name in "ab"} == {True}
        assert run_device(device, stop=threading.Event(), on_moment=moments.append) == 0
    assert LaneState.IDLE in {
        step.state for step in moments
    }  # the sensors of the simulated lane show it empty
    for journal in ("journal.db", "other-journal.db"):
        assert kinds(folder / journal)[0] == "Started"
        assert kinds(folder / journal)[-1] == "Stopped"
    assert not (folder / "a").exists()
    first, other = ((folder / name).read_bytes() for name in ("device.key", "other-device.key"))
    assert first != other


HUBS = "hub.url = 'https://own.example'\nlane.other_hub_url = 'https://other.example'\n"


def test_the_metrics_of_a_lane_are_served_while_it_works(folder: Path, built_models: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    told: list[str] = []

    def scrape(_: LaneStepResult) -> None:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
            told.append(answer.read().decode())

    with open_lane(config(f"paths.models = '{built_models}'\nmetrics.port = {port}\n"), folder) as device:
        run_device(device, stop=threading.Event(), on_moment=scrape)
    assert 'doorward_trust_age_seconds{part="status"}' in told[-1]
    assert "doorward_journal_records 1.0" in told[-1]


CARD = "0" * 12


def test_each_authority_of_a_lane_has_the_sightings_of_its_own_hub(folder: Path, built_models: Path) -> None:
    doors = {"state": "tower-2", "state/other": "airport"}
    for state, door in doors.items():
        open_files(folder / state).write(sightings_file.FILE, sightings_file.encode({CARD: {door: 1}}))
    text = f"paths.models = '{built_models}'\nlane.other_trust = 'other'\n"
    with open_lane(config(text), folder) as device:
        run_device(device, stop=threading.Event())
        pasts = [authority.stages.visit_rules.history for authority in device.verifier._authorities]
    assert [list(history.sightings[CARD]) for history in pasts] == [["tower-2"], ["airport"]]


def test_the_two_doors_of_a_lane_count_as_one_door(folder: Path, built_models: Path) -> None:
    card = verified()
    told = {
        card.pseudonym: dict.fromkeys(("tower-1/lobby/outer", "tower-1/lobby/inner", "tower-2", "tower-3"), 1)
    }
    open_files(folder / "state").write(sightings_file.FILE, sightings_file.encode(told))
    with open_lane(config(f"paths.models = '{built_models}'\n"), folder) as device:
        run_device(device, stop=threading.Event())
        history = device.verifier._authorities[0].stages.visit_rules.history
    assert history.doors(card, datetime.fromtimestamp(0, UTC)) == 2  # this one, and one of two towers


ALL, LAST = [0, 2, 4, 6], [6]  # the first records of the closed files that stay
# The hubs of the configuration, the records that they acknowledged, and the closed files that stay.
KEPT: dict[str, tuple[str, dict[str, int], list[int], list[int]]] = {
    "neither hub has acknowledged": (HUBS, {}, ALL, ALL),
    "the device's own hub has all": (HUBS, {"own": 6}, LAST, ALL),
    "the other's hub has all": (HUBS, {"other": 6}, ALL, LAST),
    "both hubs have all": (HUBS, {"own": 6, "other": 6}, LAST, LAST),
    "the other has no hub": (HUBS.splitlines()[0], {"own": 6}, LAST, ALL),
}


@pytest.mark.parametrize("case", KEPT)
def test_a_file_stays_until_the_hub_of_its_own_authority_acknowledged_it(
    case: str, folder: Path, built_models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text, acknowledged, *kept = KEPT[case]
    monkeypatch.setattr("edge.audit.housekeeper.free_bytes", lambda _: 0)
    states = {"own": folder / "state", "other": folder / "state/other"}
    for path in ("own", "other"):
        (folder / f"{path}.d").mkdir()
        write_chain(folder / f"{path}.d", [2, 2, 2, 1])
        (folder / f"{path}.key").touch(0o600)
        (folder / f"{path}.key").write_bytes(SEED)
        if path in acknowledged:
            with Outbox(folder / f"{path}.d/journal.db", states[path], f"https://{path}.example") as outbox:
                outbox.acknowledge(acknowledged[path])
    names = (
        f"device.id = '{DEVICE}'\ndevice.key = 'own.key'\npaths.journal = 'own.d/journal.db'\n"
        f"lane.other_id = '{DEVICE}'\nlane.other_key = 'other.key'\nlane.other_trust = 'other'\n"
        f"lane.other_journal = 'other.d/journal.db'\npaths.models = '{built_models}'\n"
    )
    with open_lane(config(names + text), folder) as device:
        for housekeeper in device.housekeepers:
            housekeeper.rest()
    journals = [folder / f"{path}.d/journal.db" for path in ("own", "other")]
    assert [[first for first, _ in closed_segments(path)] for path in journals] == kept


WRONG: dict[str, tuple[str, type[Exception], str]] = {
    "no lane": ("door.venue = 'door'", ConfigError, "is not a lane"),
    "an unknown document": (
        "lane.documents = ['library-card']",
        ConfigError,
        "is not a type of document",
    ),
    "no trust of the other authority": ("lane.other_trust = 'nowhere'", Fault, "no such folder"),
    "no camera inside": ("lane.inner_camera = 'nothing.avi'", CameraFault, "does not exist"),
}


@pytest.mark.parametrize("part", WRONG)
def test_a_lane_that_cannot_open_leaves_no_journal(part: str, folder: Path, built_models: Path) -> None:
    text, error, message = WRONG[part]
    kept = [line for line in FILMS.splitlines() if line.partition(" ")[0] not in text]
    root = parse_config(
        "\n".join([*kept, text, f"paths.models = '{built_models}'"]).encode(), Path("lane.toml")
    )
    with pytest.raises(error, match=message), open_lane(root, folder):
        pytest.fail("it opened")
    assert not [*folder.glob("*.db")]


INCOHERENT: dict[str, tuple[str, str]] = {
    "no face": ("door.face = 'none'", "is not allowed with venue"),
    "a real door with simulated sensors": ("strike.kind = 'gpio'\nlane.inner = 'gpio'", "and some are not"),
    "one real door": ("strike.kind = 'gpio'\nlane.sensors = 'gpio'", "and some are not"),
    "a controller without its kind of lock": (
        "strike.kind = 'gpio'\nlane.sensors = 'gpio'\nlane.inner = 'controller'", "needs inner_lock",
    ),
    "two things on one pin": (
        "strike.kind = 'gpio'\nlane.sensors = 'gpio'\nlane.inner = 'gpio'\nlane.inner_pin = 5", r"\[lane\] outer_contact: pin 5 is already \[lane\] inner_pin",
    ),
    "one journal for two authorities": (
        "lane.other_trust = 'other'\nlane.other_journal = 'journal.db'", r'other_journal: "journal.db" is already \[paths\] journal',
    ),
    "one trust folder for two authorities": ("lane.other_trust = 'trust'", 'other_trust: "trust" is already'),
    "one key for two authorities": (
        "lane.other_trust = 'other'\nlane.other_key = 'device.key'", 'other_key: "device.key" is already',
    ),
    "half a certificate for the other hub": ("lane.other_hub_cert = 'hub.pem'", "other_hub_cert needs other_hub_cert_key"),
    "an officer without a role": ("lane.officers = ['anna']", r'\[lane\] officers: "anna" is not a user'),
}  # fmt: skip


@pytest.mark.parametrize("case", INCOHERENT)
def test_keys_that_contradict_each_other_are_refused(case: str) -> None:
    text, message = INCOHERENT[case]
    with pytest.raises(ConfigError, match=message):
        config(text)


class Reel:
    """A camera that plays frames and faults."""

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
    """A camera that gives one frame, and then waits until it is closed."""

    def __init__(self, frame: Frame) -> None:
        super().__init__(frame)
        self._closed = threading.Event()

    def frames(self) -> Iterator[Frame]:
        yield from super().frames()
        self._closed.wait()

    def close(self) -> None:
        self._closed.set()


FRAME = Frame(np.zeros((2, 2), np.uint8), np.zeros((2, 2, 3), np.uint8), 0)


def watch(cameras: CameraPair) -> None:
    while True:
        cameras.next()


@pytest.mark.parametrize("passing", [False, True], ids=["never comes back", "never gave a frame"])
def test_a_camera_that_is_lost_ends_the_lane(passing: bool) -> None:
    cameras = {Side.OUTER: Still(FRAME), Side.INNER: Reel(CameraFault("gone", passing=passing))}
    with CameraPair(cameras).looking() as camera_pair, pytest.raises(CameraFault, match="gone"):
        watch(camera_pair)


def test_a_camera_that_fails_and_works_again_is_logged_twice(
    capsys: pytest.CaptureFixture[str],
) -> None:
    away = CameraFault("unplugged", passing=True)

    class Flaky(Still):
        """Gives a frame, fails three times, and gives a frame again."""

        def __init__(self) -> None:
            super().__init__(FRAME)
            self.back = threading.Event()
            self._tries = 0

        def frames(self) -> Iterator[Frame]:
            self._tries += 1
            if 1 < self._tries < 5:
                raise away
            yield FRAME
            if self._tries == 1:
                raise away
            self.back.set()
            self._closed.wait()

    camera = Flaky()
    with CameraPair({Side.OUTER: camera, Side.INNER: Still(FRAME)}).looking():
        assert camera.back.wait(60)
    said = capsys.readouterr().err.splitlines()
    assert ["fault" in line for line in said] == [True, False]
    assert "seeing" in said[1]


def test_a_frame_is_given_once_and_the_latest_counts() -> None:
    with CameraPair({Side.OUTER: Still(FRAME), Side.INNER: Still(FRAME)}).looking() as cameras:
        seen = []
        while len(seen) < 2:
            sights = cameras.next()
            assert sights is not None
            seen += [frame for frame in (sights.outside, sights.inside) if frame is not None]
        sights = cameras.next()
        assert sights is not None
        assert (sights.outside, sights.inside, sights.lost) == (None, None, frozenset())
