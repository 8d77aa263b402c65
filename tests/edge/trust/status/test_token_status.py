"""Foreign status lists: IETF tokens of 1, 2, 4 and 8 bits, as JWT and as CWT, and the refused ones."""

from __future__ import annotations

import base64
import json
import re
import zlib
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import cbor2
import nacl.signing
import pytest
from conftest import shared
from hypothesis import given
from hypothesis import strategies as st
from worlds.trust import standing

from edge.decision import Reason
from edge.errors import EdgeError, Refused, TrustFault
from edge.trust.status import jwk as foreignkey
from edge.trust.status import token_status
from edge.trust.status.jwk import ForeignKey

URI = "https://example.com/statuslists/1"
IAT, EXP = 1_686_920_170, 2_291_720_170
SEED = nacl.signing.SigningKey(bytes(range(32)))
ED25519 = ForeignKey("EdDSA", bytes(SEED.verify_key))
GOOD, REVOKED, SUSPENDED = None, Reason.CARD_REVOKED, Reason.CARD_SUSPENDED


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def pack(values: list[int], bits: int) -> bytes:
    """The statuses as bytes, least significant bits first, as in the draft."""
    packed = bytearray((len(values) * bits + 7) // 8)
    for index, value in enumerate(values):
        packed[index * bits // 8] |= value << index * bits % 8
    return bytes(packed)


def claims(values: list[int], bits: int, **changes: Any) -> dict[str, Any]:
    status: dict[str, Any] = {"bits": bits, "lst": zlib.compress(pack(values, bits), 9)}
    whole = {"sub": URI, "iat": IAT, "exp": EXP, "ttl": 43200, "status_list": status} | changes
    return {name: value for name, value in whole.items() if value is not None}


def jwt(
    body: dict[str, Any], sign: Callable[[bytes], bytes] = lambda m: SEED.sign(m).signature, **header: Any
) -> bytes:
    def text(value: object) -> object:
        return b64(value) if isinstance(value, bytes) else value

    inner = body.get("status_list")
    if isinstance(inner, dict):
        body = body | {"status_list": {name: text(value) for name, value in inner.items()}}
    head = {"alg": "EdDSA", "kid": "12", "typ": "statuslist+jwt"} | header
    signed = f"{b64(json.dumps(head).encode())}.{b64(json.dumps(body).encode())}".encode()
    return signed + b"." + b64(sign(signed)).encode()


def cwt(
    body: dict[str, Any], sign: Callable[[bytes], bytes] = lambda m: SEED.sign(m).signature, **header: Any
) -> bytes:
    numbers = {"sub": 2, "iat": 6, "exp": 4, "ttl": 65534, "status_list": 65533}
    payload = cbor2.dumps({numbers[name]: value for name, value in body.items()})
    protected = cbor2.dumps(
        {1: -8, 16: "application/statuslist+cwt"} | {int(k[1:]): v for k, v in header.items()}
    )
    signature = sign(cbor2.dumps(["Signature1", protected, b"", payload]))
    return cbor2.dumps(cbor2.CBORTag(18, [protected, {4: b"12"}, payload, signature]))


def expected(value: int) -> Reason | None:
    return {0: GOOD, 1: REVOKED}.get(value, SUSPENDED)


@pytest.mark.parametrize("form", [jwt, cwt])
@pytest.mark.parametrize("bits", [1, 2, 4, 8])
def test_every_status_of_every_width_counts(form: Callable[[dict[str, Any]], bytes], bits: int) -> None:
    values = [value % 2**bits for value in range(256)]
    uri, status = token_status.decode(form(claims(values, bits)), ED25519)
    assert uri == URI
    assert (status.issued_at, status.expires) == (
        datetime.fromtimestamp(IAT, UTC),
        datetime.fromtimestamp(EXP, UTC),
    )
    assert [standing(status, index) for index in range(256)] == [expected(value) for value in values]
    assert standing(status, 256) is Reason.STATUS_UNKNOWN


@given(st.sampled_from([1, 2, 4, 8]), st.data())
def test_packed_statuses_are_read_back(bits: int, data: st.DataObject) -> None:
    values = data.draw(st.lists(st.integers(0, 2**bits - 1), min_size=1, max_size=70))
    _, status = token_status.decode(jwt(claims(values, bits)), ED25519)
    assert [standing(status, i) for i in range(len(values))] == [expected(value) for value in values]


def test_a_list_longer_than_a_block_keeps_its_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(token_status, "BLOCK", 8)
    values = [(i * 7) % 4 for i in range(100)]
    _, status = token_status.decode(cwt(claims(values, 2)), ED25519)
    assert [standing(status, i) for i in range(100)] == [expected(value) for value in values]


def test_a_token_that_never_expires_is_aged_by_the_site() -> None:
    _, status = token_status.decode(jwt(claims([0], 1, exp=None)), ED25519)
    assert status.expires.year == 2100 or status.expires > datetime(2099, 1, 1, tzinfo=UTC)


# -- ES256, the signature of the draft and of foreign wallets ---------------------------------------------------------------


def p256() -> tuple[ForeignKey, Callable[[bytes], bytes]]:
    ec = pytest.importorskip("cryptography.hazmat.primitives.asymmetric.ec")
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

    private = ec.derive_private_key(0x1234567, ec.SECP256R1())
    numbers = private.public_key().public_numbers()
    jwk = {
        "kty": "EC",
        "crv": "P-256",
        "x": b64(numbers.x.to_bytes(32, "big")),
        "y": b64(numbers.y.to_bytes(32, "big")),
    }

    def sign(message: bytes) -> bytes:
        r, s = decode_dss_signature(private.sign(message, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    return foreignkey.parse(json.dumps(jwk | {"kid": "12"}).encode()), sign


def test_es256_is_accepted_in_both_forms() -> None:
    key, sign = p256()
    for token in (jwt(claims([1, 0], 1), sign, alg="ES256"), cwt(claims([1, 0], 1), sign, _1=-7)):
        _, status = token_status.decode(token, key)
        assert (standing(status, 0), standing(status, 1)) == (REVOKED, GOOD)


@pytest.mark.parametrize("form", [jwt, cwt])
def test_another_signer_of_es256_is_refused(form: Callable[..., bytes]) -> None:
    key, sign = p256()
    header = {"alg": "ES256"} if form is jwt else {"_1": -7}
    for wrong in (lambda m: sign(m + b"!"), lambda m: bytes(64)):
        with pytest.raises(Refused) as caught:
            token_status.decode(form(claims([0], 1), wrong, **header), key)
        assert caught.value.reason is Reason.SIGNATURE_BAD


@pytest.mark.parametrize("length", [0, 63, 65])
def test_a_signature_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(Refused, match=f"a signature of {length} bytes, not 64"):
        token_status.decode(jwt(claims([0], 1), lambda _: bytes(length)), ED25519)


def test_a_key_is_read_as_it_was_written() -> None:
    for key in (p256()[0], ED25519):
        assert foreignkey.parse(json.dumps(key.to_jwk()).encode()) == key
    with pytest.raises(TrustFault, match="2000 bytes, at most 1024 are allowed"):
        foreignkey.parse(b" " * 2_000)


def test_the_key_of_the_draft_is_a_key() -> None:
    pytest.importorskip("cryptography")
    text = shared("vectors", "token_status_list", "README.txt").read_text()
    x, y = re.findall(r"\b[xy]=([\w-]{43})", text)
    assert foreignkey.parse(json.dumps({"kty": "EC", "crv": "P-256", "x": x, "y": y}).encode()).alg == "ES256"


# -- times, and the ends of files ---------------------------------------------------------------------------------


@pytest.mark.parametrize("form", [jwt, cwt])
@pytest.mark.parametrize(("written", "read"), [(IAT + 0.7, IAT), (0, 0), (0.0, 0), (0.7, 0)])
def test_a_fraction_of_a_second_is_cut_off(
    form: Callable[[dict[str, Any]], bytes], written: float, read: int
) -> None:
    _, status = token_status.decode(form(claims([0], 1, iat=written)), ED25519)
    assert status.issued_at == datetime.fromtimestamp(read, UTC)


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_an_editor_may_end_a_token_with_a_line_break(end: bytes) -> None:
    token_status.decode(jwt(claims([0], 1)) + end, ED25519)


def test_a_token_larger_than_any_list_is_refused_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(token_status, "MAX_TOKEN_BYTES", 100)
    with pytest.raises(Refused, match="more bytes than"):
        token_status.decode(jwt(claims([0], 1)), ED25519)


# -- lists of the draft ---------------------------------------------------------------------------------------


def draft_lists() -> list[tuple[str, int, bytes]]:
    found = []
    folder = shared("vectors", "token_status_list")
    for file in sorted(folder.glob("status_list_encoding*.md")):
        text = file.read_text()
        if "json" in file.name:
            inner = json.loads(re.sub(r"\s+", "", text[text.index("{") :]))
            found.append((file.stem, inner["bits"], inner["lst"]))
        elif (hexadecimal := re.search(r"(?m)^encoded:\s*([0-9a-f\s]+)$", text)) is not None:
            inner = cbor2.loads(bytes.fromhex("".join(hexadecimal[1].split())))
            found.append((file.stem, inner["bits"], inner["lst"]))
    return found


def test_the_lists_of_the_draft_are_read() -> None:
    lists = draft_lists()
    assert {bits for _, bits, _ in lists} >= {1, 2, 4, 8}
    for name, bits, text in lists:
        lst = text if isinstance(text, bytes) else base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        _, status = token_status.decode(
            cwt(claims([0], bits) | {"status_list": {"bits": bits, "lst": lst}}), ED25519
        )
        packed = zlib.decompress(lst)
        for index in range(status.size):
            value = packed[index * bits // 8] >> index * bits % 8 & (1 << bits) - 1
            assert standing(status, index) is expected(value), (name, index)


# -- refused tokens ----------------------------------------------------------------------------------------------


def inner(**changes: Any) -> dict[str, Any]:
    return {"bits": 1, "lst": zlib.compress(b"\1")} | changes


def signed_cwt(**changes: bytes) -> bytes:
    """A signed token whose header or claims have other bytes."""
    protected, _, payload, _ = cbor2.loads(cwt(claims([0], 1))).value
    protected, payload = changes.get("protected", protected), changes.get("payload", payload)
    signature = SEED.sign(cbor2.dumps(["Signature1", protected, b"", payload])).signature
    return cbor2.dumps(cbor2.CBORTag(18, [protected, {}, payload, signature]))


MALFORMED: dict[str, bytes] = {
    "nothing": b"",
    "half a token": jwt(claims([0], 1))[:40],
    "a fourth part": jwt(claims([0], 1)) + b".eyJ",
    "padding": jwt(claims([0], 1)) + b"=",
    "another type": jwt(claims([0], 1), typ="jwt"),
    "a list for a type": jwt(claims([0], 1), typ=["statuslist+jwt"]),
    "an object for a type": jwt(claims([0], 1), typ={"statuslist+jwt": 1}),
    "a list for an algorithm": jwt(claims([0], 1), alg=["EdDSA"]),
    "a list for the bits": jwt(claims([0], 1, status_list=inner(bits=[1]))),
    "1.0 for one bit": jwt(claims([0], 1, status_list=inner(bits=1.0))),
    "a number for a list": jwt(claims([0], 1, status_list=inner(lst=1))),
    "half of a pair in a list": jwt(claims([0], 1, status_list=inner(lst="\ud800"))),
    "half of a pair in the subject": jwt(claims([0], 1, sub="\ud800")),
    "a list for the subject": jwt(claims([0], 1, sub=["a"])),
    "a time that is no number": jwt(claims([0], 1, iat=float("nan"))),
    "an endless time": jwt(claims([0], 1, exp=float("inf"))),
    "a time of 4,000 digits": jwt(claims([0], 1, exp=10**4_000)),
    "no algorithm": jwt(claims([0], 1), alg="none"),
    "an algorithm of another key": jwt(claims([0], 1), alg="ES256"),
    "a critical extension": jwt(claims([0], 1), crit=["b64"]),
    "no subject": jwt(claims([0], 1, sub=None)),
    "no time": jwt(claims([0], 1, iat=None)),
    "true for a time": jwt(claims([0], 1, iat=True)),
    "a time past 2100": jwt(claims([0], 1, exp=9_999_999_999)),
    "exp before iat": jwt(claims([0], 1, exp=IAT)),
    "no list": jwt(claims([0], 1, status_list=None)),
    "three bits": jwt(claims([0], 1, status_list=inner(bits=3))),
    "true for one bit": jwt(claims([0], 1, status_list=inner(bits=True))),
    "a list that is not zlib": jwt(claims([0], 1, status_list=inner(lst=b"abc"))),
    "a list cut short": jwt(claims([0], 1, status_list=inner(lst=zlib.compress(bytes(100))[:-3]))),
    "a list followed by other bytes": jwt(claims([0], 1, status_list=inner(lst=zlib.compress(b"\1") + b"x"))),
    "an empty list": jwt(claims([0], 1, status_list=inner(lst=zlib.compress(b"")))),
    "a time before 1970": jwt(claims([0], 1, iat=-1)),
    "half a second before 1970": jwt(claims([0], 1, iat=-0.5)),
    "CWT: an array for a header": signed_cwt(protected=cbor2.dumps([1, -8])),
    "CWT: an array for the claims": signed_cwt(payload=cbor2.dumps([URI])),
    "CWT: a name twice": signed_cwt(payload=b"\xa2\x02\x61a\x02\x61a"),
    "CWT: another type": cwt(claims([0], 1), _16="application/cwt"),
    "CWT: another algorithm": cwt(claims([0], 1), _1=-7),
    "CWT: a list for a type": cwt(claims([0], 1), _16=["application/statuslist+cwt"]),
    "CWT: bytes for a type": cwt(claims([0], 1), _16=b"application/statuslist+cwt"),
    "CWT: an object for an algorithm": cwt(claims([0], 1), _1={1: -8}),
    "CWT: a time that is no number": cwt(claims([0], 1, iat=float("nan"))),
    "CWT: true for a time": cwt(claims([0], 1, iat=True)),
    "CWT: a number of 100 digits": cwt(claims([0], 1, exp=10**100)),
    "CWT: crit": cwt(claims([0], 1), _2=[99]),
    "CWT: followed by another byte": cwt(claims([0], 1)) + b"\0",
    "CWT: without its tag": cbor2.dumps(cbor2.loads(cwt(claims([0], 1))).value),
}


@pytest.mark.parametrize("why", MALFORMED)
def test_is_refused_as_malformed(why: str) -> None:
    with pytest.raises(Refused) as caught:
        token_status.decode(MALFORMED[why], ED25519)
    assert caught.value.reason is Reason.CARD_MALFORMED


@pytest.mark.parametrize("form", [jwt, cwt])
def test_another_signer_is_refused(form: Callable[..., bytes]) -> None:
    other = nacl.signing.SigningKey(bytes(32))
    with pytest.raises(Refused) as caught:
        token_status.decode(form(claims([0], 1), lambda m: other.sign(m).signature), ED25519)
    assert caught.value.reason is Reason.SIGNATURE_BAD


def test_a_duplicate_name_is_refused_though_it_is_signed() -> None:
    head = b64(json.dumps({"alg": "EdDSA", "typ": "statuslist+jwt"}).encode())
    body = b64(b'{"sub":"a","sub":"b","iat":1,"status_list":{"bits":1,"lst":"eNpjAAAAAQAB"}}')
    signed = f"{head}.{body}".encode()
    with pytest.raises(Refused, match="each name once"):
        token_status.decode(signed + b"." + b64(SEED.sign(signed).signature).encode(), ED25519)


def test_a_decompression_bomb_is_refused_before_it_fills_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(token_status, "MAX_STATUS_BYTES", 1_000)
    body = claims([0], 1, status_list=inner(lst=zlib.compress(bytes(2**22), 9)))
    with pytest.raises(Refused, match="more cards"):
        token_status.decode(jwt(body), ED25519)


@pytest.mark.parametrize(
    "jwk",
    [
        b"",
        b"{",
        b"\xff",
        b'{"kty":"RSA","n":"AQAB","e":"AQAB"}',
        b'{"kty":"OKP","crv":"P-256","x":"AA"}',
        b'{"kty":"OKP","crv":"Ed25519","x":"AA"}',
        json.dumps({"kty": "OKP", "crv": "Ed25519", "x": b64(bytes(32))}).encode(),  # of low order
        json.dumps({"kty": "OKP", "crv": "Ed25519", "x": b64(ED25519.point), "d": b64(bytes(32))}).encode(),
        json.dumps(
            {"kty": "EC", "crv": "P-256", "x": b64(bytes(32)), "y": b64(bytes(32))}
        ).encode(),  # off the curve
        json.dumps({"kty": "EC", "crv": "P-256", "x": b64(bytes(32))}).encode(),
        b" " * 2_000,
    ],
)
def test_an_invalid_public_key_is_a_fault(jwk: bytes) -> None:
    with pytest.raises(TrustFault) as caught:
        foreignkey.parse(jwk)
    assert caught.value.hint


@given(
    st.binary(max_size=200)
    | st.builds(lambda a, b: b"eyJ" + a + b"." + b, st.binary(max_size=50), st.binary(max_size=50))
)
def test_fuzz_tokens_raise_ours_only(data: bytes) -> None:
    with pytest.raises(EdgeError):
        token_status.decode(data, ED25519)


@given(st.data())
def test_fuzz_a_flipped_bit_is_refused(data: st.DataObject) -> None:
    token = bytearray(data.draw(st.sampled_from([jwt, cwt]))(claims([1, 0, 1], 2)))
    token[data.draw(st.integers(0, len(token) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    try:
        _, status = token_status.decode(bytes(token), ED25519)
    except Refused:
        return
    # Only unsigned bits may change: the key id in the CWT's unprotected header.
    assert [standing(status, i) for i in range(3)] == [REVOKED, GOOD, REVOKED]
