"""The contract of every keypad: keys in order, no key twice, a fault while the keypad is missing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from peers.keyboard_on_pipe import TypingScanner
from peers.waiting import until

from edge.errors import ReaderFault
from edge.ports import Keypad
from hw.scanner.evdev import KeyWire
from hw.scanner.keypad_wire import MAX_KEYS, WiredKeypad
from hw.sim.keypad import SimKeypad


@dataclass
class Bench:
    """A keypad, with functions that press keys and move its cable."""

    keypad: Keypad
    type: Callable[[str], None]
    unplug: Callable[[], None]
    plug: Callable[[], None]

    def hears(self, keys: str) -> str:
        """Press these keys, wait for all of them, and return the keys read."""
        return self.until(lambda heard: len(heard) >= len(keys))

    def until(self, enough: Callable[[str], bool]) -> str:
        heard: list[str] = []
        until(lambda: heard.append(self.keypad.keys()) or enough("".join(heard)))
        return "".join(heard)

    def fault(self) -> ReaderFault | None:
        try:
            self.keypad.keys()
        except ReaderFault as fault:
            return fault
        return None

    def until_gone(self) -> ReaderFault:
        until(self.fault)
        fault = self.fault()
        assert fault is not None
        return fault

    def until_back(self) -> None:
        until(lambda: self.fault() is None)


def simulated() -> Bench:
    keypad = SimKeypad()
    return Bench(
        keypad,
        keypad.type,
        lambda: setattr(keypad, "unplugged", True),
        lambda: setattr(keypad, "unplugged", False),
    )


def on_a_pipe() -> Bench:
    pad = TypingScanner()
    bench = Bench(WiredKeypad(pad.opens), pad.type, pad.unplug, pad.plug_in)
    bench.until_back()
    return bench


@pytest.fixture(params=[simulated, on_a_pipe], ids=["sim", "evdev"])
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    made = request.param()
    yield made
    made.keypad.close()


def test_keys_come_in_order_and_once(bench: Bench) -> None:
    bench.type("0123456789*")
    assert bench.hears("0123456789*") == "0123456789*"
    assert bench.keypad.keys() == ""


def test_of_many_keys_the_newest_are_kept(bench: Bench) -> None:
    bench.type("1" * MAX_KEYS + "2" * MAX_KEYS)
    heard = bench.until(lambda keys: keys.count("2") == MAX_KEYS)
    assert heard.endswith("2" * MAX_KEYS)


def test_a_removed_keypad_is_a_fault_until_it_is_back(bench: Bench) -> None:
    bench.unplug()
    assert bench.until_gone().hint
    bench.plug()
    bench.until_back()
    bench.type("42")
    assert bench.hears("42") == "42"


def test_other_keys_of_a_keypad_are_ignored() -> None:
    bench = on_a_pipe()
    bench.type("1a-2 3/")
    assert bench.hears("123") == "123"
    bench.keypad.close()


def test_a_programming_error_of_the_wire_is_raised_to_the_caller() -> None:
    def opens() -> KeyWire:
        raise ZeroDivisionError

    keypad = WiredKeypad(opens)
    bench = Bench(keypad, lambda _: None, lambda: None, lambda: None)
    with pytest.raises(ZeroDivisionError):
        bench.until_back()
    keypad.close()
