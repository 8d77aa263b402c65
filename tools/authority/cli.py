"""The authority of a trust repository (edge/sync/REPOSITORY.md): publishes as files whom devices trust.

    python tools/authority init repository
    python tools/authority issuer add repository --from trust --jurisdiction CN-GD
    python tools/authority publish repository --from trust
    python tools/authority refresh repository          # from cron, every hour

Any web server can serve `repository` unchanged, or you copy it to a stick. Its keys are in repository-keys:
never serve them. Move the keys in offline/ to sticks, each root key to its own stick, and name the sticks
with --keys.
"""

from __future__ import annotations

import secrets
from functools import partial
from typing import TYPE_CHECKING

from edge.cli import verbs
from edge.cli.verbs import Verb
from edge.errors import Exit, InputError
from tools.authority import contents, issuers, rotation, show
from tools.authority.folder import authority_of, locked, repository_verb
from tools.authority.keys import check_outside, store
from tools.issuing.draft import metadata_path
from tools.issuing.repository import create
from tools.issuing.roles import KEY_COUNTS, ROOT, ROOT_THRESHOLD, TIMESTAMP
from tools.issuing.tufsigner import new_keys
from tools.program_name import program_name, with_program_name

if TYPE_CHECKING:
    import argparse


def init(args: argparse.Namespace) -> int:
    """Makes the keys of a new authority, and a repository that holds only the time."""
    authority = authority_of(args)
    check_outside(authority.keys(ROOT), args.folder)
    args.folder.mkdir(parents=True, exist_ok=True)
    with locked(args.folder):
        if (args.folder / metadata_path(TIMESTAMP, 1)).exists():  # written last: without it there is none
            raise InputError(f"{args.folder}: already holds a repository", hint="choose another folder")
        keys = new_keys(KEY_COUNTS, secrets)
        for role, signers in keys.items():
            for signer in signers:
                print(f"{role:10}  {store(authority.keys(ROOT), role, signer)}")
        authority.write(create(keys, now=args.now))
    print(f"{ROOT_THRESHOLD} of {KEY_COUNTS[ROOT]} root keys can change the root: put each on its own stick")
    print(f"give each device {args.folder / metadata_path(ROOT, 1)} as its [sync] root")
    return Exit.OK


AUTHORITY = Verb(
    program_name("authority"),
    "the authority of a trust repository",
    verbs=(
        repository_verb("init", "make keys and a repository", init),
        Verb("issuer", "add, rotate, remove and list issuers", verbs=issuers.VERBS),
        *contents.VERBS,
        *rotation.VERBS,
        *show.VERBS,
    ),
    about=with_program_name(__doc__, "authority"),
)
main = partial(verbs.main, AUTHORITY)
