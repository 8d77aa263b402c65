"""X25519 in small steps: the vectors of RFC 7748, and libsodium's answers to any secret and point."""

from __future__ import annotations

from collections.abc import Generator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl.bindings import crypto_scalarmult, crypto_scalarmult_base
from nacl.exceptions import CryptoError
from x25519 import BASE, x25519
from x25519_cases import PRODUCTS, ROUNDS

LOW_ORDER = [
    *(number.to_bytes(32, "little") for number in (0, 1, 2**255 - 20, 2**255 - 19, 2**255 - 18)),
    bytes.fromhex("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"),
    bytes.fromhex("5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157"),
]


def product(steps: Generator[None, None, bytes]) -> bytes:
    return count(steps)[0]


def count(steps: Generator[None, None, bytes]) -> tuple[bytes, int]:
    number = 0
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value, number
        number += 1


@pytest.mark.parametrize(("secret", "point", "expected"), PRODUCTS)
def test_the_vectors_of_the_rfc(secret: str, point: str, expected: str) -> None:
    assert product(x25519(bytes.fromhex(secret), bytes.fromhex(point))).hex() == expected


def test_a_thousand_rounds_of_the_rfc() -> None:
    secret = point = BASE
    for number in range(1, 1_001):
        secret, point = product(x25519(secret, point)), secret
        assert ROUNDS.get(number, secret.hex()) == secret.hex(), number


@given(secret=st.binary(min_size=32, max_size=32), point=st.binary(min_size=32, max_size=32))
def test_libsodium_says_the_same(secret: bytes, point: bytes) -> None:
    assert product(x25519(secret, BASE)) == crypto_scalarmult_base(secret)
    try:
        expected = crypto_scalarmult(secret, point)
    except CryptoError:
        expected = bytes(32)
    assert product(x25519(secret, point)) == expected


@pytest.mark.parametrize("point", LOW_ORDER, ids=bytes.hex)
@pytest.mark.parametrize("secret", [bytes(32), bytes(range(32)), b"\xff" * 32])
def test_a_point_of_low_order_gives_nothing(secret: bytes, point: bytes) -> None:
    assert product(x25519(secret, point)) == bytes(32)


def test_the_steps_are_many_and_their_number_tells_nothing() -> None:
    numbers = {count(x25519(secret, BASE))[1] for secret in (bytes(32), b"\xff" * 32, bytes(range(32)))}
    assert len(numbers) == 1
    assert min(numbers) > 500
