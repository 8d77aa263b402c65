"""The table of risk: the signals that a site watches, the level of each, and the step-ups that follow."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from edge.config.sections.base import Table

RiskWord = Literal[
    "list_age",
    "clock",
    "velocity",
    "failures",
    "margin",
    "hour",
    "document",
    "assurance",
    "new_key",
    "issuer",
]
Hour = Annotated[int, Meta(ge=0, le=24)]


class RiskConfig(Table, frozen=True):
    """Signals that a visit is unusual, and the step-ups that they require (edge/policy/risk/RISK.md)."""

    watch: bool = True
    """Look for risk signals; false: no signal is recorded and no step-up is required."""
    raised: tuple[RiskWord, ...] = ("failures", "new_key", "clock", "margin", "hour", "assurance", "document")
    """Signals that require one step-up; two of them together count as high."""
    high: tuple[RiskWord, ...] = ("issuer", "velocity")
    """Signals that require two step-ups."""
    severe: tuple[RiskWord, ...] = ()
    """Signals that require staff. A signal in none of the three lists is only recorded."""
    ladder: tuple[Literal["challenge", "nonce", "pin", "document"], ...] = ("challenge", "nonce", "pin")
    """Step-ups in the order in which they are required. One that this door cannot do is skipped; if none is
    left, staff decide."""
    velocity_doors: Annotated[int, Meta(ge=2, le=100)] = 3
    """Signal velocity: one card at this many doors, this door included, one other door left out, ..."""
    velocity_min: Annotated[int, Meta(ge=1, le=1_440)] = 10
    """... within this many minutes."""
    failures: Annotated[int, Meta(ge=1, le=16)] = 3
    """Signal failures: this many refusals of one card for an act of its holder, such as another face, ..."""
    failures_min: Annotated[int, Meta(ge=1, le=1_440)] = 60
    """... within this many minutes."""
    margin: Annotated[float, Meta(ge=0, le=0.5)] = 0.0
    """Signal margin: the face is above the threshold by less than this; 0: off."""
    pad_margin: Annotated[float, Meta(ge=0, le=0.5)] = 0.0
    """Signal margin: the attack score, from 0 to 1, is below 0.5 by less than this; 0: off."""
    assurance: Annotated[int, Meta(ge=0, le=3)] = 0
    """Signal assurance: the face was checked at enrolment less than this; 0: off. Cards below
    `[door] min_assurance` are refused."""
    quiet: tuple[Hour, Hour] | None = None
    """Signal hour: the hours at which a quiet time begins and ends, in `[door] zone`, such as [23, 5]; left
    out: off."""
    issuers: tuple[Annotated[str, Meta(min_length=1, max_length=32)], ...] = ()
    """Signal issuer: names of issuers whose cards need a second check."""
