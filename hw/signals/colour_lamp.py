"""A lamp of red, green and blue on three pins of this board, which lights the holder's face."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from hw.signals.gpio import open_output

if TYPE_CHECKING:
    from collections.abc import Sequence


class ColourLamp:
    """A ColourLight over gpiozero. A pin that fails later stays dark, and the challenge then fails."""

    def __init__(self, pins: Sequence[int], factory: Any = None) -> None:  # noqa: ANN401  gpiozero has no types
        """`pins`: BCM numbers of red, green and blue; high is on. Raises ConfigError."""
        self._outputs: list[Any] = []
        try:
            for pin in pins:
                self._outputs.append(open_output(pin, factory))
        except BaseException:
            self.close()
            raise

    def shine(self, light: tuple[int, int, int] | None) -> None:
        for output, value in zip(self._outputs, light or (0, 0, 0), strict=False):
            with suppress(Exception):  # factories raise exceptions of any class
                output.value = bool(value)

    def close(self) -> None:
        """Switch all off and free the pins."""
        for output in self._outputs:
            with suppress(Exception):
                output.off()
                output.close()
