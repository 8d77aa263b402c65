"""A code reader that reads no pixels: it finds what it was told is in view."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge.ports import Symbol

if TYPE_CHECKING:
    from edge.ports import Pixels


class SimReader:
    """A CodeReader in memory. `in_view`: what every frame shows from now on, as texts of codes."""

    name = "sim"

    def __init__(self) -> None:
        self.in_view: tuple[str, ...] = ()

    def read(self, luma: Pixels) -> tuple[Symbol, ...]:  # noqa: ARG002  the port's signature
        return tuple(Symbol(text, text.encode(), self.name) for text in self.in_view)
