"""Signs the result of a check on the device, and verifies it at the host. Format: CHECK.md section 3.

A COSE_Sign1 with the device's Ed25519 key. As text, for serial lines and brokers, it is `CR1:` and base45.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

import base45

from edge.card import cbor, cose
from edge.card import numbers as n
from edge.decision import Reason
from edge.errors import InputError, Refused

if TYPE_CHECKING:
    from collections.abc import Callable

PREFIX: Final = "CR1:"
TYP: Final = "application/doorward-result+cbor"
MAX_BYTES: Final = 8_192  # twice the size of eleven sealed attributes of 256 bytes and 400 bytes for all else
MAX_CHARS: Final = len(PREFIX) + MAX_BYTES * 3 // 2
PSEUDONYM_BYTES: Final = 16
MAX_SEALED_BYTES: Final = 6_144
_BOX_BYTES: Final = 32 + 24 + 16  # ephemeral key, nonce and tag, with no content
_MAX_WORD: Final = 80  # a site's name, the longest text in a result

_DEVICE, _SEQ, _AT_MS, _SITE, _PURPOSE, _OUTCOME, _FACE, _PSEUDONYM, _SEALED, _REASON = range(1, 11)


class CheckOutcome(StrEnum):
    """The outcome of a check."""

    GRANTED = "granted"
    DENIED = "denied"


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """The result that a host receives. `at`: aware UTC, whole milliseconds.

    `face`: a face was compared. `pseudonym`: 16 bytes that name the holder to this host only; `sealed`: the
    attributes of the purpose, as a box to the host's key. Only granted results have these two; only denied
    ones have `reason`, if the site sends it.
    """

    device: str
    seq: int
    at: datetime
    site: str
    purpose: str
    outcome: CheckOutcome
    face: bool
    pseudonym: bytes | None = field(default=None, repr=False)
    sealed: bytes | None = field(default=None, repr=False)
    reason: Reason | None = None


def encode(result: Result, seed: bytes) -> bytes:
    """The signed result; the same result and key give the same bytes. `seed`: the device's 32 bytes."""
    claims: dict[int, object] = {
        _DEVICE: result.device,
        _SEQ: result.seq,
        _AT_MS: round(result.at.timestamp() * 1_000),
        _SITE: result.site,
        _PURPOSE: result.purpose,
        _OUTCOME: int(result.outcome is CheckOutcome.GRANTED),
        _FACE: int(result.face),
        _PSEUDONYM: result.pseudonym,
        _SEALED: result.sealed,
        _REASON: result.reason.value if result.reason else None,
    }
    headers: dict[int, object] = {
        n.HEADER_ALG: n.ALG_EDDSA,
        n.HEADER_KID: cose.kid_of(cose.public_key(seed)),
        n.HEADER_TYP: TYP,
    }
    return cose.sign(headers, {key: value for key, value in claims.items() if value is not None}, seed)


def to_text(data: bytes) -> str:
    """A signed result for a line, a topic or a QR code."""
    return PREFIX + str(base45.b45encode(data), "ascii")


def from_text(text: str) -> bytes:
    """The bytes of a result's text. Raises InputError."""
    if not text.startswith(PREFIX):
        raise InputError("not a result", hint=f"give the text that begins with {PREFIX}")
    if len(text) > MAX_CHARS:
        raise InputError(f"longer than {MAX_CHARS} characters")
    digits = text.removeprefix(PREFIX)
    try:
        data: bytes = base45.b45decode(digits)
    except (ValueError, UnicodeError) as error:
        raise InputError("not base45") from error
    if base45.b45encode(data).decode() != digits:  # the decoder is not strict
        raise InputError("not base45")
    return data


def verify(data: bytes, public_key: bytes) -> Result:
    """The result, verified by the device's key. Raises InputError, which quotes nothing."""
    try:
        envelope = cose.parse(cbor.decode(data, limit=MAX_BYTES))
        _check_headers(cbor.decode(envelope.protected, limit=MAX_BYTES), public_key)
        cose.check_signature(envelope, public_key, whose="this device")
        claims = cbor.decode(envelope.payload, limit=MAX_BYTES)
    except Refused as refusal:
        raise InputError(refusal.detail, hint="check that this is the device's key") from refusal
    if not isinstance(claims, Mapping):
        raise InputError("the claims are not a map")
    return _result(dict(claims))


def _check_headers(headers: object, public_key: bytes) -> None:
    if not isinstance(headers, Mapping) or set(headers) != {n.HEADER_ALG, n.HEADER_KID, n.HEADER_TYP}:
        raise InputError("the headers are not algorithm, key id and type")
    if headers[n.HEADER_ALG] != n.ALG_EDDSA:
        raise InputError("the algorithm is not Ed25519")
    if headers[n.HEADER_TYP] != TYP:
        raise InputError("the signed type is not that of a result")
    if headers[n.HEADER_KID] != cose.kid_of(public_key):
        raise InputError("signed by another device", hint="use the key of the device that made the result")


def _result(claims: dict[Any, Any]) -> Result:
    outcome = CheckOutcome.GRANTED if _number(claims, _OUTCOME, "outcome", 1) else CheckOutcome.DENIED
    result = Result(
        device=_word(claims, _DEVICE, "device"),
        seq=_number(claims, _SEQ, "seq", 2**53 - 1),
        at=datetime.fromtimestamp(_number(claims, _AT_MS, "at", n.MAX_TIME * 1_000) / 1_000, UTC),
        site=_word(claims, _SITE, "site"),
        purpose=_word(claims, _PURPOSE, "purpose"),
        outcome=outcome,
        face=bool(_number(claims, _FACE, "face", 1)),
        pseudonym=_bytes(claims, _PSEUDONYM, "pseudonym", lambda size: size == PSEUDONYM_BYTES),
        sealed=_bytes(claims, _SEALED, "sealed", lambda size: _BOX_BYTES < size <= MAX_SEALED_BYTES),
        reason=_reason(claims.pop(_REASON, None)),
    )
    if claims:
        raise InputError("unknown claim")
    granted = outcome is CheckOutcome.GRANTED
    if (result.pseudonym is not None) is not granted or (result.sealed is not None and not granted):
        raise InputError("a denied result with data of a holder, or a granted one without a pseudonym")
    if result.reason is not None and granted:
        raise InputError("a granted result with a reason")
    return result


def _word(claims: dict[Any, Any], key: int, name: str) -> str:
    value = claims.pop(key, None)
    if not isinstance(value, str) or not 1 <= len(value) <= _MAX_WORD:
        raise InputError(f"{name}: not text of 1 to {_MAX_WORD} characters")
    if not (value.isascii() and value.isprintable()):
        raise InputError(f"{name}: not printable ASCII")
    return value


def _number(claims: dict[Any, Any], key: int, name: str, largest: int) -> int:
    value = claims.pop(key, None)
    if type(value) is not int or not 0 <= value <= largest:
        raise InputError(f"{name}: not a number from 0 to {largest}")
    return value


def _bytes(claims: dict[Any, Any], key: int, name: str, fits: Callable[[int], bool]) -> bytes | None:
    value = claims.pop(key, None)
    if value is None:
        return None
    if not isinstance(value, bytes) or not fits(len(value)):
        raise InputError(f"{name}: not bytes, or of a wrong length")
    return value


def _reason(value: object) -> Reason | None:
    if value is None:
        return None
    try:
        return Reason(str(value))
    except ValueError as error:
        raise InputError(
            "reason: unknown code", hint="update this host: it is older than the device"
        ) from error
