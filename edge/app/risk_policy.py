"""Risk rules of a configuration in the types of the core: levels of signals, factors of a door, its zone."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Final

from edge.config.zones import zone_of
from edge.decision import Reason
from edge.policy.obligations import Factor
from edge.policy.risk.table import RiskLevel, RiskPolicy

if TYPE_CHECKING:
    from datetime import tzinfo

    from edge import config

_LEVELS: Final = {"raised": RiskLevel.RAISED, "high": RiskLevel.HIGH, "severe": RiskLevel.SEVERE}


def risk_policy(risk: config.RiskConfig) -> RiskPolicy:
    """The risk rules of `[risk]`. A signal in none of its lists is recorded and requires nothing."""
    levels = dict.fromkeys(RiskPolicy().levels, RiskLevel.NONE)
    for name, level in _LEVELS.items():
        levels |= {Reason(f"risk.{sign}"): level for sign in getattr(risk, name)}
    return RiskPolicy(
        levels=levels,
        step_ups=tuple(map(Factor, risk.ladder)),
        velocity=risk.velocity_doors,
        velocity_min=risk.velocity_min,
        failures=risk.failures,
        failures_min=risk.failures_min,
        margin=risk.margin,
        pad_margin=risk.pad_margin,
        assurance=risk.assurance,
        quiet=risk.quiet,
        issuers=frozenset(risk.issuers),
    )


def able_of(root: config.Config) -> frozenset[Factor]:
    """The factors that a door of this configuration can ask for, if the holder has all of them."""
    has = {
        Factor.CHALLENGE: root.door.face != "none",
        Factor.PIN: root.keypad.kind != "none",
        Factor.DOCUMENT: True,
    }
    return frozenset(factor for factor, is_there in has.items() if is_there)


def zone_of_door(root: config.Config) -> tzinfo:
    """The time zone of this door. Raises ConfigError."""
    return UTC if root.door.zone == "UTC" else zone_of(root.door.zone)
