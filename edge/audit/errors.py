"""The error that a verifier of the journal raises. Writing raises `edge.errors.StorageFault` instead."""

from __future__ import annotations

from edge.errors import EdgeError, Exit


class JournalBroken(EdgeError):
    """What the journal says cannot be what this device wrote: altered, cut, damaged or foreign."""

    exit_code = Exit.REFUSED
