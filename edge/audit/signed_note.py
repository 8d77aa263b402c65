"""Signed notes: a text, an empty line, and lines of signatures over the text.

    a text of any lines

    — doorward/lobby-1 3rsWjv4N...                    name of the key; base64 of key id and signature

Source: github.com/C2SP/C2SP signed-note.md. Every line is checked before any signature counts. Signatures by
other keys (witnesses) are skipped, as signed-note.md requires.
"""

from __future__ import annotations

import binascii
import re
from base64 import b64decode, b64encode
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from nacl.exceptions import BadSignatureError

from edge.audit.errors import JournalBroken
from edge.errors import InputError

if TYPE_CHECKING:
    from nacl.signing import SigningKey, VerifyKey

# signed-note.md: at least 16 signatures, each of nearly 5 kB if it is post-quantum. 16 lines with 5,000 bytes
# of signature are 107 kB; the rest is for names and text.
MAX_NOTE_BYTES: Final = 128 * 1024
_ED25519: Final = b"\x01"  # signed-note.md, signature types
_HINT: Final = "give the unchanged text that `doorward log` or the hub printed"
_CONTROL: Final = re.compile(r"[\x00-\x09\x0b-\x1f]")  # all below U+0020 but the newline


def key_id(name: str, key: VerifyKey) -> bytes:
    """The first 4 bytes of a hash of name and key, which tell keys of one name apart but prove nothing."""
    return sha256(name.encode() + b"\n" + _ED25519 + bytes(key)).digest()[:4]


def sign_note(text: str, name: str, key: SigningKey) -> str:
    """`text`, which ends in a newline, with an empty line and one signature line."""
    assert text.endswith("\n")
    blob = key_id(name, key.verify_key) + key.sign(text.encode()).signature
    return f"{text}\n— {name} {b64encode(blob).decode()}\n"


def open_note(note: bytes, *, name: str, key: VerifyKey) -> str:
    """The text of a signed note, if `key` signed it under `name`, and each such signature is valid.

    Raises:
        InputError: the note is malformed, in any of its lines.
        JournalBroken: it has no signature by this key, or an invalid one.
    """
    if len(note) > MAX_NOTE_BYTES:
        raise malformed(f"{len(note)} bytes, at most {MAX_NOTE_BYTES} are allowed")
    try:
        decoded = note.decode("utf-8")
    except UnicodeDecodeError as err:
        raise malformed("not UTF-8 text") from err
    if _CONTROL.search(decoded):
        raise malformed("it holds a control character")
    head, gap, tail = decoded.rpartition("\n\n")
    if not gap or not tail.endswith("\n"):
        raise malformed("no signature lines")
    text = head + "\n"
    lines = [_signature_line(line) for line in tail[:-1].split("\n")]
    own = [blob[4:] for signer, blob in lines if signer == name and blob[:4] == key_id(name, key)]
    if not own:
        signers = ", ".join(dict.fromkeys(signer for signer, _ in lines))
        raise JournalBroken(
            f"the checkpoint is not signed by this device's key, but by another key of {signers[:200]}"
        )
    try:
        for signature in own:
            key.verify(text.encode(), signature)
    except (BadSignatureError, ValueError) as err:
        raise JournalBroken("the signature of the checkpoint is invalid") from err
    return text


def strict_base64(text: str) -> bytes:
    """The bytes behind `text`, which must be their only encoding. Raises InputError."""
    try:
        data = b64decode(text.encode("ascii"), validate=True)
    except (UnicodeEncodeError, binascii.Error) as err:
        raise malformed("bad base64") from err
    if b64encode(data).decode() != text:  # unused bits that are not zero would be a second encoding
        raise malformed("bad base64")
    return data


def malformed(what: str) -> InputError:
    """The error of a note that is no checkpoint."""
    return InputError(f"not a checkpoint: {what}", hint=_HINT)


def _signature_line(line: str) -> tuple[str, bytes]:
    dash, _, rest = line.partition(" ")
    name, _, encoded = rest.partition(" ")
    if dash != "—" or not name or "+" in name or any(map(str.isspace, name)):
        raise malformed("a signature line is malformed")
    blob = strict_base64(encoded)
    if len(blob) < 5:  # four bytes of key id, and a signature
        raise malformed("a signature line is malformed")
    return name, blob
