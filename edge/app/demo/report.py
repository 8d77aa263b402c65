"""The demo's page in one HTML file: a table, then for each passage a filmstrip and the door over time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edge.app.demo.film import develop
from edge.app.pages import pages
from edge.ports import DoorEventKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge.app.demo.play import Played

# The place for the second part of the demo, which tools/demo inserts.
SECOND_ACT = "<!-- the second act -->"
LEFT, RIGHT = 70, 1000  # ends of the time axis, in units of the drawing


@dataclass(frozen=True, slots=True)
class Bar:
    """The time during which the strike was released or the door was open."""

    x: float
    y: int
    width: float
    colour: str
    title: str


def page(
    played: Sequence[Played],
    *,
    headline: str,
    version: str,
    site: str,
    started: str,
    journal: str,
    credit: str,
) -> str:
    """The whole page as HTML."""
    rows = [_row(passage) for passage in played]
    return (
        pages("edge.app.demo")
        .get_template("report.html.j2")
        .render(
            rows=rows,
            headline=headline,
            version=version,
            site=site,
            started=started,
            journal=journal,
            credits=credit,
        )
    )


def _row(passage: Played) -> dict[str, object]:
    scene = passage.scene
    similarity = passage.similarity
    return {
        "who": scene.who,
        "story": scene.story,
        "expected": passage.expected,
        "outcome": passage.said,
        "granted": passage.granted,
        "as_expected": passage.as_expected,
        "similarity": "" if similarity is None else f"{similarity:.2f}",
        "ms": {stage: passage.ms(stage) for stage in ("code", "verify", "face", "record")},
        "total_ms": passage.total_ms,
        "film": develop(passage.taken),
        "seconds": f"{(passage.taken[-1][1].tick_ms - passage.taken[0][1].tick_ms) / 1000:.1f}",
        "bars": _bars(passage),
    }


def _bars(passage: Played) -> list[Bar]:
    start = passage.taken[0][1].tick_ms
    end = max(passage.taken[-1][1].tick_ms, start + 1)
    scale = (RIGHT - LEFT) / (end - start)
    spans = {
        "strike": (DoorEventKind.RELEASED, DoorEventKind.RELOCKED, 14, "go"),
        "leaf": (DoorEventKind.OPENED, DoorEventKind.CLOSED, 36, "look"),
    }
    bars: list[Bar] = []
    for name, (begins, ends, y, colour) in spans.items():
        since: int | None = None
        for event in (event for _, step in passage.taken for event in step.door):
            if event.kind is begins:
                since = event.tick_ms
            if event.kind is ends and since is not None:
                title = f"{name}: {since - start} to {event.tick_ms - start} ms"
                bars.append(
                    Bar(LEFT + (since - start) * scale, y, (event.tick_ms - since) * scale, colour, title)
                )
                since = None
    return bars
