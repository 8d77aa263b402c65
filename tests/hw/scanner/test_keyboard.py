"""A scanner that types: it sends key events, and the decoder reads the text."""

from __future__ import annotations

import errno
import importlib.util
import os
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from peers.cpython_controller import PushedClock
from peers.keyboard_on_pipe import KEY, SYN, SYN_DROPPED, SYN_REPORT, Event, TypingScanner, typed
from peers.waiting import until
from worlds.trust import shown

from edge.errors import ReaderFault
from hw.scanner import evdev as evdev_wire
from hw.scanner.evdev import KeyWire, open_keyboard
from hw.scanner.keys import (
    CAPS_LOCK,
    CODE_KEYS,
    LAYOUTS,
    LEFT_ALT,
    PIN_KEYS,
    KeyboardLayout,
    KeyDecoder,
    can_type,
)
from hw.scanner.line_decoder import Framing, LineDecoder
from hw.scanner.wire import WiredScanner

CODE, OTHER = shown(), shown(card_id=b"card0002")
BASE45 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
# The keys A, Shift, Ctrl, M and the digits of the keypad in linux/input-event-codes.h.
A, SHIFT, CTRL, M = 30, 42, 29, 50
KEYPAD = [82, 79, 80, 81, 75, 76, 77, 71, 72, 73]


def written(events: list[Event], layout: KeyboardLayout = "us") -> str:
    decoder = KeyDecoder(layout)
    return b"".join(decoder.key(e.code, e.value) for e in events if e.type == KEY).decode()


def press(*codes: int) -> list[Event]:
    """Events of keys that are pressed in this order and released in the reverse order."""
    return [Event(KEY, code, 1) for code in codes] + [Event(KEY, code, 0) for code in reversed(codes)]


@pytest.mark.parametrize("layout", get_args(KeyboardLayout))
def test_a_code_is_read_in_every_layout(layout: KeyboardLayout) -> None:
    assert written(typed(f"{CODE}{BASE45}\r", layout), layout) == f"{CODE}{BASE45}\r"


# The text for "EC1:$%*+-./" if the scanner has another layout than the device.
CHANGED: dict[KeyboardLayout, str] = {"uk": "EC1:$%*+-./", "de": "EC1>$%}]/.&", "fr": 'EC!.]"\\+6<>'}


@pytest.mark.parametrize("layout", CHANGED)
def test_a_scanner_with_another_layout_changes_letters(layout: KeyboardLayout) -> None:
    assert written(typed("EC1:$%*+-./", layout), "us") == CHANGED[layout]


MOVEMENTS: dict[str, tuple[list[Event], str]] = {
    "a key": (press(A), "a"),
    "with shift": (press(SHIFT, A), "A"),
    "with the other shift": (press(54, A), "A"),
    "with both, one released first": (
        [Event(KEY, SHIFT, 1), Event(KEY, 54, 1), Event(KEY, SHIFT, 0), *press(A)],
        "A",
    ),
    "caps lock swaps letters": (press(CAPS_LOCK) + press(A) + press(SHIFT, A) + press(2), "aA1".swapcase()),
    "caps lock twice": (press(CAPS_LOCK) * 2 + press(A), "a"),
    "a key that is held down repeats nothing": ([Event(KEY, A, 1), *[Event(KEY, A, 2)] * 9, Event(KEY, A, 0)], "a"),
    "Ctrl and M is an end": (press(CTRL, M), "\r"),
    "Ctrl and a digit is ignored": (press(CTRL, 2), ""),
    "a key without a character": (press(59) + press(1) + press(999), ""),
    "the keypad's digits": ([e for code in KEYPAD for e in press(code)], "0123456789"),
    "Alt and a number": (
        [Event(KEY, LEFT_ALT, 1), *press(KEYPAD[0]), *press(KEYPAD[6]), *press(KEYPAD[9]), Event(KEY, LEFT_ALT, 0)],
        "E",
    ),
    "Alt and too large a number": (
        [Event(KEY, LEFT_ALT, 1), *[e for _ in range(9) for e in press(KEYPAD[9])], Event(KEY, LEFT_ALT, 0)],
        "",
    ),
    "Alt alone": (press(LEFT_ALT), ""),
}  # fmt: skip


@pytest.mark.parametrize("case", MOVEMENTS)
def test_key_events_make_text(case: str) -> None:
    events, text = MOVEMENTS[case]
    assert written(events) == text


@given(
    st.lists(st.tuples(st.integers(0, 0x2FF), st.integers(-1, 3)), max_size=60),
    st.sampled_from(get_args(KeyboardLayout)),
)
def test_any_key_events_are_text_and_not_an_error(
    moves: list[tuple[int, int]], layout: KeyboardLayout
) -> None:
    decoder = KeyDecoder(layout)
    b"".join(decoder.key(code, value) for code, value in moves).decode()


