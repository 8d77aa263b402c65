"""Publishes the contents of a repository: lists and sealed templates of offices, policy, models, firmware."""

from __future__ import annotations

import hashlib
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from edge.app.parts.trust_folder import open_files, trust_files
from edge.cli.output import progress
from edge.cli.values import octets
from edge.cli.verbs import Verb, argument
from edge.errors import Exit, InputError
from edge.sync import names
from edge.trust import site_policy
from edge.trust.scope import ANYWHERE
from tools.authority.folder import KEEP, days, opened, repository_verb
from tools.issuing.publication import boxes, lists, only_issuer, plain
from tools.issuing.roles import FIRMWARE, LIVES, MODELS, TIMESTAMP

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from tools.authority.folder import AuthorityFolder

MAX_MODEL_BYTES: Final = 128 * 2**20  # the largest of ours has 2.4 MB; a recogniser of a desktop has 100
MAX_FIRMWARE_BYTES: Final = 64 * 2**20  # an RP2040 has 16 MB of flash, and UF2 takes twice that
FETCH: Final = "run: doorward models fetch"
MAX_PINS_BYTES: Final = 256 * 1024  # models/manifest.toml has 10 kB
PINS: Final = "manifest.toml"


def publish(args: argparse.Namespace) -> int:
    """Publishes the status lists and sealed templates of offices, and the time. Online keys are enough."""
    with opened(args) as authority:
        puts: dict[str, bytes | None] = {}
        for folder in progress(args.trust, total=len(args.trust), label="reading"):
            trust = trust_files(folder)
            puts |= lists(authority.repository, trust, now=args.now)
            if args.issuer or any(name.startswith("sealed/") for name in trust):
                kid = args.issuer or only_issuer(trust)
                puts |= boxes(authority.repository, trust, kid=kid, site=args.site)
        _publish(authority, puts, args)
    return Exit.OK


def refresh(args: argparse.Namespace) -> int:
    """Signs the time, snapshot and timestamp again, so that nothing expires. For cron; online keys do."""
    with opened(args) as authority:
        authority.publish({}, life=args.life, keep=args.keep)
        end = authority.repository.metadata[TIMESTAMP].signed.expires
        print(f"signed {args.now:%Y-%m-%dT%H:%M:%SZ}, good until {end:%Y-%m-%dT%H:%M:%SZ}")
    return Exit.OK


def set_policy(args: argparse.Namespace) -> int:
    """Publishes the policy of a site and all below it, or with `--site '*'` of every site."""
    data = open_files(args.file.parent).read(args.file.name, limit=site_policy.MAX_POLICY_BYTES)
    policy = site_policy.parse(data)
    if policy.site != args.site:
        raise InputError(f"{args.file}: the policy of {policy.site}", hint="make its `site` what --site says")
    if policy.issued_at > args.now:
        raise InputError(
            f"{args.file}: issued in the future", hint="make its `issued_at` a time that has been"
        )
    with opened(args) as authority:
        _publish(authority, {_policy_name(args.site): data}, args)
    return Exit.OK


def remove_policy(args: argparse.Namespace) -> int:
    """Removes the policy of a site: its devices take that of the place around it."""
    with opened(args) as authority:
        name = _policy_name(args.site)
        if authority.repository.find(name) is None:
            raise InputError(f"no policy of {args.site}", hint="they are in: tools/authority show")
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
    """Publishes and says what is new, changed or gone."""
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
        raise InputError(f"no site is called {site}", hint="--site '*' for every site")
    return names.policy(None if site == ANYWHERE else site)


def _pinned(folder: Path, page: bytes) -> Iterator[tuple[str, bytes]]:
    """The files that are there of those that the manifest pins, checked. Raises InputError."""
    try:
        manifest: dict[str, Any] = tomllib.loads(page.decode())
        pins = {name: file["sha256"] for name, file in manifest["files"].items()}
        optional = {file["file"]: file["built"]["sha256"] for file in _passive(manifest)}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{folder / PINS}: no manifest of models: {error}", hint=FETCH) from error
    for name, sha256 in sorted((pins | optional).items()):
        if name in optional and not (folder / name).is_file():
            continue
        data = open_files(folder).read(name, limit=MAX_MODEL_BYTES)
        if hashlib.sha256(data).hexdigest() != sha256:
            raise InputError(f"{folder / name}: not the file that {PINS} pins", hint=FETCH)
        yield plain(MODELS, name, data)


def _passive(manifest: dict[str, Any]) -> list[dict[str, Any]]:
    """The networks whose weights a site brings itself, and may not have."""
    return [manifest["pad"][key] for key in ("v2", "v1se")] if "pad" in manifest else []


_SITE = argument("--site", required=True, help="such as tower-1/lobby, or '*'")
# Options of everything that the online keys sign again and again.
_LIFELONG = (
    argument(
        "--life",
        type=days,
        default=LIVES[TIMESTAMP],
        metavar="DAYS",
        help="days until devices refuse this publication as too old "
        f"(default {LIVES[TIMESTAMP].days}); a stick that travels for a week needs 10, during which a copy "
        "of it can hold devices back",
    ),
    argument(
        "--keep", type=int, default=KEEP, metavar="N", help=f"publications whose files stay (default {KEEP})"
    ),
)
VERBS = (
    repository_verb(
        "publish",
        "publish lists and sealed templates",
        publish,
        argument(
            "--from",
            dest="trust",
            type=Path,
            action="append",
            required=True,
            metavar="TRUST",
            help="what tools/issuer publish wrote; may be given again",
        ),
        argument("--site", help="the site that the sealed templates are for (default every site)"),
        argument("--issuer", type=octets, metavar="KID", help="whose they are, if TRUST has several"),
        *_LIFELONG,
    ),
    repository_verb("refresh", "sign the time again, for cron", refresh, *_LIFELONG),
    Verb(
        "policy",
        "what a site asks for",
        verbs=(
            repository_verb(
                "set",
                "publish a policy",
                set_policy,
                argument("file", type=Path, help="TOML (edge/trust/site_policy.py)"),
                _SITE,
            ),
            repository_verb("remove", "remove a policy", remove_policy, _SITE),
        ),
    ),
    Verb(
        "models",
        "models of faces",
        verbs=(
            repository_verb(
                "add", "publish models", add_models, argument("models", type=Path, help="models/built")
            ),
        ),
    ),
    Verb(
        "firmware",
        "images of the door controller",
        verbs=(
            repository_verb("add", "publish an image", add_firmware, argument("image", type=Path)),
            repository_verb("remove", "remove an image", remove_firmware, argument("name")),
        ),
    ),
)
