"""Makes codes directly with cbor2, base45 and pynacl: one part may be wrong, and the rest is still signed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import base45
import cbor2
import nacl.signing

from edge.card import cose
from edge.card import numbers as n

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

NOW: Final = 1_781_517_600  # 2026-06-15T10:00:00Z
DAY: Final = 86_400
SITE: Final = "tower-1/lobby"
URI: Final = "https://s.example/1"
CARDS: Final = 1_001  # not a multiple of 8, so that the last byte has bits past the end
GOOD, REVOKED, SUSPENDED, BOTH = 512, 77, 78, 79
DROP: Final = object()


def seed(label: str) -> bytes:
    """The seed of a test key."""
    return hashlib.sha256(f"doorward vector {label}".encode()).digest()


def kid(issuer: bytes) -> bytes:
    """The key id of an issuer's seed."""
    return cose.kid_of(cose.public_key(issuer))


def encoded(value: object) -> bytes:
    """Deterministic CBOR, made by cbor2: the encoder of the product must not check itself."""
    return cbor2.dumps(value, canonical=True)


def headed(headers: Mapping[str, str], body: str) -> str:
    """A file: the headers that have a value, an empty line, the body."""
    return "".join(f"{key}: {value}\n" for key, value in headers.items() if value) + f"\n{body}"


def same(data: bytes) -> bytes:
    """The data, unchanged."""
    return data


@dataclass(frozen=True, kw_only=True)
class Envelope:
    """A COSE_Sign1 with any content, signed. `loose`: the unprotected header."""

    header: Mapping[Any, Any]
    payload: Mapping[Any, Any] | bytes
    seed: bytes
    loose: Mapping[Any, Any] = field(default_factory=dict)
    context: str = "Signature1"
    signature: Callable[[bytes], bytes] = same

    def header_but(self, **edits: Any) -> Envelope:  # noqa: ANN401  any CBOR value
        """The envelope with another protected header; the names are those of FORMAT.md's table."""
        numbers = {
            "alg": n.HEADER_ALG,
            "kid": n.HEADER_KID,
            "kcwt": n.HEADER_KCWT,
            "typ": n.HEADER_TYP,
            "crit": 2,
        }
        return replace(
            self, header=edited(self.header, {numbers[name]: edit for name, edit in edits.items()})
        )

    def but(self, edits: Mapping[Any, Any]) -> Envelope:
        """The envelope with other claims."""
        assert not isinstance(self.payload, bytes)
        return replace(self, payload=edited(self.payload, edits))

    def tag(self) -> cbor2.CBORTag:
        """The signed value."""
        header = encoded(self.header) if self.header else b""
        payload = self.payload if isinstance(self.payload, bytes) else encoded(self.payload)
        signed = nacl.signing.SigningKey(self.seed).sign(encoded([self.context, header, b"", payload]))
        return cbor2.CBORTag(
            n.COSE_SIGN1, [header, dict(self.loose), payload, self.signature(signed.signature)]
        )


def edited(base: Mapping[Any, Any], edits: Mapping[Any, Any]) -> dict[Any, Any]:
    """`base` with some values changed, added or dropped."""
    return {key: value for key, value in {**base, **edits}.items() if value is not DROP}


ISSUER, HOLDER = seed("issuer"), seed("holder")
HOLDER_KEY: Final = cose.public_key(HOLDER)
TEMPLATE: Final = {0: bytes(range(64)), 1: 1, 2: 101, 3: "mfn1"}
CARD: Final = Envelope(
    header={1: -8, 4: kid(ISSUER), 16: 293},
    payload={
        1: "CN-GD",
        4: NOW + 30 * DAY,
        6: NOW - DAY,
        7: b"card0001",
        8: {1: {1: 1, -1: 6, -2: HOLDER_KEY}},
        65535: {"status_list": {"idx": GOOD, "uri": URI}},
        169: {62: [TEMPLATE]},
    },
    seed=ISSUER,
)


def shown(card: Envelope = CARD) -> Envelope:
    """The presentation of a card, five seconds old."""
    return Envelope(header={1: -8, 13: card.tag(), 16: 294}, payload={6: NOW - 5}, seed=HOLDER)


def code(presentation: Envelope, change: Callable[[bytes], bytes] = same) -> str:
    """The text of a code; `change` is applied to the bytes after signing."""
    return n.PREFIX + str(base45.b45encode(change(encoded(presentation.tag()))).decode())


def issued(edits: Mapping[Any, Any], issuer: bytes = ISSUER) -> str:
    """The code of the valid card with other claims, or of another issuer."""
    return code(shown(replace(CARD.but(edits).header_but(kid=kid(issuer)), seed=issuer)))


def showing(edits: Mapping[Any, Any]) -> str:
    """The code of the valid card, with other claims in the presentation."""
    return code(shown().but(edits))


def showing_bytes(hexes: str) -> str:
    """The code of the valid card, with these bytes as the presentation's claims; `iat`: the time in hex."""
    return code(replace(shown(), payload=bytes.fromhex(hexes.replace("iat", f"{NOW - 5:08x}"))))


@dataclass(frozen=True)
class CardVector:
    """One file. `step`: a step of FORMAT.md section 6. `detail`: the wrong field, if the step has several.

    `gate`: headers for a gate that is not an ordinary door without a screen.
    """

    name: str
    step: int
    expect: str
    comment: str
    text: str
    clock: int = NOW
    site: str = SITE
    detail: str = ""
    gate: Mapping[str, str] = field(default_factory=dict)

    def render(self) -> str:
        """The headers, an empty line, the text."""
        headers = {"expect": self.expect, "step": str(self.step), "detail": self.detail}
        headers |= {"clock": stamp(self.clock), "site": self.site, **self.gate, "comment": self.comment}
        return headed(headers, f"{self.text}\n")


def moment(seconds: int) -> datetime:
    """The time as a datetime in UTC."""
    return datetime.fromtimestamp(seconds, UTC)


def stamp(seconds: int) -> str:
    """The time as in RFC 3339."""
    return moment(seconds).strftime("%Y-%m-%dT%H:%M:%SZ")


def status(index: int, uri: str = URI) -> dict[int, Any]:
    """A status claim."""
    return {65535: {"status_list": {"idx": index, "uri": uri}}}


def template(**edits: object) -> dict[int, Any]:
    """A face claim; the names are those of FORMAT.md's table."""
    numbers = {"data": 0, "kind": 1, "format": 2, "model": 3, "more": 4}
    return {169: {62: [edited(TEMPLATE, {numbers[name]: edit for name, edit in edits.items()})]}}


def holder(**edits: object) -> dict[int, Any]:
    """A cnf claim; the names are those of COSE_Key."""
    numbers = {"kty": 1, "crv": -1, "x": -2, "d": -4, "kid": 2}
    return {
        8: {1: edited({1: 1, -1: 6, -2: HOLDER_KEY}, {numbers[name]: edit for name, edit in edits.items()})}
    }
