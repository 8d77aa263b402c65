"""The lamp of the colour challenge, with gpiozero's mock pins, and its simulator: one contract."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from gpiozero.pins.mock import MockFactory
from peers.pins import Board

from edge.errors import ConfigError
from edge.face.pad.colour_challenge import LampColour
from edge.ports import ColourLight
from hw.signals.colour_lamp import ColourLamp
from hw.signals.gpio import GpioSignals
from hw.sim.colour_light import SimColourLight

PINS = (5, 6, 13)
Light = tuple[ColourLight, Callable[[], tuple[int, ...]]]


@pytest.fixture
def factory() -> Iterator[MockFactory]:
    factory = MockFactory()
    yield factory
    factory.close()


@pytest.fixture(params=["pins", "chip", "simulator"])
def light(request: pytest.FixtureRequest, factory: MockFactory) -> Iterator[Light]:
    match request.param:
        case "simulator":
            simulated = SimColourLight()
            yield simulated, lambda: simulated.now
        case "chip":
            board = Board()
            yield ColourLamp(PINS, board.factory), lambda: tuple(int(board.chip.level(pin)) for pin in PINS)
            board.close()
        case _:
            yield ColourLamp(PINS, factory), lambda: tuple(int(factory.pin(pin).state) for pin in PINS)


@pytest.mark.parametrize("colour", LampColour)
def test_a_light_shows_each_colour_and_goes_out(colour: LampColour, light: Light) -> None:
    lamp, now = light
    assert now() == (0, 0, 0)
    lamp.shine(colour.value)
    assert now() == colour.value
    lamp.shine(None)
    assert now() == (0, 0, 0)


def test_a_light_that_is_closed_is_off(light: Light) -> None:
    lamp, now = light
    lamp.shine((1, 1, 1))
    lamp.close()
    assert now() == (0, 0, 0)


def test_a_pin_in_use_is_named_and_the_others_are_free_again(factory: MockFactory) -> None:
    other = GpioSignals(red=PINS[1], factory=factory)
    with pytest.raises(ConfigError, match=r"\[signals\] GPIO 6 cannot be driven"):
        ColourLamp(PINS, factory)
    other.close()
    lamp = ColourLamp(PINS, factory)
    lamp.close()


def test_a_pin_that_fails_later_raises_nothing(factory: MockFactory) -> None:
    lamp = ColourLamp(PINS, factory)
    factory.close()
    lamp.shine((1, 0, 1))
    lamp.close()
