"""`doorward doctor` in its own process, on the folder of a device without hardware."""

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
    """A PNG of the test card as a camera sees it."""
    page = np.asarray(cli.draw())
    # 4.9 pixels a millimetre: a camera of 66 degrees and 1280 pixels at 20 cm.
    luma = cv2.resize(page, None, fx=4.9 / 20, fy=4.9 / 20, interpolation=cv2.INTER_AREA)
    middle = round(142 * 4.9)
    picture = np.full((720, 1280), 190, np.uint8)
    picture[:, 125 : 125 + luma.shape[1]] = cv2.GaussianBlur(luma, (0, 0), 0.8)[middle - 360 : middle + 360]
    return cv2.imencode(".png", picture)[1].tobytes()


@pytest.fixture
def folder(tmp_path: Path, seen: bytes) -> Path:
    """A device in front of a test card: a film of 12 pictures."""
    (tmp_path / "door.toml").write_text(DOOR)
    folders.fill(tmp_path / "pictures", {f"{number:02}.png": seen for number in range(12)})
    return tmp_path


def test_every_check_prints_a_line_and_an_error_gives_exit_1(folder: Path) -> None:
    done = doctor(folder)
    *lines, summary = [line for line in done.stdout.splitlines() if not line.startswith("hint: ")]
    assert all(re.fullmatch(r'(OK|SKIP) ".+"|(WARN|ERROR) [1-9]\d ".+"', line) for line in lines)
    counts = {
        level: sum(line.startswith(level) for line in lines) for level in ("OK", "WARN", "ERROR", "SKIP")
    }
    told = [int(number) for number in re.findall(r"(\d+) (?:passed|warnings?|failed|skipped)", summary)]
    assert told == list(counts.values())
    assert "no test card" not in summary
    assert "strike (not released: --strike asks first" in summary
    assert {line.partition('"')[2].split(":")[0] for line in lines} >= set(CHECKS) - {"trust"}
    assert [line for line in lines if line.startswith("ERROR")] == [
        f'ERROR 75 "trust: {folder}/trust: no such folder"'
    ]
    assert (done.returncode, done.stderr) == (1, "")
    assert {file.name for file in folder.iterdir()} == {"door.toml", "pictures"}


def test_a_device_whose_named_checks_are_ok_gives_exit_0(folder: Path) -> None:
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
    # A busy machine plays the film slowly, and the check of the camera reports that.
    assert {row["number"] for row in rows(done)} <= {0, 21}


def test_the_test_card_is_measured(folder: Path) -> None:
    (row,) = rows(doctor(folder, "--json", "--only", "focus"))
    found = re.match(r"([\d.]+) px a module of 0.7 mm, edges ([\d.]+) px wide", str(row["text"]))
    assert found
    assert float(found[1]) == pytest.approx(4.9 * 0.7, rel=0.05)
    # Printed to a tenth of a pixel; scaling the page adds about one pixel of blur to that of the sensor.
    assert float(found[2]) == pytest.approx(2.563 * np.hypot(0.8, (2 / 12) ** 0.5), abs=0.1)


@pytest.mark.parametrize(("grey", "number"), [(0, 22), (255, 23)])
def test_black_or_white_pictures_are_an_error(folder: Path, grey: int, number: int) -> None:
    for file in (folder / "pictures").iterdir():
        cv2.imwrite(str(file), np.full((720, 1280), grey, np.uint8))
    done = doctor(folder, "--json", "--only", "camera")
    assert ([row["number"] for row in rows(done)], done.returncode) == ([number], 1)


def test_white_paper_that_fills_the_picture_is_not_a_wrong_exposure(folder: Path) -> None:
    for file in (folder / "pictures").iterdir():
        picture = cv2.imread(str(file), cv2.IMREAD_GRAYSCALE)
        cv2.imwrite(str(file), np.where(picture == 190, 255, picture).astype(np.uint8))
    (row,) = rows(doctor(folder, "--json", "--only", "camera"))
    assert row["number"] in {0, 21}  # 21 on a busy machine


def test_a_picture_without_colour_is_an_error_where_faces_are_judged_by_it(folder: Path) -> None:
    ramp = np.tile(np.linspace(0, 220, 1280).astype(np.uint8), (720, 1))
    for file in (folder / "pictures").iterdir():
        cv2.imwrite(str(file), ramp)
    assert rows(doctor(folder, "--json", "--only", "camera"))[0]["number"] in {0, 21}  # 21 on a busy machine
    (folder / "door.toml").write_text(DOOR.replace('"none"', '"required"'))
    done = doctor(folder, "--json", "--only", "camera")
    assert ([row["number"] for row in rows(done)], done.returncode) == ([29], 1)


