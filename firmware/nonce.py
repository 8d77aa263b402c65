"""Sixteen bytes that never come twice (LINK.md section 2), and 32 at commissioning that are secret."""

import hashlib
import os

from limits import NONCE_BYTES
from mac import Mac
from micropython import const

_SEED_BYTES = const(32)
# The ring oscillator's bits depend on each other, and nothing is promised of them: one good in 64 is enough.
_NOISE_BYTES = const(64)  # in one step
_NOISES = const(32)


class Nonces:
    """Nonces from a pool that keeps all random input.

    `identity`: the chip's number, so that two chips with equal random bytes still differ. `ticks_us`: a
    clock; the arrival time of a frame is the only input that does not come from the ring oscillator.
    """

    def __init__(self, identity: bytes, ticks_us) -> None:  # noqa: ANN001
        self._ticks_us = ticks_us
        self._pool = Mac(bytes(_SEED_BYTES)).digest(identity + os.urandom(_SEED_BYTES))

    def fresh(self) -> bytes:
        now = self._ticks_us()
        seed = os.urandom(NONCE_BYTES) + bytes((now & 0xFF, now >> 8 & 0xFF, now >> 16 & 0xFF))
        self._pool = Mac(self._pool).digest(seed)
        return Mac(self._pool).digest(b"nonce")[:NONCE_BYTES]

    def secret(self):  # noqa: ANN201
        """A generator: yields between steps, and returns 32 bytes of noise and pool."""
        noise = hashlib.sha256(self.fresh() + self._pool)
        for _ in range(_NOISES):
            noise.update(os.urandom(_NOISE_BYTES))
            now = self._ticks_us()
            noise.update(bytes((now & 0xFF, now >> 8 & 0xFF, now >> 16 & 0xFF)))
            yield
        return noise.digest()
