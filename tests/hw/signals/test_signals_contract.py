"""The contract of every Signals: the simulated one, the log, a controller's lamps, lamps on this board, sounds.

With `--hardware` it also runs on the lamps of DOORWARD_LAMPS (red=5,green=6,buzzer=13) and on the sound card of
DOORWARD_SOUND (default): the tester looks and listens.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import signals as controllers  # firmware's
from gpiozero.pins.mock import MockFactory
from peers.cpython_controller import OnPty
from peers.pins import Board
from peers.sound_player import CALLS, Player
from peers.waiting import until
from samples.screen_texts import said

from edge.decision import Signal
from edge.link.messages import Lock
from edge.link.session import LinkPairing
from edge.ports import Signals
from edge.screen_text import ScreenText, ScreenTextKind
from hw.signals import player as signals_sound
from hw.signals.gpio import PATTERNS, GpioSignals
from hw.signals.log import LogSignals
from hw.signals.player import SoundSignals, aplay
from hw.signals.several import SeveralSignals
from hw.signals.tones import tone
from hw.sim.signals import SimSignals

RED, GREEN, BUZZER = 5, 6, 13
WORDS = ["turn your head to the left", "", "x" * 10_000, "轉頭\x00\n\x1b[2J", "\ud800"]


@dataclass
class Bench:
    """Signals, and a function that tells whether a visitor can recognise a signal now."""

    signals: Signals
    tells: Callable[[Signal | None], bool]


def sim_bench() -> Bench:
    signals = SimSignals()
    return Bench(signals, lambda signal: signals.current is signal)


def log_bench(log: Callable[[], str]) -> Bench:
    """A bench of LogSignals. `log` returns the lines logged since its last call."""
    shown = ["none"]

    def tells(signal: Signal | None) -> bool:
        rows = [json.loads(line) for line in log().splitlines()]
        shown.extend(row["show"] for row in rows if row["event"] == "signal")
        return shown[-1] == (signal.value if signal else "none")

    return Bench(LogSignals(), tells)


def lit(factory: MockFactory) -> tuple[bool, bool]:
    return bool(factory.pin(RED).state), bool(factory.pin(GREEN).state)


def first_step(signal: Signal | None) -> tuple[bool, bool]:
    pattern = PATTERNS[signal]
    return pattern.red[0] == "#", pattern.green[0] == "#"


def gpio_bench(stack: ExitStack) -> Bench:
    factory = MockFactory()
    stack.callback(factory.close)
    signals = GpioSignals(red=RED, green=GREEN, buzzer=BUZZER, factory=factory)
    stack.callback(signals.close)
    return Bench(signals, lambda signal: lit(factory) == first_step(signal))


def chip_bench(stack: ExitStack) -> Bench:
    board = Board()
    stack.callback(board.close)
    signals = GpioSignals(red=RED, green=GREEN, buzzer=BUZZER, factory=board.factory)
    stack.callback(signals.close)

    def tells(signal: Signal | None) -> bool:
        return (board.chip.level(RED), board.chip.level(GREEN)) == first_step(signal)

    return Bench(signals, tells)


def controller_bench(stack: ExitStack, folder: Path) -> Bench:
    from hw.door.link import DoorLink  # a machine without pyserial tests the others

    controller = OnPty(folder)
    stack.callback(controller.close)
    link = DoorLink(
        str(controller.path), LinkPairing(bytes(range(32)), Lock.FAIL_SECURE), clock=controller.clock
    )
    stack.callback(link.close)
    link.wait_until_ready()
    both = controllers.RED | controllers.GREEN

    def tells(signal: Signal | None) -> bool:
        red, green = first_step(signal)
        return controller.lamps & both == controllers.RED * red + controllers.GREEN * green

    return Bench(link.signals, tells)


def sound_bench(stack: ExitStack, folder: Path) -> Bench:
    player = Player(folder)
    sounds = {signal.value: tone(signal) for signal in Signal}
    signals = SoundSignals(sounds, player.command)
    stack.callback(signals.close)
    played: list[str] = []

    def tells(signal: Signal | None) -> bool:
        if signal is None:
            return signals.is_silent
        played[:] = player.played(list(sounds))
        return played[-1:] == [signal.value]

    return Bench(signals, tells)


def several_bench() -> Bench:
    both = SimSignals(), SimSignals()
    return Bench(SeveralSignals(both), lambda signal: all(each.current is signal for each in both))


def real_lamps_bench(stack: ExitStack) -> Bench:
    named = os.environ.get("DOORWARD_LAMPS") or pytest.skip("DOORWARD_LAMPS names no lamps")
    pins = {name: int(pin) for name, _, pin in (part.partition("=") for part in named.split(","))}
    signals = GpioSignals(**pins)
    stack.callback(signals.close)

    def tells(signal: Signal | None) -> bool:
        red, green = first_step(signal)
        on = {"red": red, "green": green}
        return all(bool(signals._outputs[name].value) == on[name] for name in on if name in pins)

    return Bench(signals, tells)


def real_sound_bench(stack: ExitStack) -> Bench:
    device = os.environ.get("DOORWARD_SOUND") or pytest.skip("DOORWARD_SOUND names no sound card")
    faults: list[str | None] = []
    sounds = {signal.value: tone(signal) for signal in Signal}
    signals = SoundSignals(sounds, aplay(device), tell=faults.append)
    stack.callback(signals.close)

    def tells(_: Signal | None) -> bool:
        assert not faults, faults
        return signals.is_silent

    return Bench(signals, tells)


real = [pytest.param(kind, marks=pytest.mark.hardware) for kind in ("real lamps", "real sound")]


@pytest.fixture(params=["sim", "log", "gpio", "chip", "controller", "sound", "several", *real])
def bench(
    request: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Bench]:
    with ExitStack() as stack:
        match request.param:
            case "sim":
                yield sim_bench()
            case "log":
                yield log_bench(lambda: capsys.readouterr().err)
            case "gpio":
                yield gpio_bench(stack)
            case "chip":
                yield chip_bench(stack)
            case "controller":
                pytest.importorskip("serial")
                yield controller_bench(stack, tmp_path)
            case "sound":
                monkeypatch.setattr(signals_sound, "GRACE_S", 3_600.0)  # a slow machine is not a fault
                yield sound_bench(stack, tmp_path)
            case "several":
                yield several_bench()
            case "real lamps":
                yield real_lamps_bench(stack)
            case _:
                yield real_sound_bench(stack)


def test_nothing_is_shown_before_the_first_signal(bench: Bench) -> None:
    assert bench.tells(None)


@pytest.mark.parametrize("signal", Signal)
def test_each_signal_is_shown_and_then_cleared(bench: Bench, signal: Signal) -> None:
    bench.signals.show(signal)
    until(lambda: bench.tells(signal), for_s=60)
    bench.signals.show(None)
    until(lambda: bench.tells(None), for_s=60)


def test_of_many_signals_the_last_one_stays(bench: Bench) -> None:
    for _ in range(20):
        for signal in (*Signal, None):
            bench.signals.show(signal)
    bench.signals.show(Signal.ASK_STAFF)
    until(lambda: bench.tells(Signal.ASK_STAFF), for_s=60)


@pytest.mark.parametrize(
    "words", WORDS, ids=["a prompt", "empty", "very long", "control characters", "half a character"]
)
def test_no_words_of_a_prompt_stop_the_signal(bench: Bench, words: str) -> None:
    bench.signals.prompt(said(words))
    bench.signals.show(Signal.LOOK_HERE)
    bench.signals.prompt(said(words))
    bench.signals.prompt(None)
    until(lambda: bench.tells(Signal.LOOK_HERE), for_s=60)


def test_the_log_gets_the_kind_of_a_text_and_none_of_its_words(capsys: pytest.CaptureFixture[str]) -> None:
    signals = LogSignals()
    signals.prompt(ScreenText(ScreenTextKind.ITEM, "Blue Nights (B1001): Mustermann owes 3.20"))
    signals.prompt(None)
    first, second = map(json.loads, capsys.readouterr().err.splitlines())
    assert {key: first[key] for key in first if key != "timestamp"} == {
        "event": "prompt",
        "level": "info",
        "kind": "item",
    }
    assert second["kind"] == "none"


def test_the_player_is_called_with_one_file(tmp_path: Path) -> None:
    """aplay is called as the tests' `Player` is."""
    player = Player(tmp_path)
    with ExitStack() as stack:
        signals = SoundSignals({"wait": tone(Signal.WAIT)}, player.command, first="wait")
        stack.callback(signals.close)
        until(lambda: player.played(["wait"]) == ["wait"], for_s=60)
    assert (tmp_path / CALLS).read_text().endswith("/0.wav\n")
