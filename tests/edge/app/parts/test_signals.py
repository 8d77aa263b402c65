"""The signals of a door, from the table `[signals]`."""

from __future__ import annotations

from pathlib import Path

import pytest
from gpiozero import Device
from gpiozero.pins.mock import MockFactory
from peers.waiting import until
from samples.screen_texts import said

from edge.app.parts.signals import log_sound, open_signals, phrases
from edge.config import Config, parse_config
from edge.decision import Signal
from edge.errors import ConfigError
from hw.signals.log import LogSignals
from hw.signals.tones import tone
from hw.signals.voice import file_name
from hw.sim.clock import SimClock
from hw.sim.door import SimDoor

FILE = Path("door.toml")


def config(**keys: object) -> Config:
    text = "[signals]\n" + "".join(f"{key} = {value!r}\n" for key, value in keys.items())
    return parse_config(text.encode(), FILE)


def door() -> SimDoor:
    from datetime import UTC, datetime

    return SimDoor(SimClock(datetime(2026, 1, 1, tzinfo=UTC)))


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder on PATH; a test installs programs into it."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setattr(
        "hw.signals.player.GRACE_S", 3_600.0
    )  # on a slow machine a player does not count as hanging
    return folder


def install_aplay(programs: Path) -> Path:
    log = programs / "played.txt"
    program = programs / "aplay"
    program.write_text(f'#!/bin/sh\necho "$*" >> "{log}"\n')
    program.chmod(0o755)
    return log


def test_a_door_without_signals_has_the_log(tmp_path: Path) -> None:
    with open_signals(Config(), tmp_path, door()) as signals:
        assert isinstance(signals, LogSignals)


def test_lamps_of_this_board_light_up_and_go_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    factory = MockFactory()
    monkeypatch.setattr(Device, "pin_factory", factory)
    with open_signals(config(red=5, green=6), tmp_path, door()) as signals:
        signals.show(Signal.ASK_STAFF)
        until(lambda: factory.pin(5).state, for_s=60)
        assert not factory.pin(6).state
    assert factory.pin(5).function == "input"
    factory.close()


@pytest.mark.usefixtures("programs")
@pytest.mark.parametrize("sound", ["tones", "speech"])
def test_sound_without_a_player_is_a_fault_at_the_start(sound: str, tmp_path: Path) -> None:
    with (
        pytest.raises(ConfigError, match="aplay is not installed") as caught,
        open_signals(config(sound=sound), tmp_path, door()),
    ):
        raise AssertionError
    assert "alsa-utils" in caught.value.hint


def test_speech_without_a_voice_is_a_fault_at_the_start(programs: Path, tmp_path: Path) -> None:
    install_aplay(programs)
    with (
        pytest.raises(ConfigError, match="espeak-ng is not installed"),
        open_signals(config(sound="speech"), tmp_path, door()),
    ):
        raise AssertionError


def test_tones_are_played_on_the_configured_sound_card(programs: Path, tmp_path: Path) -> None:
    log = install_aplay(programs)
    with open_signals(config(sound="tones", device="plughw:1"), tmp_path, door()) as signals:
        signals.show(Signal.LOOK_HERE)
        until(lambda: log.exists() and len(log.read_text().splitlines()) >= 1, for_s=60)
    assert all(line.startswith("-q -D plughw:1 ") for line in log.read_text().splitlines())


def test_recordings_of_all_texts_need_no_voice(programs: Path, tmp_path: Path) -> None:
    log = install_aplay(programs)
    (tmp_path / "voice" / "pt").mkdir(parents=True)
    for words in phrases():
        (tmp_path / "voice" / "pt" / f"{file_name(words)}.wav").write_bytes(tone(Signal.WAIT).wav())
    with open_signals(config(sound="speech", language="pt", voice="voice/pt"), tmp_path, door()) as signals:
        signals.show(Signal.ASK_STAFF)
        signals.prompt(said("come closer"))
        until(lambda: log.exists() and len(log.read_text().splitlines()) >= 2, for_s=60)


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        ("[signals]\nred = 5\ngreen = 5\n", 3, r"\[signals\] green: pin 5 is already \[signals\] red"),
        (
            "[strike]\nkind = 'gpio'\n[signals]\nbuzzer = 17\n",
            4,
            r"\[signals\] buzzer: pin 17 is already \[strike\] pin",
        ),
        ("[signals]\nvoice = 'v'\nsound = 'tones'\n", 2, r"\[signals\] voice needs sound"),
        ("[signals]\nlanguage = '../x'\n", 2, r'\[signals\] language: "../x" is not'),
        ("[signals]\nvolume = 0\n", 2, r"\[signals\] volume: 0 is not"),
        ("[signals]\ndevice = '-h'\n", 2, r'\[signals\] device: "-h" is not'),
    ],
)
def test_a_mistake_is_named_with_its_line(text: str, line: int, why: str) -> None:
    with pytest.raises(ConfigError, match=why) as caught:
        parse_config(text.encode(), FILE)
    assert caught.value.line == line


def test_the_pin_of_an_unused_relay_is_free() -> None:
    assert config(red=17).signals.red == 17


def test_a_fault_of_the_sound_is_logged_with_a_hint(capsys: pytest.CaptureFixture[str]) -> None:
    log_sound("audio open error: No such file or directory")
    log_sound(None)
    fault, well = capsys.readouterr().err.splitlines()
    assert '"state": "fault"' in fault
    assert "group audio" in fault
    assert '"state": "playing"' in well
