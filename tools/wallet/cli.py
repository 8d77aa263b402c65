"""A wallet in a terminal instead of a phone: holds a card, shows its code, answers requests.

    python tools/wallet show anna.wallet --watch
    python tools/wallet show anna.wallet --held-up frame.png
    python tools/wallet info anna.wallet
    python tools/wallet request anna.wallet screen.png
    python tools/wallet code anna.wallet --for screen.png --disclose needed

With `new` and `accept` the holder keeps the key: the issuer gets only the public key.
"""

from __future__ import annotations

import secrets
import sys
import time
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from edge.app.parts.trust_folder import open_files
from edge.card import cose
from edge.card.claims import Claims, SealedReference, TemplateReference
from edge.cli import verbs
from edge.cli.output import tell, utc
from edge.cli.values import instant, octets
from edge.cli.verbs import Verb, argument, json_lines, verb
from edge.errors import Exit, InputError, StorageFault
from tools.issuing.wallet import MAX_WALLET_BYTES, ROTATION, Delivery, Wallet
from tools.program_name import program_name, with_program_name
from tools.wallet.code import FORMS, present, print_code, symbol, write
from tools.wallet.request import NEEDED, consent, known_request, row_of, words_for

if TYPE_CHECKING:
    import argparse

CLEAR: Final = "\x1b[H\x1b[2J"
CLEAR_LINE: Final = "\r\x1b[K"


def show(args: argparse.Namespace) -> int:
    """Makes a code and shows it, in all forms of the options."""
    wallet = _read(args.wallet)
    if args.watch:
        return _watch(wallet, args)
    text = wallet.code(args.now or datetime.now(UTC), aud=args.aud, cnonce=args.nonce)
    present(text, args)
    return Exit.OK


def info(args: argparse.Namespace) -> int:
    """Prints the contents of the card, and the size of its code."""
    wallet = _read(args.wallet)
    claims = wallet.claims()
    text = wallet.code(datetime.now(UTC))
    drawn = symbol(text)
    row = {
        "issuer": claims.issuer,
        "card": claims.card_id.hex(),
        "subject": claims.subject,
        "holder_key": wallet.holder_key.hex(),
        "not_before": utc(claims.not_before),
        "expires": utc(claims.expires),
        "face": _face(claims),
        "scope": list(claims.scope),
        "documents": [document.type for document in claims.documents],
        "assurance": claims.assurance,
        "attributes": [attribute.value for attribute in wallet.attributes],
        "believes": [authority.name for authority in wallet.authorities],
        "status": {"uri": claims.status.uri, "index": claims.status.index},
        "card_bytes": len(wallet.card),
        "code_chars": len(text),
        "qr": drawn.designator,
    }
    tell(row, *(f"{name:12} {_words(value)}" for name, value in row.items()), as_json=args.json)
    return Exit.OK


def request(args: argparse.Namespace) -> int:
    """Prints a request: operator, attributes, purpose and retention, if the wallet trusts its certificate."""
    wallet = _read(args.wallet)
    known = known_request(wallet, args.request, args.now or datetime.now(UTC))
    answer = "answer it with: doorward-wallet code WALLET --for REQUEST --disclose NAME,..."
    tell(row_of(known, wallet), *words_for(known, wallet), answer, as_json=args.json)
    return Exit.OK


def code(args: argparse.Namespace) -> int:
    """Makes the code that answers a request, and discloses the attributes that the holder agrees to."""
    wallet, now = _read(args.wallet), args.now or datetime.now(UTC)
    known = known_request(wallet, args.request, now)
    agreed = consent(known, args.disclose)
    text = wallet.code(now, aud=known.request.site, cnonce=known.nonce, disclose=agreed)
    told = ", ".join(sorted(agreed)) or "nothing"
    print(f"discloses {told} to {known.operator} ({known.request.site})", file=sys.stderr)
    if missing := sorted(set(known.request.needed) - agreed):
        print(f"it also needs {', '.join(missing)}, and may refuse you without", file=sys.stderr)
    present(text, args)
    return Exit.OK


def new(args: argparse.Namespace) -> int:
    """Makes a wallet with a new key and without a card; prints the public key for the issuer."""
    if args.wallet.exists():
        raise InputError(f"{args.wallet}: exists already", hint="remove it, or choose another name")
    wallet = Wallet(secrets.token_bytes(cose.SEED_BYTES))
    write(args.wallet, wallet.to_bytes(), secret=True)
    print(wallet.holder_key.hex())
    return Exit.OK


