"""A law of growth: figures at three sizes, the exponent that fits them, and the one that is wanted."""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Law:
    """A row of the page. `most_exponent`: 0 is flat and 1 linear; `most`: of the figure at the largest size.

    `form`: the format of a figure. `figures`: by size.
    """

    name: str
    form: str
    most_exponent: float
    most: float | None = None
    figures: Mapping[int, float] = field(default_factory=dict)

    @property
    def exponent(self) -> float:
        """The slope of log(figure) over log(size), by least squares."""
        points = [(math.log(size), math.log(figure)) for size, figure in self.figures.items()]
        return statistics.linear_regression(*zip(*points, strict=True)).slope

    def cells(self) -> list[str]:
        """The cells: name, sizes with their figures, the exponent, the wanted one, the promise."""
        return [
            self.name,
            *(f"{size:,}: {format(figure, self.form)}" for size, figure in self.figures.items()),
            f"{self.exponent + 0:.2f}",
            f"≤ {self.most_exponent:g}",
            f"≤ {self.most:g}" if self.most else "",
        ]

    def missed(self) -> list[str]:
        """The promises of this row that do not hold."""
        lines = []
        if self.exponent > self.most_exponent:
            lines.append(f"{self.name}: exponent {self.exponent:.2f}, at most {self.most_exponent:g}")
        last = self.figures[max(self.figures)]
        if self.most is not None and last > self.most:
            lines.append(f"{self.name}: {format(last, self.form)}, at most {self.most:g}")
        return lines
