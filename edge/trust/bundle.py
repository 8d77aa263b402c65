"""The trust folder: names and bytes in, a TrustSnapshot out; and the files that an issuer puts there.

    issuers/<kid>.json            one key of one issuer
    status/<kid>-<list id>.cwt    one status list, signed with that key (STATUS.md)

`<kid>` is 16 hex digits. A file name says what must be inside; a file that says otherwise is refused.
"""

from __future__ import annotations

import base64
import binascii
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Final

import msgspec
import nacl.bindings

from edge.card import cose
from edge.card import numbers as n
from edge.card.ecard import is_site
from edge.errors import InputError, TrustFault
from edge.trust import statusfile
from edge.trust.snapshot import ANYWHERE, IssuerKey, Scope, TrustSnapshot

if TYPE_CHECKING:
    from collections.abc import Mapping

    from edge.trust.status import StatusList

MAX_ISSUER_BYTES: Final = 4_096  # ten times the largest issuer file we write
MAX_FILES: Final = 4_096  # a region's issuers, each with a list or two; more is a wrong folder


def load(files: Mapping[str, bytes]) -> TrustSnapshot:
    """The trust in a folder's files, names relative with "/". Raises TrustFault naming the file and what to do.

    Files outside issuers/ and status/ belong to others and are not looked at, nor are names with a leading dot.
    """
    raise NotImplementedError


def issuer_file(issuer: IssuerKey) -> tuple[str, bytes]:
    """Name and content that put an issuer's key into a trust folder. Raises InputError where `load` would refuse it."""
    raise NotImplementedError


def status_file(status: StatusList, *, issuer: str, uri: str, issuer_seed: bytes) -> tuple[str, bytes]:
    """Name and content of a signed status list for a trust folder. Raises InputError where `load` would refuse it."""
    raise NotImplementedError
