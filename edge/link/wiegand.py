"""Encoder of card numbers for a panel: bits of facility, number and parities, in the order of sending.

A format has one letter for each bit: `F` facility, `C` card number (each from its highest bit on), `E` and
`O` even and odd parity, `0` and `1` fixed bits. For each parity from the left, a mask of the same length says
which bits it covers, `x` for covered and `.` for not:

    EFFFFFFFFCCCCCCCCCCCCCCCCO xxxxxxxxxxxxx............. .............xxxxxxxxxxxxx

A parity always covers itself. Masks are optional if the parities are exactly the first and the last bit: then
the first covers the first half of the rest and the last the second half. If the rest has an odd number of
bits, both cover the middle bit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from edge.errors import ConfigError

MAX_BITS: Final = 64  # LINK.md section 3; a panel's longest is 56

NAMED: Final = {
    "H10301": "E" + "F" * 8 + "C" * 16 + "O",  # 26 bits, which every panel reads
    "H10302": "E" + "C" * 35 + "O",  # 37 bits without a facility
    "H10304": "E" + "F" * 16 + "C" * 19 + "O",  # 37 bits
    "H10306": "E" + "F" * 16 + "C" * 16 + "O",  # 34 bits
}
_HINT: Final = f"use one of {', '.join(NAMED)}, or a layout such as EFFFFFFFFCCCCCCCCCCCCCCCCO"


@dataclass(frozen=True, slots=True)
class WiegandFormat:
    """A layout, and for each of its parities the positions that it covers besides itself."""

    layout: str
    covered: tuple[frozenset[int], ...]

    @property
    def bits(self) -> int:
        return len(self.layout)

    def encode(self, facility: int, number: int) -> int:
        """The bits of one card; the highest bit is sent first. Raises ConfigError."""
        bits = [letter == "1" for letter in self.layout]
        _fill(bits, self._positions("F"), facility, "facility")
        _fill(bits, self._positions("C"), number, "number")
        parities = self._positions("EO")
        # A parity that covers other parities is computed after them.
        for at, covered in sorted(zip(parities, self.covered, strict=True), key=lambda pair: len(pair[1])):
            bits[at] = sum(bits[place] for place in covered) % 2 != (self.layout[at] == "O")
        return int("".join("01"[bit] for bit in bits), 2)

    def _positions(self, letters: str) -> list[int]:
        return [at for at, letter in enumerate(self.layout) if letter in letters]


def parse(text: str) -> WiegandFormat:
    """The format with this name or layout. Raises ConfigError."""
    layout, *masks = NAMED.get(text, text).split()[: MAX_BITS + 1] or [""]
    parities = [at for at, letter in enumerate(layout) if letter in "EO"]
    if not layout or len(layout) > MAX_BITS or set(layout) - set("FCEO01") or "C" not in layout:
        raise ConfigError(f"{text[:80]!r} is not a format of a card number", hint=_HINT)
    if not masks:
        return WiegandFormat(layout, _halves(layout, parities))
    if len(masks) != len(parities) or any(len(m) != len(layout) or set(m) - set("x.") for m in masks):
        raise ConfigError(
            f"a format with {len(parities)} parities needs as many masks, each of {len(layout)} x or .",
            hint=_HINT,
        )
    covered = tuple(
        frozenset(place for place, mark in enumerate(mask) if mark == "x") - {at}
        for at, mask in zip(parities, masks, strict=True)
    )
    _refuse_circles(parities, covered)
    return WiegandFormat(layout, covered)


def _halves(layout: str, parities: list[int]) -> tuple[frozenset[int], ...]:
    last = len(layout) - 1
    if not parities:
        return ()
    if parities != [0, last]:
        raise ConfigError("a format with other parities than the first and last bit needs masks", hint=_HINT)
    rest = range(1, last)
    half = (len(rest) + 1) // 2
    return frozenset(rest[:half]), frozenset(rest[-half:])


def _refuse_circles(parities: list[int], covered: tuple[frozenset[int], ...]) -> None:
    """Check that a parity that covers another one covers more bits, so that there is an order."""
    size = {at: len(places) for at, places in zip(parities, covered, strict=True)}
    for at, places in zip(parities, covered, strict=True):
        if any(size[other] >= size[at] for other in places & size.keys()):
            raise ConfigError("two parities of a format cover each other", hint=_HINT)


def _fill(bits: list[bool], places: list[int], value: int, name: str) -> None:
    if not 0 <= value < 1 << len(places):
        raise ConfigError(
            f"{name} {value} does not fit into the {len(places)} bits of this format",
            hint="set [panel] format and facility as at the panel",
        )
    for shift, at in enumerate(reversed(places)):
        bits[at] = bool(value >> shift & 1)
