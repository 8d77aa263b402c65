"""Opens the keypad of a door."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from contextlib import ExitStack

    from edge import config
    from edge.ports import Keypad


def open_keypad(keypad: config.KeypadConfig, stack: ExitStack) -> Keypad | None:
    """The keypad of a configuration, also if it is not connected now; None: the door has none."""
    if keypad.kind == "none":
        return None
    from hw.scanner.evdev import open_keyboard
    from hw.scanner.keypad_wire import WiredKeypad
    from hw.scanner.keys import PIN_KEYS, KeyDecoder

    assert keypad.port is not None, "parse_config refuses a keypad without a port"
    name = keypad.port
    pad = WiredKeypad(lambda: open_keyboard(name, KeyDecoder("us"), types=PIN_KEYS))
    stack.callback(pad.close)
    return pad
