"""The error that a verifier of the journal raises. Writing raises `edge.errors.StorageFault` instead."""

from __future__ import annotations

from edge.errors import EdgeError, Exit


class JournalBroken(EdgeError):
    """The journal cannot be the one that this device wrote: it is altered, cut, damaged or foreign."""

    exit_code = Exit.REFUSED
    usual_hint = "keep this journal as evidence, and compare it with the copy at the hub"