def test_every_layout_has_the_keys_of_the_others() -> None:
    assert len({frozenset(table) for table in LAYOUTS.values()}) == 1


# -- through the kernel's events ---------------------------------------------------------------------------


def test_events_that_the_kernel_dropped_drop_the_code_and_leave_no_shift() -> None:
    typing = TypingScanner()
    wire, decoder = typing.opens(), LineDecoder(Framing(), opened_ms=0)
    decoder.receive(b"", 1_000)
    events = typed(f"{CODE}\r")
    shift = next(at for at, event in enumerate(events) if (event.code, event.value) == (SHIFT, 1))
    dropped = [Event(SYN, SYN_DROPPED, 0), Event(KEY, A, 1), Event(SYN, SYN_REPORT, 0)]
    told: list[str] = []
    for batch in (events[: shift + 2], dropped, typed(f"{CODE[-9:]}\r"), typed(OTHER), typed("\r")):
        for at in range(0, len(batch), 60):  # the kernel keeps 64 for a reader
            typing.send(batch[at : at + 60])
            told += [scan.symbol.text for scan in decoder.receive(wire.read(), 1_000)]
    assert told == [OTHER]
    wire.close()
    typing.close()


def test_a_scanner_with_another_layout_is_found_by_its_first_code() -> None:
    typing, clock = TypingScanner("de"), PushedClock()
    scanner = WiredScanner(typing.opens, Framing(expect="EC1:"), clock=clock)
    try:
        scanner.wait_until_ready(20)
        typing.type(f"{CODE}\r")
        until(lambda: scanner.tally.read)
        with pytest.raises(ReaderFault, match="EC1>") as caught:
            scanner.wait_until_ready(0)
        assert "layout" in caught.value.hint
    finally:
        scanner.close()
        typing.close()


def test_a_spurious_wake_up_gives_nothing() -> None:
    class Spurious:
        def __init__(self) -> None:
            self._typing = TypingScanner()
            self._typing.type("A")
            assert self._typing._reading is not None
            self._fd = self._typing._reading

        def fileno(self) -> int:
            return self._fd

        def read(self) -> list[Event]:
            raise BlockingIOError

        def close(self) -> None:
            self._typing.close()

    wire = KeyWire(Spurious(), KeyDecoder(), name="keyboard")
    assert wire.read() == b""
    wire.close()


@pytest.mark.skipif(importlib.util.find_spec("evdev") is not None, reason="python-evdev is installed")
def test_without_evdev_the_hint_says_how_to_install_it() -> None:
    with pytest.raises(ReaderFault, match="evdev") as caught:
        open_keyboard("/dev/input/event0", KeyDecoder())
    assert "doorward[keyboard]" in caught.value.hint


def test_a_missing_keyboard_is_a_fault() -> None:
    pytest.importorskip("evdev")
    with pytest.raises(ReaderFault, match="does not exist"):
        open_keyboard("/dev/input/event987", KeyDecoder())
    with pytest.raises(ReaderFault, match="does not exist"):
        open_keyboard("A scanner of this name", KeyDecoder())


# -- the choice of a node ------------------------------------------------------------------------------------

VOLUME, LETTERS, PAD = [113, 114, 115], list(range(1, 84)), [*range(71, 84), 96]
NAME = "Acme 2D Scanner"


@dataclass
class Nodes:
    """Stands for python-evdev: a device for each file of a folder, with its name and keys, or an error."""

    folder: Path
    devices: dict[str, tuple[str, list[int]] | OSError]
    grabbed: list[str] = field(default_factory=list)
    open: list[str] = field(default_factory=list)

    def InputDevice(self, path: str) -> Node:  # noqa: N802  the name in python-evdev
        at = self.devices.get(Path(path).name, FileNotFoundError(errno.ENOENT, path))
        if isinstance(at, OSError):
            raise at
        self.open.append(Path(path).name)
        return Node(self, path, *at)


@dataclass
class Node:
    world: Nodes
    path: str
    name: str
    keys: list[int]

    def capabilities(self) -> dict[int, list[int]]:
        return {KEY: self.keys} if self.keys else {}

    def grab(self) -> None:
        self.world.grabbed.append(Path(self.path).name)

    def close(self) -> None:
        self.world.open.remove(Path(self.path).name)


@pytest.fixture
def plugged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def plug(**devices: tuple[str, list[int]] | OSError) -> Nodes:
        for name in devices:
            (tmp_path / name).touch()
        world = Nodes(tmp_path, devices)
        monkeypatch.setattr(evdev_wire, "_FOLDER", str(tmp_path))
        monkeypatch.setitem(sys.modules, "evdev", world)
        return world

    return plug


