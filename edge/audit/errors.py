"""Errors of a verifier of the journal. A writer raises `edge.errors.StorageFault` instead."""

from __future__ import annotations

from edge.errors import EdgeError, Exit


class JournalIncomplete(EdgeError):
    """The first records of a journal are missing, and no signed record says that the device erased them."""

    exit_code = Exit.REFUSED


class JournalBroken(EdgeError):
    """The journal is not as this device wrote it: it is altered, truncated, damaged or foreign."""

    exit_code = Exit.REFUSED
    usual_hint = "keep this journal as evidence, and compare it with the copy at the hub"


class AnotherKey(JournalBroken):
    """Another key than the expected one signed the journal, so it is of another device, or forged."""

    usual_hint = (
        "give the key of the device that wrote it; if it is the right key, keep the journal as evidence"
    )

    def __init__(self, *, device: str, signed: bytes, expected: bytes) -> None:
        super().__init__(
            f"another device's key: the key {fingerprint(signed)} signed this journal of {device}, "
            f"not the expected key {fingerprint(expected)}"
        )


def fingerprint(key: bytes) -> str:
    """The first 16 digits of a public key, enough to tell keys apart by eye."""
    return key.hex()[:16]
