"""The table of risk: signals that a site watches, how grave each is, and the factors that it asks for."""

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
    """Signals that a visit is unusual, and the step-ups that they ask for (edge/policy/risk/RISK.md)."""

    watch: bool = True
    """Look out for signs at all."""
    raised: tuple[RiskWord, ...] = ("failures", "new_key", "clock", "margin", "hour", "assurance", "document")
    """Signs that ask for one thing more; two of them together are high."""
    high: tuple[RiskWord, ...] = ("issuer", "velocity")
    """Signs that ask for two things more."""
    severe: tuple[RiskWord, ...] = ()
    """Signs that leave only staff. A sign in none of the three is noted and asks for nothing."""
    ladder: tuple[Literal["challenge", "nonce", "pin", "document"], ...] = ("challenge", "nonce", "pin")
    """What may be asked for, the lightest first; what a door has not is passed over, and staff are last."""
    velocity_doors: Annotated[int, Meta(ge=2, le=100)] = 3
    """One card at so many doors, this one included, is a sign ..."""
    velocity_min: Annotated[int, Meta(ge=1, le=1_440)] = 10
    """... within this many minutes."""
    failures: Annotated[int, Meta(ge=1, le=16)] = 3
    """So many refusals of one card for what its holder did are a sign ..."""
    failures_min: Annotated[int, Meta(ge=1, le=1_440)] = 60
    """... within this many minutes."""
    margin: Annotated[float, Meta(ge=0, le=0.5)] = 0.0
    """A face that is this little above the threshold is a sign; 0: none is."""
    pad_margin: Annotated[float, Meta(ge=0, le=0.5)] = 0.0
    """A face whose suspicion of an attack, from 0 to 1, is this little below 0.5 is a sign; 0: none is."""
    assurance: Annotated[int, Meta(ge=0, le=3)] = 0
    """An enrolment below this is a sign; what is below [door] min_assurance is refused."""
    quiet: tuple[Hour, Hour] | None = None
    """Hours in which visits are unusual, such as [23, 5], by the zone of the door; left out: none are."""
    issuers: tuple[Annotated[str, Meta(min_length=1, max_length=32)], ...] = ()
    """Issuers to look at twice, by name."""
