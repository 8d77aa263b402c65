"""Enrols everyone in a list: first it checks all rows, then it signs and writes the cards.

It can be interrupted and started again: a holder whose file exists is done. CHUNK cards at a time are
registered, then written, so an interruption costs at most the work of CHUNK cards. Indexes of cards that were
registered and not written stay reserved until these expire.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING, Final

from edge.card import cose
from edge.cli.output import progress, tell
from edge.errors import Exit, InputError
from edge.files.durable import write_all_durably
from edge.files.owner import make_folder
from edge.sqlite import faults
from edge.trust.sealed_template import box_id
from tools.issuer.office import SEALED, IssuingOffice
from tools.issuer.people_list import (
    MAX_PEOPLE,
    ListedPerson,
    list_rows,
    mistake,
    read_person,
    together,
)
from tools.issuer.pictures import PictureReader
from tools.issuing.issuer import CardApplication
from tools.issuing.wallet import Delivery, Wallet

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator
    from pathlib import Path

    from edge.card.claims import TemplateReference
    from tools.issuing.issuer import Issued, Issuer

CHUNK: Final = 2_000  # a flush of the disk for each chunk; 2,000 faces take some minutes
MAX_MISTAKES: Final = 1_000  # printed; a list with more has one cause for all
SUBJECT_BYTES: Final = 16  # 22 characters of a code; no two holders get the same
_ANY_KEY: Final = cose.public_key(bytes(cose.SEED_BYTES))  # of a card that is dropped


def enrol(args: argparse.Namespace) -> int:
    """Makes the cards of a list. Before the first card it raises InputError with all mistakes of the list."""
    batch = _Batch(args)
    left, done = batch.check()
    made, wrong = batch.make(left)
    row = {"enrolled": made, "there_before": done, "wrong": len(wrong)}
    tell(row, f"{args.out}: {made} cards made, {done} were there before", as_json=args.json)
    if wrong:
        raise together(wrong)
    return Exit.OK


@dataclass(frozen=True, slots=True)
class _Order:
    """One card to make: `wallet` is None if the phone of the holder has the key."""

    person: ListedPerson
    wallet: Wallet | None
    application: CardApplication


class _Batch:
    def __init__(self, args: argparse.Namespace) -> None:
        self._args = args
        self._list: Path = args.people
        self._out: Path = args.out
        self._office = IssuingOffice(args.folder)
        self._pictures = PictureReader()
        self._shapes: set[object] = set()

    def check(self) -> tuple[int, int]:
        """Checks all rows; returns the number of cards to make, and of those that are done."""
        issuer = self._issuer()
        wrong: list[InputError] = []
        lines: dict[str, int] = {}
        left = done = indexes = 0
        for row in progress(list_rows(self._list), total=_count_lines(self._list), label="checking"):
            try:
                person = read_person(self._list, row)
                if len(lines) == MAX_PEOPLE:
                    raise mistake(
                        self._list, row.line, f"more than {MAX_PEOPLE} rows", "split the list into parts"
                    )
                if (first := lines.setdefault(person.file, row.line)) != row.line:
                    raise mistake(
                        self._list,
                        row.line,
                        f"file: is also in line {first}",
                        "give each holder a file of its own",
                    )
                if self._is_done(person):
                    done += 1
                    continue
                left, indexes = left + 1, indexes + 1 + len(person.papers)
                self._check_card(issuer, person)
            except InputError as error:
                wrong.append(error)
                if len(wrong) == MAX_MISTAKES:
                    break
        if wrong:
            raise together(wrong)
        if not lines:
            raise InputError(f"{self._list}: no people", hint="write one row for each holder")
        with self._office.open() as issuer:
            issuer.register.require(indexes, now=self._args.now)
        return left, done

    def _issuer(self) -> Issuer:
        """The issuer, after a check of the paths and of the options that count for all rows."""
        if self._list.exists() and not (self._list.is_file() or self._list.is_dir()):
            raise InputError(f"{self._list}: not a file", hint="write the list to a file: it is read twice")
        if self._out.is_file():
            raise InputError(f"--out: {self._out} is a file", hint="name a folder for the cards of a list")
        with self._office.open() as issuer:
            pass  # it signs without the register, which other commands may use meanwhile
        # options that make no card at all are told once, and not for every row
        issuer.check(self._application(ListedPerson(0, "", None), _ANY_KEY, None), now=self._args.now)
        return issuer

    def make(self, total: int) -> tuple[int, list[InputError]]:
        """Makes the cards; returns their number, and the errors of the photos that show no face to use."""
        with faults(self._out):
            make_folder(self._out, mode=0o700)
        wrong: list[InputError] = []
        orders = self._orders(wrong)
        made = 0
        bar = progress(orders, total=total, label="enrolling")
        while chunk := list(islice(bar, CHUNK)):
            self._issue(chunk)
            made += len(chunk)
        return made, wrong

    def _orders(self, wrong: list[InputError]) -> Iterator[_Order]:
        for row in list_rows(self._list):
            try:
                person = read_person(self._list, row)
                if self._is_done(person):
                    continue
                face = self._pictures.template(person.photo) if person.photo else None
            except InputError as error:
                wrong.append(mistake(self._list, row.line, f"photo: {error.message}", error.hint))
                continue
            wallet = None if person.holder_key else Wallet(secrets.token_bytes(cose.SEED_BYTES))
            key = wallet.holder_key if wallet else person.holder_key
            assert key is not None
            yield _Order(person, wallet, self._application(person, key, face))

    def _issue(self, orders: list[_Order]) -> None:
        with self._office.open() as issuer:
            made = issuer.enrol_all([order.application for order in orders], now=self._args.now)
        # registered first: a card without an entry cannot be revoked, an entry without a card does no harm
        if boxes := {f"{box_id(each.box).hex()}.box": each.box for each in made if each.box is not None}:
            sealed = self._office.folder / SEALED
            with faults(sealed):
                make_folder(sealed)
                write_all_durably(sealed, boxes, mode=0o600)
        files = {
            order.person.file: self._content(issuer, order, issued)
            for order, issued in zip(orders, made, strict=True)
        }
        with faults(self._out):
            write_all_durably(self._out, files, mode=0o600)

    def _content(self, issuer: Issuer, order: _Order, issued: Issued) -> bytes:
        authorities = (issuer.authority, *self._args.authority)
        if order.wallet is None:
            return Delivery(issued.card, issued.disclosures, authorities).to_bytes()
        # not `accept`, whose check of a card that was made for this key takes a quarter of all time
        wallet = replace(
            order.wallet, card=issued.card, disclosures=issued.disclosures, authorities=authorities
        )
        return wallet.to_bytes()

    def _check_card(self, issuer: Issuer, person: ListedPerson) -> None:
        """Makes a card and drops it; cards of one shape have one size, so one stands for all of them."""
        shape = len(person.subject or ""), person.photo is None, person.scope, len(person.attributes)
        if shape in self._shapes and not person.papers:
            return
        face = self._pictures.blank() if person.photo else None
        try:
            issuer.check(self._application(person, _ANY_KEY, face), now=self._args.now)
        except InputError as error:
            raise mistake(self._list, person.line, error.message, error.hint) from error
        self._shapes.add(shape)

    def _application(
        self, person: ListedPerson, key: bytes, face: TemplateReference | None
    ) -> CardApplication:
        args = self._args
        starts = args.starts or args.now
        subject = person.subject or (secrets.token_urlsafe(SUBJECT_BYTES) if args.new_subject else None)
        return CardApplication(
            holder_key=key,
            not_before=args.starts,
            expires=(starts + timedelta(days=args.days)).replace(microsecond=0),
            face=face,
            sealed=args.variant == "B",
            papers=person.papers,
            scope=person.scope or tuple(args.scope),
            assurance=args.assurance,
            subject=subject,
            label=person.label,
            attributes=person.attributes,
        )

    def _is_done(self, person: ListedPerson) -> bool:
        return (self._out / person.file).exists()


def _count_lines(path: Path) -> int:
    """The number of lines, for the bar; a file that cannot be read has its error from the reader of rows."""
    try:
        with path.open("rb") as file:
            return sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(1 << 20), b""))
    except (OSError, ValueError):
        return 0
