"""A screen in memory that keeps every text."""

from __future__ import annotations


class SimScreen:
    """Implements Screen. `posted`: every text in order, None where the screen was cleared."""

    def __init__(self) -> None:
        self.posted: list[str | None] = []

    @property
    def current(self) -> str | None:
        return self.posted[-1] if self.posted else None

    def post(self, text: str | None) -> None:
        self.posted.append(text)
