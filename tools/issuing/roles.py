"""The roles of a trust repository: who signs what, with how many keys, for how long (REPOSITORY.md)."""

from __future__ import annotations

from datetime import timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from edge.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT, TARGETS, SNAPSHOT, TIMESTAMP = "root", "targets", "snapshot", "timestamp"
REVOCATION, MODELS, FIRMWARE = "revocation", "models", "firmware"

OWN_PATHS: Final = ("issuers/", "policy/")  # of targets itself
DELEGATED: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {REVOCATION: ("revocation/*", "sealed/*"), MODELS: ("models/*",), FIRMWARE: ("firmware/*",)}
)
SIGN_FIRST: Final = (*DELEGATED, TARGETS, SNAPSHOT, TIMESTAMP)  # each signs for the versions of those before

ROOT_THRESHOLD: Final = 2  # one stick may be lost, and one may be stolen
KEY_COUNTS: Final[Mapping[str, int]] = MappingProxyType(
    {ROOT: 3, TARGETS: 1, REVOCATION: 1, MODELS: 1, FIRMWARE: 1, SNAPSHOT: 1, TIMESTAMP: 1}
)
ONLINE: Final = frozenset({REVOCATION, SNAPSHOT, TIMESTAMP})

# A device that has a network refuses what has expired; one without goes by the age of each list.
LIVES: Final[Mapping[str, timedelta]] = MappingProxyType(
    {
        ROOT: timedelta(days=365),  # people with sticks meet once a year
        TARGETS: timedelta(days=365),
        MODELS: timedelta(days=365),
        FIRMWARE: timedelta(days=365),
        REVOCATION: timedelta(days=30),  # signed together with the timestamp, which bounds it: long
        SNAPSHOT: timedelta(days=30),  # enough that one signature alone mends a long outage
        TIMESTAMP: timedelta(days=3),  # from Friday evening to Monday morning nobody mends a server
    }
)
MAX_LIFE: Final = timedelta(days=90)  # a stick for a journey; longer is a key that signs for nobody's list


def role_of(name: str) -> str:
    """The role that speaks for a target. Raises InputError for a name that nobody speaks for."""
    folder, _, rest = name.partition("/")
    if rest and "/" not in rest:
        for role, patterns in DELEGATED.items():
            if f"{folder}/*" in patterns:
                return role
        if f"{folder}/" in OWN_PATHS:
            return TARGETS
    raise InputError(f"{name}: no role speaks for this name", hint="REPOSITORY.md section 2 has the names")
