"""The layout of the test card that `tools/test_card` prints, in millimetres from the page's top left.

All measured parts lie within 190 x 120 mm, which a camera of 66 degrees sees from 20 cm.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

PAGE_MM: Final = (210, 297)  # A4
MODULES: Final = 25  # QR version 2 holds the text below at error correction M
QUIET: Final = 4
_TEXT: Final = re.compile(r"\ADOORWARD CARD 1 ([0-9])\Z")


@dataclass(frozen=True, slots=True)
class Printed:
    """One printed symbol: the size of its modules, and the position of its top left corner."""

    module_mm: float
    x: float
    y: float

    @property
    def corners(self) -> tuple[tuple[float, float], ...]:
        """The corners, clockwise from the top left."""
        far_x, far_y = self.x + self.module_mm * MODULES, self.y + self.module_mm * MODULES
        return ((self.x, self.y), (far_x, self.y), (far_x, far_y), (self.x, far_y))


SYMBOLS: Final = (
    Printed(1.0, 12, 85),
    Printed(1.0, 173, 85),
    Printed(1.0, 12, 172),
    Printed(1.0, 173, 172),
    Printed(0.3, 50, 85),
    Printed(0.4, 66, 85),
    Printed(0.5, 86, 85),
    Printed(0.6, 108, 85),
    Printed(0.8, 133, 85),
)
# White on its left and black on its right, for 8 mm; 5 degrees off the rows of pixels, as in ISO 12233.
EDGE: Final = ((118.0, 125.0), (121.5, 165.0))
BLOCK_RIGHT: Final = 150.0
EDGE_HALF_MM: Final = 5.0  # the measured width on each side
STAR: Final = (75.0, 145.0, 20.0)  # centre and radius
GREYS: Final = (50.0, 175.0, 10.0, 11)  # left, top, side and number of the steps from black to white
RULER: Final = (55.0, 197.0, 100)  # left, top, length


def text_of(number: int) -> str:
    """The text in the symbol with this number."""
    return f"DOORWARD CARD 1 {number}"


def symbol_of(text: str) -> Printed | None:
    """The symbol with this text; None if the card has none."""
    found = _TEXT.match(text)
    return SYMBOLS[int(found[1])] if found and int(found[1]) < len(SYMBOLS) else None
