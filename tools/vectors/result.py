"""Vectors of results (edge/venues/check/CHECK.md): a valid result with one change, signed again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import base45
import cbor2
from nacl.public import Box, PrivateKey

from edge.card import cose
from tools.vectors.card.make import DROP, NOW, Envelope, encoded, headed, same, seed
from tools.vectors.card.make import kid as kid_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

DEVICE: Final = seed("device")
HOST: Final = PrivateKey(seed("host"))
PREFIX: Final = "CR1:"
DEVICE_ID, SEQ, AT, SITE, PURPOSE, OUTCOME, FACE, PSEUDONYM, SEALED, REASON = range(1, 11)
_EPHEMERAL: Final = PrivateKey(seed("ephemeral"))
ATTRIBUTES: Final = b'{"family_name": "Silva", "nationality": "PRT"}'
BOX: Final = bytes(_EPHEMERAL.public_key) + Box(_EPHEMERAL, HOST.public_key).encrypt(
    ATTRIBUTES, bytes(range(24))
)
GRANTED: Final = Envelope(
    header={1: -8, 4: kid_of(DEVICE), 16: "application/doorward-result+cbor"},
    payload={
        DEVICE_ID: "rail-3",
        SEQ: 4_711,
        AT: NOW * 1_000 + 250,
        SITE: "station/gate-3",
        PURPOSE: "rail-security",
        OUTCOME: 1,
        FACE: 1,
        PSEUDONYM: bytes(range(16)),
        SEALED: BOX,
    },
    seed=DEVICE,
)
_granted: Final = partial(replace, GRANTED)
_DENIED: Final = {OUTCOME: 0, FACE: 0, PSEUDONYM: DROP, SEALED: DROP}
DENIED: Final = GRANTED.but(_DENIED)


@dataclass(frozen=True)
class ResultVector:
    """One file. `step`: a step of CHECK.md section 4."""

    name: str
    step: int
    expect: str
    comment: str
    text: str

    def render(self) -> str:
        """The headers, an empty line, the text."""
        headers = {
            "expect": self.expect,
            "step": str(self.step),
            "key": cose.public_key(DEVICE).hex(),
            "host-private-key": bytes(HOST).hex() if self.expect == "valid" else "",
            "comment": self.comment,
        }
        return headed(headers, f"{self.text}\n")


def code(result: Envelope, change: Callable[[bytes], bytes] = same) -> str:
    """The text of a result; `change` is applied to the bytes after signing."""
    return PREFIX + str(base45.b45encode(change(encoded(result.tag()))), "ascii")


def result_vectors() -> Iterator[ResultVector]:
    """All vectors of results."""
    yield from _valid()
    yield from _texts()
    yield from _envelopes()
    yield from _signatures()
    yield from _claims()


def _valid() -> Iterator[ResultVector]:
    for name, comment, result in (
        ("granted", "with a face, and two attributes sealed to the host", GRANTED),
        ("granted_least", "only the holder's pseudonym", GRANTED.but({SEALED: DROP})),
        ("granted_without_face", "no face was compared", GRANTED.but({FACE: 0})),
        ("denied", "no data of the holder", DENIED),
        ("denied_with_reason", "a site that tells its host the reason", DENIED.but({REASON: "card.revoked"})),
        ("first", "seq 0, in 1970", GRANTED.but({SEQ: 0, AT: 0})),
        (
            "longest",
            "a site of 80 characters, the largest seq",
            GRANTED.but({SITE: "s" * 80, SEQ: 2**53 - 1}),
        ),
        ("largest_box", "sealed attributes of 6,144 bytes", GRANTED.but({SEALED: bytes(6_144)})),
    ):
        yield ResultVector(f"valid_{name}", 5, "valid", comment, code(result))


def _texts() -> Iterator[ResultVector]:
    good = code(GRANTED)
    for name, comment, text in (
        ("prefix_lower", "the prefix in lower case", "cr1:" + good[4:]),
        ("prefix_card", "the prefix of a card's code", "EC1:" + good[4:]),
        ("prefix_missing", "no prefix", good[4:]),
        ("base45_lower", "one letter in lower case", _lowered(good)),
        ("base45_overflow", "a group above 65,535", good[:4] + "::::::" + good[10:]),
        ("base45_left_over", "one character too many", good + ("0" if (len(good) - 4) % 3 == 0 else "00")),
        ("base45_space", "a space at the end", good + " "),
        ("too_long", "12,293 characters", PREFIX + "0" * 12_289),
    ):
        yield ResultVector(f"text_{name}", 1, "refused", comment, text)


def _lowered(text: str) -> str:
    at = next(i for i, char in enumerate(text) if i >= 4 and char.isalpha())
    return text[:at] + text[at].lower() + text[at + 1 :]


def _envelopes() -> Iterator[ResultVector]:
    tag = GRANTED.tag()
    for name, comment, text in (
        ("truncated", "the last byte is missing", code(GRANTED, lambda data: data[:-1])),
        ("trailing", "one byte after the end", code(GRANTED, lambda data: data + b"\0")),
        ("untagged", "without tag 18", code(GRANTED, lambda data: data[1:])),
        ("tag_cwt", "tag 61 around it", code(GRANTED, lambda data: b"\xd8\x3d" + data)),
        ("array_five", "five items", _raw(cbor2.CBORTag(18, [*tag.value, b""]))),
        ("loose", "a second key id, in the unprotected header", code(_granted(loose={4: bytes(8)}))),
        ("signature_short", "63 bytes of signature", code(_granted(signature=lambda data: data[:-1]))),
        ("signature_empty", "no signature", code(_granted(signature=lambda _: b""))),
    ):
        yield ResultVector(f"bytes_{name}", 2, "refused", comment, text)
    for name, comment, result in (
        ("alg_missing", "no algorithm", GRANTED.header_but(alg=DROP)),
        ("alg_es256", "ES256", GRANTED.header_but(alg=-7)),
        ("alg_ed25519", "-19, the newer number of Ed25519", GRANTED.header_but(alg=-19)),
        ("kid_missing", "no key id", GRANTED.header_but(kid=DROP)),
        ("typ_missing", "no type", GRANTED.header_but(typ=DROP)),
        ("typ_card", "293, the type of a card", GRANTED.header_but(typ=293)),
        ("crit", "one more header", GRANTED.header_but(crit=[16])),
    ):
        yield ResultVector(f"header_{name}", 3, "refused", comment, code(result))


def _signatures() -> Iterator[ResultVector]:
    other = seed("another device")
    forged = _granted(seed=other)
    header, loose, _, signature = GRANTED.tag().value
    changed = cbor2.CBORTag(18, [header, loose, encoded(GRANTED.but({FACE: 0}).payload), signature])
    for name, step, comment, text in (
        ("other_key", 3, "another device, under its own key id", code(forged.header_but(kid=kid_of(other)))),
        ("forged", 4, "another device, under the key id of this one", code(forged)),
        ("bit", 4, "one bit of the signature", code(_granted(signature=_flipped))),
        ("zero", 4, "a signature of 64 zeros", code(_granted(signature=lambda _: bytes(64)))),
        ("payload", 4, "one bit of the claims", _raw(changed)),
        ("context", 4, "signed as COSE_Sign", code(_granted(context="Signature"))),
    ):
        yield ResultVector(f"signature_{name}", step, "refused", comment, text)


def _claims() -> Iterator[ResultVector]:
    edits: tuple[tuple[str, str, Mapping[Any, Any]], ...] = (
        ("device_missing", "no device", {DEVICE_ID: DROP}),
        ("device_empty", "an empty name of the device", {DEVICE_ID: ""}),
        ("device_bytes", "bytes for the name of the device", {DEVICE_ID: b"rail-3"}),
        ("device_control", "a name with an escape sequence", {DEVICE_ID: "rail\x1b[2J"}),
        ("seq_missing", "no seq", {SEQ: DROP}),
        ("seq_negative", "seq is -1", {SEQ: -1}),
        ("seq_huge", "seq is 2^53", {SEQ: 2**53}),
        ("seq_text", "seq as text", {SEQ: "4711"}),
        ("at_missing", "no time", {AT: DROP}),
        ("at_after_2100", "the year 2100 and a millisecond", {AT: 4_102_444_800_000 + 1}),
        ("at_seconds_text", "the time as ISO text", {AT: "2026-06-15T10:00:00Z"}),
        ("site_missing", "no site", {SITE: DROP}),
        ("site_long", "a site of 81 characters", {SITE: "s" * 81}),
        ("purpose_missing", "no purpose", {PURPOSE: DROP}),
        ("purpose_not_ascii", "a purpose in Chinese characters", {PURPOSE: "\u5b89\u68c0"}),
        ("outcome_missing", "no outcome", {OUTCOME: DROP}),
        ("outcome_two", "outcome 2", {OUTCOME: 2}),
        ("outcome_text", "the outcome as text", {OUTCOME: "granted"}),
        ("face_missing", "no face claim", {FACE: DROP}),
        ("face_two", "face claim 2", {FACE: 2}),
        ("pseudonym_missing", "granted, without a pseudonym", {PSEUDONYM: DROP}),
        ("pseudonym_short", "a pseudonym of 15 bytes", {PSEUDONYM: bytes(15)}),
        ("pseudonym_text", "a name for the pseudonym", {PSEUDONYM: "Silva, Maria....."[:16]}),
        ("sealed_short", "a sealed box with no content", {SEALED: bytes(72)}),
        ("sealed_long", "sealed attributes of 6,145 bytes", {SEALED: bytes(6_145)}),
        ("sealed_open", "attributes that are not sealed", {SEALED: {"family_name": "Silva"}}),
        ("denied_with_holder", "denied, with a pseudonym", {OUTCOME: 0, SEALED: DROP}),
        ("denied_with_attributes", "denied, with attributes", {OUTCOME: 0, PSEUDONYM: DROP}),
        ("granted_with_reason", "granted, with a reason", {REASON: "card.expired"}),
        ("reason_unknown", "an unknown reason", {**_DENIED, REASON: "card.ugly"}),
        ("reason_number", "a number for a reason", {**_DENIED, REASON: 7}),
        ("unknown", "claim 11", {11: 0}),
        ("text_key", "a claim under a name", {"device": "rail-3"}),
    )
    for name, comment, edit in edits:
        yield ResultVector(f"claim_{name}", 5, "refused", comment, code(GRANTED.but(edit)))


def _raw(value: object) -> str:
    return PREFIX + str(base45.b45encode(encoded(value)), "ascii")


def _flipped(signature: bytes) -> bytes:
    return bytes([signature[0] ^ 1]) + signature[1:]
