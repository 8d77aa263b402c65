"""Ed25519 keys of TUF metadata on libsodium, in place of securesystemslib's choice of what is installed.

Without `cryptography` its own verification is pure Python, 30 times slower (11 ms);
both ways take keys of low order, for which anybody can sign.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import nacl.bindings
from nacl.exceptions import CryptoError
from nacl.signing import VerifyKey
from securesystemslib.exceptions import UnverifiedSignatureError, VerificationError
from securesystemslib.signer import KEY_FOR_TYPE_AND_SCHEME, SSlibKey

if TYPE_CHECKING:
    from securesystemslib.signer import Signature

ED25519: Final = "ed25519"  # the key type, and its scheme


class PynaclKey(SSlibKey):
    """An Ed25519 public key in metadata: `{"keytype": "ed25519", "keyval": {"public": 64 hex digits}}`."""

    def verify_signature(self, signature: Signature, data: bytes) -> None:
        """Raises UnverifiedSignatureError, or VerificationError where this is no key at all."""
        try:
            public = bytes.fromhex(self.keyval["public"])
            if not nacl.bindings.crypto_core_ed25519_is_valid_point(public):
                raise VerificationError(f"{self.keyid}: not an Ed25519 key that anyone should use")
            VerifyKey(public).verify(data, bytes.fromhex(signature.signature))
        except CryptoError as error:
            raise UnverifiedSignatureError(f"{self.keyid}: not signed with this key") from error
        except (TypeError, ValueError) as error:
            raise VerificationError(f"{self.keyid}: neither key nor signature") from error


def register() -> None:
    """Metadata that is parsed from now on has its Ed25519 keys as PynaclKey. Any number of times."""
    KEY_FOR_TYPE_AND_SCHEME[ED25519, ED25519] = PynaclKey
