"""The display of one door: each signal, each text once, and the light of the colour challenge."""

from __future__ import annotations

from edge.decision import Signal
from edge.face.pad.colour_challenge import LampColour
from edge.passage.holder_display import HolderDisplay
from hw.sim.colour_light import SimColourLight
from hw.sim.signals import SimSignals

RED, BLUE = LampColour.RED, LampColour.BLUE


def test_a_text_is_sent_once_and_taken_away_once() -> None:
    signals = SimSignals()
    display = HolderDisplay(signals)
    for words in (None, "turn left", "turn left", "turn right", None, None):
        display.prompt(words)
    assert signals.asked == ["turn left", "turn right", None]
    assert display.words is None


def test_a_colour_is_sent_once_and_the_light_goes_out_with_the_text() -> None:
    light = SimColourLight()
    display = HolderDisplay(SimSignals(), light)
    display.prompt("look")
    assert light.shown == [], "a light that is off is not switched off"
    for colour in (RED, RED, BLUE):
        display.prompt("look", colour)
    display.prompt(None)
    display.prompt(None)
    assert light.shown == [RED.value, BLUE.value, None]


def test_a_door_without_a_light_shows_the_text_alone() -> None:
    signals = SimSignals()
    HolderDisplay(signals).prompt("look", RED)
    assert signals.asked == ["look"]


def test_a_locked_door_ends_welcome_and_no_other_signal() -> None:
    signals = SimSignals()
    display = HolderDisplay(signals)
    display.show(Signal.ASK_STAFF)
    display.locked()
    assert display.signal is signals.current is Signal.ASK_STAFF
    display.show(Signal.WELCOME)
    display.locked()
    assert display.signal is signals.current is None