CONTROLLER = "[strike]\nkind = 'controller'\nport = 'ttyNONE'\nlock = 'fail-secure'"
WRONG = {
    "a missing camera": ("camera", "[camera]\ndevice = 'nothing.mp4'", 20),
    "a missing scanner": ("scanner", "[scanner]\nkind = 'serial'\nport = 'ttyNONE'", 31),
    "a controller without a key": ("door", CONTROLLER, 41),
    "a missing key": ("config", CONTROLLER, 13),
    "a hub that does not run": ("network", "[hub]\nurl = 'http://127.0.0.1:1'", 85),
    "missing models": ("models", "[paths]\nmodels = 'nowhere'", 71),
    "a journal in a missing folder": ("storage", "[paths]\njournal = 'nowhere/j.db'", 60),
    "a configuration with a mistake": ("config", "[camera]\nsizze = 3", 11),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_problem_has_its_number_and_a_hint(name: str, tmp_path: Path) -> None:
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


def test_a_secret_that_is_not_a_file_is_an_error(folder: Path) -> None:
    (folder / "device.key").mkdir(mode=0o700)
    (row,) = rows(doctor(folder, "--json", "--only", "config"))
    assert (row["number"], "not a regular file" in str(row["text"])) == (14, True)


def test_sounds_without_a_player_are_an_error(folder: Path) -> None:
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


def test_the_lock_is_not_released_without_a_terminal_or_without_a_yes(folder: Path) -> None:
    done = doctor(folder, "--strike", "--only", "strike")
    assert (done.returncode, done.stdout) == (2, "")
    assert "here is no terminal" in done.stderr
    ours, theirs = pty.openpty()
    try:
        os.write(ours, b"n\n")
        done = doctor(folder, "--strike", "--only", "strike", stdin=theirs)
    finally:
        os.close(ours)
        os.close(theirs)
    assert done.stdout.startswith('SKIP "strike: not released')


def test_a_machine_without_a_configuration_is_looked_at(tmp_path: Path) -> None:
    done = doctor(tmp_path, "--json")
    found = {row["name"]: row["level"] for row in rows(done)}
    assert set(found) == set(CHECKS)
    assert {found[name] for name in ("config", "door", "strike", "trust", "journal")} == {"SKIP"}
    assert {found[name] for name in ("clock", "storage", "models", "memory")} <= {"OK", "WARN"}
    assert done.returncode == 0
    assert list(tmp_path.iterdir()) == []


def test_a_configuration_that_is_named_must_be_there(tmp_path: Path) -> None:
    (row,) = rows(doctor(tmp_path, "--json", "--config", "door.toml"))
    assert (row["number"], row["level"]) == (11, "ERROR")


def test_the_lock_of_a_machine_without_a_configuration_is_not_released(tmp_path: Path) -> None:
    done = doctor(tmp_path, "--strike")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: --strike needs the configuration of a door\nhint: name it")


@pytest.mark.parametrize(
    ("turn", "settings"), [(cv2.ROTATE_180, "rotate = 180"), (cv2.ROTATE_90_CLOCKWISE, "rotate = 270")]
)
def test_a_camera_that_is_not_upright_is_named_with_its_setting(
    folder: Path, turn: int, settings: str
) -> None:
    for file in (folder / "pictures").iterdir():
        cv2.imwrite(str(file), cv2.rotate(cv2.imread(str(file)), turn))
    found = [row for row in rows(doctor(folder, "--json", "--only", "camera")) if row["number"] == 25]
    assert str(found[0]["hint"]).endswith(f"set [camera] {settings}")
    with (folder / "door.toml").open("a") as file:
        file.write(settings)
    assert 25 not in {row["number"] for row in rows(doctor(folder, "--json", "--only", "camera"))}


def test_a_person_before_a_camera_upside_down_is_enough(folder: Path, photos: Path) -> None:
    for file in (folder / "pictures").iterdir():
        cv2.imwrite(str(file), cv2.rotate(cv2.imread(str(photos / "astronaut.png")), cv2.ROTATE_180))
    (folder / "door.toml").write_text("[camera]\ndevice = 'pictures'\n")
    found = rows(doctor(folder, "--json", "--only", "camera", "models"))
    (row,) = [row for row in found if row["number"] == 25]
    assert (row["name"], row["text"]) == ("camera", "the picture is turned by 180 degrees")


def test_an_unknown_check_is_named_with_the_known_ones(folder: Path) -> None:
    done = doctor(folder, "--only", "weather")
    assert done.returncode == 2
    assert done.stderr.startswith("error: --only: weather is not a check\nhint: choose from config, camera")
