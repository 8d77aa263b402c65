"""Paths, signatures and answers of an upload, for device and hub (UPLOAD.md). Pure."""

from __future__ import annotations

import binascii
from base64 import b64decode, b64encode
from hashlib import sha256
from typing import TYPE_CHECKING, Annotated, Final, TypeAlias

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType
from nacl.exceptions import BadSignatureError

from edge.audit.record import Count, Pseudonym, SiteId, UnixMs
from edge.config import DeviceName
from edge.errors import InputError
from edge.formats.untrusted_text import UnreadableText, typed_json

if TYPE_CHECKING:
    from nacl.signing import SigningKey, VerifyKey

CONTENT_TYPE: Final = "application/vnd.doorward.records+zstd"
SIGNATURE_HEADER: Final = "Doorward-Signature"
TIME_HEADER: Final = "Doorward-Time"
# A hub has the time from its network. A device with a greater difference learns its position with a batch.
MAX_SKEW_S: Final = 300
# A number and a time have 51 bytes; sightings take the rest, and an error page of a proxy is truncated.
MAX_ANSWER_BYTES: Final = 4_096
MAX_DETAIL_CHARS: Final = 200  # two lines of a terminal

_SCHEME: Final = "ed25519="
_SIGNATURE_BYTES: Final = 64


# For each card's pseudonym and door, the time at which it was last shown there, in ms since 1970.
Sightings: TypeAlias = Annotated[
    dict[Pseudonym, Annotated[dict[SiteId, UnixMs], Meta(max_length=64)]], Meta(max_length=64)
]
MAX_SIGHTINGS: Final = 16  # cards in an answer: 16 at three doors with long names take 3 kB of the 4 kB limit


class Next(Struct, frozen=True):
    """An answer of 200 or 409: the first seq that the hub does not have.

    `sightings`: with 200, cards that were shown at several doors within the hour.
    `hub_ms`: UTC by the hub's clock, which the device returns in its next batch; 0: an answer without it.
    """

    next: Count
    sightings: Sightings | UnsetType = UNSET
    hub_ms: UnixMs = 0


class Error(Struct, frozen=True, omit_defaults=True):
    """Any other answer: one word for the device, and a detail for a technician."""

    error: str
    detail: str = ""


_next = msgspec.json.Decoder(Next)
_error = msgspec.json.Decoder(Error)


def device_name(text: str) -> str:
    """The name of a device, checked for use in a path. Raises InputError."""
    try:
        name: str = msgspec.convert(text, DeviceName)
    except msgspec.ValidationError as err:
        raise InputError(
            "not a name of a device",
            hint="use at most 40 lower case letters, digits, . and -",
        ) from err
    return name


def records_path(device: str) -> str:
    """The path for batches of a device, relative to the hub's address."""
    return f"v1/devices/{device}/records"


def upload_message(device: str, body: bytes) -> bytes:
    """The message that a device signs for a body. No checkpoint begins like it, because no name has a "/"."""
    return f"doorward/upload/v1\n{device}\n{sha256(body).hexdigest()}\n".encode()


def next_message(device: str, now_s: int) -> bytes:
    """The message that a device signs for a GET."""
    return f"doorward/next/v1\n{device}\n{now_s}\n".encode()


def sign(message: bytes, key: SigningKey) -> str:
    """The value of the signature header."""
    return _SCHEME + b64encode(key.sign(message).signature).decode()


def check_signature(message: bytes, header: str, key: VerifyKey) -> None:
    """Check that `header` is the signature of `message` by `key`. Raises InputError."""
    if not header.startswith(_SCHEME):
        raise InputError(f"the header {SIGNATURE_HEADER} does not begin with {_SCHEME}")
    try:
        signature = b64decode(header.removeprefix(_SCHEME).encode("ascii"), validate=True)
        if len(signature) != _SIGNATURE_BYTES:
            raise InputError("signature is not 64 bytes")
        key.verify(message, signature)
    except (UnicodeEncodeError, binascii.Error) as err:
        raise InputError("signature is not base64") from err
    except BadSignatureError as err:
        raise InputError(
            "signature is invalid", hint="register the device at the hub with its current key"
        ) from err


def check_time(header: str, now_s: int) -> int:
    """The time of a GET, if it is now. Raises InputError."""
    if not (header.isascii() and header.isdigit() and len(header) <= 12):
        raise InputError(f"the header {TIME_HEADER} is not seconds since 1970")
    asked_s = int(header)
    if abs(asked_s - now_s) > MAX_SKEW_S:
        raise InputError(f"clocks differ by more than {MAX_SKEW_S} s")
    return asked_s


def parse_next(body: bytes) -> Next:
    """The content of a 200 or 409. Raises InputError."""
    try:
        return typed_json(body[:MAX_ANSWER_BYTES], _next)
    except UnreadableText as err:
        raise InputError("answer holds no number of the next record") from err


def parse_error(body: bytes) -> Error:
    """The error in an answer; an empty one if the answer is malformed.

    A technician sees the detail, so it has no control characters for a terminal.
    """
    try:
        said = typed_json(body[:MAX_ANSWER_BYTES], _error)
    except UnreadableText:
        return Error("")
    detail = "".join(c for c in said.detail[:MAX_DETAIL_CHARS] if c.isascii() and c.isprintable())
    return Error(said.error, detail)