def accept(args: argparse.Namespace) -> int:
    """Puts a card that was issued to this wallet's key into the wallet."""
    wallet = _read(args.wallet).accept(Delivery.from_bytes(_bytes(args.card, MAX_WALLET_BYTES)))
    write(args.wallet, wallet.to_bytes(), secret=True)
    print(f"{args.wallet}: card {wallet.claims().card_id.hex()}")
    return Exit.OK


def _watch(wallet: Wallet, args: argparse.Namespace) -> int:
    """Print a new code every ROTATION until Ctrl-C; a terminal is redrawn, a pipe gets all codes in turn."""
    terminal = sys.stdout.isatty()
    try:
        while True:
            text = wallet.code(datetime.now(UTC), aud=args.aud, cnonce=args.nonce)
            sys.stdout.write(CLEAR if terminal else "")
            print_code(text)
            for left in range(int(ROTATION.total_seconds()), 0, -1):
                if terminal:
                    sys.stdout.write(f"{CLEAR_LINE}  new code in {left} s, Ctrl-C ends")
                    sys.stdout.flush()
                time.sleep(1)
    except KeyboardInterrupt:
        print()
        return Exit.OK


def _face(claims: Claims) -> str:
    match claims.face:
        case TemplateReference(format=form, model=model):
            return f"template in the card, format {form}, model {model}"
        case SealedReference():
            return "template sealed at the site"
        case None:
            return "none"


def _words(value: object) -> str:
    match value:
        case [] | None:
            return "-"
        case list(items):
            return ", ".join(map(str, items))
        case dict(parts):
            return ", ".join(f"{name} {part}" for name, part in parts.items())
        case _:
            return str(value)


def _read(path: Path) -> Wallet:
    return Wallet.from_bytes(_bytes(path, MAX_WALLET_BYTES))


def _bytes(path: Path, limit: int) -> bytes:
    try:
        return open_files(path.parent).read(path.name, limit=limit)
    except StorageFault as fault:  # the user named this file; it is not the device's storage
        raise InputError(fault.message, hint=fault.hint) from fault


_WALLET = argument("wallet", type=Path, metavar="WALLET", help="file of the wallet")
_NOW = argument("--now", type=instant, metavar="TIME", help="use TIME as the time, for tests")
WALLET = Verb(
    program_name("wallet"),
    "a wallet in a terminal",
    verbs=(
        verb(
            "show",
            "make a code and show it",
            show,
            _WALLET,
            *FORMS,
            argument(
                "--watch",
                action="store_true",
                help="show a new code every 20 s in the terminal, until Ctrl-C",
            ),
            argument("--aud", metavar="SITE", help="make the code valid at this site only"),
            argument(
                "--nonce", type=octets, metavar="HEX", help="put the nonce on the site's screen into the code"
            ),
            _NOW,
        ),
        verb(
            "request",
            "print a request, if the wallet trusts its certificate",
            request,
            _WALLET,
            argument(
                "request",
                metavar="CODE|PICTURE",
                help="the request: its text, a file, a picture, or - for standard input",
            ),
            _NOW,
            json_lines("print the request as one JSON object"),
        ),
        verb(
            "code",
            "make the code that answers a request",
            code,
            _WALLET,
            argument(
                "--for",
                dest="request",
                required=True,
                metavar="CODE|PICTURE",
                help="answer this request: its text, a file, a picture, or - for standard input",
            ),
            argument(
                "--disclose",
                metavar="NAME,...",
                help=f"disclose these attributes, or with the word {NEEDED} all needed ones (default none)",
            ),
            *FORMS,
            _NOW,
        ),
        verb(
            "info",
            "print the contents of the card, and the size of its code",
            info,
            _WALLET,
            json_lines("print all as one JSON object"),
        ),
        verb("new", "make a wallet without a card; print its public key for the issuer", new, _WALLET),
        verb(
            "accept",
            "put a card that was issued to this wallet's key into it",
            accept,
            _WALLET,
            argument("card", type=Path, help="the file that doorward-issuer enrol --holder-key wrote"),
        ),
    ),
    about=with_program_name(__doc__, "wallet"),
)
main = partial(verbs.main, WALLET)
