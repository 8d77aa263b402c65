"""Keys of a new configuration that a running device takes over, and keys that it only names."""

from __future__ import annotations

import socket
import threading
from pathlib import Path

import msgspec
import pytest

from edge.app.loop.service import Service
from edge.config import Config, parse_config
from edge.config.live import LIVE, merged
from edge.errors import ConfigError
from edge.passage.lane.machine import LaneState
from edge.passage.machine import PassageState
from edge.passage.verifier import StepResult
from hw.system.notify import ServiceManager


def config(text: str) -> Config:
    return parse_config(text.encode(), Path("door.toml"))


# New text; keys that change now; keys that need a restart.
CHANGES: dict[str, tuple[str, list[str], list[str]]] = {
    "nothing": ("", [], []),
    "the policy": (
        "[door]\nrelease_ms = 900\nmin_assurance = 2\nstaffed = true\n",
        ["door.release_ms", "door.min_assurance", "door.staffed"],
        [],
    ),
    "age limits of lists": (
        "[lists]\nstale_h = 3\nageing = 'staff'\n",
        ["lists.stale_h", "lists.ageing"],
        [],
    ),
    "retention": ("[journal]\nkeep_days = 3\n", ["journal.keep_days"], []),
    "a camera": ("[camera]\nfps = 10\n", [], ["camera.fps"]),
    "identity": ("[device]\nid = 'x'\n[door]\nsite = 'x'\n", [], ["device.id", "door.site"]),
    "comparison of faces": ("[door]\nface = 'none'\n", [], ["door.face"]),
    "some of each": (
        "[door]\nrelease_ms = 900\n[strike]\npin = 4\n[face]\none_in = 1000\nprompts = 1\n",
        ["door.release_ms", "face.prompts"],
        ["face.one_in", "strike.pin"],
    ),
}


@pytest.mark.parametrize("case", CHANGES)
def test_policy_changes_now_and_hardware_with_a_restart(case: str) -> None:
    text, now, later = CHANGES[case]
    new = config(text)
    result, *named = merged(Config(), new)
    assert named == [now, later]
    assert merged(result, new)[1:] == ([], later)
    assert merged(Config(), result)[1:] == (now, [])


def test_every_live_key_exists() -> None:
    keys = {
        (table.name, key.name)
        for table in msgspec.structs.fields(Config)
        for key in msgspec.structs.fields(type(table.default))
    }
    assert keys >= LIVE


class Desk:
    """A service that sees passages, and a configuration file that a technician edits."""

    def __init__(self, folder: Path) -> None:
        self.heard = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.heard.bind(str(folder / "notify"))
        self.heard.setblocking(False)
        self.asked = threading.Event()
        self.text = ""
        self.adopted: list[Config] = []
        self.service = Service(
            ServiceManager(str(folder / "notify")),
            "at the door",
            Config(),
            asked=self.asked,
            read=lambda: config(self.text),
            adopt=self.adopted.append,
        )

    def sees(self, state: PassageState | LaneState) -> None:
        self.service.see(StepResult(tick_ms=0, state=state, signal=None))


@pytest.fixture
def desk(tmp_path: Path):
    desk = Desk(tmp_path)
    yield desk
    desk.service.stop()
    desk.heard.close()


@pytest.mark.parametrize("state", [state for state in (*PassageState, *LaneState) if state.value != "idle"])
def test_nothing_changes_in_the_middle_of_a_passage(state: PassageState | LaneState, desk: Desk) -> None:
    desk.text = "[door]\nrelease_ms = 900\n"
    desk.asked.set()
    desk.sees(state)
    assert desk.adopted == []
    desk.sees(type(state).IDLE)
    assert [each.door.release_ms for each in desk.adopted] == [900]
    desk.sees(type(state).IDLE)
    assert len(desk.adopted) == 1, "once for each request"


def test_a_key_that_needs_a_restart_is_not_adopted_with_others(desk: Desk) -> None:
    desk.text = "[door]\nrelease_ms = 900\nface = 'none'\n"
    desk.asked.set()
    desk.sees(PassageState.IDLE)
    assert desk.adopted[0].door == config("[door]\nrelease_ms = 900\n").door


@pytest.mark.parametrize(
    "text", ["[door]\nrelease_ms = 9\n", "[dor]\n", "\0", "[lists]\nageing_h = 9\nstale_h = 3\n"]
)
def test_a_wrong_file_changes_nothing_and_says_why(
    text: str, desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    desk.text = text
    with pytest.raises(ConfigError):
        config(text)
    desk.asked.set()
    desk.sees(PassageState.IDLE)
    assert (desk.adopted, desk.service.config) == ([], Config())
    assert '"state": "refused"' in capsys.readouterr().err
