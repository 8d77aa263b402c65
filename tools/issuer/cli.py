"""A small issuing office in one folder: enrols holders, suspends and revokes their cards, publishes.

    python tools/issuer init office --name tower-1 --uri https://tower-1.example/s
    python tools/issuer enrol office --photo anna.jpg --out anna.wallet --new-subject --label "Anna, guard"
    python tools/issuer certify office --device-key HEX --site inn --operator "Inn" --out inn.cert
    python tools/issuer publish office --to trust
    python tools/issuer revoke office 3f9a0c11d2e4b576

The folder holds issuer.key and documents.key (0600), issuer.json, register.db and sealed/. Keep it on a
machine in an office, never on a verifier.
"""

from __future__ import annotations

import argparse
import secrets
import unicodedata
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Final

from edge.app.parts.code_readers import read_image
from edge.app.parts.face_engine import open_face_engine
from edge.app.parts.trust_folder import open_files
from edge.card import cose
from edge.card.claims import TemplateReference
from edge.cli import verbs
from edge.cli.output import emit
from edge.cli.values import instant, public_key
from edge.cli.verbs import Verb, argument, json_lines, one_of, verb
from edge.errors import Exit, InputError
from edge.face.template import TemplateFormat
from edge.trust.folder import status_stem
from edge.trust.scope import ANYWHERE
from edge.trust.sealed_template import box_id
from tools.issuer.cards import CARD_VERBS, OFFICE, card_row
from tools.issuer.office import KEY, SEALED, IssuingOffice, OfficeConfig
from tools.issuer.values import (
    attribute_name,
    attribute_of,
    attributes_of,
    authority_of,
    label_of,
    paper_of,
    subject_of,
)
from tools.issuing.issuer import RAW_CAPACITY, CardApplication
from tools.issuing.wallet import MAX_AUTHORITIES, Delivery, Wallet
from tools.program_name import program_name, with_program_name

CAPACITY: Final = 100_000  # enough for a campus; the list has 25 kB
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


def enrol(args: argparse.Namespace) -> int:
    """Signs a card for the face in a picture, and puts it into a wallet."""
    if args.out.exists():
        raise InputError(f"--out: {args.out} exists already", hint="remove it, or choose another name")
    if len(args.authority) >= MAX_AUTHORITIES:
        raise InputError(
            f"--authority: a wallet trusts at most {MAX_AUTHORITIES} issuers with this one",
            hint="name fewer issuers",
        )
    office = IssuingOffice(args.folder)
    wallet = None if args.holder_key else Wallet(secrets.token_bytes(cose.SEED_BYTES))
    starts = args.starts or args.now
    request = CardApplication(
        holder_key=wallet.holder_key if wallet else args.holder_key,
        not_before=args.starts,
        expires=(starts + timedelta(days=args.days)).replace(microsecond=0),
        face=None if args.no_face else _template(args.photo),
        sealed=args.variant == "B",
        papers=tuple(args.document),
        scope=tuple(args.scope),
        assurance=args.assurance,
        subject=secrets.token_urlsafe(SUBJECT_BYTES) if args.new_subject else args.subject,
        label=args.label or "",
        attributes=attributes_of(args.attributes) | dict(args.attribute),
    )
    with office.open() as issuer:
        issued = issuer.enrol(request, now=args.now)
    # registered first: an entry without a card does no harm, but a card without an entry cannot be revoked
    if issued.box is not None:
        office.files.write(f"{SEALED}/{box_id(issued.box).hex()}.box", issued.box, secret=True)
    delivery = Delivery(issued.card, issued.disclosures, (issuer.authority, *args.authority))
    content = wallet.accept(delivery).to_bytes() if wallet else delivery.to_bytes()
    open_files(args.out.parent).write(args.out.name, content, secret=True)
    row = card_row(issued.entries[0], issuer.kid)
    if args.json:
        emit(row)
    else:
        print(f"{args.out}: card {row['card']}, index {row['index']}, until {row['expires']}")
        print(f"issuer {issuer.name}, subject {row['subject'] or 'none: no site can enrol this holder'}")
        if issued.disclosures:
            print("its attributes are only in that file: this office keeps none of them")
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


def _template(photo: Path | None) -> TemplateReference:
    if photo is None:
        raise InputError(
            "no picture of the holder", hint="give --photo FILE, or --no-face for a card without a face"
        )
    engine = open_face_engine()
    picture = read_image(photo)
    return TemplateReference(
        int(TemplateFormat.INT8_64), engine.model_id, engine.enrol(picture, TemplateFormat.INT8_64)
    )


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
ENROL = verb(
    "enrol",
    "sign a card for the face in a picture, and put it into a wallet",
    enrol,
    *OFFICE,
    one_of(
        argument("--photo", type=Path, help="put the face in this picture into the card; one face only"),
        argument("--no-face", action="store_true", help="make a card without a face"),
        required=True,
    ),
    argument("--out", type=Path, required=True, help="write the wallet there; with --holder-key, the card"),
    argument(
        "--holder-key",
        type=public_key,
        metavar="HEX",
        help="bind the card to this public key, from: doorward-wallet new",
    ),
    argument("--days", type=float, default=30, help="make the card valid for so many days (default 30)"),
    argument("--starts", type=instant, metavar="TIME", help="make the card valid from TIME on (default now)"),
    argument(
        "--scope",
        nargs="+",
        default=[],
        metavar="SITE",
        help="make the card valid at these sites and inside them only (default all)",
    ),
    one_of(
        argument(
            "--subject",
            type=subject_of,
            metavar="PSEUDONYM",
            help="put this pseudonym into the card; a site enrols the holder by it; random, never a real "
            "name (default none)",
        ),
        argument(
            "--new-subject",
            action="store_true",
            help="put a new random pseudonym into the card, and print it",
        ),
    ),
    argument(
        "--label",
        type=label_of,
        metavar="TEXT",
        help="write TEXT, such as the holder's name, into this office's register, never into the card; other "
        "users of this machine see it while the command runs",
    ),
    argument(
        "--variant",
        choices="AB",
        default="A",
        help="A: put the template into the card; B: seal it at the site (default A)",
    ),
    argument(
        "--document",
        type=paper_of,
        action="append",
        default=[],
        metavar="TYPE:NUMBER:EXPIRES",
        help="link a document, such as passport:K1234567:2031-05-04; can be repeated",
    ),
    argument(
        "--assurance",
        type=int,
        default=0,
        help="how the issuer checked the face, 0 to 3 (FORMAT.md section 3.2, default 0)",
    ),
    argument(
        "--attributes",
        type=Path,
        metavar="FILE",
        help="put the attributes of this JSON file into the card, for the holder to disclose",
    ),
    argument(
        "--attribute",
        type=attribute_of,
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="put this attribute into the card; other users of this machine see it while the command runs",
    ),
    argument(
        "--authority",
        type=authority_of,
        action="append",
        default=[],
        metavar="NAME:HEX",
        help="let the wallet trust certificates of this issuer too (default this one only)",
    ),
    json_lines("print the result as one JSON object"),
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
