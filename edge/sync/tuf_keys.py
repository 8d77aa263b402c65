"""Ed25519 keys of TUF metadata, verified by libsodium instead of securesystemslib's default.

Without `cryptography` that default is pure Python and 30 times slower (11 ms). With or without it, the
default accepts keys of low order, for which every attacker can sign.
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
        """Check a signature. Raises UnverifiedSignatureError, or VerificationError for an invalid key."""
        try:
            public = bytes.fromhex(self.keyval["public"])
            if not nacl.bindings.crypto_core_ed25519_is_valid_point(public):
                raise VerificationError(f"{self.keyid}: not a safe Ed25519 key")
            VerifyKey(public).verify(data, bytes.fromhex(signature.signature))
        except CryptoError as error:
            raise UnverifiedSignatureError(f"{self.keyid}: not signed with this key") from error
        except (TypeError, ValueError) as error:
            raise VerificationError(f"{self.keyid}: the key or the signature is malformed") from error


def register() -> None:
    """Make PynaclKey the class of Ed25519 keys in metadata that is parsed later. May be called again."""
    KEY_FOR_TYPE_AND_SCHEME[ED25519, ED25519] = PynaclKey
