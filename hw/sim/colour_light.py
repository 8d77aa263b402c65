"""A light at the door in memory, which keeps every colour that it showed."""

from __future__ import annotations


class SimColourLight:
    """Implements ColourLight. `shown`: every colour in order, None where it was off."""

    def __init__(self) -> None:
        self.shown: list[tuple[int, int, int] | None] = []
        self.is_closed = False

    @property
    def now(self) -> tuple[int, int, int]:
        """Red, green and blue of this moment."""
        return (self.shown[-1] if self.shown else None) or (0, 0, 0)

    def shine(self, light: tuple[int, int, int] | None) -> None:
        self.shown.append(light)

    def close(self) -> None:
        self.shown.append(None)
        self.is_closed = True
