"""New keys for an authority's roles, and yearly signatures; root keys may be on sticks in different towns."""

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
    """Gives a role a new key; for root, in place of the one that --drop names. Devices follow."""
    with opened(args) as authority:
        keys = authority.keys(args.role)
        check_outside(keys, args.folder)
        new = SeedSigner(secrets.token_bytes(SEED_BYTES))
        if args.role not in DELEGATED:
            proposed = rotation.next_root(
                authority.repository, now=args.now, role=args.role, new=new, drop=args.drop
            )
        path = store(keys, args.role, new)  # first: nothing may be signed for a key that is lost
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
        print(f"{args.role}: good until {authority.repository.metadata[args.role].signed.expires:%Y-%m-%d}")
    return Exit.OK


def sign_root(args: argparse.Namespace) -> int:
    """Adds the signatures of the root keys at hand to a staged root; publishes it when they are enough."""
    with opened(args) as authority:
        data = open_files(args.stage.parent).read(args.stage.name, limit=MAX_METADATA_BYTES)
        return _propose(authority, parse(str(args.stage), data, Root), args)


def _propose(authority: AuthorityFolder, proposed: Metadata[Any], args: argparse.Namespace) -> int:
    """Publishes a root that enough keys have signed, else keeps it for the next stick."""
    missing = rotation.sign_root(authority.repository, proposed, authority.keyring)
    if missing and args.stage:
        open_files(args.stage.parent).write(args.stage.name, proposed.to_bytes())
        print(f"{args.stage}: {missing} more signature of a root key, then: tools/authority sign-root")
        return Exit.OK
    authority.write(rotation.adopt_root(authority.repository, proposed, authority.keyring, now=args.now))
    if args.stage:
        args.stage.unlink(missing_ok=True)
    print(f"root {proposed.signed.version}: good until {proposed.signed.expires:%Y-%m-%d}")
    return Exit.OK


_ROLE = argument("role", choices=sorted(KEY_COUNTS))
_STAGE = argument(
    "--stage", type=Path, metavar="FILE", help="where to keep a root that lacks signatures: see sign-root"
)
VERBS = (
    repository_verb(
        "rotate",
        "a new key for a role",
        rotate,
        _ROLE,
        argument("--drop", default="", metavar="ID", help="the root key that goes, or how its id begins"),
        _STAGE,
    ),
    repository_verb("renew", "sign a role for another year", renew, _ROLE, _STAGE),
    repository_verb(
        "sign-root",
        "add a stick's signature to a root",
        sign_root,
        argument("stage", type=Path, metavar="FILE", help="what rotate or renew kept with --stage"),
    ),
)
