"""Certificates that vouch for themselves, made by openssl."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest


def self_signed(cert: Path, key: Path, subject: str = "localhost") -> None:
    """Make one for this name, and its key; the test is skipped where openssl makes none."""
    made = subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
         "-subj", f"/CN={subject}", "-addext", f"subjectAltName=DNS:{subject}", "-keyout", key, "-out", cert],
        capture_output=True, check=False,
    )  # fmt: skip
    if made.returncode:
        pytest.skip("openssl makes no certificate here")
