"""The simulated library system: each of its patrons, its story, and the settings that it prints."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from edge.__main__ import main
from edge.app.venues.library_lab import lab_patrons, settings_for, simulated_library, story
from edge.config import parse_config
from edge.errors import ConfigError, Exit
from hw.sim.library import SimItem, SimLibrary, SimPatron

MOMENT = "20260105    120000"
ADMITTED = {
    "20001": True, "20002": False, "20003": False, "20004": False, "20005": True, "20006": True, "20007": True,
    "20008": True, "20009": True, "20010": True, "20011": False,
}  # fmt: skip


def test_each_simulated_patron_has_the_state_that_is_printed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told: list[str] = []
    with simulated_library("127.0.0.1", 0, told.append) as port:
        (tmp_path / "door.toml").write_text(settings_for("127.0.0.1", port) + "fee_limit = 10.0\n")
        asked = ["library", "patron", "--config", str(tmp_path / "door.toml")]
        admitted = {one.number: main([*asked, one.number]) == Exit.OK for one in lab_patrons()}
    assert admitted == ADMITTED
    assert "credit     5.00" in capsys.readouterr().out
    assert "patron 20003: valid, card reported lost" in told
    assert "patron 20004: valid, no flags, BV 12.50" in told
    assert told[0] == "status: answered"


@pytest.mark.parametrize("number", ["20001", "20009", "20010"])
def test_patrons_who_may_come_without_staff(tmp_path: Path, number: str) -> None:
    rules = 'staffed = ["holiday 00:00-00:01"]\nunstaffed = "registered"\nunstaffed_age = 18\n'
    with simulated_library("127.0.0.1", 0, lambda _: None) as port:
        (tmp_path / "door.toml").write_text(settings_for("127.0.0.1", port) + rules)
        asked = ["library", "patron", "--config", str(tmp_path / "door.toml")]
        assert main([*asked, number]) == Exit.OK
        assert main([*asked, "20008"]) == Exit.REFUSED


def test_the_printed_settings_are_settings() -> None:
    assert parse_config(settings_for("127.0.0.1", 6001).encode(), Path("door.toml")).library.port == 6001
    assert parse_config(settings_for("0.0.0.0", 6001).encode(), Path("door.toml")).library.host == "192.0.2.1"


def test_the_story_says_who_asked_what_and_the_answer() -> None:
    library = SimLibrary(checksum=False)
    library.patrons = {"P1": SimPatron()}
    library.items = {"B1": SimItem(), "B2": SimItem(on_hold=True)}
    lend = f"11NN{MOMENT}{MOMENT}AO|AAP1|AB"
    asked = {
        "9300CNgate|COx|": "login: accepted",
        f"{lend}B1|AC|": "lend B1 to P1: done",
        f"{lend}B2|AC|": "lend B2 to P1: refused, Item is on hold for another patron",
        f"09N{MOMENT}{MOMENT}AP|AO|ABB1|AC|": "take back B1: done",
        f"09N{MOMENT}{MOMENT}AP|AO|ABB9|AC|": "take back B9: refused, Item not known",
        f"23000{MOMENT}AO|AAP1|AC|AD|": "patron P1: valid, no flags",
        f"35{MOMENT}AO|AAP1|AC|AD|": "end of the session of P1",
        "17AO|": "message 17, which is not simulated: answered",
    }
    for ask, line in asked.items():
        assert story(ask, library.respond(ask.encode()).decode()) == line


def test_a_port_in_use_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with (
            pytest.raises(ConfigError, match=f"127.0.0.1:{port}: "),
            simulated_library("127.0.0.1", port, print),
        ):
            pass
