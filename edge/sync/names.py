"""Names of targets in a trust repository (REPOSITORY.md section 2), for authority and device."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Final

TIME: Final = "revocation/time.json"
DEFAULT: Final = "default"  # instead of a site: every site; no site may have this name

_SITE: Final = r"[a-z0-9-]+(?:_[a-z0-9-]+)*"
_SERIAL: Final = r"0|[1-9][0-9]{0,18}"  # the number of digits of 64 bits
_ISSUER: Final = re.compile(r"issuers/([0-9a-f]{16})\.json")
_LIST: Final = re.compile(
    rf"revocation/([0-9a-f]{{16}})-([0-9a-f]{{8}})\.(?:(cwt|tsl)|({_SERIAL})\.full|({_SERIAL})-({_SERIAL})\.delta)"
)
_BOXES: Final = re.compile(rf"sealed/({_SITE})\.([0-9a-f]{{16}})\.boxes")


@dataclass(frozen=True, slots=True)
class ListName:
    """One status list of one issuer key; `list_id` is the first 4 bytes of the SHA-256 of its URI."""

    kid: bytes
    list_id: bytes

    @classmethod
    def of(cls, kid: bytes, uri: str) -> ListName:
        return cls(kid, hashlib.sha256(uri.encode()).digest()[:4])

    @property
    def stem(self) -> str:
        """The common beginning of all its targets; a `.` follows."""
        return f"revocation/{self.kid.hex()}-{self.list_id.hex()}"

    @property
    def signed(self) -> str:
        """The name of the list with its bitmaps, or of its manifest."""
        return f"{self.stem}.cwt"

    @property
    def foreign(self) -> str:
        """The name of an IETF Token Status List."""
        return f"{self.stem}.tsl"

    def full(self, serial: int) -> str:
        return f"{self.stem}.{serial}.full"

    def delta(self, start: int, end: int) -> str:
        return f"{self.stem}.{start}-{end}.delta"


@dataclass(frozen=True, slots=True)
class ListTarget:
    """The kind of a list's target: `start` and `end` for a delta, `end` for a full list, else neither."""

    of: ListName
    kind: str  # "cwt", "tsl", "full" or "delta"
    start: int | None = None
    end: int | None = None


def list_target(name: str) -> ListTarget | None:
    """The list that a target of `revocation/` belongs to; None for every other name."""
    found = _LIST.fullmatch(name)
    if not found:
        return None
    of = ListName(bytes.fromhex(found[1]), bytes.fromhex(found[2]))
    if found[3]:
        return ListTarget(of, found[3])
    if found[4]:
        return ListTarget(of, "full", end=int(found[4]))
    start, end = int(found[5]), int(found[6])
    return ListTarget(of, "delta", start, end) if start < end else None


def issuer(kid: bytes) -> str:
    """The name of an issuer key's file."""
    return f"issuers/{kid.hex()}.json"


def issuer_kid(name: str) -> bytes | None:
    """The key id in the name of an issuer's file; None for every other name."""
    found = _ISSUER.fullmatch(name)
    return bytes.fromhex(found[1]) if found else None


def policy(site: str | None) -> str:
    """The name of the policy for a site and all sites inside it; None: for every site."""
    return f"policy/{_flat(site)}.toml"


def policies(site: str) -> tuple[str, ...]:
    """The possible policies of a door, nearest first; the first that exists counts."""
    return tuple(policy(place) for place in _around(site))


def boxes(site: str | None, kid: bytes) -> str:
    """The name of one issuer's sealed templates for a site and all inside it; None: for every site."""
    return f"sealed/{_flat(site)}.{kid.hex()}.boxes"


def boxes_for(site: str, name: str) -> bool:
    """Whether a target holds sealed templates that a door at `site` needs."""
    found = _BOXES.fullmatch(name)
    return found is not None and found[1] in {_flat(place) for place in _around(site)}


def _around(site: str) -> tuple[str | None, ...]:
    """A site, the sites that contain it, and None for every site, nearest first."""
    steps = site.split("/")
    return (*("/".join(steps[:count]) for count in range(len(steps), 0, -1)), None)


def _flat(site: str | None) -> str:
    """A site as one path segment. No site has `_`, and unlike `+` no object store reads it as a space."""
    return DEFAULT if site is None else site.replace("/", "_")
