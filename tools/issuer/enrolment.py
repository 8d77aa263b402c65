"""The verb `enrol`: signs a card for one holder, or for everyone in a list."""

from __future__ import annotations

import secrets
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from edge.app.parts.trust_folder import open_files
from edge.card import cose
from edge.cli.output import emit
from edge.cli.values import between, instant, public_key
from edge.cli.verbs import argument, json_lines, one_of, verb
from edge.errors import Exit, InputError, UsageError
from edge.trust.sealed_template import box_id
from tools.issuer import batch
from tools.issuer.cards import OFFICE, card_row
from tools.issuer.office import SEALED, IssuingOffice
from tools.issuer.people_list import COLUMNS
from tools.issuer.pictures import PictureReader
from tools.issuer.values import (
    attribute_of,
    attributes_of,
    authority_of,
    label_of,
    paper_of,
    subject_of,
)
from tools.issuing.issuer import CardApplication
from tools.issuing.wallet import MAX_AUTHORITIES, Delivery, Wallet

if TYPE_CHECKING:
    import argparse

MAX_DAYS: Final = 36_500  # a century; the key of an issuer is valid for five years
# Options of one holder, and the column of a list in their place
_OF_ONE: Final = {
    "holder_key": "holder_key",
    "subject": "subject",
    "label": "label",
    "document": "document",
    "attributes": "family_name, and the other attributes",
    "attribute": "family_name, and the other attributes",
}


def enrol(args: argparse.Namespace) -> int:
    """Signs a card for the face in a picture, and puts it into a wallet; with `--from`, one for each row."""
    if len(args.authority) >= MAX_AUTHORITIES:
        raise InputError(
            f"--authority: a wallet trusts at most {MAX_AUTHORITIES} issuers with this one",
            hint="name fewer issuers",
        )
    if args.people is None:
        return _enrol_one(args)
    for option, column in _OF_ONE.items():
        if getattr(args, option):
            raise UsageError(
                f"--{option.replace('_', '-')} is for one holder, and --from is for many",
                hint=f"write it into the list, in the column {column}",
            )
    return batch.enrol(args)


def _enrol_one(args: argparse.Namespace) -> int:
    if args.out.exists():
        raise InputError(f"--out: {args.out} exists already", hint="remove it, or choose another name")
    office = IssuingOffice(args.folder)
    wallet = None if args.holder_key else Wallet(secrets.token_bytes(cose.SEED_BYTES))
    starts = args.starts or args.now
    request = CardApplication(
        holder_key=wallet.holder_key if wallet else args.holder_key,
        not_before=args.starts,
        expires=(starts + timedelta(days=args.days)).replace(microsecond=0),
        face=None if args.no_face else PictureReader().template(args.photo),
        sealed=args.variant == "B",
        papers=tuple(args.document),
        scope=tuple(args.scope),
        assurance=args.assurance,
        subject=secrets.token_urlsafe(batch.SUBJECT_BYTES) if args.new_subject else args.subject,
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


ENROL = verb(
    "enrol",
    "sign a card for the face in a picture, or for everyone in a list, and put it into a wallet",
    enrol,
    *OFFICE,
    one_of(
        argument("--photo", type=Path, help="put the face in this picture into the card; one face only"),
        argument("--no-face", action="store_true", help="make a card without a face"),
        argument(
            "--from",
            dest="people",
            type=Path,
            metavar="FILE",
            help="make a card for each row of this CSV file, and write each to a file in the folder --out; "
            f"columns: {', '.join(COLUMNS)}",
        ),
        required=True,
    ),
    argument(
        "--out",
        type=Path,
        required=True,
        help="write the wallet there; with --holder-key, the card; with --from, a folder",
    ),
    argument(
        "--holder-key",
        type=public_key,
        metavar="HEX",
        help="bind the card to this public key, from: doorward-wallet new",
    ),
    argument(
        "--days",
        type=between(0, MAX_DAYS),
        default=30,
        help="make the card valid for so many days (default 30)",
    ),
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
