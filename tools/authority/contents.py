"""Publishes the contents of a repository: lists and sealed templates of offices, policy, models, firmware."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Final

from edge.app.parts.trust_folder import open_files, trust_files
from edge.cli.output import progress
from edge.cli.values import octets
from edge.cli.verbs import Verb, argument
from edge.errors import Exit, InputError
from edge.formats.untrusted_text import toml_table
from edge.sync import names
from edge.trust import site_policy
from edge.trust.scope import ANYWHERE
from edge.trust.time.clock_slack import is_ahead
from tools.authority.folder import KEEP, days, opened, repository_verb
from tools.issuing.publication import ListPublisher, boxes, only_issuer, plain
from tools.issuing.roles import FIRMWARE, LIVES, MODELS, TIMESTAMP

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from tools.authority.folder import AuthorityFolder

MAX_MODEL_BYTES: Final = 128 * 2**20  # our largest has 2.4 MB; a recogniser for a desktop has 100
MAX_FIRMWARE_BYTES: Final = 64 * 2**20  # an RP2040 has 16 MB of flash, and UF2 takes twice that
FETCH: Final = "run: doorward models fetch"
MAX_PINS_BYTES: Final = 256 * 1024  # models/manifest.toml has 10 kB
PINS: Final = "manifest.toml"


def publish(args: argparse.Namespace) -> int:
    """Publishes status lists and sealed templates of issuers, and the time. Needs the online keys only."""
    with opened(args) as authority:
        puts: dict[str, bytes | None] = {}
        publisher = ListPublisher(authority.repository)
        for folder in progress(args.trust, total=len(args.trust), label="reading"):
            trust = trust_files(folder)
            puts |= publisher.lists(trust, now=args.now)
            if args.issuer or any(name.startswith("sealed/") for name in trust):
                kid = args.issuer or only_issuer(trust)
                puts |= boxes(authority.repository, trust, kid=kid, site=args.site)
        _publish(authority, puts, args)
    return Exit.OK


def refresh(args: argparse.Namespace) -> int:
    """Signs time, snapshot and timestamp again before they expire. For cron; needs the online keys only."""
    with opened(args) as authority:
        authority.publish({}, life=args.life, keep=args.keep)
        end = authority.repository.metadata[TIMESTAMP].signed.expires
        print(f"signed {args.now:%Y-%m-%dT%H:%M:%SZ}, valid until {end:%Y-%m-%dT%H:%M:%SZ}")
    return Exit.OK


def set_policy(args: argparse.Namespace) -> int:
    """Publishes the policy of a site and all sites inside it, or with `--site '*'` of every site."""
    data = open_files(args.file.parent).read(args.file.name, limit=site_policy.MAX_POLICY_BYTES)
    policy = site_policy.parse(data)
    if policy.site != args.site:
        raise InputError(
            f"{args.file}: `site` is {policy.site}, and --site is {args.site}", hint="make them equal"
        )
    if is_ahead(policy.issued_at, args.now):
        raise InputError(
            f"{args.file}: `issued_at` is in the future", hint="set `issued_at` to a time in the past"
        )
    with opened(args) as authority:
        _publish(authority, {_policy_name(args.site): data}, args)
    return Exit.OK


def remove_policy(args: argparse.Namespace) -> int:
    """Removes the policy of a site: its devices then use the policy of the parent site."""
    with opened(args) as authority:
        name = _policy_name(args.site)
        if authority.repository.find(name) is None:
            raise InputError(f"no policy of {args.site}", hint="list them with: doorward-authority show")
        _publish(authority, {name: None}, args)
    return Exit.OK


def add_models(args: argparse.Namespace) -> int:
    """Publishes the models that `doorward models fetch` built, in place of those published before."""
    page = open_files(args.models).read(PINS, limit=MAX_PINS_BYTES)
    puts: dict[str, bytes | None] = dict([plain(MODELS, PINS, page), *_pinned(args.models, page)])
    with opened(args) as authority:
        gone = authority.repository.targets(MODELS).targets.keys() - puts.keys()
        _publish(authority, dict.fromkeys(gone) | puts, args)
    return Exit.OK


def add_firmware(args: argparse.Namespace) -> int:
    """Publishes an image of the door controller."""
    data = open_files(args.image.parent).read(args.image.name, limit=MAX_FIRMWARE_BYTES)
    with opened(args) as authority:
        _publish(authority, dict([plain(FIRMWARE, args.image.name, data)]), args)
    return Exit.OK


def remove_firmware(args: argparse.Namespace) -> int:
    """Removes an image of the door controller."""
    with opened(args) as authority:
        name = f"{FIRMWARE}/{args.name}"
        authority.repository.read(name)
        _publish(authority, {name: None}, args)
    return Exit.OK


def _publish(authority: AuthorityFolder, puts: dict[str, bytes | None], args: argparse.Namespace) -> None:
    """Publishes, and prints what is new, changed or removed."""
    before = {target.path: target for target in authority.repository}
    authority.publish(puts, life=getattr(args, "life", LIVES[TIMESTAMP]), keep=getattr(args, "keep", KEEP))
    after = {target.path: target for target in authority.repository}
    for name in sorted(before | after):
        if name not in after:
            print(f"- {name}")
        elif before.get(name) != after[name]:
            print(f"+ {name}  {after[name].length:,} bytes")


def _policy_name(site: str) -> str:
    if site == names.DEFAULT:
        raise InputError(f"--site: {site} is not the name of a site", hint="use --site '*' for every site")
    return names.policy(None if site == ANYWHERE else site)


def _pinned(folder: Path, page: bytes) -> Iterator[tuple[str, bytes]]:
    """The files that the manifest pins, checked. Raises InputError."""
    try:
        manifest = toml_table(page.decode())
        pins = {name: file["sha256"] for name, file in manifest["files"].items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{folder / PINS}: not a manifest of models: {error}", hint=FETCH) from error
    for name, sha256 in sorted(pins.items()):
        data = open_files(folder).read(name, limit=MAX_MODEL_BYTES)
        if hashlib.sha256(data).hexdigest() != sha256:
            raise InputError(f"{folder / name}: not the file that {PINS} pins", hint=FETCH)
        yield plain(MODELS, name, data)


_SITE = argument("--site", required=True, help="the site, such as tower-1/lobby, or '*' for every site")
# Options of the verbs that the online keys sign regularly.
_LIFELONG = (
    argument(
        "--life",
        type=days,
        default=LIVES[TIMESTAMP],
        metavar="DAYS",
        help="devices refuse this publication after so many days "
        f"(default {LIVES[TIMESTAMP].days}); a stick that travels for a week needs 10, and for so long an "
        "attacker can serve an old copy of it",
    ),
    argument(
        "--keep",
        type=int,
        default=KEEP,
        metavar="N",
        help=f"keep the files of the last N publications, remove older ones (default {KEEP})",
    ),
)
VERBS = (
    repository_verb(
        "publish",
        "publish status lists and sealed templates",
        publish,
        argument(
            "--from",
            dest="trust",
            type=Path,
            action="append",
            required=True,
            metavar="TRUST",
            help="publish the trust folder that doorward-issuer publish wrote; can be repeated",
        ),
        argument("--site", help="publish the sealed templates for this site only (default every site)"),
        argument(
            "--issuer",
            type=octets,
            metavar="KID",
            help="key id of the issuer of the sealed templates, if TRUST has several issuers",
        ),
        *_LIFELONG,
    ),
    repository_verb("refresh", "sign the time again, for cron", refresh, *_LIFELONG),
    Verb(
        "policy",
        "publish and remove policies of sites",
        verbs=(
            repository_verb(
                "set",
                "publish a policy",
                set_policy,
                argument("file", type=Path, help="the policy in TOML (edge/trust/site_policy.py)"),
                _SITE,
            ),
            repository_verb("remove", "remove a policy", remove_policy, _SITE),
        ),
    ),
    Verb(
        "models",
        "publish face models",
        verbs=(
            repository_verb(
                "add",
                "publish models",
                add_models,
                argument("models", type=Path, help="folder of the models: models/built"),
            ),
        ),
    ),
    Verb(
        "firmware",
        "publish and remove images of the door controller",
        verbs=(
            repository_verb(
                "add", "publish an image", add_firmware, argument("image", type=Path, help="the UF2 file")
            ),
            repository_verb(
                "remove", "remove an image", remove_firmware, argument("name", help="its file name")
            ),
        ),
    ),
)
