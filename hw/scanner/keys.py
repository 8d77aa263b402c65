"""Translates the keys that a scanner presses into characters. Pure: key codes of the kernel in, bytes out.

A keyboard sends keys, not characters: the layout says which key is which character. A scanner has a layout
among its settings, and it must be equal to the layout set here. The layout of this device's console does not
matter.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

KeyboardLayout = Literal["us", "uk", "de", "fr"]

# linux/input-event-codes.h
TAB, ENTER, KEYPAD_ENTER, CAPS_LOCK = 15, 28, 96, 58
SHIFTS: Final = frozenset({42, 54})
CONTROLS: Final = frozenset({29, 97})
LEFT_ALT: Final = 56
_UP, _DOWN = 0, 1  # 2 is a key held down: by a person, or by a scanner whose release was lost

# The keys of characters, row by row from the top, starting with 1, q, a, the key beside enter, and z.
_ROWS: Final = (range(2, 14), range(16, 28), range(30, 42), range(43, 44), range(44, 54))
# Each row without shift, and with it. Checked against xkeyboard-config 2.35; dead keys count as characters.
_CAPS: Final[dict[KeyboardLayout, tuple[tuple[str, str], ...]]] = {
    "us": (
        ("1234567890-=", "!@#$%^&*()_+"),
        ("qwertyuiop[]", "QWERTYUIOP{}"),
        ("asdfghjkl;'`", 'ASDFGHJKL:"~'),
        ("\\", "|"),
        ("zxcvbnm,./", "ZXCVBNM<>?"),
    ),
    "uk": (
        ("1234567890-=", '!"£$%^&*()_+'),
        ("qwertyuiop[]", "QWERTYUIOP{}"),
        ("asdfghjkl;'`", "ASDFGHJKL:@¬"),
        ("#", "~"),
        ("zxcvbnm,./", "ZXCVBNM<>?"),
    ),
    "de": (
        ("1234567890ß´", '!"§$%&/()=?`'),  # noqa: RUF001  the acute accent itself
        ("qwertzuiopü+", "QWERTZUIOPÜ*"),
        ("asdfghjklöä^", "ASDFGHJKLÖÄ°"),
        ("#", "'"),
        ("yxcvbnm,.-", "YXCVBNM;:_"),
    ),
    "fr": (
        ("&é\"'(-è_çà)=", "1234567890°+"),
        ("azertyuiop^$", "AZERTYUIOP¨£"),
        ("qsdfghjklmù²", "QSDFGHJKLM%~"),
        ("*", "µ"),
        ("wxcvbn,;:!", "WXCVBN?./§"),
    ),
}
_KEYPAD: Final = {71: "7", 72: "8", 73: "9", 75: "4", 76: "5", 77: "6", 79: "1", 80: "2", 81: "3", 82: "0"}
_EVERYWHERE: Final = {
    **{code: (digit, digit) for code, digit in _KEYPAD.items()},
    **{code: (char, char) for code, char in {57: " ", 55: "*", 74: "-", 78: "+", 98: "/", 83: "."}.items()},
    TAB: ("\t", "\t"),
    ENTER: ("\r", "\r"),
    KEYPAD_ENTER: ("\r", "\r"),
}

LAYOUTS: Final[dict[KeyboardLayout, dict[int, tuple[str, str]]]] = {
    layout: _EVERYWHERE
    | {
        code: pair
        for codes, (plain, shifted) in zip(_ROWS, rows, strict=True)
        for code, pair in zip(codes, zip(plain, shifted, strict=True), strict=True)
    }
    for layout, rows in _CAPS.items()
}

# The keys that a device must have to type a code of ours, or a PIN: one of each group.
_DIGITS: Final = tuple(
    (row, pad) for row, pad in zip(range(2, 12), (79, 80, 81, 75, 76, 77, 71, 72, 73, 82), strict=True)
)
_ENDS: Final = (ENTER, KEYPAD_ENTER)
PIN_KEYS: Final = (*_DIGITS, _ENDS)
CODE_KEYS: Final = (
    *_DIGITS,
    *((code,) for codes in ((16, 26), (30, 39), (44, 51)) for code in range(*codes)),
    (*_ENDS, TAB),
)


def can_type(has: Collection[int], wanted: Iterable[Collection[int]]) -> bool:
    """Whether a device with these keys can type what is wanted: `CODE_KEYS` or `PIN_KEYS`."""
    return all(any(code in has for code in group) for group in wanted)


@dataclass(slots=True)
class KeyDecoder:
    """The state of one keyboard since it was opened; at the start no key is held down."""

    layout: KeyboardLayout = "us"
    _held: set[int] = field(default_factory=set)
    _caps: bool = False
    _number: str = ""  # typed on the keypad while Alt is held

    def key(self, code: int, value: int) -> bytes:
        """The bytes that this movement of a key writes, in UTF-8: usually none, or one character."""
        if value == _UP:
            self._held.discard(code)
            return self._by_number() if code == LEFT_ALT else b""
        if value != _DOWN:
            return b""
        if code in SHIFTS or code in CONTROLS or code == LEFT_ALT:
            self._held.add(code)
        elif code == CAPS_LOCK:
            self._caps = not self._caps
        elif LEFT_ALT in self._held:
            self._number += _KEYPAD.get(code, "")
        elif pair := LAYOUTS[self.layout].get(code):
            return self._written(*pair)
        return b""

    def lost(self) -> None:
        """Forget all keys that are held down: the kernel dropped movements."""
        self._held.clear()
        self._number = ""

    def _written(self, plain: str, shifted: str) -> bytes:
        char = shifted if self._held & SHIFTS else plain
        if self._held & CONTROLS:  # some scanners write CR as Ctrl and M
            return bytes([ord(char.upper()) & 0x1F]) if char.isascii() and char.isalpha() else b""
        if self._caps and char.isalpha():
            char = char.swapcase()
        return char.encode()

    def _by_number(self) -> bytes:
        """The character of Alt and a number on the keypad, which some scanners use instead of a layout."""
        number, self._number = self._number[-4:], ""
        return bytes([int(number)]) if number and int(number) < 0x80 else b""
