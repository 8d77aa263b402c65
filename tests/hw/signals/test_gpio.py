"""Lamps and a buzzer on this board's pins, with gpiozero's mock pins."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
import signals as controllers  # firmware's
from gpiozero.pins.mock import MockFactory, MockPin
from peers.waiting import until

from edge.decision import Signal
from edge.errors import ConfigError
from hw.door.signals import _NUMBERS
from hw.signals.gpio import PATTERNS, GpioSignals

RED, GREEN, BUZZER = 5, 6, 13


@pytest.fixture
def factory() -> Iterator[MockFactory]:
    factory = MockFactory()
    yield factory
    factory.close()


def levels(factory: MockFactory, pin: int) -> list[bool]:
    """All levels that this pin had since it became an output."""
    return [bool(state.state) for state in factory.pin(pin).states]


@pytest.mark.parametrize("signal", [*Signal, None])
def test_a_board_shows_what_a_controller_shows(signal: Signal | None) -> None:
    theirs, mine = controllers.Signals(0), PATTERNS[signal]
    assert theirs.show(_NUMBERS[signal], 0)
    bits = [theirs.outputs(False, False, controllers.STEP_MS * step) for step in range(10)]
    assert mine.red == "".join("#" if bit & controllers.RED else "." for bit in bits)
    assert mine.green == "".join("#" if bit & controllers.GREEN else "." for bit in bits)
    assert mine.beeps == bool(bits[0] & controllers.BUZZER)


def test_the_buzzer_sounds_once_for_each_signal(factory: MockFactory) -> None:
    signals = GpioSignals(red=RED, green=GREEN, buzzer=BUZZER, factory=factory, step_s=0.005)
    signals.show(Signal.TRY_AGAIN)
    until(lambda: levels(factory, RED).count(True) >= 4, for_s=60)  # on in the first step and the third
    assert levels(factory, BUZZER).count(True) == 1
    signals.show(Signal.ASK_STAFF)
    until(lambda: levels(factory, BUZZER).count(True) == 2, for_s=60)
    signals.close()


@pytest.mark.parametrize("name", ["red", "green", "buzzer"])
def test_pins_that_are_not_wired_are_not_driven(name: str, factory: MockFactory) -> None:
    signals = GpioSignals(**{name: RED}, factory=factory)
    signals.show(Signal.ASK_STAFF)
    signals.close()
    assert [pin.info.name for pin in factory.pins.values()] == [f"GPIO{RED}"]


def test_after_close_all_lamps_are_off_and_the_pins_are_free(factory: MockFactory) -> None:
    signals = GpioSignals(red=RED, green=GREEN, buzzer=BUZZER, factory=factory)
    signals.show(Signal.ASK_STAFF)
    until(lambda: factory.pin(RED).state, for_s=60)
    signals.close()
    assert "lamps" not in {thread.name for thread in threading.enumerate()}
    for pin in (RED, GREEN, BUZZER):
        assert factory.pin(pin).function == "input"
        assert levels(factory, pin)[-1] is False
    GpioSignals(red=RED, factory=factory).close()


@pytest.mark.parametrize("pin", [99, GREEN])
def test_a_pin_that_cannot_be_opened_is_named_and_the_others_are_free_again(
    pin: int, factory: MockFactory
) -> None:
    with pytest.raises(ConfigError, match=rf"\[signals\] GPIO {pin} cannot be driven") as caught:
        GpioSignals(red=RED, green=GREEN, buzzer=pin, factory=factory)
    assert "a pin of its own" in caught.value.hint
    GpioSignals(red=RED, green=GREEN, factory=factory).close()


class Loose(MockPin):
    """A pin that fails when it is driven high."""

    fails = False

    def _set_state(self, value: bool) -> None:
        if self.fails and value:
            raise OSError(5, "Input/output error")
        super()._set_state(value)


def test_a_lamp_that_fails_is_off_and_the_other_lamp_works() -> None:
    factory = MockFactory(pin_class=Loose)
    signals = GpioSignals(red=RED, green=GREEN, factory=factory)
    factory.pin(RED).fails = True
    signals.show(Signal.WAIT)  # both lamps
    until(lambda: factory.pin(GREEN).state, for_s=60)
    assert not factory.pin(RED).state
    signals.close()
    factory.close()
