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
