"""A scanner that works as a keyboard, with python-evdev: grabbed, so that no other program gets its keys.

Without the grab every code of a visitor is typed on this device's console: a QR code could log in there.
"""

from __future__ import annotations

import errno
import os
import select
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, Protocol

from edge.errors import ReaderFault
from hw.scanner.keys import CODE_KEYS, PIN_KEYS, can_type
from hw.scanner.wire import TURN_S, why

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from types import ModuleType

    from hw.scanner.keys import KeyDecoder

_FOLDER: Final = "/dev/input"
# linux/input-event-codes.h, as (type, code)
_SYN_REPORT: Final = (0, 0)
_SYN_DROPPED: Final = (0, 3)
_KEY: Final = 1
_GROUP: Final = "input"


class InputEvent(Protocol):
    """One input event of the kernel."""

    @property
    def type(self) -> int: ...
    @property
    def code(self) -> int: ...
    @property
    def value(self) -> int: ...


class Keyboard(Protocol):
    """The methods of an `evdev.InputDevice` that are used here. They raise OSError."""

    def fileno(self) -> int: ...
    def read(self) -> Iterable[InputEvent]: ...
    def close(self) -> None: ...


class KeyWire:
    """An open keyboard. Raises ReaderFault after it was unplugged."""

    def __init__(self, keyboard: Keyboard, keys: KeyDecoder, *, name: str) -> None:
        self._keyboard, self._keys, self._name = keyboard, keys, name
        self._is_whole = True

    def read(self) -> bytes | None:
        try:
            ready, _, _ = select.select([self._keyboard], [], [], TURN_S)
            events = list(self._keyboard.read()) if ready else []
        except BlockingIOError:  # a spurious wake-up of select
            return b""
        except OSError as err:
            raise why(self._name, err.errno, here=()) from err
        written = bytearray()
        was_whole = self._is_whole
        for event in events:
            written += self._written(event)
            was_whole &= self._is_whole
        return bytes(written) if was_whole else None

    def close(self) -> None:
        with suppress(OSError):
            self._keyboard.close()

    def _written(self, event: InputEvent) -> bytes:
        kind = (event.type, event.code)
        if kind == _SYN_DROPPED:  # we were too slow: the events up to the next report are incomplete
            self._is_whole = False
            self._keys.lost()
        elif kind == _SYN_REPORT:
            self._is_whole = True
        elif event.type == _KEY and self._is_whole:
            return self._keys.key(event.code, event.value)
        return b""


def open_keyboard(name: str, keys: KeyDecoder, *, types: Iterable[Collection[int]] = CODE_KEYS) -> KeyWire:
    """Open and grab the keyboard at this path, or of this name, that can type this. Raises ReaderFault.

    One scanner often has several nodes of one name, of which only one has letters: the others are its volume
    keys, or its settings.
    """
    try:
        import evdev  # an optional dependency: few doors have such a scanner
    except ImportError as error:
        raise ReaderFault(
            "python-evdev, which reads keyboards, is not installed",
            hint="pip install 'doorward[keyboard]', or set the scanner to USB-CDC and kind to serial",
        ) from error
    types = tuple(types)
    try:
        keyboard = _opened(evdev, [name] if name.startswith("/") else _here(), name, types)
    except OSError as err:
        raise why(name, err.errno, here=_here(), group=_GROUP) from err
    try:
        keyboard.grab()
    except OSError as err:
        keyboard.close()
        raise why(name, err.errno, here=(), group=_GROUP) from err
    return KeyWire(keyboard, keys, name=name)


def _opened(evdev: ModuleType, paths: Sequence[str], name: str, types: tuple[Collection[int], ...]) -> Any:  # noqa: ANN401  an InputDevice, which may not be installed
    """The one device of this path or name that can type. Raises OSError, ReaderFault."""
    fit, unfit = [], []
    missing: OSError = FileNotFoundError(errno.ENOENT, name)
    for path in paths:
        try:
            device = evdev.InputDevice(path)
            is_named = path == name or device.name.strip() == name.strip()
            is_fit = is_named and can_type(device.capabilities().get(_KEY, ()), types)
        except OSError as err:  # unplugged meanwhile, or of another user
            missing = err
            continue
        if is_fit:
            fit.append(device)
        else:
            unfit += [path] if is_named else []
            device.close()
    if len(fit) == 1:
        return fit[0]
    for device in fit:
        device.close()
    if fit:
        raise ReaderFault(
            f"{len(fit)} devices are named {name}: {', '.join(device.path for device in fit)}",
            hint="set port to the path of one, best from /dev/input/by-id, where names do not change",
        )
    if unfit and not isinstance(missing, PermissionError):
        raise ReaderFault(
            f"{name}: {', '.join(unfit)} cannot type: keys for {_wanted(types)} are missing",
            hint="set port to the node that types, whose path in /dev/input/by-id ends in -event-kbd",
        )
    raise missing


def _wanted(types: Collection[Collection[int]]) -> str:
    return "letters, digits or an end" if len(types) > len(PIN_KEYS) else "digits or Enter"


def _here() -> list[str]:
    try:
        names = sorted(os.listdir(_FOLDER))  # noqa: PTH208  names only
    except OSError:
        return []
    return [f"{_FOLDER}/{name}" for name in names if name.startswith("event")]
