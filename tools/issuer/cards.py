"""Verbs for the cards that an office has issued: list and find them, label, suspend, revoke, reinstate."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from edge.card.claims import pseudonym
from edge.cli.ask import YES, agreed
from edge.cli.output import harmless, tell, utc
from edge.cli.values import instant
from edge.cli.verbs import argument, json_lines, one_of, verb
from edge.errors import Exit, InputError
from tools.issuer.office import IssuingOffice
from tools.issuer.values import label_of, searchable
from tools.issuing.register import CardStanding, IndexUse, RegisterEntry

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator
    from datetime import datetime

    from tools.issuing.issuer import Issuer

PAGE: Final = 5_000  # rows that `list` reads at a time


@dataclass(frozen=True, slots=True)
class _Change:
    """A change of standing, in words for the operator."""

    does: str
    meanwhile: str
    question: str


_CHANGES: Final = {
    CardStanding.SUSPENDED: _Change(
        "suspend this card until it is reinstated", "until then doors accept it", "Suspend it?"
    ),
    CardStanding.REVOKED: _Change(
        "revoke this card for ever: no command takes this back", "until then doors accept it", "Revoke it?"
    ),
    CardStanding.GOOD: _Change(
        "end the suspension of this card", "until then doors refuse it", "Reinstate it?"
    ),
}


def stand(standing: CardStanding, args: argparse.Namespace) -> int:
    """Suspends, revokes or reinstates one card, after the operator has agreed."""
    office = IssuingOffice(args.folder)
    with office.open() as issuer:
        entry = _entry(args.card, issuer)
        row, documents = card_row(entry, issuer.kid), issuer.register.documents(entry.card_id)
    if entry.standing is standing:
        print(harmless(f"{_named(row)}: is {standing.value} already; nothing was changed"))
        return Exit.OK
    entry.check_change(standing)
    if not agreed(_plan(row, documents, standing, args.now), _CHANGES[standing].question, yes=args.yes):
        return Exit.REFUSED
    with office.open() as issuer:  # it was not locked while the operator read the question
        issuer.register.stand(issuer.register.find(entry.card_id).index, standing)
    print(harmless(f"{_named(row)}: {standing.value}"))
    print("doors get this with the next list: doorward-issuer publish")
    return Exit.OK


def label(args: argparse.Namespace) -> int:
    """Changes or deletes the label of one card."""
    with IssuingOffice(args.folder).open() as issuer:
        entry = issuer.register.label(_entry(args.card, issuer).card_id, args.text or "")
        row = card_row(entry, issuer.kid)
    print(harmless(f"{_named(row)}{'' if entry.label else ': has no label'}"))
    return Exit.OK


def show(args: argparse.Namespace) -> int:
    """Lists cards: index, id, pseudonym in logs, standing, dates, subject, label."""
    found = args.find is None
    for row in _rows(IssuingOffice(args.folder)):
        if args.find is None or _is_found(row, searchable(args.find)):
            found = True
            _tell(row, as_json=args.json)
    if not found:
        raise InputError(
            "no card has this text in its label, subject, id or pseudonym",
            hint=f"list all cards: doorward-issuer list {args.folder}",
        )
    return Exit.OK


def _rows(office: IssuingOffice) -> Iterator[dict[str, object]]:
    """All cards, in pages: a million at once take 900 MB, and a pager would hold the register meanwhile."""
    last = -1
    while True:
        with office.open() as issuer:
            entries = issuer.register.page(last, PAGE)
        for entry in entries:
            if entry.part is IndexUse.CARD:
                yield card_row(entry, issuer.kid)
        if len(entries) < PAGE:
            return
        last = entries[-1].index


def _tell(row: dict[str, object], *, as_json: bool) -> None:
    line = "{index:>8}  {card}  {pseudonym}  {standing:9}  {issued_at} - {expires}  ".format(**row)
    tell(row, harmless(f"{line}{row['subject'] or '-':22}  {row['label'] or '-'}"), as_json=as_json)


def card_row(entry: RegisterEntry, kid: bytes) -> dict[str, object]:
    """The entry of a card, for `--json`."""
    return {
        "index": entry.index,
        "card": entry.card_id.hex(),
        "pseudonym": pseudonym(kid, entry.card_id),
        "standing": entry.standing.value,
        "issued_at": utc(entry.issued_at),
        "expires": utc(entry.expires),
        "subject": entry.subject or None,
        "label": entry.label or None,
    }


def _plan(row: dict[str, object], documents: int, standing: CardStanding, now: datetime) -> list[str]:
    """The change of a standing in lines: whose card, what ends with it, and when it takes effect."""
    change = _CHANGES[standing]
    is_over = utc(now) >= str(row["expires"])
    linked = "1 linked document" if documents == 1 else f"{documents} linked documents"
    return [
        change.does,
        f"  label      {row['label'] or '(none)'}",
        f"  subject    {row['subject'] or '(none)'}",
        f"  card       {row['card']}, index {row['index']}, {row['standing']}",
        f"  journals   {row['pseudonym']}",
        f"  valid      {row['issued_at']} - {row['expires']}{', which is over' if is_over else ''}",
        f"  documents  {linked + ', refused as long as the card is' if documents else 'none linked'}",
        "  effect     at each door after the next doorward-issuer publish and its next doorward sync; "
        f"{change.meanwhile}",
    ]


def _named(row: dict[str, object]) -> str:
    whose = "".join(f", {key} {row[key]}" for key in ("label", "subject") if row[key])
    return f"card {row['card']}, index {row['index']}{whose}"


def _is_found(row: dict[str, object], text: str) -> bool:
    return any(text in searchable(str(row[key] or "")) for key in ("label", "subject", "card", "pseudonym"))


def _entry(text: str, issuer: Issuer) -> RegisterEntry:
    """A card, by its id or by its pseudonym in a log."""
    found = issuer.register.named(text.lower())
    if len(found) == 1:
        return found[0]
    raise InputError(
        f"{len(found)} cards have this pseudonym" if found else "no such card in the register",
        hint="find its id by the label: doorward-issuer list DIR --find TEXT",
    )


OFFICE: Final = (
    argument("folder", type=Path, metavar="DIR", help="folder of the office"),
    argument("--now", type=instant, default="now", metavar="TIME", help="use TIME as the time, for tests"),
)
_CARD: Final = (*OFFICE, argument("card", help="id of the card, or its pseudonym in a log"))
CARD_VERBS: Final = (
    verb(
        "suspend",
        "suspend a card until it is reinstated; asks first",
        partial(stand, CardStanding.SUSPENDED),
        *_CARD,
        YES,
    ),
    verb("revoke", "revoke a card for ever; asks first", partial(stand, CardStanding.REVOKED), *_CARD, YES),
    verb(
        "reinstate",
        "end the suspension of a card; asks first",
        partial(stand, CardStanding.GOOD),
        *_CARD,
        YES,
    ),
    verb(
        "label",
        "change or delete the label of a card",
        label,
        *_CARD,
        one_of(
            argument("text", nargs="?", type=label_of, metavar="TEXT", help="write this label"),
            argument("--remove", action="store_true", help="delete the label"),
            required=True,
        ),
    ),
    verb(
        "list",
        "list cards: index, id, pseudonym in logs, standing, dates, subject, label",
        show,
        *OFFICE,
        argument(
            "--find",
            type=label_of,
            metavar="TEXT",
            help="print only cards with this text in label, subject, id or pseudonym",
        ),
        json_lines(),
    ),
)
