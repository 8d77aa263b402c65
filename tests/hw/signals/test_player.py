"""Sounds for signals and prompts: callers do not wait for them, and a fault is reported once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from peers.sound_player import Player
from peers.waiting import until
from samples.screen_texts import said

from edge.decision import Signal
from edge.errors import ConfigError
from hw.signals import player as signals_sound
from hw.signals.player import SoundSignals, aplay
from hw.signals.tones import silence, tone

PROMPT, OTHER = "turn your head to the left", "come closer"
WORDS = [*Signal, PROMPT, OTHER]
SOUNDS = {str(words): silence() for words in WORDS}
BUSY = "exec sleep 3600"  # until it is killed


class Told:
    """The faults reported to the operator, in order."""

    def __init__(self) -> None:
        self.faults: list[str | None] = []

    def __call__(self, fault: str | None) -> None:
        self.faults.append(fault)


Open = Callable[..., tuple[SoundSignals, Player, Told]]


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Open]:
    every: list[SoundSignals] = []

    def open_one(then: str = "", first: str | None = None) -> tuple[SoundSignals, Player, Told]:
        player, told = Player(tmp_path, then), Told()
        every.append(SoundSignals(SOUNDS, player.command, first=first, tell=told))
        return every[-1], player, told

    yield open_one
    for signals in every:
        signals.close()


def plays(player: Player, *words: str) -> None:
    until(lambda: player.played(WORDS) == list(words), for_s=60)


@pytest.fixture(autouse=True)
def long_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    """A slow machine needs seconds to start a shell, and such a player does not hang."""
    monkeypatch.setattr(signals_sound, "GRACE_S", 3_600.0)


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signals_sound, "SETTLE_S", 0.0)


@pytest.fixture
def never_settled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signals_sound, "SETTLE_S", 3_600.0)


@pytest.mark.usefixtures("at_once")
def test_a_prompt_waits_for_the_end_of_the_current_sound(opened: Open, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    signals, player, _ = opened(f"while [ ! -e '{gate}' ]; do sleep 0.02; done")
    signals.show(Signal.LOOK_HERE)
    plays(player, Signal.LOOK_HERE)
    signals.prompt(said(OTHER))
    signals.prompt(said(PROMPT))
    assert player.played(WORDS) == [Signal.LOOK_HERE]
    gate.touch()
    plays(player, Signal.LOOK_HERE, PROMPT)  # only the newest prompt


@pytest.mark.parametrize("signal", [Signal.LOOK_HERE, Signal.TRY_AGAIN, Signal.ASK_STAFF])
@pytest.mark.usefixtures("at_once")
def test_a_signal_with_a_request_stops_the_current_sound(opened: Open, signal: Signal) -> None:
    signals, player, told = opened(BUSY)
    signals.prompt(said(PROMPT))
    plays(player, PROMPT)
    signals.show(signal)
    plays(player, PROMPT, signal)
    assert told.faults == []


@pytest.mark.usefixtures("never_settled")
def test_a_signal_that_ends_within_the_settling_time_is_not_played(opened: Open) -> None:
    signals, player, _ = opened()
    signals.prompt(said(PROMPT))
    signals.show(Signal.WAIT)
    signals.show(None)
    signals.show(Signal.TRY_AGAIN)
    plays(player, Signal.TRY_AGAIN)


@pytest.mark.usefixtures("at_once")
def test_a_withdrawn_prompt_is_not_played(opened: Open) -> None:
    signals, player, _ = opened(BUSY)
    signals.show(Signal.LOOK_HERE)
    plays(player, Signal.LOOK_HERE)
    signals.prompt(said(PROMPT))
    signals.prompt(None)
    signals.show(Signal.ASK_STAFF)
    plays(player, Signal.LOOK_HERE, Signal.ASK_STAFF)


@pytest.mark.usefixtures("at_once")
def test_a_signal_is_not_played_twice_in_a_row(opened: Open) -> None:
    signals, player, _ = opened()
    signals.show(Signal.LOOK_HERE)
    plays(player, Signal.LOOK_HERE)
    signals.show(Signal.LOOK_HERE)
    signals.show(Signal.ASK_STAFF)
    plays(player, Signal.LOOK_HERE, Signal.ASK_STAFF)


def test_words_without_a_sound_play_nothing(tmp_path: Path) -> None:
    player = Player(tmp_path)
    signals = SoundSignals({str(Signal.WAIT): tone(Signal.WAIT)}, player.command)
    signals.prompt(said("words without a recording"))
    signals.show(Signal.LOOK_HERE)
    until(lambda: signals.is_silent, for_s=60)
    signals.close()
    assert player.played([Signal.WAIT]) == []


@pytest.mark.usefixtures("at_once")
def test_a_player_that_hangs_is_killed_and_reported_once(
    opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signals_sound, "GRACE_S", 0.2)
    signals, _, told = opened(BUSY)
    signals.show(Signal.LOOK_HERE)
    until(lambda: told.faults, for_s=60)
    for words in (PROMPT, OTHER):
        signals.prompt(said(words))
        until(
            lambda: signals._prompt is None, for_s=60
        )  # the prompt is taken, so the sound before it has ended
    assert told.faults == ["does not end"]


def test_a_missing_sound_card_and_its_return_are_reported_once_each(opened: Open, tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.touch()
    signals, player, told = opened(f"[ ! -e '{gone}' ] || {{ echo 'no such card' >&2; exit 1; }}")
    signals.show(Signal.LOOK_HERE)
    until(lambda: told.faults == ["no such card"], for_s=60)
    signals.show(Signal.TRY_AGAIN)
    plays(player, Signal.LOOK_HERE, Signal.TRY_AGAIN)
    until(lambda: signals.is_silent, for_s=60)
    gone.unlink()
    signals.show(Signal.ASK_STAFF)
    until(lambda: told.faults == ["no such card", None], for_s=60)


def test_a_board_without_a_sound_card_is_reported_at_the_start(opened: Open) -> None:
    _, _, told = opened("exit 1", first=str(PROMPT))
    until(lambda: told.faults == ["ended with 1"], for_s=60)


def test_a_missing_player_is_reported(tmp_path: Path) -> None:
    told = Told()
    signals = SoundSignals(SOUNDS, [str(tmp_path / "none")], tell=told)
    signals.show(Signal.WAIT)
    signals.show(Signal.LOOK_HERE)
    until(lambda: told.faults == ["no such file or directory"], for_s=60)
    signals.close()


def test_closing_stops_the_sound_and_leaves_no_files(
    opened: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    signals, player, _ = opened(BUSY)
    (folder,) = temporary.iterdir()
    signals.show(Signal.LOOK_HERE)
    plays(player, Signal.LOOK_HERE)
    assert len(list(folder.iterdir())) == len(SOUNDS)
    signals.close()
    assert not folder.exists()
    assert "sounds" not in {thread.name for thread in threading.enumerate()}


def test_without_aplay_the_hint_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(ConfigError, match="aplay is not installed") as caught:
        aplay(None)
    assert "apt-get install alsa-utils" in caught.value.hint


@pytest.mark.parametrize(("device", "more"), [(None, ()), ("plughw:1", ("-D", "plughw:1"))])
def test_the_command_names_the_card(
    device: str | None, more: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program = tmp_path / "aplay"
    program.touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert aplay(device) == (str(program), "-q", *more)
