"""The page of the demo's second part in one HTML file: a table, and a drawing of the 30 days offline."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING, Final

from edge.app.demo.report import SECOND_ACT
from edge.app.pages import pages
from edge.card.claims import Freshness
from edge.errors import StorageFault
from tools.demo.story import AWAY, GRANTED

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tools.demo.story import Step, StoryRow

LEFT, RIGHT = 130, 985  # ends of the time axis, in units of the drawing
LANES: Final = {"bound": 52, "bare": 84}
TONES: Final = {Freshness.FRESH: "go", Freshness.AGEING: "look", Freshness.STALE: "stop"}


@dataclass(frozen=True, slots=True)
class Band:
    """Part of the month in which the lists have one freshness."""

    x: float
    width: float
    tone: str
    text: str


@dataclass(frozen=True, slots=True)
class Dot:
    """One passage."""

    x: float
    y: int
    tone: str
    title: str


def page(
    rows: Sequence[StoryRow], steps: Sequence[Step], *, headline: str, version: str, first_act: bool
) -> str:
    """The whole page as HTML. `first_act`: whether the page of the first part is in the same folder."""
    return (
        pages("tools.demo")
        .get_template("page.html.j2")
        .render(
            rows=rows,
            steps=steps,
            granted=GRANTED,
            bands=_bands(steps),
            dots=_dots(steps),
            ticks=[(step.day, _x(step.day)) for step in steps],
            headline=headline,
            version=version,
            first_act=first_act,
            away=AWAY,
        )
    )


def link(report: Path, target: str) -> bool:
    """Put a link to `target` into the page of the first part; False if it is missing. Raises StorageFault."""
    try:
        text = report.read_text("utf-8")
        named = f'<p><a href="{target}">The second part: a month of one door</a></p>'
        report.write_text(text.replace(SECOND_ACT, named), "utf-8")
    except FileNotFoundError:
        return False
    except OSError as error:
        raise StorageFault(
            f"{report}: {(error.strerror or 'cannot be written').lower()}",
            hint="choose another folder: --out DIR",
        ) from error
    return True


def _x(day: float) -> float:
    """The position of a day, by its square root: the first week is as wide as the three weeks after it."""
    return LEFT + (RIGHT - LEFT) * sqrt(day / AWAY)


def _bands(steps: Sequence[Step]) -> list[Band]:
    """The bands of the drawing. Each ends half-way between its last step and the first step of the next."""
    ends: dict[Freshness, tuple[float, str]] = {}
    for step in steps:
        ends[step.freshness] = (step.day, step.leaves)
    bands, begins = [], 0.0
    for freshness, (day, leaves) in ends.items():
        after = next((step.day for step in steps if step.day > day), None)
        end = (day + after) / 2 if after else float(AWAY)
        text = f"{freshness}: {leaves}"
        bands.append(Band(_x(begins), _x(end) - _x(begins), TONES[freshness], text))
        begins = end
    return bands


def _dots(steps: Sequence[Step]) -> list[Dot]:
    return [
        Dot(_x(step.day), y, "go" if said == GRANTED else "stop", f"day {step.day}: {said}")
        for step in steps
        for lane, y in LANES.items()
        for said in (getattr(step, lane),)
    ]
