"""A small issuing office in one folder: enrols holders, suspends and revokes their cards, publishes.

    python tools/issuer init office --name tower-1 --uri https://tower-1.example/s
    python tools/issuer enrol office --photo anna.jpg --out anna.wallet --new-subject --label "Anna, guard"
    python tools/issuer enrol office --from people.csv --out cards --new-subject
    python tools/issuer certify office --device-key HEX --site inn --operator "Inn" --out inn.cert
    python tools/issuer publish office --to trust
    python tools/issuer revoke office 3f9a0c11d2e4b576

The folder holds issuer.key and documents.key (0600), issuer.json, register.db and sealed/. Keep it on a
machine in an office, never on a verifier.
"""

from __future__ import annotations

import argparse
import unicodedata
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Final

from edge.app.parts.trust_folder import open_files
from edge.cli import verbs
from edge.cli.values import public_key
from edge.cli.verbs import Verb, argument, verb
from edge.errors import Exit
from edge.trust.folder import status_stem
from edge.trust.scope import ANYWHERE
from tools.issuer.cards import CARD_VERBS, OFFICE
from tools.issuer.enrolment import ENROL
from tools.issuer.office import KEY, IssuingOffice, OfficeConfig
from tools.issuer.values import (
    attribute_name,
)
from tools.issuing.issuer import RAW_CAPACITY
from tools.program_name import program_name, with_program_name

CAPACITY: Final = 100_000  # enough for a campus; a door fetches 3 kB of it a day
SUBJECT_BYTES: Final = 16  # 22 characters of a code; no two holders get the same


def init(args: argparse.Namespace) -> int:
    """Makes the keys of a new issuer."""
    config = OfficeConfig(
        args.name,
        args.uri,
        args.capacity,
        args.venue or [ANYWHERE],
        args.site or [ANYWHERE],
        args.now,
        args.jurisdiction or [ANYWHERE],
    )
    issuer = IssuingOffice(args.folder).create(config)
    print(f"issuer {issuer.name}, key {issuer.kid.hex()}, up to {args.capacity} cards")
    print(f"keep {args.folder / KEY} secret: a person who has it can make cards")
    return Exit.OK


def certify(args: argparse.Namespace) -> int:
    """Certifies a venue's device, so that wallets of this issuer's holders accept its requests."""
    with IssuingOffice(args.folder).open() as issuer:
        certificate = issuer.certify(
            args.device_key,
            args.site,
            unicodedata.normalize("NFC", args.operator),
            askable=args.attribute,
            retention_days=args.retention,
            now=args.now,
            life=timedelta(days=args.days),
        )
    open_files(args.out.parent).write(args.out.name, certificate)
    until = (args.now + timedelta(days=args.days)).strftime("%Y-%m-%d")
    print(f"{args.out}: {args.site} may ask for {', '.join(args.attribute) or 'nothing'}, until {until}")
    print("a certificate cannot be revoked: choose a short --days")
    return Exit.OK


def publish(args: argparse.Namespace) -> int:
    """Writes the key, the signed status list and the sealed templates that a site needs."""
    office = IssuingOffice(args.folder)
    with office.open() as issuer:
        boxes = office.boxes()
        files = issuer.publish(
            args.now, boxes=boxes.values(), life=timedelta(days=args.life), manifest=args.manifest
        )
    target = open_files(args.to)
    for name, data in files:
        target.write(name, data)
        print(args.to / name)
    # boxes of revoked and expired cards, and bitmaps beside a list that now has them inside
    stem = status_stem(issuer.kid, issuer.uri)
    for name in {*boxes, f"{stem}.revoked", f"{stem}.suspended"} - {name for name, _ in files}:
        (args.to / name).unlink(missing_ok=True)
    return Exit.OK


INIT = verb(
    "init",
    "make the keys of a new issuer",
    init,
    *OFFICE,
    argument("--name", required=True, help="name of the issuer in cards; up to 32 characters, no space"),
    argument(
        "--uri",
        required=True,
        help="name of the status list; choose a short one, because every code holds it",
    ),
    argument(
        "--capacity",
        type=int,
        default=CAPACITY,
        help=f"size of the status list in cards (default {CAPACITY})",
    ),
    argument("--venue", action="append", help="make cards for this kind of venue only (default all)"),
    argument("--site", action="append", help="make cards for this site only (default all)"),
    argument(
        "--jurisdiction",
        action="append",
        metavar="CODE",
        help="make cards for this country or region of ISO 3166 only, such as MO or CN-GD (default all)",
    ),
)
CERTIFY = verb(
    "certify",
    "certify a venue's device, so that wallets of this issuer's holders accept its requests",
    certify,
    *OFFICE,
    argument("--device-key", type=public_key, required=True, metavar="HEX", help="public key of the device"),
    argument("--site", required=True, help="site of the device, or a parent of it"),
    argument("--operator", required=True, help="name of the operator that wallets show to holders"),
    argument(
        "--attribute",
        type=attribute_name,
        action="append",
        default=[],
        metavar="NAME",
        help="let the device ask for this attribute; can be repeated (default none)",
    ),
    argument(
        "--retention",
        type=int,
        default=0,
        metavar="DAYS",
        help="let the device keep attributes for so many days at most (default 0)",
    ),
    argument(
        "--days", type=float, default=90, help="make the certificate valid for so many days (default 90)"
    ),
    argument("--out", type=Path, required=True, help="write the certificate there"),
)
PUBLISH = verb(
    "publish",
    "write the key, the signed status list and the sealed templates that a site needs",
    publish,
    *OFFICE,
    argument("--to", type=Path, required=True, metavar="TRUSTDIR", help="write into this trust folder"),
    argument("--life", type=float, default=7, help="devices refuse the list after so many days (default 7)"),
    argument(
        "--manifest",
        action=argparse.BooleanOptionalAction,
        help=f"write a manifest with the bitmaps in files beside it (default above {RAW_CAPACITY} cards)",
    ),
)
ISSUER = Verb(
    program_name("issuer"),
    "a small issuing office in one folder",
    verbs=(
        INIT,
        ENROL,
        CERTIFY,
        PUBLISH,
        *CARD_VERBS,
    ),
    about=with_program_name(__doc__, "issuer"),
)
main = partial(verbs.main, ISSUER)
