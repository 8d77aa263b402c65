"""The authority of a trust repository (edge/sync/REPOSITORY.md): whom devices believe, published as files.

    python tools/authority init repository
    python tools/authority issuer add repository --from trust --jurisdiction CN-GD
    python tools/authority publish repository --from trust
    python tools/authority refresh repository          # from cron, every hour

`repository` is served as it is by any web server, or copied to a stick. Its keys are in repository-keys, and
never served: move what is in offline/ to sticks, each root key to another, and name them with --keys.
"""

from __future__ import annotations

import argparse
import secrets
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from edge.cli.output import run_verb
from edge.errors import Exit, InputError
from tools.authority import contents, issuers, rotation, show
from tools.authority.folder import authority_of, locked
from tools.authority.keys import check_outside, store
from tools.issuing.draft import metadata_path
from tools.issuing.repository import create
from tools.issuing.roles import KEY_COUNTS, ROOT, ROOT_THRESHOLD, TIMESTAMP
from tools.issuing.tufsigner import new_keys

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def init(args: argparse.Namespace) -> int:
    """Makes the keys of a new authority, and a repository with nothing in it but the time."""
    authority = authority_of(args)
    check_outside(authority.keys(ROOT), args.folder)
    args.folder.mkdir(parents=True, exist_ok=True)
    with locked(args.folder):
        if (args.folder / metadata_path(TIMESTAMP, 1)).exists():  # written last: less is no repository
            raise InputError(f"{args.folder}: there is a repository here", hint="choose another folder")
        keys = new_keys(KEY_COUNTS, secrets)
        for role, signers in keys.items():
            for signer in signers:
                print(f"{role:10}  {store(authority.keys(ROOT), role, signer)}")
        authority.write(create(keys, now=args.now))
    print(f"{ROOT_THRESHOLD} of {KEY_COUNTS[ROOT]} root keys change the root: put each on a stick of its own")
    print(f"give each device {args.folder / metadata_path(ROOT, 1)} as its [sync] root")
    return Exit.OK


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="authority.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    verbs = parser.add_subparsers(required=True, metavar="VERB")

    def common(sub: argparse.ArgumentParser, run: Callable[[argparse.Namespace], int]) -> None:
        sub.add_argument("folder", type=Path, metavar="DIR", help="the repository")
        sub.add_argument(
            "--keys", type=Path, action="append", default=[], metavar="DIR",
            help="also here are keys, such as a stick; new ones go to the last (default DIR-keys)",
        )  # fmt: skip
        sub.add_argument(
            "--now", type=_instant, default=datetime.now(UTC), metavar="TIME", help="rehearse at this time"
        )
        sub.set_defaults(run=run)

    common(verbs.add_parser("init", help="make keys and a repository", description=init.__doc__), init)
    issuers.configure(verbs, common)
    contents.configure(verbs, common)
    rotation.configure(verbs, common)
    show.configure(verbs, common)
    return parser


def _instant(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError("not a time such as 2026-11-21T09:00:00Z") from error
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb; returns its exit code (`edge.errors.Exit`)."""
    return run_verb(_parser().parse_args(argv))


if __name__ == "__main__":
    sys.exit(main())
