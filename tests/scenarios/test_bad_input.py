"""Wrong input of every kind: one line names the error, one line is a hint, and no data is lost.

Every row is a command in its own process, in an empty folder. `{word}` in a command stands for a file of
`things`.
"""

from __future__ import annotations

import os
import resource
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pytest
from conftest import ROOT
from PIL import Image
from samples.journals import write_journal
from worlds import folders
from worlds.office import new_issuer

from edge.app.parts.keys import device_seed
from edge.audit.evidence import verify
from edge.audit.journal import Journal

SMALL_DISK = 12 * 1024  # limit of a file in bytes: a journal's tables take 20 kB


@dataclass(frozen=True)
class Case:
    """A command, the expected answer, and the new files in its folder afterwards."""

    command: str
    exit: int
    error: str
    hint: str
    config: str = ""
    leaves: tuple[str, ...] = ()
    disk: int | None = None
    models: bool = False


DEVICE = "run --config door.toml"
CUT_SHORT = ("device.key", "journal.db", "journal.db.lock", "journal.db.readers")  # an empty journal.db
MADE = (*CUT_SHORT, "state")

# One command reads them all, and each gets its two lines.
PICTURES = {
    "{torn}": ("the picture is damaged or cut short", "copy the file again"),
    "{huge}": ("10000 x 10000 is more than 50 megapixels", "scale the picture down"),
    "{empty}": ("the file is empty", "copy the file again"),
    "{garbage}": ("not a picture that this program can read", "save it as PNG or JPEG"),
    "nothing.png": ("there is no such file", "check the path"),
    ".": ("is a folder", "name the files in it"),
    "/dev/zero": ("larger than 32 MB", "save the picture in a smaller size"),
}

CASES: dict[str, Case] = {
    # trust
    "trust folder with a broken key": Case(
        "code verify --trust {broken} {empty}", 3, "issuers/{kid}.json: public_key", "fetch this file again"
    ),
    "trust folder missing": Case("code verify --trust nowhere {empty}", 3, "nowhere: no such folder", "publish"),
    "trust folder with an impossible name": Case(
        f"code verify --trust {'a' * 5000} {{empty}}", 3, "aaaa", "publish"
    ),
    "a door with a broken key": Case(
        DEVICE, 3, "issuers/{kid}.json: public_key", "fetch this file again", "paths.trust = '{broken}'"
    ),
    "a door without a trust folder": Case(DEVICE, 3, "nowhere: no such folder", "publish", "paths.trust = 'nowhere'"),
    # the log
    "log in a missing folder": Case(
        DEVICE, 3, "journal nowhere/j.db: no such file", "folder exists", "paths.journal = 'nowhere/j.db'", ("device.key",)
    ),
    "log in a read-only place": Case(
        DEVICE, 3, "journal /proc/j.db: no such file", "can write there", "paths.journal = '/proc/j.db'", ("device.key",)
    ),
    "a folder as log": Case(DEVICE, 3, "journal .: is a folder", "[paths] journal", "paths.journal = '.'"),
    "a log that is not a database": Case(
        DEVICE, 3, "journal {garbage}: it is not a database", "another file", "paths.journal = '{garbage}'", ("device.key",)
    ),
    "the log of another device": Case(
        DEVICE, 3, "journal {foreign}: the file belongs to another device", "each device needs its own", "paths.journal = '{foreign}'", ("device.key",)
    ),
    "the log of a running device": Case(
        DEVICE, 3, "journal {held}: another process is writing it", "stop the other", "paths.journal = '{held}'", ("device.key",)
    ),
    "a device key cut short": Case(DEVICE, 3, "{empty}: is not a device key", "put the right file back", "device.key = '{empty}'"),
    "full disk": Case(DEVICE, 3, "journal journal.db: the disk", "", leaves=CUT_SHORT, disk=SMALL_DISK),
    "a disk too full for a key": Case(DEVICE, 3, "device.key: cannot be written: file too large", "ulimit", disk=0),
    "not a journal": Case("log verify {garbage}", 2, "{garbage}: not a journal", "[paths] journal"),
    # the configuration
    "unknown key": Case("config check {misspelt}", 2, "{misspelt}:2: unknown key [door] relase_ms", "did you mean release_ms"),
    "unknown key at start": Case("run --config {misspelt}", 2, "{misspelt}:2: unknown key", "did you mean"),
    "missing configuration": Case("run --config nothing.toml", 2, "nothing.toml: cannot be read: no such file", "config show"),
    "an endless configuration": Case("config check /dev/zero", 2, "/dev/zero: is larger than 64 kB", "door.toml"),
    "an option that would be ignored": Case("run --journal .", 2, "--journal needs --sim", "[paths] journal"),
    # the camera
    "camera that does not exist": Case(DEVICE + " --camera 77", 3, "camera: /dev/video77 does not exist", "ls /dev/video"),
    "a camera with no possible name": Case(f"{DEVICE} --camera {'a' * 5000}", 3, "camera: aaa", "ls /dev/video"),
    "a film that is not a film": Case(DEVICE + " --camera {garbage}", 3, "camera {garbage}: OpenCV cannot open it", "name a video file", leaves=MADE),
    # models and photographs
    "models not built": Case("face compare {garbage} {garbage} --models .", 3, "manifest.toml: the models are not built", "doorward models fetch"),
    "a model that was altered": Case(
        "face compare {garbage} {garbage} --models {altered}", 3, "{altered}/face_mesh.tflite: the sha256 is", "doorward models fetch", models=True
    ),
    "no photographs": Case("demo --photos {trust}", 2, "{trust}/sample3.jpg: the demo's photographs are missing", "doorward models fetch", models=True),
    "demo over the log of a door": Case("demo --out {door}", 3, "{door}/journal.db: is not the journal of a demo", "--out DIR", models=True),
    "demo on a full disk": Case(
        "demo --out out", 3, "journal out/journal.db: the disk", "", leaves=("out",), disk=SMALL_DISK, models=True
    ),
}  # fmt: skip


