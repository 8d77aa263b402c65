"""Paths, signatures and answers of an upload: UPLOAD.md, for both sides. Pure."""

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

if TYPE_CHECKING:
    from nacl.signing import SigningKey, VerifyKey

CONTENT_TYPE: Final = "application/vnd.doorward.records+zstd"
SIGNATURE_HEADER: Final = "Doorward-Signature"
TIME_HEADER: Final = "Doorward-Time"
# A hub has the time from its network. A device that is further off than this asks with a batch instead.
MAX_SKEW_S: Final = 300
MAX_ANSWER_BYTES: Final = 4_096  # `{"next": 9007199254740991}` is 26; an error page of a proxy is cut here
MAX_DETAIL_CHARS: Final = 200  # two lines of a terminal

_SCHEME: Final = "ed25519="
_SIGNATURE_BYTES: Final = 64


# By card's pseudonym and door: when it was shown there last, in milliseconds since 1970.
Sightings: TypeAlias = Annotated[
    dict[Pseudonym, Annotated[dict[SiteId, UnixMs], Meta(max_length=64)]], Meta(max_length=64)
]
MAX_SIGHTINGS: Final = (
    16  # cards in an answer: 16 at three doors with long names are 3 kB of the 4 that are read
)


class Next(Struct, frozen=True):
    """An answer of 200 or 409: the seq that the hub has not seen yet.

    `sightings`: cards that were shown at several doors within the hour, with an answer of 200.
    """

    next: Count
    sightings: Sightings | UnsetType = UNSET


class Error(Struct, frozen=True, omit_defaults=True):
    """Any other answer: one word for the device, and a detail for its technician."""

    error: str
    detail: str = ""


def device_name(text: str) -> str:
    """The name of a device as it may stand in a path. Raises InputError."""
    try:
        name: str = msgspec.convert(text, DeviceName)
    except msgspec.ValidationError as err:
        raise InputError(
            "no name of a device", hint="lower case letters, digits, . and -, at most 40"
        ) from err
    return name


def records_path(device: str) -> str:
    """The path for batches of a device, relative to the hub's address."""
    return f"v1/devices/{device}/records"


def upload_message(device: str, body: bytes) -> bytes:
    """The message a device signs over a body. No checkpoint begins so: no device is called "upload/v1"."""
    return f"doorward/upload/v1\n{device}\n{sha256(body).hexdigest()}\n".encode()


def next_message(device: str, now_s: int) -> bytes:
    """The message that a device signs over a question."""
    return f"doorward/next/v1\n{device}\n{now_s}\n".encode()


def sign(message: bytes, key: SigningKey) -> str:
    """The value of the signature header."""
    return _SCHEME + b64encode(key.sign(message).signature).decode()


def check_signature(message: bytes, header: str, key: VerifyKey) -> None:
    """Holds when `header` is the signature of `message` by `key`. Raises InputError."""
    if not header.startswith(_SCHEME):
        raise InputError(f"no {SIGNATURE_HEADER}: {_SCHEME}...")
    try:
        signature = b64decode(header.removeprefix(_SCHEME).encode("ascii"), validate=True)
        if len(signature) != _SIGNATURE_BYTES:
            raise InputError("signature is not 64 bytes")
        key.verify(message, signature)
    except (UnicodeEncodeError, binascii.Error) as err:
        raise InputError("signature is not base64") from err
    except BadSignatureError as err:
        raise InputError(
            "signature does not hold", hint="is this device registered with another key?"
        ) from err


def check_time(header: str, now_s: int) -> int:
    """The time that a question was asked at, if that is now. Raises InputError."""
    if not (header.isascii() and header.isdigit() and len(header) <= 12):
        raise InputError(f"no {TIME_HEADER}: seconds since 1970")
    asked_s = int(header)
    if abs(asked_s - now_s) > MAX_SKEW_S:
        raise InputError(f"clocks differ by more than {MAX_SKEW_S} s")
    return asked_s


def parse_next(body: bytes) -> Next:
    """The content of an answer of 200 or 409. Raises InputError."""
    try:
        return msgspec.json.decode(body[:MAX_ANSWER_BYTES], type=Next)
    except (msgspec.MsgspecError, UnicodeDecodeError) as err:
        raise InputError("answer holds no number of the next record") from err


def parse_error(body: bytes) -> Error:
    """The error in an answer; an empty one where it says nothing that we understand.

    It ends up before a technician, so what a terminal might obey is left out.
    """
    try:
        said = msgspec.json.decode(body[:MAX_ANSWER_BYTES], type=Error)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return Error("")
    detail = "".join(c for c in said.detail[:MAX_DETAIL_CHARS] if c.isascii() and c.isprintable())
    return Error(said.error, detail)
