"""`doorward code`: reads codes in pictures, and verifies them against a trust folder."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from edge.app.parts.camera import system_clock
from edge.app.parts.code_readers import (
    READERS,
    luma_of,
    open_picture_readers,
    open_thorough_readers,
    read_file,
    read_luma,
    read_stream,
)
from edge.app.parts.trust_folder import open_trust
from edge.card.claims import Freshness
from edge.card.code import one_code, parse_code
from edge.card.ecard import decode
from edge.cli.command.complaints import quoted
from edge.cli.output import emit, fail, harmless, progress
from edge.cli.values import octets
from edge.cli.verbs import argument, json_lines, verb
from edge.decision import Reason
from edge.errors import Exit, InputError, Refused, UsageError
from edge.trust.scope import ANYWHERE, Scope
from edge.trust.verify import VerificationContext, verify

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence

    from edge.card.claims import Card, SignedCard
    from edge.card.code import Code
    from edge.ports import CodeReader, Pixels, Symbol
    from edge.trust.snapshot import TrustSnapshot

_STDIN = "-"
_SHOWN = ("issuer", "subject")  # of a card that is verified, for a list of people or of patrons


def _read(args: argparse.Namespace) -> int:
    readers = open_thorough_readers(args.engine) if args.thorough else open_picture_readers(args.engine)
    code = Exit.OK
    for path in progress(args.images, total=len(args.images), label="reading"):
        try:
            symbols = _first(readers, read_luma(path))
        except InputError as error:
            fail(error)
            code = Exit.USAGE
            if args.json:
                emit({"file": str(path), "codes": [], "error": error.message})
            continue
        if args.json:
            emit({"file": str(path), "codes": [_row(symbol) for symbol in symbols]})
        else:
            _tell(path, symbols)
    return code


def _first(readers: Sequence[CodeReader], luma: Pixels) -> tuple[Symbol, ...]:
    """The symbols of the first reader that finds any."""
    return next(filter(None, (reader.read(luma) for reader in readers)), ())


def _row(symbol: Symbol) -> dict[str, object]:
    row: dict[str, object] = {
        "text": symbol.text,
        "payload_hex": symbol.payload.hex(),
        "engine": symbol.engine,
    }
    return row | ({"mended": True} if symbol.mended else {})


def _tell(path: Path, symbols: Sequence[Symbol]) -> None:
    if not symbols:
        print(f"{harmless(str(path))}: no code")
    for symbol in symbols:
        mended = ", mended" if symbol.mended else ""
        print(f"{harmless(str(path))}: {harmless(symbol.text)} ({symbol.engine}{mended})")


def _verify(args: argparse.Namespace) -> int:
    trust = open_trust(args.trust)
    worst = Exit.OK
    for name in progress(args.files, total=len(args.files), label="verifying"):
        now = args.now or system_clock().now()
        gate = partial(
            _gate,
            trust=trust,
            site=args.site,
            jurisdiction=args.jurisdiction,
            audience=args.aud,
            nonce=args.nonce,
        )
        row: dict[str, object] = {"input": name, "format": None, "result": "refused", "reason": None}
        try:
            _judge(row, _bytes(name), trust, now, gate, args.site)
        except InputError as error:
            fail(error)
            row |= {"reason": Reason.CODE_UNREADABLE.value, "error": error.message}
            worst = max(worst, Exit.USAGE)
        except Refused as refused:
            row |= {"reason": refused.reason.value, "detail": refused.detail}
            worst = max(worst, Exit.REFUSED)
        if args.json:
            emit(row)
        elif "error" not in row:
            kind = f": {row['detail']}" if row["reason"] == Reason.CODE_FOREIGN else ""
            print(
                f"{harmless(name)}: {row['result']}" + (f" ({row['reason']}{kind})" if row["reason"] else "")
            )
            for key in (key for key in _SHOWN if key in row):
                print(harmless(f"  {key:8} {row[key] or 'none: no site can enrol this holder'}"))
    return worst


def _judge(
    row: dict[str, object],
    data: bytes,
    trust: TrustSnapshot,
    now: datetime,
    context: Callable[[SignedCard], VerificationContext],
    site: str | None,
) -> None:
    """Fills the row with the facts of one input, up to the first failure. Raises InputError, Refused."""
    code = _code(data, str(row["input"]))
    row["format"] = "ecard"
    signed = decode(code)
    try:
        card = verify(signed, trust, now=now, context=context(signed))
    except Refused as refused:
        if (
            refused.reason is Reason.CODE_STALE
        ):  # checked last: signatures, dates and standing of the card hold
            row |= {"issuer": signed.claims.issuer, "subject": signed.claims.subject}
        raise
    _check_rules(card, site)
    row |= {"result": "valid", **_facts(card)}


def _check_rules(card: Card, site: str | None) -> None:
    """The rules of `edge.policy.decide` that hold at every door. Raises Refused."""
    if site is not None and not card.covers(site):
        raise Refused(Reason.DOOR_NOT_PERMITTED, "the card is for other doors")
    if card.list_freshness is Freshness.STALE:
        raise Refused(Reason.STATUS_STALE, "the status list is too old")


def _facts(card: Card) -> dict[str, object]:
    """Facts of a card without its attributes. A site enrols the holder by `issuer` and `subject`."""
    subject = card.person.subject  # a card without one stands for itself alone, by its id
    return {
        "issuer": card.issuer,
        "subject": subject if isinstance(subject, str) else None,
        "pseudonym": card.pseudonym,
        "expires": card.expires.isoformat(),
        "list_freshness": card.list_freshness.value,
    }


def _code(data: bytes, name: str) -> Code:
    """The one code in a picture, or in a text. Raises InputError for a broken picture, else Refused."""
    luma = luma_of(data, name=name)
    if luma is None:
        # Only line ends are cut: a space is a digit of base45. Latin-1 takes any byte; parse_code does not.
        return parse_code(data.rstrip(b"\r\n").decode("latin-1"))
    code = one_code(_first(open_picture_readers(), luma))
    if code is None:
        raise Refused(Reason.CODE_UNREADABLE, "no code in the picture")
    return code


def _bytes(name: str) -> bytes:
    if name != _STDIN:
        return read_file(Path(name))
    try:
        return read_stream(sys.stdin.buffer, name="standard input")
    except OSError as error:
        raise InputError(
            f"standard input: cannot be read: {error}", hint="pipe a file into the command"
        ) from error


def _gate(
    signed: SignedCard,
    *,
    trust: TrustSnapshot,
    site: str | None,
    jurisdiction: str | None,
    audience: str | None,
    nonce: bytes | None,
) -> VerificationContext:
    """The door that verifies; without `site`, a door inside the scope of the card's issuer."""
    venue = "door"
    if site is None:
        issuer = trust.issuers.get(signed.kid)
        scope = issuer.scope if issuer else Scope((ANYWHERE,), (ANYWHERE,), (ANYWHERE,))
        venue, place = next(iter(scope.venues), venue), next(iter(scope.sites), ANYWHERE)
        site = ANYWHERE if place == ANYWHERE else f"{place}/any"
        jurisdiction = jurisdiction or next(iter(scope.jurisdictions))
        audience = audience or signed.presentation.audience
    return VerificationContext(
        site=site,
        venue=venue,
        jurisdiction=jurisdiction,
        audiences=frozenset({audience} if audience else ()),
        nonce=nonce,
    )