@pytest.fixture(scope="session")
def things(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path | str]:
    """All things that a command can be given by mistake."""
    folder = tmp_path_factory.mktemp("things")
    issuer = new_issuer()
    names = (
        "torn.jpg",
        "huge.png",
        "empty",
        "garbage",
        "misspelt.toml",
        "trust",
        "broken",
        "altered",
        "door",
    )
    found: dict[str, Path | str] = {name.partition(".")[0]: folder / name for name in names}
    found["kid"] = issuer.kid.hex()
    grey = np.random.default_rng(1).integers(0, 255, (400, 400), np.uint8)
    (folder / "torn.jpg").write_bytes(cv2.imencode(".jpg", grey)[1].tobytes()[:9_000])
    Image.new("1", (10_000, 10_000)).save(folder / "huge.png")
    (folder / "empty").touch(0o600)  # with the mode of a secret, because it is read as one
    (folder / "garbage").write_bytes(np.random.default_rng(2).bytes(20_000))
    (folder / "misspelt.toml").write_text("[door]\nrelase_ms = 3000\n")
    for trust in ("trust", "broken"):
        folders.trust(folder / trust, issuer)
    key = folder / "broken" / "issuers" / f"{issuer.kid.hex()}.json"
    key.write_text(key.read_text().replace('"public_key": "', '"public_key": "AAAA'))
    (folder / "door").mkdir()
    found["foreign"] = write_journal(folder / "door" / "journal.db", 3)
    found["held"] = folder / "held.db"
    return found


@pytest.fixture
def run(
    things: dict[str, Path | str], tmp_path: Path, film: Path
) -> Callable[[Case], subprocess.CompletedProcess[str]]:
    """Runs a command in an empty folder, where a door's configuration is."""

    def call(case: Case) -> subprocess.CompletedProcess[str]:
        defaults = {"paths.trust": things["trust"], "camera.device": film}
        lines = [f"{key} = '{value}'" for key, value in defaults.items() if key not in case.config]
        lines += ["door.face = 'none'", case.config.format(**things)]
        (tmp_path / "door.toml").write_text("\n".join(lines))
        words = [word.format(**things) for word in shlex.split(case.command)]
        limit = None if case.disk is None else partial(_limit_disk, case.disk)
        return subprocess.run(
            [sys.executable, "-m", "edge", *words],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            preexec_fn=limit,
        )

    return call


