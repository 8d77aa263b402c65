"""Checkpoints, the signed heads of a journal: a C2SP tlog-checkpoint in a C2SP signed note.

    doorward/lobby-1                                  origin, and the name of the key
    3                                                 number of records
    W4wTqbRIVp8dIF3t/ivvDK8+Z4PWYcUdwUR4sWdAb28=      Merkle root

    — doorward/lobby-1 3rsWjv4N...                    Ed25519 over the lines above the gap

Sources: github.com/C2SP/C2SP tlog-checkpoint.md and signed-note.md. Signatures by other keys (witnesses) are
skipped, as signed-note.md requires; extension lines are refused, because Doorward writes none.
"""

from __future__ import annotations

import binascii
from base64 import b64decode, b64encode
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from nacl.exceptions import BadSignatureError

from edge.audit.errors import JournalBroken
from edge.audit.merkle import HASH_BYTES, Frontier
from edge.errors import InputError

if TYPE_CHECKING:
    from typing import Self

    from nacl.signing import SigningKey, VerifyKey

# Origin, size and root take 150 bytes; the rest is for about twenty witnesses.
MAX_NOTE_BYTES = 4096
MAX_RECORDS = 2**63 - 1  # the largest integer of SQLite
_ED25519 = b"\x01"  # signed-note.md, signature types
_HINT = "give the unchanged text that `doorward log` or the hub printed"


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
        raise InputError("not a checkpoint: its text does not have three lines", hint=_HINT)
    if lines[0] != origin:
        raise JournalBroken(f"the checkpoint is of another journal than {origin}")
    size, root = _decimal(lines[1]), _base64(lines[2])
    if len(root) != HASH_BYTES:
        raise InputError(f"not a checkpoint: its root has {len(root)} bytes, not {HASH_BYTES}", hint=_HINT)
    return Checkpoint(origin, size, root)


def key_id(name: str, key: VerifyKey) -> bytes:
    """The first 4 bytes of a hash of name and key, which tell keys of one name apart but prove nothing."""
    return sha256(name.encode() + b"\n" + _ED25519 + bytes(key)).digest()[:4]


def sign_note(text: str, name: str, key: SigningKey) -> str:
    """`text`, which ends in a newline, with an empty line and one signature line."""
    assert text.endswith("\n")
    blob = key_id(name, key.verify_key) + key.sign(text.encode()).signature
    return f"{text}\n— {name} {b64encode(blob).decode()}\n"


def open_note(note: bytes, *, name: str, key: VerifyKey) -> str:
    """The text of a signed note, if it has a valid signature by `key` under `name`.

    Raises:
        InputError: the note is malformed.
        JournalBroken: it has no signature by this key, or an invalid one.
    """
    if len(note) > MAX_NOTE_BYTES:
        raise InputError(
            f"not a checkpoint: {len(note)} bytes, at most {MAX_NOTE_BYTES} are allowed", hint=_HINT
        )
    try:
        decoded = note.decode("utf-8")
    except UnicodeDecodeError as err:
        raise InputError("not a checkpoint: not UTF-8 text", hint=_HINT) from err
    head, gap, tail = decoded.rpartition("\n\n")
    if not gap or not tail.endswith("\n"):
        raise InputError("not a checkpoint: no signature lines", hint=_HINT)
    text = head + "\n"
    for signer, blob in map(_signature_line, tail[:-1].split("\n")):
        if signer == name and blob[:4] == key_id(name, key):
            try:
                key.verify(text.encode(), blob[4:])
            except (BadSignatureError, ValueError) as err:
                raise JournalBroken("the signature of the checkpoint is invalid") from err
            return text
    raise JournalBroken("the checkpoint is not signed by this device's key")


def _signature_line(line: str) -> tuple[str, bytes]:
    dash, _, rest = line.partition(" ")
    name, _, encoded = rest.partition(" ")
    blob = _base64(encoded) if dash == "—" and name else b""
    if len(blob) < 5:  # four bytes of key id, and a signature
        raise InputError("not a checkpoint: a signature line is malformed", hint=_HINT)
    return name, blob


def _base64(text: str) -> bytes:
    try:
        data = b64decode(text.encode("ascii"), validate=True)
    except (UnicodeEncodeError, binascii.Error) as err:
        raise InputError("not a checkpoint: bad base64", hint=_HINT) from err
    if b64encode(data).decode() != text:  # unused bits that are not zero would be a second encoding
        raise InputError("not a checkpoint: bad base64", hint=_HINT)
    return data


def _decimal(text: str) -> int:
    # isascii first: isdigit alone accepts every digit of Unicode.
    if not (text.isascii() and text.isdigit() and len(text) <= 19) or (text[0] == "0" and text != "0"):
        raise InputError("not a checkpoint: its size is not a decimal number", hint=_HINT)
    size = int(text)
    if size > MAX_RECORDS:
        raise InputError(f"not a checkpoint: its size is above {MAX_RECORDS}", hint=_HINT)
    return size
