"""`doorward run` with a film: the whole device in its own process, in real time.

The film is like that of a webcam: a phone with a code of this minute, then its holder.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from peers.scanner_on_pty import EngineOnPty
from samples.journals import read_records
from samples.traces import Haystack
from worlds import folders
from worlds.office import new_holder, new_issuer

from edge.app.demo.cast import Cast
from edge.audit.record import DevicePart, DoorChange, Faulted, Outcome, Passage, StopCause, Stopped
from edge.card.claims import TemplateReference
from edge.decision import Reason
from edge.face.engine import FaceEngine
from edge.face.template import TemplateFormat
from edge.ports import DoorEventKind
from hw.sim.pictures.phone import phone
from hw.sim.pictures.scene import CODE_SIZE, empty, hold_up, visitor
from tools.issuing.wallet import Wallet

FPS = 10
DOOR = """
[door]
site = "tower-1/lobby"
release_ms = 400
staffed = true
[camera]
device = "film.avi"
[paths]
trust = "trust"
models = "{models}"
"""


@dataclass(frozen=True)
class Ran:
    """The exit code and the output of a run."""

    code: int
    out: str
    err: str

    @property
    def rows(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def told(self) -> list[str]:
        """The lines for a technician; JSON lines are the service's log."""
        return [line for line in self.err.splitlines() if not line.startswith("{")]


@dataclass(frozen=True)
class Lobby:
    """A holder, and the device's folder: trust and configuration."""

    folder: Path
    wallet: Wallet
    cast: Cast

    def phone(self, seconds: float) -> list[np.ndarray]:
        """The holder's phone, with a code that is made now."""
        shown = phone(self.wallet.code(datetime.now(UTC)))
        return self._lasting([hold_up(shown, seed=seed) for seed in range(2)], seconds)

    def holder(self, seconds: float) -> list[np.ndarray]:
        moments = [visitor(self.cast.sitter("Erin"), size=CODE_SIZE, seed=seed) for seed in range(2)]
        return self._lasting(moments, seconds)

    def empty_lobby(self, seconds: float) -> list[np.ndarray]:
        return self._lasting([empty(size=CODE_SIZE)], seconds)

    @staticmethod
    def _lasting(moments: list[np.ndarray], seconds: float) -> list[np.ndarray]:
        return [moments[number % len(moments)] for number in range(round(seconds * FPS))]

    def shoot(self, pictures: list[np.ndarray]) -> None:
        folders.shoot(self.folder / "film.avi", pictures, fps=FPS)

    def start(self, *more: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "edge", "run", "--config", str(self.folder / "door.toml"), *more]
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def run(self, *more: str) -> Ran:
        with self.start("--json", *more) as device:
            out, err = device.communicate(timeout=60)
        return Ran(device.returncode, out, err)

    def traces_in(self, ran: Ran) -> list[str]:
        """The data of this holder in the output of a run, or in its files."""
        claims = self.wallet.claims()
        assert isinstance(claims.face, TemplateReference)
        secret = {
            "card": self.wallet.card,
            "id": claims.card_id,
            "key": claims.holder_key,
            "face": claims.face.data,
        }
        left = [file.read_bytes() for file in self.folder.glob("journal.db*")]
        everything = b"\n".join([ran.out.encode(), ran.err.encode(), *left])
        found = [name for name, data in secret.items() if Haystack(everything).holds(data)]
        words = ("EC1:", "Erin", claims.issuer, claims.status.uri)
        return found + [word for word in words if word.encode() in everything]

    def records(self) -> list[object]:
        return read_records(self.folder / "journal.db")


@pytest.fixture
def lobby(engine: FaceEngine, cast: Cast, built_models: Path, tmp_path: Path) -> Lobby:
    now = datetime.now(UTC)
    issuer = new_issuer("HK-TOWERS", now=now)
    face = TemplateReference(TemplateFormat.INT8_64, engine.model_id, engine.enrol(cast.enrolment("Erin")))
    wallet = new_holder(issuer, now=now, face=face)
    folders.trust(tmp_path / "trust", issuer, now)
    (tmp_path / "door.toml").write_text(DOOR.format(models=built_models))
    return Lobby(tmp_path, wallet, cast)


