"""Opens the scanner of a configuration, and logs its faults."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest
from peers.scanner_on_pty import EngineOnPty
from peers.waiting import until
from worlds.trust import shown

from edge import config
from edge.app.parts.scanner import log_scanner, open_scanner
from edge.config import parse_config
from edge.errors import ReaderFault

SERIAL = "[scanner]\nkind = 'serial'\nport = 'scanner'\n"


def scanner(text: str) -> config.ScannerConfig:
    return parse_config(text.encode(), Path("door.toml")).scanner


# Settings, the first command of the host, and the form of a code on the line.
SETTINGS: dict[str, tuple[str, bytes, str]] = {
    "as it comes": ("", b"", "{}\r\n"),
    "idle and a prefix": ("suffix = 'idle'\nidle_ms = 20\nprefix = '>>'\n", b"", ">>{}"),
    "a family from the table": ("trigger = 'honeywell'\n", b"\x16T\r", "{}\r"),
    "bytes of its own": (
        "trigger = 'custom'\ntrigger_start = '54'\ntrigger_stop = '50'\ntrigger_reply = '4f 4b'\n", b"T", "OK{}\r",
    ),
    "a text for no reading": ("no_read = ['Nix']\n", b"", "NIX\r{}\r"),
}  # fmt: skip


@pytest.mark.parametrize("case", SETTINGS)
def test_the_configuration_sets_commands_and_framing(case: str, tmp_path: Path) -> None:
    text, command, shape = SETTINGS[case]
    engine = EngineOnPty(tmp_path)
    opened = open_scanner(scanner(SERIAL + text), tmp_path)
    assert opened is not None
    try:
        until(lambda: engine.commands().startswith(command))
        code = shown()
        engine.say(shape.format(code).encode())
        told: list[str] = []
        until(lambda: told.extend(scan.symbol.text for scan in opened.scans()) or told)
        assert told == [code]
    finally:
        opened.close()
        engine.close()


def test_a_door_without_a_scanner_opens_none(tmp_path: Path) -> None:
    assert open_scanner(scanner(""), tmp_path) is None


def test_a_missing_scanner_is_a_fault_and_leaves_no_thread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge.app.parts.scanner.READY_S", 0.5)
    with pytest.raises(ReaderFault) as caught:
        open_scanner(scanner(SERIAL), tmp_path)
    assert caught.value.hint
    assert not [thread for thread in threading.enumerate() if thread.name == "scanner"]


def test_the_log_has_the_error_and_the_hint(capsys: pytest.CaptureFixture[str]) -> None:
    log_scanner(ReaderFault("it is gone", hint="check its cable"))
    log_scanner(None)
    fault, well = map(json.loads, capsys.readouterr().err.splitlines())
    assert (fault["state"], fault["error"], fault["hint"]) == ("fault", "it is gone", "check its cable")
    assert well["state"] == "listening"
