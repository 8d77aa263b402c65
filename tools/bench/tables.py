"""Tables of figures, for a terminal and for the pages in tests/."""

from __future__ import annotations

import platform
import time
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


class Line(NamedTuple):
    """One line of a table: `key` names its figure, `form` formats it, `most` is the promised maximum."""

    name: str
    key: str
    form: str
    most: float | None

    def cells(self, columns: Iterable[Mapping[str, float]]) -> list[str]:
        """The cells: the name, the figure in each column, the promise."""
        figures = (format(told[self.key], self.form) if self.key in told else "" for told in columns)
        return [self.name, *figures, f"≤ {self.most:g}" if self.most else ""]


def show(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table on the terminal."""
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, header_style="dim")
    for number, title in enumerate(heads):
        table.add_column(title, justify="right" if number else "left")
    for row in rows:
        table.add_row(*row)
    Console().print(table)


def markdown(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """The lines of a Markdown table."""
    ruled = "| --- |" + " ---: |" * (len(heads) - 1)
    return [f"| {' | '.join(heads)} |", ruled, *(f"| {' | '.join(row)} |" for row in rows)]


def page(
    title: str,
    made_by: str,
    notes: Sequence[str],
    table: Sequence[str],
    *,
    missed: Sequence[str] = (),
    machine: str = "",
    limits: str = "one core",
) -> str:
    """A Markdown page: command, date and machine of the measurement, notes, table, missed promises."""
    where = (
        f"{machine or platform.machine()}, {platform.system()}, Python {platform.python_version()}, {limits}"
    )
    made = f"`python tools/bench {made_by}` on {time.strftime('%Y-%m-%d')}, {where}"
    return "\n".join([f"# {title}", "", f"{made}{notes[0]}", *notes[1:], "", *table, *endings(missed), ""])


def endings(missed: Sequence[str]) -> list[str]:
    """The lines below a table that name the missed promises; none without one."""
    return ["", *(f"**Missed:** {line}." for line in missed)] if missed else []


def missed(lines: Iterable[Line], told: Mapping[str, float]) -> list[str]:
    """The promises that were missed."""
    return [
        f"{line.name}: {told[line.key]:{line.form}}, at most {line.most}"
        for line in lines
        if line.most and told[line.key] > line.most
    ]
