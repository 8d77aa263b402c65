"""Checkpoints, the signed heads of a journal: a C2SP tlog-checkpoint in a C2SP signed note.

    doorward/lobby-1                                  origin, and the name of the key
    3                                                 number of records
    W4wTqbRIVp8dIF3t/ivvDK8+Z4PWYcUdwUR4sWdAb28=      Merkle root

    — doorward/lobby-1 3rsWjv4N...                    Ed25519 over the lines above the gap

Source: github.com/C2SP/C2SP tlog-checkpoint.md; `signed_note.py` holds the lines of signatures. Extension
lines are refused, because Doorward writes none.
"""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edge.audit.errors import JournalBroken
from edge.audit.merkle import HASH_BYTES, Frontier
from edge.audit.signed_note import malformed, open_note, sign_note, strict_base64
from edge.errors import InputError

if TYPE_CHECKING:
    from typing import Self

    from nacl.signing import SigningKey, VerifyKey

# Of a note that a device made: origin, size, root and one signature take 300 bytes.
MAX_OWN_NOTE_BYTES = 4096
MAX_RECORDS = 2**63 - 1  # the largest integer of SQLite


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The state of one journal: the number of its records, and their root. `open_checkpoint` verifies it."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        return f"{self.origin}\n{self.size}\n{b64encode(self.root).decode()}\n"


@dataclass(frozen=True, slots=True)
class SignedTreeHead:
    """A state of the tree with the signed note over it. Made by `check` and by `Signer`."""

    frontier: Frontier
    note: str

    @classmethod
    def check(cls, note: bytes, peaks: bytes, *, origin: str, key: VerifyKey) -> Self:
        """The stored head, if the signature is valid and note and peaks agree. Raises JournalBroken."""
        try:
            checkpoint = open_checkpoint(note, origin=origin, key=key)
        except InputError as err:  # a note from a user may be malformed; a stored one must not be
            raise JournalBroken(err.message) from err
        frontier = Frontier.from_bytes(checkpoint.size, peaks)
        if frontier.root != checkpoint.root:
            raise JournalBroken("the frontier does not have the root of the checkpoint")
        return cls(frontier, note.decode())

    @property
    def size(self) -> int:
        return self.frontier.size

    @property
    def peaks(self) -> bytes:
        return self.frontier.to_bytes()


@dataclass(frozen=True, slots=True)
class Signer:
    """The name and the key of the device that writes a journal."""

    device: str
    key: SigningKey

    @property
    def public(self) -> bytes:
        return bytes(self.key.verify_key)

    def sign(self, frontier: Frontier) -> SignedTreeHead:
        """The frontier with a new signed note."""
        checkpoint = Checkpoint(origin_of(self.device), frontier.size, frontier.root)
        return SignedTreeHead(frontier, sign_checkpoint(checkpoint, self.key))

    def check(self, note: bytes, peaks: bytes) -> SignedTreeHead:
        """The head that this device signed and stored. Raises JournalBroken."""
        return SignedTreeHead.check(note, peaks, origin=origin_of(self.device), key=self.key.verify_key)


def origin_of(device_id: str) -> str:
    """The origin line of a device, which is also the name of its key."""
    return f"doorward/{device_id}"


def sign_checkpoint(checkpoint: Checkpoint, key: SigningKey) -> str:
    """The signed note of a checkpoint."""
    return sign_note(checkpoint.text, checkpoint.origin, key)


def open_checkpoint(note: bytes, *, origin: str, key: VerifyKey) -> Checkpoint:
    """The checkpoint in `note`, if `key` signed it.

    Raises:
        InputError: the note is no checkpoint.
        JournalBroken: it is the checkpoint of another journal, or this key did not sign it.
    """
    text = open_note(note, name=origin, key=key)
    lines = text.split("\n")
    if len(lines) != 4 or lines[3]:
        raise malformed("its text does not have three lines")
    if lines[0] != origin:
        raise JournalBroken(f"the checkpoint is of another journal than {origin}")
    size, root = _decimal(lines[1]), strict_base64(lines[2])
    if len(root) != HASH_BYTES:
        raise malformed(f"its root has {len(root)} bytes, not {HASH_BYTES}")
    return Checkpoint(origin, size, root)


def _decimal(text: str) -> int:
    # isascii first: isdigit alone accepts every digit of Unicode.
    if not (text.isascii() and text.isdigit() and len(text) <= 19) or (text[0] == "0" and text != "0"):
        raise malformed("its size is not a decimal number")
    size = int(text)
    if size > MAX_RECORDS:
        raise malformed(f"its size is above {MAX_RECORDS}")
    return size
