"""Any list that an issuer may have signed, told apart by its file's suffix: our own, or the IETF's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge.trust import statusfile, tokenstatus
from edge.trust.foreignkey import ForeignKey

if TYPE_CHECKING:
    from edge.trust.snapshot import IssuerKey
    from edge.trust.status import Manifest, StatusList

OWN, FOREIGN = "cwt", "tsl"
MAX_BYTES: Final = {OWN: statusfile.MAX_STATUS_BYTES, FOREIGN: tokenstatus.MAX_TOKEN_BYTES}


def decode(suffix: str, data: bytes, issuer: IssuerKey) -> tuple[str, StatusList | Manifest]:
    """The URI of a list and the list, if `issuer` signed it. Raises Refused."""
    if suffix == FOREIGN:
        return tokenstatus.decode(data, issuer.list_key or ForeignKey("EdDSA", issuer.public_key))
    return statusfile.decode(data, issuer)
