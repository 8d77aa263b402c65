"""`doorward doctor` as a process of its own, on the folder of a device that has no hardware."""

from __future__ import annotations

import json
import os
import pty
import re
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from samples.journals import SEED, write_journal
from worlds import folders

from edge.doctor.checks import CHECKS
from tools.test_card import cli

DOOR = """
[door]
face = "none"
[camera]
device = "pictures"
"""


def doctor(folder: Path, *args: str, **more) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "edge", "doctor", *args]
    more = {"stdin": subprocess.DEVNULL} | more
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, **more)


def rows(done: subprocess.CompletedProcess[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture(scope="session")
def seen() -> bytes:
    """The test card as a camera sees it, as a PNG."""
    page = np.asarray(cli.draw())
    # 4.9 pixels a millimetre, as a camera of 66 degrees and 1280 pixels sees it from 20 cm.
    luma = cv2.resize(page, None, fx=4.9 / 20, fy=4.9 / 20, interpolation=cv2.INTER_AREA)
    middle = round(142 * 4.9)
    picture = np.full((720, 1280), 190, np.uint8)
    picture[:, 125 : 125 + luma.shape[1]] = cv2.GaussianBlur(luma, (0, 0), 0.8)[middle - 360 : middle + 360]
    return cv2.imencode(".png", picture)[1].tobytes()


@pytest.fixture
def folder(tmp_path: Path, seen: bytes) -> Path:
    """A device in front of a test card: 12 pictures of it, as one film."""
    (tmp_path / "door.toml").write_text(DOOR)
    folders.fill(tmp_path / "pictures", {f"{number:02}.png": seen for number in range(12)})
    return tmp_path


def test_every_check_says_one_line_at_least_and_an_error_ends_it_with_1(folder: Path) -> None:
    done = doctor(folder)
    lines = [line for line in done.stdout.splitlines() if not line.startswith("hint: ")]
    assert all(re.fullmatch(r'OK ".+"|(WARN|ERROR) [1-9]\d ".+"', line) for line in lines)
    assert {line.partition('"')[2].split(":")[0] for line in lines} >= set(CHECKS) - {"trust"}
    assert [line for line in lines if line.startswith("ERROR")] == [
        f'ERROR 75 "trust: {folder}/trust: no such folder"'
    ]
    assert (done.returncode, done.stderr) == (1, "")
    assert {file.name for file in folder.iterdir()} == {"door.toml", "pictures"}


def test_a_device_whose_named_checks_are_well_ends_with_0(folder: Path) -> None:
    done = doctor(folder, "--json", "--only", "config", "camera", "focus", "journal", "network", "models")
    assert done.returncode == 0
    assert [row["name"] for row in rows(done)] == [
        "config",
        "camera",
        "focus",
        "models",
        "journal",
        "network",
    ]
    # A busy machine plays the film slowly, which the camera's check says, and rightly so.
    assert {row["number"] for row in rows(done)} <= {0, 21}


def test_the_test_card_is_measured_as_it_is_shown(folder: Path) -> None:
    (row,) = rows(doctor(folder, "--json", "--only", "focus"))
    found = re.match(r"([\d.]+) px a module of 0.7 mm, edges ([\d.]+) px wide", str(row["text"]))
    assert found
    assert float(found[1]) == pytest.approx(4.9 * 0.7, rel=0.05)
    # Said to a tenth of a pixel; scaling the page blurs by about one pixel more than the sensor's own.
    assert float(found[2]) == pytest.approx(2.563 * np.hypot(0.8, (2 / 12) ** 0.5), abs=0.1)


@pytest.mark.parametrize(("grey", "number"), [(0, 22), (255, 23)])
def test_pictures_that_show_nothing_are_an_error(folder: Path, grey: int, number: int) -> None:
    for file in (folder / "pictures").iterdir():
        cv2.imwrite(str(file), np.full((720, 1280), grey, np.uint8))
    done = doctor(folder, "--json", "--only", "camera")
    assert ([row["number"] for row in rows(done)], done.returncode) == ([number], 1)


def test_white_paper_that_fills_the_picture_is_no_broken_exposure(folder: Path) -> None:
    for file in (folder / "pictures").iterdir():
        picture = cv2.imread(str(file), cv2.IMREAD_GRAYSCALE)
        cv2.imwrite(str(file), np.where(picture == 190, 255, picture).astype(np.uint8))
    (row,) = rows(doctor(folder, "--json", "--only", "camera"))
    assert row["number"] in {0, 21}  # the latter on a busy machine


CONTROLLER = "[strike]\nkind = 'controller'\nport = 'ttyNONE'\nlock = 'fail-secure'"
WRONG = {
    "a camera that is not there": ("camera", "[camera]\ndevice = 'nothing.mp4'", 20),
    "a scanner that is not there": ("scanner", "[scanner]\nkind = 'serial'\nport = 'ttyNONE'", 31),
    "a controller without a key": ("door", CONTROLLER, 41),
    "a key that is not there": ("config", CONTROLLER, 13),
    "a hub where nobody listens": ("network", "[hub]\nurl = 'http://127.0.0.1:1'", 85),
    "models that are not there": ("models", "[paths]\nmodels = 'nowhere'", 71),
    "a journal in a folder that is not there": ("storage", "[paths]\njournal = 'nowhere/j.db'", 60),
    "a configuration with a mistake": ("config", "[camera]\nsizze = 3", 11),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_has_its_number_and_a_hint(name: str, tmp_path: Path) -> None:
    check, config, number = WRONG[name]
    (tmp_path / "door.toml").write_text(config)
    done = doctor(tmp_path, "--json", "--only", check)
    (row,) = rows(done)
    assert (row["number"], row["name"]) == (number, check)
    assert row["hint"]
    assert done.returncode == (1 if row["level"] == "ERROR" else 0)


def test_a_secret_that_others_can_read_is_an_error(folder: Path) -> None:
    (folder / "device.key").write_bytes(bytes(32))
    (folder / "device.key").chmod(0o644)
    (row,) = rows(doctor(folder, "--json", "--only", "config"))
    assert row["number"] == 12
    assert "chmod 600" in str(row["hint"])


def test_a_secret_that_is_no_file_is_an_error(folder: Path) -> None:
    (folder / "device.key").mkdir(mode=0o700)
    (row,) = rows(doctor(folder, "--json", "--only", "config"))
    assert (row["number"], "not a regular file" in str(row["text"])) == (14, True)


def test_sounds_that_cannot_be_had_are_an_error(folder: Path) -> None:
    (folder / "door.toml").write_text(f"{DOOR}[signals]\nsound = 'tones'\n")
    nothing = dict(os.environ, PATH="/nowhere")  # no aplay there
    (row,) = rows(doctor(folder, "--json", "--only", "signals", env=nothing))
    assert row["number"] == 48
    assert "alsa-utils" in str(row["hint"])


def test_a_journal_is_verified_and_one_that_was_changed_is_an_error(folder: Path) -> None:
    write_journal(folder / "journal.db", 5)
    (folder / "device.key").write_bytes(SEED)
    (row,) = rows(doctor(folder, "--json", "--only", "journal"))
    assert (row["number"], row["text"][:17]) == (0, "intact, 5 records"), row
    (folder / "device.key").write_bytes(bytes([1]) * 32)
    (row,) = rows(doctor(folder, "--json", "--only", "journal"))
    assert row["number"] == 81


def test_a_journal_that_was_emptied_is_an_error(folder: Path) -> None:
    """An attacker without the key copies the head over the base, and deletes all records."""
    write_journal(folder / "journal.db", 5)
    (folder / "device.key").write_bytes(SEED)
    editor = sqlite3.connect(folder / "journal.db")
    with editor:
        editor.execute("INSERT OR REPLACE INTO base SELECT id, frontier, note FROM head")
        editor.execute("DELETE FROM records")
    editor.close()
    (row,) = rows(doctor(folder, "--json", "--only", "journal"))
    assert row["number"] == 83
    assert str(row["text"]).startswith("records 0 to 4 are missing, and no signed record")


def test_the_report_has_site_findings_and_the_picture_of_the_card(folder: Path) -> None:
    assert doctor(folder, "--only", "focus", "door", "--report", "report.html").returncode == 0
    html = (folder / "report.html").read_text("utf-8")
    assert "Commissioning report: tower-1/lobby" in html
    assert "px a module of 0.7 mm" in html
    assert "the door is simulated" in html
    assert html.count("data:image/jpeg;base64,") == 1


def test_a_picture_without_the_card_stays_out_of_the_report(folder: Path) -> None:
    shutil.rmtree(folder / "pictures")
    (folder / "pictures").mkdir()
    cv2.imwrite(str(folder / "pictures" / "a.png"), np.full((720, 1280), 128, np.uint8))
    assert doctor(folder, "--only", "camera", "focus", "--report", "report.html").returncode == 0
    assert "data:image" not in (folder / "report.html").read_text("utf-8")


def test_no_lock_is_released_without_a_terminal_or_without_a_yes(folder: Path) -> None:
    done = doctor(folder, "--strike", "--only", "strike")
    assert (done.returncode, done.stdout) == (2, "")
    assert "asks first" in done.stderr
    ours, theirs = pty.openpty()
    try:
        os.write(ours, b"n\n")
        done = doctor(folder, "--strike", "--only", "strike", stdin=theirs)
    finally:
        os.close(ours)
        os.close(theirs)
    assert done.stdout.startswith('OK "strike: not tried')


def test_a_check_that_there_is_not_is_named_with_those_that_there_are(folder: Path) -> None:
    done = doctor(folder, "--only", "weather")
    assert done.returncode == 2
    assert done.stderr.startswith("error: no such check: weather\nhint: one of config, camera")
