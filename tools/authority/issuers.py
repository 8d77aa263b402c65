"""Adds, rotates, removes and lists the issuers that an authority publishes. Needs the key of targets."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from edge.app.parts.trust_folder import open_files
from edge.cli.ask import YES_AT_TERMINAL, agreed_at_terminal
from edge.cli.output import tell
from edge.cli.trust import issuer_row
from edge.cli.values import instant
from edge.cli.verbs import argument, json_lines, one_of
from edge.errors import Exit, InputError
from edge.sync import names
from edge.trust.issuer_file import MAX_ISSUER_BYTES, read_issuer
from edge.trust.scope import Scope
from tools.authority.folder import days, opened, repository_verb
from tools.issuing.publication import Term, add_issuer, issuers, remove_issuer

if TYPE_CHECKING:
    import argparse

    from edge.trust.scope import IssuerKey

OVERLAP: Final = timedelta(days=30)  # the validity of a card of tools/issuer


def add(args: argparse.Namespace) -> int:
    """Publishes an issuer's key, with the scope and the dates that the authority sets."""
    with opened(args) as authority:
        known = issuers(authority.repository)
        puts = dict(add_issuer(key, _term(args, key), now=args.now) for key in _offered(args))
        authority.publish(puts)
        for kid, key in issuers(authority.repository).items():
            if names.issuer(kid) in puts:
                print(f"{'changed' if kid in known else 'added'}: {_line(key)}")
    return Exit.OK


def rotate(args: argparse.Namespace) -> int:
    """Publishes an issuer's next key with the scope of the old key, which ends after the overlap."""
    with opened(args) as authority:
        old = _find(issuers(authority.repository), args.kid)
        (new,) = _offered(args)
        if new.name != old.name:
            raise InputError(
                f"the new key is of {new.name}, the old one of {old.name}",
                hint="use issuer add for a new issuer",
            )
        end = min(old.valid_until, args.now + args.overlap)
        authority.publish(
            dict(
                [
                    add_issuer(old, Term(valid_until=end), now=args.now),
                    add_issuer(new, Term(scope=old.scope), now=args.now),
                ]
            )
        )
        print(f"{new.name}: {new.kid.hex()} from now on, {old.kid.hex()} until {end:%Y-%m-%d}")
    return Exit.OK


def remove(args: argparse.Namespace) -> int:
    """Removes an issuer's key, its lists and its sealed templates: devices refuse its cards."""
    with opened(args) as authority:
        key = _find(issuers(authority.repository), args.kid)
    plan = (
        f"remove {_line(key)}",
        "  each device refuses all cards of this key after its next doorward sync",
    )
    if not agreed_at_terminal(plan, "Remove this issuer's key?", yes=args.yes):
        return Exit.REFUSED
    with opened(args) as authority:  # it was not locked while the operator read the question
        authority.publish(remove_issuer(authority.repository, key.kid))
        print(f"removed: {key.name} {key.kid.hex()}")
    return Exit.OK


def show(args: argparse.Namespace) -> int:
    """Lists the issuers' keys, with the venues, sites and dates for which devices accept their cards."""
    with opened(args) as authority:
        for key in issuers(authority.repository).values():
            tell(issuer_row(key), _line(key), as_json=args.json)
    return Exit.OK


def _offered(args: argparse.Namespace) -> list[IssuerKey]:
    """The keys that an issuer gives. Raises InputError, StorageFault and TrustFault."""
    paths = [args.file] if args.file else sorted((args.trust / "issuers").glob("*.json"))
    keys = []
    for path in paths:
        kid = names.issuer_kid(f"issuers/{path.name}")
        if kid is None:
            raise InputError(
                f"{path}: not the name of an issuer's file", hint="name a file <kid>.json of a trust folder"
            )
        data = open_files(path.parent).read(path.name, limit=MAX_ISSUER_BYTES)
        keys.append(read_issuer(str(path), kid, data))
    if not keys:
        raise InputError(
            f"{args.trust}: holds no issuer", hint="make the folder with: doorward-issuer publish"
        )
    return keys


def _term(args: argparse.Namespace, key: IssuerKey) -> Term:
    scope = Scope(
        tuple(args.venue or key.scope.venues),
        tuple(args.site or key.scope.sites),
        tuple(args.jurisdiction or key.scope.jurisdictions),
    )
    return Term(scope=scope, valid_from=args.valid_from, valid_until=args.valid_until)


def _find(known: dict[bytes, IssuerKey], begins: str) -> IssuerKey:
    found = [key for kid, key in known.items() if kid.hex().startswith(begins.lower())]
    if len(found) != 1:
        raise InputError(
            f"{len(found)} issuers' keys begin with {begins}, and must be 1",
            hint="list them with: doorward-authority issuer list",
        )
    return found[0]


def _line(key: IssuerKey) -> str:
    places = (key.scope.venues, key.scope.sites, key.scope.jurisdictions)
    where = "; ".join(
        f"{what} {', '.join(those)}" for what, those in zip(("venues", "sites", "law"), places, strict=True)
    )
    return f"{key.kid.hex()}  {key.name}  {key.valid_from:%Y-%m-%d} - {key.valid_until:%Y-%m-%d}  {where}"


_OFFER = one_of(
    argument("file", nargs="?", type=Path, help="issuers/<kid>.json of a trust folder"),
    argument(
        "--from",
        dest="trust",
        type=Path,
        metavar="TRUST",
        help="take the issuers of the trust folder that doorward-issuer publish wrote",
    ),
    required=True,
)
VERBS = (
    repository_verb(
        "add",
        "publish a key with a scope",
        add,
        _OFFER,
        argument(
            "--venue",
            action="append",
            help="accept its cards at this kind of venue only (default: as in the issuer's file)",
        ),
        argument(
            "--site",
            action="append",
            help="accept its cards at this site and inside it only (default: as in the issuer's file)",
        ),
        argument(
            "--jurisdiction",
            action="append",
            metavar="CODE",
            help="accept its cards in this country or region of ISO 3166 only, such as MO or CN-GD "
            "(default: as in the issuer's file)",
        ),
        argument(
            "--valid-from",
            type=instant,
            metavar="DATE",
            help="accept its cards from this date on (default: as in the issuer's file)",
        ),
        argument(
            "--valid-until",
            type=instant,
            metavar="DATE",
            help="accept its cards until this date (default: as in the issuer's file)",
        ),
    ),
    repository_verb(
        "rotate",
        "publish the next key of an issuer",
        rotate,
        argument("kid", help="id of the old key, or its first digits"),
        _OFFER,
        argument(
            "--overlap",
            type=days,
            default=OVERLAP,
            metavar="DAYS",
            help="devices accept the old key for so many days more (default 30)",
        ),
    ),
    repository_verb(
        "remove",
        "remove a key: devices refuse all its cards; asks first at a terminal",
        remove,
        argument("kid", help="id of the key, or its first digits"),
        YES_AT_TERMINAL,
    ),
    repository_verb("list", "list keys, scopes and dates", show, json_lines()),
)