def passages(records: list[object]) -> list[Passage]:
    return [record for record in records if isinstance(record, Passage)]


def changes(records: list[object]) -> list[DoorEventKind]:
    return [record.change for record in records if isinstance(record, DoorChange)]


@pytest.mark.slow
def test_the_holder_of_a_fresh_code_is_let_in_without_a_trace_of_personal_data(lobby: Lobby) -> None:
    lobby.shoot(lobby.phone(3) + lobby.holder(9))
    ran = lobby.run("--passages", "1")
    assert (ran.code, ran.told) == (0, [])
    assert [(row["outcome"], row["reason"], row["record"]) for row in ran.rows] == [("grant", None, 1)]
    records = lobby.records()
    assert [passage.outcome for passage in passages(records)] == [Outcome.GRANT]
    assert changes(records) == [DoorEventKind.RELEASED, DoorEventKind.RELOCKED]
    released, relocked = (record for record in records if isinstance(record, DoorChange))
    assert (
        relocked.tick_ms - released.tick_ms == 400
    )  # the whole release, not the one frame until the run ended
    assert (released.decision, relocked.decision) == (1, 1)
    assert isinstance(records[-1], Stopped)
    assert lobby.traces_in(ran) == []


def test_a_film_that_ends_with_an_empty_lobby_ends_the_run_in_order(lobby: Lobby) -> None:
    lobby.shoot(lobby.empty_lobby(0.5))
    assert lobby.run() == Ran(0, "", "")
    last = lobby.records()[-1]
    assert isinstance(last, Stopped)
    assert last.cause is StopCause.END


@pytest.mark.slow
def test_a_camera_that_fails_in_mid_passage_denies_the_passage(lobby: Lobby) -> None:
    lobby.shoot(lobby.phone(4) + lobby.empty_lobby(0.5))
    ran = lobby.run()
    assert (ran.code, ran.rows) == (3, [])
    assert ran.told == [
        "error: the film ended in the middle of a passage",
        "hint: use a film that ends with an empty doorway",
    ]
    records = lobby.records()
    assert [passage.reason for passage in passages(records)] == [Reason.DEVICE_FAULT]
    assert changes(records) == []
    fault, _, last = records[-3:]
    assert isinstance(fault, Faulted)
    assert fault.part is DevicePart.CAMERA
    assert isinstance(last, Stopped)
    assert last.cause is StopCause.FAULT


def test_ctrl_c_during_the_face_comparison_records_the_passage(lobby: Lobby) -> None:
    lobby.shoot(lobby.phone(3) + lobby.empty_lobby(9))
    with lobby.start() as device:
        assert device.stdout is not None
        assert device.stderr is not None
        assert device.stdout.readline() == "ready: tower-1/lobby, watching the camera; Ctrl-C stops\n"
        assert json.loads(device.stderr.readline())["show"] == "look here"
        device.send_signal(signal.SIGINT)
        out, err = device.communicate(timeout=30)
    assert device.returncode == 0
    assert out == ""
    assert "error" not in err
    records = lobby.records()
    assert [passage.reason for passage in passages(records)] == [Reason.PASSAGE_INTERRUPTED]
    assert changes(records) == []


def test_a_scanner_reads_the_code_while_the_camera_looks_for_the_face(lobby: Lobby) -> None:
    """The phone is not in the picture: it lies on the scanner."""
    engine = EngineOnPty(lobby.folder)
    with (lobby.folder / "door.toml").open("a") as config:
        config.write('[scanner]\nkind = "serial"\nport = "scanner"\n')
    lobby.shoot(lobby.holder(12))
    with lobby.start("--passages", "1") as device:
        assert device.stdout is not None
        assert device.stdout.readline().startswith("ready")
        engine.say(f"{lobby.wallet.code(datetime.now(UTC))}\r\n".encode())
        out, err = device.communicate(timeout=60)
    engine.close()
    assert device.returncode == 0, err
    assert out.startswith("grant")
    assert changes(lobby.records()) == [DoorEventKind.RELEASED, DoorEventKind.RELOCKED]
