"""The story of a passage for a person at a terminal: who came, what happened, why, and what staff do."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Final

from edge.decision import Deny, Signal
from edge.reasons.table import reasons

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edge.decision import Reason
    from edge.passage.snapshot import PassageOutcome

_INDENT: Final = "    "
_WIDTH: Final = 100  # columns; a terminal of 80 wraps some lines once


class Story:
    """Counts the visitors of one run, and tells each passage as lines."""

    def __init__(self) -> None:
        self._visitors = 0

    def lines(self, outcome: PassageOutcome, ms: float) -> Iterator[str]:
        """The lines of one decided passage, which took `ms` in all stages."""
        self._visitors += 1
        decision = outcome.decision
        signal = decision.signal if isinstance(decision, Deny) else Signal.WELCOME
        card = f", card {outcome.card}" if outcome.card else ", no valid card"
        happened = "is turned away" if isinstance(decision, Deny) else "may come in"
        record = "not on record" if outcome.seq is None else f"record {outcome.seq}"
        yield f'visitor {self._visitors}{card}: {happened}, sees "{signal}" ({record}, {ms:.1f} ms)'
        if isinstance(decision, Deny):
            yield from because(decision.reason)


def because(reason: Reason) -> Iterator[str]:
    """The lines that explain a denial, in the words of the table of reasons."""
    row = reasons()[reason.value]
    yield from _wrapped(f"why: {reason.value}. {row.meaning}")
    if row.staff:
        yield from _wrapped(f"staff: {row.staff}")


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(
        text, _WIDTH, initial_indent=_INDENT, subsequent_indent=2 * _INDENT, break_on_hyphens=False
    )