def _limit_disk(size: int) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


@pytest.fixture(scope="session")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A film: half a second of an empty doorway."""
    return folders.shoot(tmp_path_factory.mktemp("film") / "empty.avi", [folders.EMPTY_LOBBY] * 5, fps=10)


@pytest.mark.parametrize("name", CASES)
def test_one_line_names_the_error_and_one_is_a_hint(name: str, run, things, tmp_path, request) -> None:
    case = CASES[name]
    if case.models:
        _alter(request.getfixturevalue("built_models"), things["altered"])
        request.getfixturevalue("photos")
    with ExitStack() as stack:
        if "{held}" in case.config:
            stack.enter_context(Journal.open(things["held"], bytes(32), "lobby-1"))
        done = run(case)
    error, hint = done.stderr.splitlines()
    assert error.startswith(f"error: {case.error.format(**things)}")
    assert hint.startswith("hint: ")
    assert case.hint in hint
    assert done.returncode == case.exit
    assert {file.name for file in tmp_path.iterdir()} - {"door.toml"} == set(case.leaves)


def _alter(built: Path, altered: Path) -> None:
    """A copy of the models, one of them with a flipped bit."""
    if not altered.exists():
        shutil.copytree(built, altered)
        mesh = altered / "face_mesh.tflite"
        data = bytearray(mesh.read_bytes())
        data[len(data) // 2] ^= 1
        mesh.write_bytes(data)


def test_each_picture_gets_its_own_two_lines(run, things: dict[str, Path | str]) -> None:
    done = run(Case(f"code read {' '.join(PICTURES)}", 2, "", ""))
    told = done.stderr.splitlines()
    expected = [
        (f"error: {name.format(**things)}: {what}", f"hint: {hint}")
        for name, (what, hint) in PICTURES.items()
    ]
    assert len(told) == 2 * len(expected)
    for said, begins in zip(told, [line for lines in expected for line in lines], strict=True):
        assert said.startswith(begins)
    assert (done.returncode, done.stdout) == (2, "")


def test_a_file_name_with_control_characters_stays_on_its_line(run, tmp_path: Path) -> None:
    name = "a\nerror: \x1b[2Jall is well"
    (tmp_path / name).touch()
    done = run(Case(f"code read {shlex.quote(name)}", 2, "", ""))
    assert done.stderr.splitlines() == [
        "error: a\\nerror: \\x1b[2Jall is well: the file is empty",
        "hint: copy the file again",
    ]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
@pytest.mark.parametrize("command", ["config show", "config show --json"])
def test_output_to_a_full_disk_ends_in_one_error(command: str, tmp_path: Path) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "edge", *command.split()],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 3
    assert done.stderr.splitlines() == [
        "error: standard output cannot be written: the disk is full",
        "hint: free some space",
    ]


def test_a_closed_pipe_is_not_an_error() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "edge", "config", "show"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as command:
        assert command.stdout is not None
        assert command.stderr is not None
        command.stdout.close()
        assert command.stderr.read() == ""
    assert command.returncode == 0


def test_after_a_full_disk_the_journal_continues_when_there_is_room(run, tmp_path: Path) -> None:
    assert run(CASES["full disk"]).returncode == 3
    with Journal.open(tmp_path / "journal.db", device_seed(tmp_path / "device.key"), "doorward-1") as journal:
        assert journal.size == 0
    assert run(Case(DEVICE, 0, "", "")).returncode == 0  # the run ends with the film
    assert verify(tmp_path / "journal.db").size == 2


def test_a_code_of_ten_megabytes_is_refused_like_other_texts(run, tmp_path: Path) -> None:
    (tmp_path / "ten.txt").write_text("EC1:" + "A" * 10_000_000)
    done = run(Case("code verify --trust {trust} ten.txt {empty} {garbage}", 1, "", ""))
    assert [line.partition(": ")[2] for line in done.stdout.splitlines()] == [
        *["refused (code.unreadable)"] * 2,
        "refused (code.foreign: a code of bytes)",
    ]
    assert (done.returncode, done.stderr) == (1, "")
