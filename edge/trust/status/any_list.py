"""Decoder of status lists by the suffix of the file: our own format, or the IETF's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge.trust.status import signed_file, token_status
from edge.trust.status.jwk import ForeignKey

if TYPE_CHECKING:
    from edge.trust.scope import IssuerKey
    from edge.trust.status.status import StatusList, StatusManifest

OWN, FOREIGN = "cwt", "tsl"
MAX_BYTES: Final = {OWN: signed_file.MAX_STATUS_BYTES, FOREIGN: token_status.MAX_TOKEN_BYTES}


def decode(suffix: str, data: bytes, issuer: IssuerKey) -> tuple[str, StatusList | StatusManifest]:
    """The URI of a list and the list, if `issuer` signed it. Raises Refused."""
    if suffix == FOREIGN:
        return token_status.decode(data, issuer.list_key or ForeignKey("EdDSA", issuer.public_key))
    return signed_file.decode(data, issuer)