FORBIDDEN = PermissionError(errno.EACCES, "Permission denied")
CHOICES: dict[str, tuple[dict[str, tuple[str, list[int]] | OSError], str]] = {
    "the first is mute": ({"event4": (NAME, VOLUME), "event5": (NAME, LETTERS)}, "event5"),
    "the second is mute": ({"event10": (NAME, VOLUME), "event9": (NAME, LETTERS)}, "event9"),
    "one has no keys at all": ({"event4": (NAME, []), "event5": (NAME, LETTERS)}, "event5"),
    "one is a number pad": ({"event4": (NAME, PAD), "event5": (NAME, LETTERS)}, "event5"),
    "a keyboard of another name": ({"event0": ("AT keyboard", LETTERS), "event5": (NAME, LETTERS)}, "event5"),
    "one belongs to another user": ({"event4": FORBIDDEN, "event5": (NAME, LETTERS)}, "event5"),
    "a name with a blank at its end": ({"event4": (NAME + " ", LETTERS)}, "event4"),
}


@pytest.mark.parametrize("case", CHOICES)
def test_the_node_that_can_type_is_taken(case: str, plugged) -> None:
    devices, wanted = CHOICES[case]
    world = plugged(**devices)
    open_keyboard(NAME, KeyDecoder())
    assert world.grabbed == [wanted] == world.open


def test_a_number_pad_is_chosen_by_its_digits(plugged) -> None:
    world = plugged(event4=(NAME, VOLUME), event5=(NAME, PAD))
    open_keyboard(NAME, KeyDecoder(), types=PIN_KEYS)
    assert world.grabbed == ["event5"]


REFUSED: dict[str, tuple[dict[str, tuple[str, list[int]] | OSError], list[str]]] = {
    "two that can type": (
        {"event4": (NAME, LETTERS), "event5": (NAME, LETTERS), "event6": (NAME, VOLUME)},
        ["2 devices are named Acme 2D Scanner", "event4", "event5"],
    ),
    "none that can type": ({"event4": (NAME, VOLUME)}, ["event4", "cannot type", "letters"]),
    "no rights for one": ({"event4": FORBIDDEN, "event5": (NAME, VOLUME)}, ["permission"]),
    "none of this name": ({"event4": ("AT keyboard", LETTERS)}, ["does not exist"]),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_name_without_one_node_that_can_type_is_refused(case: str, plugged) -> None:
    devices, words = REFUSED[case]
    world = plugged(**devices)
    with pytest.raises(ReaderFault) as caught:
        open_keyboard(NAME, KeyDecoder())
    assert [word for word in words if word not in caught.value.message] == []
    assert caught.value.hint
    assert world.open == world.grabbed == []


def test_a_path_of_a_node_that_cannot_type_is_refused(plugged) -> None:
    world = plugged(event4=(NAME, VOLUME))
    with pytest.raises(ReaderFault, match="cannot type") as caught:
        open_keyboard(f"{world.folder}/event4", KeyDecoder())
    assert "-event-kbd" in caught.value.hint


@pytest.mark.parametrize("missing", [30, 2, 28])
def test_a_device_without_one_key_of_a_code_cannot_type_it(missing: int) -> None:
    has = {*range(1, 55)} - {missing} - ({15} if missing == 28 else set())
    assert not can_type(has, CODE_KEYS)
    assert can_type(range(1, 55), CODE_KEYS)


@pytest.mark.skipif(not os.access("/dev/uinput", os.W_OK), reason="no /dev/uinput, or not ours")
def test_an_opened_keyboard_reaches_no_other_program() -> None:
    evdev = pytest.importorskip("evdev")
    name = "doorward test scanner"
    with evdev.UInput(name=name) as device:
        opened: list[KeyWire] = []

        def opens() -> list[KeyWire]:
            with suppress(ReaderFault):  # udev has not made its file yet
                opened.append(open_keyboard(name, KeyDecoder()))
            return opened

        until(opens)
        with pytest.raises(ReaderFault, match="another program"):
            open_keyboard(name, KeyDecoder())
        console = evdev.InputDevice(device.device.path)
        said, events = bytearray(), typed(OTHER)
        for at in range(0, len(events), 30):  # the kernel keeps 64 for a reader
            for event in events[at : at + 30]:
                device.write(event.type, event.code, event.value)
            said += opened[0].read() or b""
        until(lambda: said.extend(opened[0].read() or b"") or len(said) == len(OTHER))
        assert said.decode() == OTHER
        assert console.read_one() is None
        console.close()
        opened[0].close()
