"""Every file under tests/vectors/request, through all steps of REQUEST.md section 4."""

from __future__ import annotations

from datetime import datetime

import pytest
from conftest import ROOT

from edge.errors import Refused
from edge.request.certificate import CertificateAuthority
from edge.request.code import read_request

FILES = sorted((ROOT / "tests" / "vectors" / "request").glob("*.txt"))
STEPS = {1: "code.unreadable", 2: "card.malformed", 3: "issuer.unknown", 8: "code.stale"}
TOLD = {  # details of steps that share a reason
    "not signed by the authority": 4,
    "not signed by the device": 6,
    "the certificate of this device has expired": 5,
}


def read(path) -> tuple[dict[str, str], str]:
    head, _, text = path.read_bytes().decode().partition("\n\n")
    return dict(line.split(": ", 1) for line in head.split("\n")), text.removesuffix("\n")


def outcome(headers, text) -> tuple[str, int, str]:
    authority = CertificateAuthority(headers["authority"], bytes.fromhex(headers["authority-key"]))
    try:
        read_request(text, [authority], now=datetime.fromisoformat(headers["clock"]))
    except Refused as refused:
        by_reason = next((step for step, reason in STEPS.items() if reason == refused.reason.value), 7)
        return refused.reason.value, TOLD.get(refused.detail, by_reason), refused.detail
    return "valid", 8, ""


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_each_vector_ends_at_its_step_for_its_reason(path):
    headers, text = read(path)
    reason, step, detail = outcome(headers, text)
    assert (reason, step) == (headers["expect"], int(headers["step"])), detail
    assert detail.startswith(headers.get("detail", ""))


def test_there_is_a_vector_for_every_step():
    assert {int(read(path)[0]["step"]) for path in FILES} == set(range(1, 9))