def _instant(text: str) -> datetime:
    try:
        now = datetime.fromisoformat(text)
    except ValueError:
        now = None
    if now is None or now.tzinfo is None:
        raise UsageError(
            f"{quoted(text)} is not a time with its zone", hint="write it as 2026-11-21T09:30:00Z"
        )
    return now.astimezone(UTC)


VERBS = (
    verb(
        "read",
        "print the codes in pictures, without verifying them",
        _read,
        argument("images", type=Path, nargs="+", metavar="IMAGE", help="picture"),
        argument("--engine", choices=READERS, help="use only this engine; left out: all, the best first"),
        argument(
            "--thorough",
            action="store_true",
            help="take every step, up to 10 s a picture, and add codes instead of stopping at the first",
        ),
        json_lines("print one JSON object for each picture"),
    ),
    verb(
        "verify",
        "verify codes against a trust folder, as a door does",
        _verify,
        argument("files", nargs="+", metavar="FILE", help="picture or text file; - for standard input"),
        argument(
            "--trust", type=Path, required=True, metavar="DIR", help="folder of issuer keys and status lists"
        ),
        argument(
            "--now", type=_instant, metavar="RFC3339", help="verify as if it were this time; left out: now"
        ),
        argument(
            "--site", help='verify as this door, such as "tower-1/lobby"; left out: a door of the issuer'
        ),
        argument("--jurisdiction", metavar="CODE", help="jurisdiction of that door, such as MO or CN-GD"),
        argument("--aud", help="accept codes for this audience too"),
        argument(
            "--nonce", type=octets, metavar="HEX", help="require the number that the door's screen shows"
        ),
        json_lines("print one JSON object for each input"),
    ),
)
