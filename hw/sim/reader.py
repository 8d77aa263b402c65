"""A code reader in memory that reads no pixels: a test sets the codes that it finds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge.ports import Symbol

if TYPE_CHECKING:
    from edge.ports import Pixels


class SimReader:
    """A CodeReader in memory. `in_view`: the texts of the codes in every frame from now on."""

    name = "sim"

    def __init__(self) -> None:
        self.in_view: tuple[str, ...] = ()

    def read(self, luma: Pixels) -> tuple[Symbol, ...]:  # noqa: ARG002  the port's signature
        return tuple(Symbol(text, text.encode(), self.name) for text in self.in_view)
