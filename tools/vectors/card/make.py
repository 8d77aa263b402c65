"""One code made by hand, so that it can be made wrong in one place and still be signed everywhere else."""

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
    """Deterministic CBOR by the library itself, so that our own checks are not their own witness."""
    return cbor2.dumps(value, canonical=True)


def headed(headers: Mapping[str, str], body: str) -> str:
    """A file: the headers that say something, an empty line, the body."""
    return "".join(f"{key}: {value}\n" for key, value in headers.items() if value) + f"\n{body}"


def same(data: bytes) -> bytes:
    """No change."""
    return data


@dataclass(frozen=True, kw_only=True)
class Envelope:
    """A COSE_Sign1 made by hand, so that it can be made wrong and still be signed."""

    header: Mapping[Any, Any]
    payload: Mapping[Any, Any] | bytes
    seed: bytes
    loose: Mapping[Any, Any] = field(default_factory=dict)
    context: str = "Signature1"
    signature: Callable[[bytes], bytes] = same

    def header_but(self, **edits: Any) -> Envelope:  # noqa: ANN401  any CBOR value
        """Another header; the names are those of the table."""
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
        """Other claims."""
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
    """A presentation of a card, five seconds old."""
    return Envelope(header={1: -8, 13: card.tag(), 16: 294}, payload={6: NOW - 5}, seed=HOLDER)


def code(presentation: Envelope, change: Callable[[bytes], bytes] = same) -> str:
    """The text of a code, its bytes perhaps changed last of all."""
    return n.PREFIX + str(base45.b45encode(change(encoded(presentation.tag()))).decode())


def issued(edits: Mapping[Any, Any], issuer: bytes = ISSUER) -> str:
    """The code of a card with other claims, or by another issuer."""
    return code(shown(replace(CARD.but(edits).header_but(kid=kid(issuer)), seed=issuer)))


def showing(edits: Mapping[Any, Any]) -> str:
    """The code of the genuine card, shown with other claims."""
    return code(shown().but(edits))


def showing_bytes(hexes: str) -> str:
    """The code of the genuine card, shown with these bytes for claims; `iat` stands for the time in hex."""
    return code(replace(shown(), payload=bytes.fromhex(hexes.replace("iat", f"{NOW - 5:08x}"))))


@dataclass(frozen=True)
class CardVector:
    """One file. `step` is FORMAT.md section 6's, `detail` the field that is wrong where only that tells.

    `gate` says what differs from an ordinary door without a screen.
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
        """Headers, an empty line, the text."""
        headers = {"expect": self.expect, "step": str(self.step), "detail": self.detail}
        headers |= {"clock": stamp(self.clock), "site": self.site, **self.gate, "comment": self.comment}
        return headed(headers, f"{self.text}\n")


def moment(seconds: int) -> datetime:
    """Aware UTC."""
    return datetime.fromtimestamp(seconds, UTC)


def stamp(seconds: int) -> str:
    """RFC 3339."""
    return moment(seconds).strftime("%Y-%m-%dT%H:%M:%SZ")


def status(index: int, uri: str = URI) -> dict[int, Any]:
    """A status claim."""
    return {65535: {"status_list": {"idx": index, "uri": uri}}}


def template(**edits: object) -> dict[int, Any]:
    """A face claim; the names are those of the table."""
    numbers = {"data": 0, "kind": 1, "format": 2, "model": 3, "more": 4}
    return {169: {62: [edited(TEMPLATE, {numbers[name]: edit for name, edit in edits.items()})]}}


def holder(**edits: object) -> dict[int, Any]:
    """A cnf claim; the names are those of COSE_Key."""
    numbers = {"kty": 1, "crv": -1, "x": -2, "d": -4, "kid": 2}
    return {
        8: {1: edited({1: 1, -1: 6, -2: HOLDER_KEY}, {numbers[name]: edit for name, edit in edits.items()})}
    }
