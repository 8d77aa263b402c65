"""Shows the publication of an authority with its expiry, and verifies it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from edge.cli.output import emit, progress
from edge.cli.verbs import json_lines
from edge.errors import EdgeError, Exit, InputError
from tools.authority.folder import opened, repository_verb
from tools.issuing.checking import check_target
from tools.issuing.publication import issuers
from tools.issuing.roles import DELEGATED, LIVES, ROOT, SIGN_FIRST, TARGETS

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator
    from datetime import datetime

    from tools.issuing.repository import Repository

SOON: Final = 3  # warn when less than a third of the validity is left


def show(args: argparse.Namespace) -> int:
    """Shows roles, versions, keys and expiry, targets and their sizes; warns of roles that expire soon."""
    with opened(args) as authority:
        rows = list(_rows(authority.repository, args.now))
        targets = list(authority.repository)
        if args.json:
            for row in rows:
                emit(row)
            for target in targets:
                emit({"target": target.path, "bytes": target.length, "sha256": target.hashes["sha256"]})
            return Exit.OK
        _table(rows)
        for target in targets:
            print(f"{target.length:>12,}  {target.path}")
        print(f"signed {authority.repository.signed_at():%Y-%m-%dT%H:%M:%SZ}")
        for row in rows:
            if row["warning"]:
                print(f"warning: {row['role']} {row['warning']}")
    return Exit.OK


def check(args: argparse.Namespace) -> int:
    """Verifies everything from the first root on: signatures, hashes, and the contents of targets."""
    with opened(args) as authority:
        repository = authority.repository
        known, targets = issuers(repository), list(repository)
        wrong = [f"{row['role']} {row['warning']}" for row in _rows(repository, args.now) if row["expired"]]
        for target in progress(targets, total=len(targets), label="checking"):
            try:
                check_target(repository, target.path, known)
            except EdgeError as error:
                wrong.append(error.message)
    for line in wrong:
        print(f"wrong: {line}")
    if wrong:
        raise InputError(f"{len(wrong)} errors in the publication", hint="publish again")
    print(f"all {len(targets)} targets are verified")
    return Exit.OK


def _rows(repository: Repository, now: datetime) -> Iterator[dict[str, object]]:
    for role in (ROOT, *reversed(SIGN_FIRST)):
        signed = repository.metadata[role].signed
        delegator = repository.targets(TARGETS) if role in DELEGATED else repository.root
        keys = delegator.get_delegated_role(role)
        left = signed.expires - now
        yield {
            "role": role,
            "version": signed.version,
            "expires": signed.expires.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "keys": [key_id[:8] for key_id in keys.keyids],
            "threshold": keys.threshold,
            "targets": len(getattr(signed, "targets", ())),
            "expired": left <= timedelta(0),
            "warning": _warning(left, LIVES[role]),
        }


def _warning(left: timedelta, life: timedelta) -> str:
    if left <= timedelta(0):
        return "has expired: devices with a network refuse it"
    hours = left // timedelta(hours=1)
    return f"expires in {hours // 24} days, {hours % 24} hours" if left < life / SOON else ""


def _table(rows: list[dict[str, object]]) -> None:
    from rich.console import Console  # not needed for --json
    from rich.table import Table

    table = Table(box=None, header_style="bold")
    for name in ("role", "version", "expires", "keys", "threshold", "targets"):
        table.add_column(name, justify="right" if name in {"version", "threshold", "targets"} else "left")
    for row in rows:
        keys = row["keys"]
        assert isinstance(keys, list)
        table.add_row(
            str(row["role"]),
            str(row["version"]),
            str(row["expires"]),
            " ".join(keys),
            str(row["threshold"]),
            str(row["targets"]),
        )
    Console(width=110).print(table)


VERBS = (
    repository_verb("show", "show roles, expiry and targets", show, json_lines()),
    repository_verb("check", "verify all signatures and contents", check),
)
