"""Pins of gpiozero on a GPIO chip: levels from the very first moment, pulls, edges, and each line's one holder."""

from __future__ import annotations

import errno
import threading
from collections.abc import Callable, Iterator

import pytest
from peers.pins import Board
from peers.waiting import until

gpiozero = pytest.importorskip("gpiozero")
from gpiozero.exc import (  # noqa: E402
    PinFixedPull,
    PinInvalidBounce,
    PinInvalidEdges,
    PinInvalidFunction,
    PinInvalidPin,
    PinInvalidPull,
    PinPWMUnsupported,
    PinSetInput,
)

from hw.pins.library import advice  # noqa: E402


@pytest.fixture
def board() -> Iterator[Board]:
    board = Board()
    yield board
    board.close()


@pytest.mark.parametrize("first", [False, True])
def test_an_output_has_its_first_level_at_once_and_goes_back_to_it(board: Board, first: bool) -> None:
    output = gpiozero.OutputDevice(17, initial_value=first, pin_factory=board.factory)
    assert board.chip.levels(17) == ((False, True) if first else (False,))
    output.value = not first
    assert board.chip.level(17) is not first
    output.close()
    assert not board.chip.is_held(17)
    assert board.chip.levels(17) == ((False, True, False, True, False) if first else (False, True, False))


def test_a_pin_that_nothing_uses_is_not_held(board: Board) -> None:
    board.factory.pin("GPIO17")
    assert not board.chip.is_held(17)


def test_an_input_reads_its_pull_until_the_circuit_drives_it(board: Board) -> None:
    with gpiozero.DigitalInputDevice(4, pull_up=True, pin_factory=board.factory) as contact:
        assert contact.pin.state
        assert not contact.is_active
        board.drive(4, False)
        assert contact.is_active
        board.drive(4, None)
        assert not contact.is_active
    with gpiozero.DigitalInputDevice(4, pull_up=False, pin_factory=board.factory) as contact:
        assert not contact.pin.state


def test_each_edge_is_told_once_in_order_and_none_after_close(board: Board) -> None:
    told: list[str] = []
    inputs = {pin: gpiozero.DigitalInputDevice(pin, pin_factory=board.factory) for pin in (4, 5)}
    for pin, device in inputs.items():
        device.when_activated = lambda pin=pin: told.append(f"{pin} up")
        device.when_deactivated = lambda pin=pin: told.append(f"{pin} down")
    for pin, level in ((4, True), (5, True), (4, False), (5, False)):
        board.drive(pin, level)
    assert told == ["4 up", "5 up", "4 down", "5 down"]
    for device in inputs.values():
        device.close()
    board.drive(4, True)
    assert len(told) == 4


def test_a_device_may_close_its_pin_when_it_is_told_of_an_edge(board: Board) -> None:
    closed = threading.Event()
    device = gpiozero.DigitalInputDevice(4, pin_factory=board.factory)

    def end() -> None:
        device.close()
        closed.set()

    device.when_activated = end
    board.chip.drive(4, True)
    assert closed.wait(60)


def test_an_error_in_one_device_does_not_silence_the_others(board: Board) -> None:
    told: list[str] = []
    broken, working = (gpiozero.DigitalInputDevice(pin, pin_factory=board.factory) for pin in (4, 5))
    broken.when_activated = lambda: 1 / 0
    working.when_activated = lambda: told.append("up")
    board.chip.drive(4, True)
    board.chip.drive(5, True)
    until(lambda: told, for_s=60)
    broken.close()
    working.close()


def test_edges_of_one_direction_are_told_alone(board: Board) -> None:
    pin = board.factory.pin("GPIO4")
    pin.input_with_pull("down")
    pin.edges = "falling"
    told: list[int] = []

    def changed(ticks: float, state: int) -> None:
        told.append(state)

    pin.when_changed = changed
    board.drive(4, True)
    board.drive(4, False)
    assert told == [0]
    pin.edges = "both"
    board.drive(4, True)
    assert told == [0, 1]
    assert pin.edges == "both"


WRONG: dict[str, tuple[type[Exception], Callable[[Board], object]]] = {
    "no such pin": (PinInvalidPin, lambda board: board.factory.pin("GPIO99")),
    "no such function": (PinInvalidFunction, lambda board: set_on(board, "function", "alt0")),
    "an input is not driven": (PinSetInput, lambda board: set_on(board, "state", 1)),
    "no such pull": (PinInvalidPull, lambda board: set_on(board, "pull", "sideways")),
    "a pin with a resistor": (PinFixedPull, lambda board: set_on(board, "pull", "down", 2)),
    "no such edge": (PinInvalidEdges, lambda board: set_on(board, "edges", "all")),
    "a bounce below 0": (PinInvalidBounce, lambda board: set_on(board, "bounce", -1)),
    "no PWM": (PinPWMUnsupported, lambda board: set_on(board, "frequency", 100)),
}


def set_on(board: Board, name: str, value: object, pin: int = 4) -> None:
    setattr(board.factory.pin(f"GPIO{pin}"), name, value)


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_setting_is_an_error_of_gpiozero(case: str, board: Board) -> None:
    error, wrong = WRONG[case]
    with pytest.raises(error):
        wrong(board)


def test_an_output_has_no_pull(board: Board) -> None:
    pin = board.factory.pin("GPIO4")
    pin.function = "output"
    with pytest.raises(PinFixedPull):
        pin.pull = "up"


def test_a_line_that_another_program_holds_is_named_with_what_to_do(board: Board) -> None:
    first = gpiozero.OutputDevice(17, initial_value=False, pin_factory=board.factory)
    other = Board(board.chip)
    with pytest.raises(OSError, match="busy") as caught:
        gpiozero.OutputDevice(17, initial_value=False, pin_factory=other.factory)
    assert caught.value.errno == errno.EBUSY
    assert "gpioinfo" in advice(caught.value)
    other.close()
    first.close()


def test_a_bounce_time_is_the_kernels_debounce(board: Board) -> None:
    pin = board.factory.pin("GPIO4")
    pin.bounce = 0.01
    assert pin.bounce == 0.01
    pin.bounce = None
    assert pin.bounce is None
