"""Ed25519 signatures over TUF metadata from a 32-byte seed, on libsodium."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final, NoReturn

from nacl.signing import SigningKey
from securesystemslib.formats import encode_canonical
from securesystemslib.signer import Signature, Signer

from edge.errors import InputError
from edge.sync.tuf_keys import ED25519, PynaclKey

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from tools.issuing.issuer import RandomSource

SEED_BYTES: Final = 32

Keyring = dict[str, "SeedSigner"]  # by TUF key id


class SeedSigner(Signer):
    """One key of the authority. Its id is made by the TUF specification: SHA-256 of the public key's JSON."""

    def __init__(self, seed: bytes) -> None:
        if len(seed) != SEED_BYTES:
            raise InputError(
                f"the key has {len(seed)} bytes, not {SEED_BYTES}", hint="restore it from a backup"
            )
        self._key = SigningKey(seed)
        public = {"public": bytes(self._key.verify_key).hex()}
        said = encode_canonical({"keytype": ED25519, "scheme": ED25519, "keyval": public})
        key_id = hashlib.sha256(str(said).encode()).hexdigest()
        self._public = PynaclKey(key_id, ED25519, ED25519, public)

    @property
    def seed(self) -> bytes:
        """The private key, 32 bytes. Keep it secret."""
        return bytes(self._key)

    @property
    def key_id(self) -> str:
        """The id of the key, 64 hexadecimal digits."""
        return self._public.keyid

    @property
    def public_key(self) -> PynaclKey:
        return self._public

    def sign(self, payload: bytes) -> Signature:
        return Signature(self.key_id, self._key.sign(payload).signature.hex())

    @classmethod
    def from_priv_key_uri(cls, *_: object, **__: object) -> NoReturn:
        """Not supported: keys come from files that a user names, never from an address in metadata."""
        raise ValueError("no private key has an address here")


def keyring(signers: Iterable[SeedSigner]) -> Keyring:
    """The keys by id."""
    return {signer.key_id: signer for signer in signers}


def new_keys(roles: Mapping[str, int], random_source: RandomSource) -> dict[str, Sequence[SeedSigner]]:
    """New keys for each role, as many as `roles` says."""
    return {
        role: tuple(SeedSigner(random_source.token_bytes(SEED_BYTES)) for _ in range(count))
        for role, count in roles.items()
    }
