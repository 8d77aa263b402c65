"""A trust folder with lists of the IETF's format, signed with the issuer's key or with its `list_key`."""

from __future__ import annotations

import base64
import json
import zlib
from dataclasses import replace

import nacl.signing
import pytest
from worlds.trust import ISSUER, KID, LIST, SEED, URI

from edge.decision import Reason
from edge.errors import Refused, TrustFault
from edge.trust import folder
from edge.trust import issuer_file as issuerfile
from edge.trust.status.jwk import ForeignKey

LIST_SEED = b"l" * 32
LIST_KEY = ForeignKey("EdDSA", bytes(nacl.signing.SigningKey(LIST_SEED).verify_key))
NAME = f"{folder.status_stem(KID, URI)}.tsl"
PLAIN = dict([issuerfile.issuer_file(ISSUER)])
NAMED = dict([issuerfile.issuer_file(replace(ISSUER, list_key=LIST_KEY))])


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def token(seed: bytes, uri: str = URI) -> bytes:
    """A list in which card 0 is good, 1 revoked, 2 suspended and 3 of another status."""
    head = {"alg": "EdDSA", "typ": "statuslist+jwt"}
    lst = b64(zlib.compress(bytes([0b11_10_01_00])))
    body = {"sub": uri, "iat": 1_770_000_000, "status_list": {"bits": 2, "lst": lst}}
    signed = ".".join(b64(json.dumps(part).encode()) for part in (head, body)).encode()
    return signed + b"." + b64(nacl.signing.SigningKey(seed).sign(signed).signature).encode()


@pytest.mark.parametrize(("files", "seed"), [(PLAIN, SEED), (NAMED, LIST_SEED)])
def test_a_foreign_list_answers_like_our_own(files: dict[str, bytes], seed: bytes) -> None:
    status = folder.load(files | {NAME: token(seed)}).status_lists[KID, URI]
    status.check(0)
    for index, reason in enumerate([Reason.CARD_REVOKED, Reason.CARD_SUSPENDED, Reason.CARD_SUSPENDED], 1):
        with pytest.raises(Refused) as caught:
            status.check(index)
        assert caught.value.reason is reason


def test_the_list_key_is_read_back() -> None:
    assert folder.load(NAMED).issuers[KID].list_key == LIST_KEY
    assert folder.load(PLAIN).issuers[KID].list_key is None


@pytest.mark.parametrize(
    ("files", "says"),
    [
        (PLAIN | {NAME: token(LIST_SEED)}, "signature.bad"),
        (NAMED | {NAME: token(SEED)}, "signature.bad"),  # with a list key the issuer's own key does not count
        (PLAIN | {NAME: token(SEED, "https://s.example/other")}, "does not match its URI"),
        ({NAME: token(SEED)}, "the key of its issuer is not in issuers"),
        (
            PLAIN
            | {NAME: token(SEED)}
            | dict([folder.status_file(LIST, issuer=ISSUER, uri=URI, issuer_seed=SEED)]),
            "a second file of the same list",
        ),
    ],
)
def test_a_wrong_list_is_a_fault_that_names_it(files: dict[str, bytes], says: str) -> None:
    with pytest.raises(TrustFault, match=says) as caught:
        folder.load(files)
    assert NAME.removesuffix("tsl") in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize("key", [b'"x"', b"{}", b'{"kty":"OKP","crv":"Ed25519","x":"AA"}'])
def test_an_invalid_list_key_is_a_fault(key: bytes) -> None:
    (name, data), *_ = NAMED.items()
    content = json.loads(data)
    content["list_key"] = json.loads(key)
    with pytest.raises(TrustFault, match="list_key"):
        folder.load({name: json.dumps(content).encode()})
