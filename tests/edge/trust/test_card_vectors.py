"""Runs every file of tests/vectors/card through all steps of FORMAT.md section 6."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from conftest import ROOT

from edge.card import ecard
from edge.card.code import parse_code
from edge.decision import Reason
from edge.errors import Refused
from edge.trust import folder as bundle
from edge.trust.replay import ReplayMemory
from edge.trust.verify import VerificationContext, verify

FOLDER = ROOT / "tests" / "vectors" / "card"
FILES = sorted(FOLDER.glob("*.txt"))

# The reasons of each step of the verification; the detail tells apart two steps that share a reason.
STEPS = {
    1: {Reason.CODE_UNREADABLE, Reason.CODE_FOREIGN},
    2: {Reason.CARD_MALFORMED},
    3: {Reason.ISSUER_UNKNOWN},
    4: {Reason.SIGNATURE_BAD},
    5: {Reason.ISSUER_SCOPE},
    6: {Reason.SIGNATURE_BAD},
    7: {Reason.CLOCK_UNTRUSTED},
    8: {Reason.ISSUER_SCOPE, Reason.CARD_NOT_YET_VALID, Reason.CARD_EXPIRED},
    9: {Reason.STATUS_UNKNOWN, Reason.CARD_REVOKED, Reason.CARD_SUSPENDED},
    10: {Reason.CODE_STALE},
    11: {Reason.CODE_AUDIENCE, Reason.CODE_NONCE},
    12: {Reason.CARD_REPLAYED},
}
TOLD_BY_DETAIL = {
    "not signed by the issuer": 4,
    "not signed by the holder": 6,
    "the issuer's scope does not cover this door": 5,
    "issued outside the validity period of the key": 5,
    "the key is not valid now": 8,
}


@dataclass(frozen=True)
class Outcome:
    step: int
    reason: str
    detail: str


def read(path: Path) -> tuple[dict[str, str], str]:
    head, _, text = path.read_bytes().decode().partition("\n\n")
    return dict(line.split(": ", 1) for line in head.split("\n")), text.removesuffix("\n")


def run(headers: dict[str, str], text: str, trust) -> Outcome:
    now = datetime.fromisoformat(headers["clock"])
    context = VerificationContext(
        site=headers["site"],
        jurisdiction=headers.get("jurisdiction"),
        audiences=frozenset({headers["audience"]} if "audience" in headers else ()),
        nonce=bytes.fromhex(headers["nonce"]) if "nonce" in headers else None,
        since_sync=timedelta(seconds=int(headers.get("since-sync-s", "0"))),
    )
    reached = 1
    try:
        code = parse_code(text)
        reached = 2
        signed = ecard.decode(code)
        reached = 3
        card = verify(signed, trust, now=now, context=context)
        reached = 12
        ReplayMemory().admit(card, now)
    except Refused as refused:
        steps = [step for step, reasons in STEPS.items() if refused.reason in reasons and step >= reached]
        step = TOLD_BY_DETAIL.get(refused.detail, steps[0])
        return Outcome(step, refused.reason.value, refused.detail)
    return Outcome(12, "valid", "")


@pytest.fixture(scope="module")
def trust():
    folder = FOLDER / "trust"
    files = (path for path in folder.rglob("*") if path.is_file())
    return bundle.load({path.relative_to(folder).as_posix(): path.read_bytes() for path in files})


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_each_vector_ends_at_its_step_for_its_reason(path, trust):
    headers, text = read(path)
    outcome = run(headers, text, trust)
    assert (outcome.reason, outcome.step) == (headers["expect"], int(headers["step"])), outcome.detail
    assert outcome.detail.startswith(headers.get("detail", ""))


def test_there_is_a_vector_for_every_step_and_reason():
    seen = {(int(headers["step"]), headers["expect"]) for headers, _ in map(read, FILES)}
    wanted = {(step, reason.value) for step, reasons in STEPS.items() if step < 12 for reason in reasons}
    assert wanted <= seen


def test_the_tool_makes_the_committed_files():
    result = subprocess.run(
        [sys.executable, ROOT / "tools" / "vectors", "--check"], capture_output=True, text=True, check=False
    )
    assert (result.returncode, result.stderr) == (0, "")
