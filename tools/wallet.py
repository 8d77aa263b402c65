"""A phone in a terminal: hold a card, show its code, watch it rotate.

    python tools/wallet.py show anna.wallet --watch
    python tools/wallet.py show anna.wallet --held-up frame.png
    python tools/wallet.py info anna.wallet

`new` and `accept` let a holder keep the key: the issuer then sees only its public half.
"""

from __future__ import annotations

import argparse
import io
import secrets
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import segno

from edge.app import open_files
from edge.card import cose
from edge.card.claims import Claims, SealedReference, TemplateReference
from edge.cli.output import emit, run_verb
from edge.errors import Exit, InputError, StorageFault
from edge.issuing.wallet import MAX_WALLET_BYTES, ROTATION, Delivery, Wallet

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from edge.ports import Pixels

PICTURE_SCALE: Final = 8  # pixels per module of --png: sharp on a screen and on paper
CLEAR: Final = "\x1b[H\x1b[2J"
CLEAR_LINE: Final = "\r\x1b[K"


def show(args: argparse.Namespace) -> int:
    """Makes a code and shows it, in every form that was asked for."""
    wallet = _read(args.wallet)
    if args.watch:
        return _watch(wallet, args)
    text = wallet.code(args.now or datetime.now(UTC), aud=args.aud, cnonce=args.nonce)
    if args.svg:
        _write(args.svg, _drawn(text, "svg"))
    if args.png:
        _write(args.png, _drawn(text, "png"))
    if args.held_up:
        _write(args.held_up, _png(_held_up(text)))
    if args.text:
        print(text)
    if args.terminal or not (args.svg or args.png or args.held_up or args.text):
        _print_code(text)
    return Exit.OK


def info(args: argparse.Namespace) -> int:
    """Says what the card says, and how large its code is."""
    wallet = _read(args.wallet)
    claims = wallet.claims()
    text = wallet.code(datetime.now(UTC))
    symbol = _symbol(text)
    row = {
        "issuer": claims.issuer,
        "card": claims.card_id.hex(),
        "holder_key": wallet.holder_key.hex(),
        "not_before": _time(claims.not_before),
        "expires": _time(claims.expires),
        "face": _face(claims),
        "scope": list(claims.scope),
        "documents": [document.type for document in claims.documents],
        "assurance": claims.assurance,
        "attributes": [attribute.value for attribute in wallet.attributes],
        "believes": [authority.name for authority in wallet.authorities],
        "status": {"uri": claims.status.uri, "index": claims.status.index},
        "card_bytes": len(wallet.card),
        "code_chars": len(text),
        "qr": symbol.designator,
    }
    if args.json:
        emit(row)
    else:
        for name, value in row.items():
            print(f"{name:12} {_words(value)}")
    return Exit.OK


def new(args: argparse.Namespace) -> int:
    """Makes a key, and a wallet without a card; prints what the issuer needs."""
    if args.wallet.exists():
        raise InputError(f"{args.wallet}: is there already", hint="move it away, or choose another name")
    wallet = Wallet(secrets.token_bytes(cose.SEED_BYTES))
    _write(args.wallet, wallet.to_bytes(), secret=True)
    print(wallet.holder_key.hex())
    return Exit.OK


def accept(args: argparse.Namespace) -> int:
    """Puts a card that was issued to this wallet's key into it."""
    wallet = _read(args.wallet).accept(Delivery.from_bytes(_bytes(args.card, MAX_WALLET_BYTES)))
    _write(args.wallet, wallet.to_bytes(), secret=True)
    print(f"{args.wallet}: card {wallet.claims().card_id.hex()}")
    return Exit.OK


