"""Lamps and buzzer: the patterns of five signals differ also without colour, and alarms have priority."""

from __future__ import annotations

import pytest
from signals import BUZZER, GREEN, RED, STEP_MS, Signals

WRAP = 2**30
NAMES = ("nothing", "look here", "try again", "wait", "ask staff", "welcome")
STARTS = (0, WRAP - 1, WRAP - 450)

PICTURES = {  # ten steps of 100 ms: red, green, both or dark
    "nothing": "..........",
    "look here": "gg...gg...",
    "try again": "r.r.......",
    "wait": "y....y....",
    "ask staff": "rrrrrrrr..",
    "welcome": "gggggggggg",
}
LAMPS = {".": 0, "r": RED, "g": GREEN, "y": RED | GREEN}


def shown(
    signals: Signals, start: int, steps: int = 20, *, pre_alarm: bool = False, alarm: bool = False
) -> list[int]:
    """The bits of each step of 100 ms."""
    return [signals.outputs(pre_alarm, alarm, (start + STEP_MS * step) % WRAP) for step in range(steps)]


def lamps(bits: list[int]) -> str:
    return "".join(sign for bit in bits for sign, lit in LAMPS.items() if bit & (RED | GREEN) == lit)


def beeps(bits: list[int]) -> str:
    return "".join("b" if bit & BUZZER else "." for bit in bits)


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("name", NAMES)
def test_a_signal_repeats_its_pattern(name: str, start: int) -> None:
    signals = Signals(start)
    assert signals.show(NAMES.index(name), start)
    assert lamps(shown(signals, start)) == PICTURES[name] * 2


def test_no_two_signals_look_the_same_even_without_colour() -> None:
    assert len({tuple(sign != "." for sign in picture) for picture in PICTURES.values()}) == len(PICTURES)


@pytest.mark.parametrize("name", NAMES)
def test_a_new_signal_beeps_once_if_the_visitor_must_act_or_may_pass(name: str) -> None:
    signals = Signals(0)
    signals.show(NAMES.index(name), 0)
    heard = "b" if name in ("look here", "try again", "ask staff", "welcome") else "."
    assert beeps(shown(signals, 0)) == heard + "." * 19


def test_a_pattern_is_shown_between_its_steps() -> None:
    signals = Signals(0)
    signals.show(2, 0)
    assert [signals.outputs(False, False, ms) & RED for ms in range(1, 400)] == [1] * 99 + [0] * 100 + [
        1
    ] * 100 + [0] * 100


def test_the_same_signal_continues_without_a_beep() -> None:
    signals = Signals(0)
    signals.show(1, 0)
    shown(signals, 0, 4)
    assert signals.show(1, 350)
    assert signals.outputs(False, False, 350) == 0
    assert beeps(shown(signals, 400)) == "." * 20


def test_another_signal_starts_at_once_from_its_beginning() -> None:
    signals = Signals(0)
    signals.show(1, 0)
    shown(signals, 0, 4)
    signals.show(4, 350)
    assert signals.outputs(False, False, 350) == RED | BUZZER
    assert signals.outputs(False, False, 449) == RED | BUZZER
    assert signals.outputs(False, False, 450) == RED


@pytest.mark.parametrize("signal", [6, 7, 255])
def test_an_unknown_signal_is_not_shown(signal: int) -> None:
    signals = Signals(0)
    signals.show(5, 0)
    assert not signals.show(signal, 0)
    assert lamps(shown(signals, 0)) == PICTURES["welcome"] * 2


def test_before_the_first_signal_nothing_is_shown() -> None:
    assert set(shown(Signals(0), 0)) == {0}


@pytest.mark.parametrize("name", NAMES)
def test_an_alarm_has_priority_over_every_signal(name: str) -> None:
    signals = Signals(0)
    signals.show(NAMES.index(name), 0)
    bits = shown(signals, 0, alarm=True)
    assert lamps(bits) == "r." * 10
    assert beeps(bits) == "b" * 20
    assert bits == shown(signals, 2_000, pre_alarm=True, alarm=True)


@pytest.mark.parametrize("name", NAMES)
def test_a_pre_alarm_sounds_and_keeps_the_signal(name: str) -> None:
    signals = Signals(0)
    signals.show(NAMES.index(name), 0)
    shown(signals, 0, 10)
    bits = shown(signals, 1_000, pre_alarm=True)
    assert lamps(bits) == PICTURES[name] * 2
    assert beeps(bits) == "b....b...." * 2
