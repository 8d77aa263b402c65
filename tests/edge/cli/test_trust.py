"""`doorward trust show`: its text and its JSON."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from worlds import folders
from worlds.publishing import DAY, Authority, Gate

from edge.__main__ import main
from edge.cli.sync.sync import age

POLICY = b"""version = "2026-1"
issued_at = 2026-03-01T00:00:00Z
site = "*"
[freshness.status]
fresh_h = 24
stale_h = 168
ageing = "step-up"
"""


def device(folder: Path, *, old: timedelta) -> Authority:
    """A device whose lists were signed `old` before now."""
    authority = Authority(now=datetime.now(UTC).replace(microsecond=0) - old)
    authority.manifest = True
    authority.publish_lists()
    authority.publish({"policy/default.toml": POLICY})
    Gate(folder, authority.root).sync(authority.files, baked=True)
    (folder / "door.toml").write_text("")
    return authority


def show(folder: Path, *more: str) -> int:
    return main(["trust", "show", "--config", str(folder / "door.toml"), *more])


AGES = {"fresh": (timedelta(hours=1), "pass"), "ageing": (3 * DAY, "step-up"), "stale": (9 * DAY, "staff")}


@pytest.mark.parametrize("freshness", AGES)
def test_a_list_is_shown_with_its_age_and_action(
    tmp_path: Path, freshness: str, capsys: pytest.CaptureFixture[str]
) -> None:
    old, leaves = AGES[freshness]
    authority = device(tmp_path, old=old)
    assert show(tmp_path, "--json") == 0
    row = json.loads(capsys.readouterr().out)
    (status,) = row["lists"]
    assert (status["freshness"], status["leaves"]) == (freshness, leaves)
    assert abs(status["age_s"] - old.total_seconds()) < 60
    assert (status["serial"], status["cards"], status["uri"]) == (1, 1_000, authority.issuer.uri)
    ages = {part["kind"]: part for part in row["ages"]}
    assert (ages["status"]["freshness"], ages["status"]["leaves"]) == (freshness, leaves)
    assert set(ages) == {"keys", "status", "policy", "time"}
    assert row["policy"] == "2026-1"
    assert row["generation"] == "1"
    assert row["versions"]["root"] == 1
    assert row["clock"] == "trusted"
    (issuer,) = row["issuers"]
    assert issuer["kid"] == authority.issuer.kid.hex()
    assert issuer["in_force"]


def test_the_text_has_the_same_facts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    authority = device(tmp_path, old=3 * DAY)
    assert show(tmp_path) == 0
    lines = {line.split()[0]: line for line in capsys.readouterr().out.splitlines()}
    assert list(lines) == ["trust", "now", "policy", "keys", "status", "time", "issuer", "list", "sealed"]
    assert "3 days ago: ageing, cards need a step-up" in lines["list"]
    assert authority.issuer.kid.hex() in lines["issuer"]


def test_a_clock_before_signed_time_is_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    device(tmp_path, old=-DAY)  # by this clock, signed tomorrow
    assert show(tmp_path) == 0
    assert "suspect (behind): staff decide" in capsys.readouterr().out


def test_a_folder_that_was_copied_by_hand_is_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folders.trust(tmp_path / "trust", now=datetime.now(UTC))
    (tmp_path / "door.toml").write_text("")
    assert show(tmp_path) == 0
    out = capsys.readouterr().out
    assert "copied here by hand" in out
    assert "none: only the configuration counts" in out


def test_without_trust_there_is_a_hint(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "door.toml").write_text("")
    assert show(tmp_path) == 3
    assert "hint: " in capsys.readouterr().err


@pytest.mark.parametrize(
    ("past", "said"),
    [
        (timedelta(seconds=-11), "in the future"),
        (timedelta(seconds=-10), "0 s ago"),
        (timedelta(seconds=119), "119 s ago"),
        (timedelta(minutes=2), "2 min ago"),
        (timedelta(hours=47), "47 h ago"),
        (timedelta(hours=48), "2 days ago"),
    ],
)
def test_an_age_has_its_unit(past: timedelta, said: str) -> None:
    assert age(past) == said
