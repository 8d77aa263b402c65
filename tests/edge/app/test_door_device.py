"""A door's device from its configuration to its last record: its start, and every way to end."""

from __future__ import annotations

import itertools
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from samples.journals import database, read_records
from worlds import folders
from worlds.trust import GATE, TRUST, shown

from edge.app.assemble import assemble
from edge.app.authority import AuthorityParts
from edge.app.device_parts import DoorParts
from edge.app.door_device import open_device
from edge.app.loop.run import PARTS, run_device
from edge.app.stages import door_policy
from edge.audit.journal import Journal
from edge.audit.record import AuditRecord, DevicePart, DoorChange, Faulted, Passage, StopCause
from edge.config import Config, parse_config
from edge.errors import CameraFault, Fault, ModelFault, ReaderFault, StorageFault
from edge.passage.machine import PassageTimes
from edge.passage.stages import Stages
from edge.policy.decide import DoorPolicy, FaceRule
from edge.ports import Frame
from edge.trust.replay import ReplayMemory
from hw.sim.clock import SimClock
from hw.sim.door import SimDoor
from hw.sim.reader import SimReader
from hw.sim.signals import SimSignals

PIXELS = np.zeros((4, 4), np.uint8)


class Site:
    """A device at a door without a face, with a camera whose frames a test sets."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "journal.db"
        self.journal = Journal.open(self.path, bytes(32), "lobby-1")
        self.clock = SimClock(TRUST.floor)
        self.door = SimDoor(self.clock)
        self.reader = SimReader()
        self.stop = threading.Event()
        parts = DoorParts(
            camera=self, reader=self.reader, strike=self.door, signals=SimSignals(), clock=self.clock
        )
        policy = DoorPolicy(GATE.site, 1.0, face=FaceRule.NONE)
        ticks = itertools.count(step=1_000)
        stages = Stages(GATE, policy, None, ReplayMemory(), lambda: next(ticks))
        own = AuthorityParts(trust=lambda: TRUST, journal=self.journal, stages=stages)
        self.device = assemble(Config(), parts, own)
        self.verifier = self.device.verifier

    def run(self, *scenes: Callable[[Site], object]) -> int:
        """Work the door; each scene runs before its frame."""
        self.scenes = scenes
        return run_device(self.device, stop=self.stop)

    def frames(self) -> Iterator[Frame]:
        for scene in self.scenes:
            self.clock.advance(100)
            scene(self)
            yield Frame(PIXELS, PIXELS, self.clock.tick_ms())

    def close(self) -> None:
        """Close the camera: there is nothing to close."""

    def records(self) -> list[AuditRecord]:
        return read_records(self.path)


def nothing(site: Site) -> None:
    """A frame of an empty doorway."""


def guest(site: Site) -> None:
    site.reader.in_view = (shown(site.clock.now()),)


def told_to_stop(site: Site) -> None:
    site.stop.set()


def fails_with(error: BaseException) -> Callable[[Site], None]:
    def scene(site: Site) -> None:
        raise error

    return scene


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    site = Site(tmp_path)
    yield site
    site.journal.close()


# Scenes, the error, and the last records.
ENDS: dict[str, tuple[list[Callable[[Site], None]], type[BaseException] | None, list[object]]] = {
    "the film ends": ([nothing], None, [StopCause.END]),
    "Ctrl-C": ([nothing, told_to_stop, guest], None, [StopCause.SIGNAL]),
    "the camera": ([fails_with(CameraFault("gone"))], CameraFault, [DevicePart.CAMERA, StopCause.FAULT]),
    "a model": ([fails_with(ModelFault("gone"))], ModelFault, [DevicePart.MODEL, StopCause.FAULT]),
    "the code reader": ([fails_with(ReaderFault("gone"))], ReaderFault, [DevicePart.READER, StopCause.FAULT]),
    "a fault of no part": ([fails_with(Fault("gone"))], Fault, [DevicePart.PROGRAM, StopCause.FAULT]),
    "a bug": ([fails_with(AssertionError())], AssertionError, [StopCause.BUG]),
    "the reader of the rows has gone": ([fails_with(BrokenPipeError())], BrokenPipeError, [StopCause.SIGNAL]),
}


@pytest.mark.parametrize("end", ENDS)
def test_the_last_record_has_the_cause_of_every_end(end: str, site: Site) -> None:
    scenes, raised, expected = ENDS[end]
    if raised:
        with pytest.raises(raised):
            site.run(*scenes)
    else:
        assert site.run(*scenes) == 0
    told = [record.part if isinstance(record, Faulted) else record.cause for record in site.records()[1:]]
    assert told == expected


@pytest.mark.parametrize("end", ENDS)
def test_after_every_end_the_strike_is_locked(end: str, site: Site) -> None:
    scenes, raised, _ = ENDS[end]
    if raised:
        with pytest.raises(raised):
            site.run(guest, *scenes)
    else:
        site.run(guest, *scenes)
    assert [event.kind for event in site.door.history] == ["released", "relocked"]
    assert not site.door.energised
    changes = [record for record in site.records() if isinstance(record, DoorChange)]
    assert [(change.change, change.cause, change.decision) for change in changes] == [
        ("released", "grant", 1),
        ("relocked", "shutdown", 1),
    ]


def test_a_visitor_after_the_stop_is_not_let_in(site: Site) -> None:
    def stop_and_show(site: Site) -> None:
        told_to_stop(site)
        guest(site)

    assert site.run(nothing, stop_and_show, nothing) == 0
    assert not [record for record in site.records() if isinstance(record, Passage)]
    assert site.door.history == []


def test_a_device_that_cannot_record_its_start_does_not_start(site: Site) -> None:
    database(site.journal).execute("PRAGMA query_only = ON")
    with pytest.raises(StorageFault):
        site.run(guest, guest)
    assert site.door.history == []


def test_every_fault_has_a_part() -> None:
    assert set(PARTS) == {kind for kind in Fault.__subclasses__() if kind.__module__ == "edge.errors"}
    assert set(PARTS.values()) == set(DevicePart) - {DevicePart.PROGRAM}


# -- from a configuration ----------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of a device without a face: trust, and a film for a camera."""
    folders.trust(tmp_path / "trust")
    folders.shoot(tmp_path / "film.avi")
    return tmp_path


