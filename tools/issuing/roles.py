"""The roles of a trust repository, with their paths, numbers of keys and validity (REPOSITORY.md)."""

from __future__ import annotations

from datetime import timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from edge.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT, TARGETS, SNAPSHOT, TIMESTAMP = "root", "targets", "snapshot", "timestamp"
REVOCATION, MODELS, FIRMWARE = "revocation", "models", "firmware"

OWN_PATHS: Final = ("issuers/", "policy/")  # of the role targets
DELEGATED: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {REVOCATION: ("revocation/*", "sealed/*"), MODELS: ("models/*",), FIRMWARE: ("firmware/*",)}
)
SIGN_FIRST: Final = (*DELEGATED, TARGETS, SNAPSHOT, TIMESTAMP)  # each signs the versions of those before it

ROOT_THRESHOLD: Final = 2  # one stick may be lost, and one may be stolen
KEY_COUNTS: Final[Mapping[str, int]] = MappingProxyType(
    {ROOT: 3, TARGETS: 1, REVOCATION: 1, MODELS: 1, FIRMWARE: 1, SNAPSHOT: 1, TIMESTAMP: 1}
)
ONLINE: Final = frozenset({REVOCATION, SNAPSHOT, TIMESTAMP})

# A device with a network refuses expired roles; a device without one uses the age of each list.
LIVES: Final[Mapping[str, timedelta]] = MappingProxyType(
    {
        ROOT: timedelta(days=365),  # the holders of root keys meet once a year
        TARGETS: timedelta(days=365),
        MODELS: timedelta(days=365),
        FIRMWARE: timedelta(days=365),
        REVOCATION: timedelta(days=30),  # long, because the timestamp limits it
        SNAPSHOT: timedelta(days=30),  # long, so that after an outage only the timestamp is signed again
        TIMESTAMP: timedelta(days=3),  # a server may be down from Friday evening to Monday morning
    }
)
MAX_LIFE: Final = timedelta(days=90)  # for a stick on a long journey; for longer, lists would be too old


def role_of(name: str) -> str:
    """The role that signs a target. Raises InputError for a name without a role."""
    folder, _, rest = name.partition("/")
    if rest and "/" not in rest:
        for role, patterns in DELEGATED.items():
            if f"{folder}/*" in patterns:
                return role
        if f"{folder}/" in OWN_PATHS:
            return TARGETS
    raise InputError(f"{name}: no role signs this name", hint="use a name of REPOSITORY.md section 2")
