"""A holder's PIN: kept as a salted, slow hash, and a second one that tells staff that its holder is made to.

Argon2id (RFC 9106) with 8 MB and 4 passes: a small board has not the 64 MB that the usual setting takes.
A PIN of six digits falls to anyone who has the file and an evening: the file is a secret, and the PIN never
counts alone, but after a card and at most three times (`edge.passage.requirements.factors`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Final

import nacl.exceptions
import nacl.pwhash.argon2id as argon

from edge.errors import InputError

MIN_DIGITS: Final = 4  # three tries at 10,000
MAX_DIGITS: Final = 12  # longer is a password, and no keypad is for those
MAX_VERIFIER_BYTES: Final = 128  # what libsodium writes, its terminating zeros included
_PASSES: Final = 4
_MEMORY_BYTES: Final = 8 * 1024 * 1024


class Entered(Enum):
    """What somebody typed comes to."""

    RIGHT = auto()
    DURESS = auto()
    WRONG = auto()


@dataclass(frozen=True, slots=True)
class Pin:
    """The verifiers of a person's PIN, and of the one for duress, where there is one."""

    usual: bytes = field(repr=False)
    duress: bytes | None = field(default=None, repr=False)

    def judge(self, digits: str) -> Entered:
        """Both are always tried, so that the time says nothing about which one it was."""
        usual = _fits(self.usual, digits)
        duress = self.duress is not None and _fits(self.duress, digits)
        if duress:
            return Entered.DURESS
        return Entered.RIGHT if usual else Entered.WRONG


def verifier(digits: str) -> bytes:
    """What to keep of a PIN; salted anew each time. Raises InputError for what is no PIN."""
    if not (digits.isascii() and digits.isdecimal() and MIN_DIGITS <= len(digits) <= MAX_DIGITS):
        raise InputError("this is no PIN", hint=f"{MIN_DIGITS} to {MAX_DIGITS} digits")
    return argon.str(digits.encode(), opslimit=_PASSES, memlimit=_MEMORY_BYTES).rstrip(b"\0")


def _fits(kept: bytes, digits: str) -> bool:
    if not MIN_DIGITS <= len(digits) <= MAX_DIGITS:
        return False
    try:
        return argon.verify(kept, digits.encode())
    except (nacl.exceptions.CryptoError, ValueError):  # a wrong PIN, or a verifier that is none
        return False
