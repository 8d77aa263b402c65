"""Levels of risk signals, and factors of a door, from a configuration."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.app.risk_policy import able_of, risk_policy
from edge.config import parse_config
from edge.decision import Reason
from edge.policy.obligations import Factor
from edge.policy.risk.table import DEFAULT, RiskLevel


def test_the_default_configuration_has_the_default_table() -> None:
    policy = risk_policy(parse_config(b"", Path("door.toml")).risk)
    assert policy.levels == DEFAULT


def test_a_signal_in_no_list_requires_nothing() -> None:
    policy = risk_policy(parse_config(b'[risk]\nraised = []\nhigh = []\nsevere = ["hour"]\n', Path("d")).risk)
    assert policy.level((Reason.RISK_VELOCITY, Reason.RISK_FAILURES)) is RiskLevel.NONE
    assert policy.level((Reason.RISK_HOUR,)) is RiskLevel.SEVERE


@pytest.mark.parametrize(
    ("text", "able"),
    [
        ("", {Factor.CHALLENGE, Factor.DOCUMENT}),
        (
            '[door]\nface = "none"\n[keypad]\nkind = "keyboard"\nport = "/dev/input/x"\n',
            {Factor.PIN, Factor.DOCUMENT},
        ),
    ],
)
def test_the_factors_that_a_door_can_ask_for(text: str, able: set[Factor]) -> None:
    assert able_of(parse_config(text.encode(), Path("door.toml"))) == able
