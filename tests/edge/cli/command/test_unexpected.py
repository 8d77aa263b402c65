"""Exceptions that no part of the program expects: one error, one hint, and the traceback on request only."""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path

import pytest

from edge.cli import verbs
from edge.cli.verbs import Verb
from edge.decision import Reason
from edge.errors import Exit, Refused

SECRET = "a holder's name"


def broken(_: argparse.Namespace) -> int:
    return json.loads(SECRET)


def unreadable(_: argparse.Namespace) -> int:
    return len(Path("no-such-file").read_bytes())


def without_jinja(_: argparse.Namespace) -> int:
    raise ModuleNotFoundError("No module named 'jinja2.nodes'", name="jinja2.nodes")


def without_stranger(_: argparse.Namespace) -> int:
    raise ModuleNotFoundError("No module named 'stranger'", name="stranger")


def without_mqtt(_: argparse.Namespace) -> int:
    raise ModuleNotFoundError("No module named 'paho'", name="paho")


def without_our_own(_: argparse.Namespace) -> int:
    raise ModuleNotFoundError("No module named 'edge.nowhere'", name="edge.nowhere")


def refused(_: argparse.Namespace) -> int:
    raise Refused(Reason.CARD_REVOKED, "its bit is set")


COMMAND = Verb(
    "doorward",
    "Fails.",
    verbs=tuple(
        Verb(run.__name__, "", run)
        for run in (
            broken,
            unreadable,
            without_jinja,
            without_stranger,
            without_mqtt,
            without_our_own,
            refused,
        )
    ),
)


def fails(name: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    code = verbs.main(COMMAND, [name])
    said = capsys.readouterr()
    assert said.out == ""
    error, hint = said.err.splitlines()
    return code, error.removeprefix("error: "), hint.removeprefix("hint: ")


@pytest.fixture(autouse=True)
def _quiet(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("DOORWARD_DEBUG", raising=False)
    monkeypatch.chdir(tmp_path)


def test_a_bug_names_its_place_and_no_value(capsys: pytest.CaptureFixture[str]) -> None:
    code, error, hint = fails("broken", capsys)
    assert code == Exit.BUG == 70
    assert re.fullmatch(r"unexpected JSONDecodeError in edge/cli/verbs\.py:\d+", error)
    assert (
        hint == "report this bug with the output of DOORWARD_DEBUG=1 doorward ..., and of doorward --version"
    )
    assert SECRET not in error + hint


def test_the_traceback_comes_on_request(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOORWARD_DEBUG", "1")
    assert verbs.main(COMMAND, ["broken"]) == Exit.BUG
    said = capsys.readouterr().err.splitlines()
    assert said[0] == "Traceback (most recent call last):"
    assert said[-2].startswith("error: unexpected JSONDecodeError")


def test_a_file_that_is_missing_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    code, error, hint = fails("unreadable", capsys)
    assert (code, error) == (Exit.DEVICE, "no-such-file: no such file or directory")
    assert hint == "check that the path exists and that this user may use it"


@pytest.mark.parametrize(
    ("name", "package", "wanted"),
    [
        ("without_mqtt", "paho", "'doorward[mqtt]'"),
        ("without_jinja", "jinja2", "doorward"),
        ("without_stranger", "stranger", "stranger"),
    ],
)
def test_a_missing_package_is_named_with_the_one_that_brings_it(
    name: str, package: str, wanted: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert fails(name, capsys) == (
        Exit.DEVICE,
        f"Python package {package} is not installed",
        f"install it: pip install {wanted}",
    )


def test_a_module_of_our_own_that_is_missing_is_a_bug(capsys: pytest.CaptureFixture[str]) -> None:
    code, error, _ = fails("without_our_own", capsys)
    assert code == Exit.BUG
    assert error.startswith("unexpected ModuleNotFoundError in ")


def test_a_refusal_leads_to_its_explanation(capsys: pytest.CaptureFixture[str]) -> None:
    assert fails("refused", capsys) == (
        Exit.REFUSED,
        "card.revoked: its bit is set",
        "read what to do: doorward explain card.revoked",
    )