def config(text: str = "") -> Config:
    """A door without a face that watches the film; `text` changes keys."""
    plain = ["door.face = 'none'", "camera.device = 'film.avi'"]
    lines = [line for line in plain if line.partition(" ")[0] not in text]
    return parse_config("\n".join([*lines, text]).encode(), Path("door.toml"))


def test_a_device_opens_works_and_closes_everything(folder: Path) -> None:
    with open_device(config(), folder) as device:
        assert run_device(device, stop=threading.Event(), on_moment=lambda _: None) == 0
    seed = (folder / "device.key").read_bytes()
    assert (folder / "device.key").stat().st_mode & 0o777 == 0o600
    with Journal.open(folder / "journal.db", seed, "doorward-1") as journal:  # the device holds it no more
        assert journal.size == 2


BROKEN: dict[str, tuple[str, str]] = {
    "no trust": ("paths.trust = 'nowhere'", "no such folder"),
    "no camera": ("camera.device = 'nothing.avi'", "does not exist"),
    "no models": ("door.face = 'required'\npaths.models = '.'", "models are not built"),
}


@pytest.mark.parametrize("part", BROKEN)
def test_a_start_that_fails_leaves_no_key_and_no_journal(part: str, folder: Path) -> None:
    text, message = BROKEN[part]
    before = set(folder.iterdir())
    with pytest.raises(Fault, match=message), open_device(config(text), folder):
        pytest.fail("it opened")
    assert set(folder.iterdir()) == before


def test_a_door_with_passive_pad_does_not_start_without_its_weights(folder: Path, built_models: Path) -> None:
    shutil.copytree(built_models, folder / "models", ignore=shutil.ignore_patterns("pad_*"))
    text = "door.face = 'required'\npaths.models = 'models'\nface.pad = ['geometry', 'passive']"
    with pytest.raises(ModelFault, match="passive PAD") as caught, open_device(config(text), folder):
        pytest.fail("it opened")
    assert caught.value.hint == "build the models again: doorward models fetch"


def test_the_camera_of_the_command_line_replaces_the_configured_one(folder: Path) -> None:
    with (
        pytest.raises(CameraFault, match="/dev/video77 does not exist"),
        open_device(config(), folder, camera="77"),
    ):
        pytest.fail("it opened")


@pytest.mark.parametrize("rule", list(FaceRule))
def test_the_face_rule_is_that_of_the_configuration(rule: FaceRule) -> None:
    policy = door_policy(parse_config(f'door.face = "{rule}"'.encode(), Path("door.toml")), None)
    assert policy.face is rule  # the rule, not its text: edge.policy.decide compares identities
    assert policy.similarity == 1.0


def test_a_code_that_was_shown_before_a_new_configuration_is_refused_after_it(site: Site) -> None:
    codes: list[str] = []

    def shows(site: Site) -> None:
        codes.append(codes[0] if codes else shown(site.clock.now()))
        site.reader.in_view = (codes[0],)

    def new_policy(site: Site) -> None:
        site.reader.in_view = ()
        site.clock.advance(10_000)  # the visitor has gone

    def adopts(site: Site) -> None:
        stages = site.verifier.stages
        policy = DoorPolicy(GATE.site, 1.0, face=FaceRule.NONE, release_ms=400)
        site.verifier.adopt(replace(stages, policy=policy), PassageTimes())

    site.run(shows, new_policy, nothing, new_policy, nothing, adopts, shows, nothing)
    assert [r.reason for r in site.records() if isinstance(r, Passage)] == [None, "card.replayed"]


def test_nothing_is_adopted_in_the_middle_of_a_passage(site: Site) -> None:
    def adopts(site: Site) -> None:
        site.verifier.adopt(site.verifier.stages, PassageTimes())

    with pytest.raises(AssertionError, match="ends with the stages it began with"):
        site.run(guest, adopts)
