"""The Screen port: in memory, as a picture, on a terminal."""

from __future__ import annotations

import io
import os
import re
import stat
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from peers.waiting import until
from samples.terminal_pixels import pixels, text_of

from edge.ports import Screen
from hw.signals.screens.latest import LatestScreen
from hw.signals.screens.picture import NAME, PAGE, picture_screen
from hw.signals.screens.terminal import CLEAR, terminal_screen
from hw.sim.screen import SimScreen

FIRST, SECOND = "EQ1:" + "FIRST 0123456789" * 40, "EQ1:SECOND"


class World(Protocol):
    """A screen, and the text that a phone reads from it."""

    screen: Screen
    told: list[str | None]

    def seen(self) -> str | None: ...
    def close(self) -> None: ...


class Simulated:
    def __init__(self, _: Path) -> None:
        self.screen, self.told = SimScreen(), []

    def seen(self) -> str | None:
        return self.screen.current

    def close(self) -> None:
        pass


class Picture:
    def __init__(self, folder: Path) -> None:
        self.folder = folder / "run" / "board"
        self.told: list[str | None] = []
        self.screen = picture_screen(self.folder, self.told.append)

    def seen(self) -> str | None:
        path = self.folder / NAME
        return svg_text(path.read_text()) if path.exists() else None

    def close(self) -> None:
        self.screen.close()


class Terminal:
    def __init__(self, _: Path) -> None:
        self.stream, self.told = io.StringIO(), []
        self.screen = terminal_screen(self.stream, self.told.append)

    def seen(self) -> str | None:
        frame = self.stream.getvalue().rpartition(CLEAR)[2]
        return text_of(pixels(frame)) if frame.endswith("\n") else None

    def close(self) -> None:
        self.screen.close()


def svg_text(svg: str) -> str | None:
    """Read the code of an SVG: segno draws one path of horizontal strokes, each half a module below its row."""
    root = ET.fromstring(svg)
    strokes = [path for path in root.iter("{http://www.w3.org/2000/svg}path") if path.get("stroke")]
    if not strokes:
        return None
    side = int(float(root.get("viewBox").split()[2]))
    luma = np.full((side, side), 255, np.uint8)
    x = y = 0.0
    for command, numbers in re.findall(r"([Mmh])([-0-9. ]+)", strokes[0].get("d")):
        step = [float(number) for number in re.findall(r"-?[0-9.]+", numbers)]
        if command == "h":
            luma[int(y), int(x) : int(x + step[0])] = 0
            x += step[0]
        else:
            x, y = (step[0], step[1]) if command == "M" else (x + step[0], y + step[1])
    return text_of(luma.repeat(6, axis=0).repeat(6, axis=1))


@pytest.fixture(params=[Simulated, Picture, Terminal])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    made = request.param(tmp_path)
    yield made
    made.close()


def test_a_phone_reads_each_posted_text(world):
    assert world.seen() is None
    for text in (FIRST, SECOND):
        world.screen.post(text)
        until(lambda text=text: world.seen() == text)
    assert world.told == []


def test_none_clears_the_screen(world):
    world.screen.post(SECOND)
    until(lambda: world.seen() == SECOND)
    world.screen.post(None)
    until(lambda: world.seen() is None)


@pytest.mark.parametrize("made", [Picture, Terminal])
def test_closing_twice_clears_the_screen(made, tmp_path):
    world = made(tmp_path)
    world.screen.post(SECOND)
    until(lambda: world.seen() == SECOND)
    world.close()
    until(lambda: world.seen() is None)
    world.close()
    world.screen.post(FIRST)
    assert world.seen() is None


def test_a_page_for_a_browser_is_in_the_folder_of_the_picture(tmp_path):
    world = Picture(tmp_path)
    world.screen.post(SECOND)
    until(lambda: world.seen() == SECOND)
    assert NAME in (world.folder / PAGE).read_text()
    world.close()
    assert sorted(path.name for path in world.folder.iterdir()) == [PAGE, NAME]


def test_a_browser_of_another_user_may_read_the_picture_under_any_umask(tmp_path):
    before = os.umask(0o077)
    try:
        world = Picture(tmp_path)
        world.screen.post(SECOND)
        until(lambda: world.seen() == SECOND)
    finally:
        os.umask(before)
    assert [stat.S_IMODE(path.stat().st_mode) for path in world.folder.iterdir()] == [0o644, 0o644]
    assert stat.S_IMODE(world.folder.stat().st_mode) == 0o755
    world.close()


def test_a_read_only_folder_and_its_end_are_reported_once_each(tmp_path):
    (tmp_path / "run").write_text("a file in place of the folder")
    world = Picture(tmp_path)
    for text in (FIRST, SECOND):
        world.screen.post(text)
        until(lambda: world.told)
    (tmp_path / "run").unlink()
    until(lambda: posted_again(world) == SECOND)
    until(lambda: len(world.told) == 2)
    assert world.told[0]
    assert world.told[1] is None
    world.close()


def posted_again(world: Picture) -> str | None:
    world.screen.post(None)
    world.screen.post(SECOND)
    return world.seen()


def test_a_closed_terminal_is_reported_and_stops_nothing(tmp_path):
    world = Terminal(tmp_path)
    world.stream.close()
    world.screen.post(SECOND)
    until(lambda: world.told == ["the terminal is closed"])
    world.close()


def test_a_caller_does_not_wait_for_a_screen_that_hangs():
    moves, drawn = threading.Event(), []

    def draw(text: str | None) -> None:
        moves.wait()
        drawn.append(text)

    screen = LatestScreen(draw, drawn.append)
    screen.post("1")
    for number in range(2, 100):
        screen.post(str(number))  # the test hangs here if this waits
    assert drawn == []
    moves.set()
    until(lambda: drawn[-1:] == ["99"])
    assert len(drawn) <= 2  # the one that hangs, and the newest
    screen.close()
    until(lambda: drawn[-1] is None)


def test_a_link_in_the_folder_is_replaced_and_its_target_stays(tmp_path):
    """The browser's user may write the folder: an earlier version wrote through a link there."""
    secret = tmp_path / "door.toml"
    secret.write_text("the device's")
    secret.chmod(0o600)
    folder = tmp_path / "run" / "board"
    folder.mkdir(parents=True)
    for name in (NAME, PAGE, f".{NAME}.part", f".{PAGE}.part"):
        (folder / name).symlink_to(secret)
    world = Picture(tmp_path)
    world.screen.post(SECOND)
    until(lambda: not (folder / NAME).is_symlink() and world.seen() == SECOND)
    world.close()
    assert secret.read_text() == "the device's"
    assert secret.stat().st_mode & 0o777 == 0o600
