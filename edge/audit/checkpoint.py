"""The signed head of a journal: a C2SP tlog-checkpoint in a C2SP signed note.

    doorward/lobby-1                                  origin, and the name of the key
    3                                                 number of records
    W4wTqbRIVp8dIF3t/ivvDK8+Z4PWYcUdwUR4sWdAb28=      Merkle root

    — doorward/lobby-1 3rsWjv4N...                    Ed25519 over the lines above the gap

Sources: github.com/C2SP/C2SP tlog-checkpoint.md and signed-note.md. Signatures by other keys (witnesses)
are skipped, as signed-note.md asks; extension lines are refused, for Doorward writes none.
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

# Origin, size and root are 150 bytes; the rest is room for some twenty witnesses.
MAX_NOTE_BYTES = 4096
MAX_RECORDS = 2**63 - 1  # what SQLite counts to
_ED25519 = b"\x01"  # signed-note.md, signature types
_HINT = "give the text that `doorward log` or the sync server kept, byte for byte"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The state of one journal: how many records under which root. Signed, unless you built it."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        return f"{self.origin}\n{self.size}\n{b64encode(self.root).decode()}\n"


@dataclass(frozen=True, slots=True)
class SignedTreeHead:
    """A state of the tree with the note that was signed over it. Made by `check` and by `Signer`."""

    frontier: Frontier
    note: str

    @classmethod
    def check(cls, note: bytes, peaks: bytes, *, origin: str, key: VerifyKey) -> Self:
        """What was stored, once the signature holds and both say the same. Raises JournalBroken."""
        try:
            checkpoint = open_checkpoint(note, origin=origin, key=key)
        except InputError as err:  # a note that a person hands in may be no note; a stored one must be one
            raise JournalBroken(err.message) from err
        frontier = Frontier.from_bytes(checkpoint.size, peaks)
        if frontier.root != checkpoint.root:
            raise JournalBroken("frontier and checkpoint disagree")
        return cls(frontier, note.decode())

    @property
    def size(self) -> int:
        return self.frontier.size

    @property
    def peaks(self) -> bytes:
        return self.frontier.to_bytes()


@dataclass(frozen=True, slots=True)
class Signer:
    """The device whose journal this is."""

    device: str
    key: SigningKey

    @property
    def public(self) -> bytes:
        return bytes(self.key.verify_key)

    def sign(self, frontier: Frontier) -> SignedTreeHead:
        """The frontier under a new note."""
        checkpoint = Checkpoint(origin_of(self.device), frontier.size, frontier.root)
        return SignedTreeHead(frontier, sign_checkpoint(checkpoint, self.key))

    def check(self, note: bytes, peaks: bytes) -> SignedTreeHead:
        """What this device signed and stored. Raises JournalBroken."""
        return SignedTreeHead.check(note, peaks, origin=origin_of(self.device), key=self.key.verify_key)


def origin_of(device_id: str) -> str:
    """The origin line of a device, which is the name of its key too."""
    return f"doorward/{device_id}"


def sign_checkpoint(checkpoint: Checkpoint, key: SigningKey) -> str:
    """The signed note of a checkpoint."""
    return sign_note(checkpoint.text, checkpoint.origin, key)


def open_checkpoint(note: bytes, *, origin: str, key: VerifyKey) -> Checkpoint:
    """The checkpoint in `note`, once its signature by `key` holds.

    Raises:
        InputError: this is no checkpoint at all.
        JournalBroken: it is one, but of another journal, or not signed by this key.
    """
    text = open_note(note, name=origin, key=key)
    lines = text.split("\n")
    if len(lines) != 4 or lines[3]:
        raise InputError("not a checkpoint: it has more or fewer than three lines", hint=_HINT)
    if lines[0] != origin:
        raise JournalBroken("checkpoint belongs to another journal")
    size, root = _decimal(lines[1]), _base64(lines[2])
    if len(root) != HASH_BYTES:
        raise InputError("not a checkpoint: its root is no SHA-256 hash", hint=_HINT)
    return Checkpoint(origin, size, root)


def key_id(name: str, key: VerifyKey) -> bytes:
    """Four bytes that tell keys of one name apart; a hint, never a proof."""
    return sha256(name.encode() + b"\n" + _ED25519 + bytes(key)).digest()[:4]


def sign_note(text: str, name: str, key: SigningKey) -> str:
    """`text` (ends in a newline) with a gap and one signature line."""
    assert text.endswith("\n")
    blob = key_id(name, key.verify_key) + key.sign(text.encode()).signature
    return f"{text}\n— {name} {b64encode(blob).decode()}\n"


def open_note(note: bytes, *, name: str, key: VerifyKey) -> str:
    """The text of a signed note, once the signature by `key` under `name` holds.

    Raises:
        InputError: this is no signed note.
        JournalBroken: it has no signature by this key, or one that does not hold.
    """
    if len(note) > MAX_NOTE_BYTES:
        raise InputError(f"not a checkpoint: {len(note)} bytes, more than {MAX_NOTE_BYTES}", hint=_HINT)
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
                raise JournalBroken("checkpoint signature does not hold") from err
            return text
    raise JournalBroken("checkpoint is not signed by this device's key")


def _signature_line(line: str) -> tuple[str, bytes]:
    dash, _, rest = line.partition(" ")
    name, _, encoded = rest.partition(" ")
    blob = _base64(encoded) if dash == "—" and name else b""
    if len(blob) < 5:  # four of the key id, and something signed
        raise InputError("not a checkpoint: a signature line is malformed", hint=_HINT)
    return name, blob


def _base64(text: str) -> bytes:
    try:
        data = b64decode(text.encode("ascii"), validate=True)
    except (UnicodeEncodeError, binascii.Error) as err:
        raise InputError("not a checkpoint: bad base64", hint=_HINT) from err
    if b64encode(data).decode() != text:  # spare bits that are not zero would be a second encoding
        raise InputError("not a checkpoint: bad base64", hint=_HINT)
    return data


def _decimal(text: str) -> int:
    # isascii first: isdigit alone takes every digit of Unicode.
    if not (text.isascii() and text.isdigit() and len(text) <= 19) or (text[0] == "0" and text != "0"):
        raise InputError("not a checkpoint: its size is no decimal number", hint=_HINT)
    size = int(text)
    if size > MAX_RECORDS:
        raise InputError("not a checkpoint: its size is out of range", hint=_HINT)
    return size