def _watch(wallet: Wallet, args: argparse.Namespace) -> int:
    """A new code every ROTATION until Ctrl-C; a terminal is redrawn, a pipe gets one code after another."""
    terminal = sys.stdout.isatty()
    try:
        while True:
            text = wallet.code(datetime.now(UTC), aud=args.aud, cnonce=args.nonce)
            sys.stdout.write(CLEAR if terminal else "")
            _print_code(text)
            for left in range(int(ROTATION.total_seconds()), 0, -1):
                if terminal:
                    sys.stdout.write(f"{CLEAR_LINE}  new code in {left} s, Ctrl-C ends")
                    sys.stdout.flush()
                time.sleep(1)
    except KeyboardInterrupt:
        print()
        return Exit.OK


def _symbol(text: str) -> segno.QRCode:
    """As a phone draws it: the lowest error correction, because screens are clean and modules scarce."""
    return segno.make_qr(text, error="L", boost_error=False)


def _print_code(text: str) -> None:
    _symbol(text).terminal(out=sys.stdout, compact=True, border=2)
    sys.stdout.flush()


def _drawn(text: str, kind: str) -> bytes:
    out = io.BytesIO()
    _symbol(text).save(out, kind=kind, scale=PICTURE_SCALE, border=4)
    return out.getvalue()


def _held_up(text: str) -> Pixels:
    from hw.sim.phone import phone  # noqa: PLC0415  OpenCV, for this one option
    from hw.sim.scene import hold_up  # noqa: PLC0415

    return hold_up(phone(text, left_s=ROTATION.total_seconds()))


def _png(rgb: Pixels) -> bytes:
    from PIL import Image  # noqa: PLC0415

    out = io.BytesIO()
    Image.fromarray(rgb).save(out, format="PNG")
    return out.getvalue()


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
        case []:
            return "-"
        case list(items):
            return ", ".join(map(str, items))
        case dict(parts):
            return ", ".join(f"{name} {part}" for name, part in parts.items())
        case _:
            return str(value)


def _time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _read(path: Path) -> Wallet:
    return Wallet.from_bytes(_bytes(path, MAX_WALLET_BYTES))


def _bytes(path: Path, limit: int) -> bytes:
    try:
        return open_files(path.parent).read(path.name, limit=limit)
    except StorageFault as fault:  # a file that a person named is not this device's storage
        raise InputError(fault.message, hint=fault.hint) from fault


def _write(path: Path, data: bytes, *, secret: bool = False) -> None:
    open_files(path.parent).write(path.name, data, secret=secret)


def _instant(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError("not a time such as 2026-11-21T09:00:00Z") from error
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _nonce(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError("not hex digits") from error


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="wallet.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    verbs = parser.add_subparsers(required=True, metavar="VERB")

    def verb(name: str, run: Callable[[argparse.Namespace], int]) -> argparse.ArgumentParser:
        sub = verbs.add_parser(name, help=(run.__doc__ or "").lower().rstrip("."), description=run.__doc__)
        sub.add_argument("wallet", type=Path, metavar="WALLET")
        sub.set_defaults(run=run)
        return sub

    code = verb("show", show)
    code.add_argument("--terminal", action="store_true", help="print it as blocks (default)")
    code.add_argument("--text", action="store_true", help="print its text")
    code.add_argument("--svg", type=Path, metavar="FILE")
    code.add_argument("--png", type=Path, metavar="FILE")
    code.add_argument("--held-up", type=Path, metavar="FILE", help="PNG of a phone before a camera, 1280x720")
    code.add_argument(
        "--watch", action="store_true", help="show it in the terminal and renew it, until Ctrl-C"
    )
    code.add_argument("--aud", metavar="SITE", help="good at this site only")
    code.add_argument("--nonce", type=_nonce, metavar="HEX", help="what the site's screen shows")
    code.add_argument("--now", type=_instant, metavar="TIME", help="sign as if it were this time")
    verb("info", info).add_argument("--json", action="store_true")
    verb("new", new)
    verb("accept", accept).add_argument("card", type=Path, help="from: issuer.py enrol --holder-key")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb; returns its exit code (`edge.errors.Exit`)."""
    return run_verb(_parser().parse_args(argv))


if __name__ == "__main__":
    sys.exit(main())
