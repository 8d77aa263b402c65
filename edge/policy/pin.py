"""A holder's PIN as a salted, slow hash, and a second PIN for duress, which warns staff.

Argon2id (RFC 9106) with 8 MB and 4 passes: a small board does not have the 64 MB of the usual setting.
An attacker who has the file guesses a PIN of six digits in hours: the file is a secret. A PIN never counts
alone: it comes after a card, at most three times in a passage (`edge.passage.requirements.factors`), and all
wrong entries are counted (`edge.policy.pin_tries`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Final

import nacl.exceptions
import nacl.pwhash.argon2id as argon

from edge.errors import InputError

MIN_DIGITS: Final = (
    4  # for a site that allows it: a thief finds one of 10,000 in 50 entries once in 200 times
)
USUAL_DIGITS: Final = 6  # the default of [permits] pin_digits
MAX_DIGITS: Final = 12  # more digits would be a password, and a keypad is not made for passwords
MAX_VERIFIER_BYTES: Final = 128  # what libsodium writes, its terminating zeros included
_PASSES: Final = 4
_MEMORY_BYTES: Final = 8 * 1024 * 1024


class Entered(Enum):
    """Result of a PIN that the holder typed."""

    RIGHT = auto()
    DURESS = auto()
    WRONG = auto()


@dataclass(frozen=True, slots=True)
class Pin:
    """The verifiers of a person's PIN and of the duress PIN, if there is one."""

    usual: bytes = field(repr=False)
    duress: bytes | None = field(default=None, repr=False)

    def judge(self, digits: str) -> Entered:
        """Compare the digits with both PINs, always: the time taken does not tell which one matched."""
        usual = _fits(self.usual, digits)
        duress = self.duress is not None and _fits(self.duress, digits)
        if duress:
            return Entered.DURESS
        return Entered.RIGHT if usual else Entered.WRONG


def verifier(digits: str, *, shortest: int = USUAL_DIGITS) -> bytes:
    """The hash of a PIN, with a new salt each time. Raises InputError if it is not a PIN of enough digits."""
    assert MIN_DIGITS <= shortest <= MAX_DIGITS
    if not (digits.isascii() and digits.isdecimal() and shortest <= len(digits) <= MAX_DIGITS):
        raise InputError(
            f"not a PIN of {shortest} to {MAX_DIGITS} digits", hint=f"use {shortest} to {MAX_DIGITS} digits"
        )
    return argon.str(digits.encode(), opslimit=_PASSES, memlimit=_MEMORY_BYTES).rstrip(b"\0")


def _fits(kept: bytes, digits: str) -> bool:
    if not MIN_DIGITS <= len(digits) <= MAX_DIGITS:
        return False
    try:
        return argon.verify(kept, digits.encode())
    except (nacl.exceptions.CryptoError, ValueError):  # a wrong PIN, or bytes that are not a verifier
        return False
