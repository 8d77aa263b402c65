"""Replaces keys of an authority's roles, and renews signatures; root keys may be in different towns."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tuf.api.metadata import Metadata, Root

from edge.app.parts.trust_folder import open_files
from edge.cli.verbs import argument
from edge.errors import Exit
from tools.authority.folder import opened, repository_verb
from tools.authority.keys import check_outside, store
from tools.issuing import rotation
from tools.issuing.metadata import MAX_METADATA_BYTES, parse
from tools.issuing.roles import DELEGATED, KEY_COUNTS, ROOT
from tools.issuing.tufsigner import SEED_BYTES, SeedSigner

if TYPE_CHECKING:
    import argparse

    from tools.authority.folder import AuthorityFolder


def rotate(args: argparse.Namespace) -> int:
    """Gives a role a new key; for root, it replaces the key that --drop names. Devices accept it."""
    with opened(args) as authority:
        keys = authority.keys(args.role)
        check_outside(keys, args.folder)
        new = SeedSigner(secrets.token_bytes(SEED_BYTES))
        if args.role not in DELEGATED:
            proposed = rotation.next_root(
                authority.repository, now=args.now, role=args.role, new=new, drop=args.drop
            )
        path = store(keys, args.role, new)  # first: a key must not be lost after it was published
        print(f"new key of {args.role}: {path}")
        if args.role in DELEGATED:
            files = rotation.rotate(authority.repository, args.role, new, authority.keyring, now=args.now)
            authority.write(files)
            print(f"{args.role}: changed")
            return Exit.OK
        return _propose(authority, proposed, args)


def renew(args: argparse.Namespace) -> int:
    """Signs a role again, so that it does not expire: root and the offline roles once a year."""
    with opened(args) as authority:
        if args.role == ROOT:
            return _propose(authority, rotation.next_root(authority.repository, now=args.now), args)
        authority.write(rotation.renew(authority.repository, args.role, authority.keyring, now=args.now))
        print(f"{args.role}: valid until {authority.repository.metadata[args.role].signed.expires:%Y-%m-%d}")
    return Exit.OK


def sign_root(args: argparse.Namespace) -> int:
    """Signs a staged root with all root keys in --keys; publishes it once enough keys have signed."""
    with opened(args) as authority:
        data = open_files(args.stage.parent).read(args.stage.name, limit=MAX_METADATA_BYTES)
        return _propose(authority, parse(str(args.stage), data, Root), args)


def _propose(authority: AuthorityFolder, proposed: Metadata[Any], args: argparse.Namespace) -> int:
    """Publishes a root that enough keys have signed; else writes it to --stage for the next key."""
    missing = rotation.sign_root(authority.repository, proposed, authority.keyring)
    if missing and args.stage:
        open_files(args.stage.parent).write(args.stage.name, proposed.to_bytes())
        print(
            f"{args.stage}: signatures of root keys that are missing: {missing}; add them with: "
            "doorward-authority sign-root"
        )
        return Exit.OK
    authority.write(rotation.adopt_root(authority.repository, proposed, authority.keyring, now=args.now))
    if args.stage:
        args.stage.unlink(missing_ok=True)
    print(f"root {proposed.signed.version}: valid until {proposed.signed.expires:%Y-%m-%d}")
    return Exit.OK


_ROLE = argument("role", choices=sorted(KEY_COUNTS), help="the role")
_STAGE = argument(
    "--stage", type=Path, metavar="FILE", help="write a root with missing signatures to FILE, for sign-root"
)
VERBS = (
    repository_verb(
        "rotate",
        "replace the key of a role",
        rotate,
        _ROLE,
        argument(
            "--drop", default="", metavar="ID", help="replace the root key with this id, or first digits"
        ),
        _STAGE,
    ),
    repository_verb("renew", "sign a role for another year", renew, _ROLE, _STAGE),
    repository_verb(
        "sign-root",
        "sign a staged root",
        sign_root,
        argument("stage", type=Path, metavar="FILE", help="the file that rotate or renew wrote with --stage"),
    ),
)
