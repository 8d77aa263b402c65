"""The report of one sync for its operator. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edge.sync import names

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from edge.trust.scope import IssuerKey
    from edge.trust.snapshot import TrustSnapshot


@dataclass(frozen=True, slots=True)
class ListChange:
    """A status list that is new or has a new edition."""

    uri: str
    serial: int
    size: int
    issued_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The changes of one sync. `fetched`: downloaded bytes; `left_out`: targets that did not fit.

    Without a change, not even of the signed time, `changed` is False and `generation` is the one before.
    """

    generation: str
    signed_at: datetime
    fetched: int
    changed: bool
    keys_added: tuple[IssuerKey, ...] = ()
    keys_removed: tuple[str, ...] = ()  # key ids, in hex
    lists: tuple[ListChange, ...] = ()
    lists_removed: tuple[str, ...] = ()
    policy: str | None = None  # its version, if it is new
    sealed: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()

    @property
    def news(self) -> bool:
        """Whether more than the signed time is new."""
        return any(
            (
                self.keys_added,
                self.keys_removed,
                self.lists,
                self.lists_removed,
                self.policy,
                self.sealed,
                self.models,
            )
        )


@dataclass(frozen=True, slots=True)
class Difference:
    """The difference of two generations: targets that are `fresh` (new or changed) and `gone` (removed)."""

    fresh: frozenset[str]
    gone: frozenset[str]

    @classmethod
    def between(cls, old: Mapping[str, str], new: Mapping[str, str]) -> Difference:
        """The difference of two maps from name to SHA-256."""
        fresh = frozenset(name for name, sha256 in new.items() if old.get(name) != sha256)
        return cls(fresh, frozenset(old) - frozenset(new))

    def report(
        self,
        trust: TrustSnapshot,
        *,
        generation: str,
        signed_at: datetime,
        fetched: int,
        left_out: tuple[str, ...],
    ) -> Report:
        """The report of this difference, with facts from the new trust."""
        policy = trust.policy.version if trust.policy else "none"
        return Report(
            generation=generation,
            signed_at=signed_at,
            fetched=fetched,
            changed=True,
            keys_added=tuple(key for kid, key in trust.issuers.items() if names.issuer(kid) in self.fresh),
            keys_removed=tuple(sorted(kid.hex() for name in self.gone if (kid := names.issuer_kid(name)))),
            lists=tuple(
                ListChange(uri, status.serial, status.size, status.issued_at)
                for (kid, uri), status in trust.status_lists.items()
                if names.ListName.of(kid, uri).signed in self.fresh
            ),
            lists_removed=tuple(sorted(name for name in self.gone if names.list_target(name))),
            policy=policy if any(name.startswith("policy/") for name in self.fresh | self.gone) else None,
            sealed=tuple(sorted(name for name in self.fresh | self.gone if name.startswith("sealed/"))),
            models=tuple(sorted(name for name in self.fresh | self.gone if name.startswith("models/"))),
            left_out=left_out,
        )
