"""The targets of the fuzzer: each seed returns or raises our error, and each has a seed that reaches its parser."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest

from edge.errors import EdgeError
from tools.fuzz.cli import main
from tools.fuzz.seeds import LINES, seeds
from tools.fuzz.targets import TARGETS

HOSTILE = (
    b"",
    b"\0" * 64,
    b"\xff\xfe",
    b"[" * 3_000,
    b"{" * 3_000,
    b'{"a":' + b"9" * 5_000 + b"}",
    b'"\xed\xa0\x80"',
)


@pytest.mark.parametrize("target", TARGETS)
def test_each_seed_is_accepted_or_refused(target: str) -> None:
    for data in (*seeds(target), *HOSTILE):
        with suppress(EdgeError):
            TARGETS[target](data)


def test_each_line_of_a_seed_has_its_target() -> None:
    assert set(LINES) <= set(TARGETS)


def test_an_input_is_run_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "found").write_bytes(b'{"issued_at":"2026-11-22T06:00:00Z"}')
    assert main(["again", "signed-time", str(tmp_path / "found")]) == 0
    assert main(["again", "jwk", str(tmp_path / "found")]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "accepted",
        "refused: TrustFault: not a JWK for P-256 or Ed25519",
    ]


def test_an_unknown_target_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "--only", "no-such-target"]) == 2
    assert "no target matches no-such-target" in capsys.readouterr().err
