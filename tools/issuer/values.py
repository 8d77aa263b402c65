"""Values on the command line of the issuing office: documents, attributes, authorities, subjects."""

from __future__ import annotations

import unicodedata
from datetime import date
from typing import TYPE_CHECKING, Final

import msgspec

from edge.app.parts.trust_folder import open_files
from edge.card import fields
from edge.card import numbers as n
from edge.card.attributes import Attribute
from edge.card.documents import BY_WORD, DisclosedDocument
from edge.cli.command.complaints import quoted
from edge.cli.values import public_key
from edge.errors import InputError, Refused, StorageFault, UsageError
from edge.formats.untrusted_text import UnreadableText, typed_json
from edge.request.certificate import CertificateAuthority

if TYPE_CHECKING:
    from pathlib import Path

MAX_ATTRIBUTES_BYTES: Final = 8_192  # eleven values of 96 bytes, with escapes and indents

MAX_LABEL_CHARS: Final = 80  # name, department and number of a holder; a line of `list` stays readable
_JOINERS: Final = "\u200c\u200d"  # names in Persian and in scripts of India need them


def label_of(text: str) -> str:
    """The office's note of a holder: a line of text, composed (NFC)."""
    label = unicodedata.normalize("NFC", text.strip())
    if not label or len(label) > MAX_LABEL_CHARS:
        raise UsageError(
            f"{len(label)} characters, not 1 to {MAX_LABEL_CHARS}", hint="write a name or a number"
        )
    if not all(char.isprintable() or char in _JOINERS for char in label):
        raise UsageError("holds a control character", hint="write one line of text")
    return label


def searchable(text: str) -> str:
    """Text to search in: without case and without accents, so that "jose" finds José."""
    parts = unicodedata.normalize("NFKD", text.casefold())
    return "".join(char for char in parts if not "\u0300" <= char <= "\u036f")


def paper_of(text: str) -> DisclosedDocument:
    """Parse TYPE:NUMBER:EXPIRES, such as passport:K1234567:2031-05-04."""
    try:
        kind, number, expires = text.split(":")
        return DisclosedDocument(BY_WORD.get(kind) or int(kind), number, date.fromisoformat(expires))
    except ValueError as error:
        kinds = ", ".join(BY_WORD)
        # Not the text itself: it may hold the number of a document.
        raise UsageError(
            "not TYPE:NUMBER:YYYY-MM-DD", hint=f"write a number or one of {kinds} as TYPE, and the last day"
        ) from error


def attributes_of(path: Path | None) -> dict[Attribute, str]:
    """Read an object of attributes in JSON, such as {"family_name": "Lovelace"}."""
    if path is None:
        return {}
    try:
        data = open_files(path.parent).read(path.name, limit=MAX_ATTRIBUTES_BYTES)
        said = typed_json(data, msgspec.json.Decoder(dict[Attribute, str]))
    except StorageFault as fault:  # the user named this file; it is not the office's storage
        raise InputError(fault.message, hint=fault.hint) from fault
    except UnreadableText as error:  # its own message may quote a personal value
        raise InputError(
            f"{path}: not attributes in JSON",
            hint=f"write an object of texts with these names: {', '.join(Attribute)}",
        ) from error
    return {attribute: unicodedata.normalize("NFC", value.strip()) for attribute, value in said.items()}


def attribute_of(text: str) -> tuple[Attribute, str]:
    """Parse NAME=VALUE, such as nationality=GBR."""
    name, equals, value = text.partition("=")
    if not equals or name not in list(Attribute):
        raise UsageError(
            f"{quoted(name)} is not one of {', '.join(Attribute)}", hint="write NAME=VALUE: nationality=GBR"
        )
    return Attribute(name), unicodedata.normalize("NFC", value.strip())


def authority_of(text: str) -> CertificateAuthority:
    """Parse NAME:HEX, such as MO:3f9a...: another issuer and its public key."""
    name, _, key = text.rpartition(":")
    try:
        fields.word(name, n.MAX_ISS_CHARS, "name")
    except Refused as refused:
        raise UsageError(refused.detail, hint="write NAME:HEX, with the name of the issuer") from refused
    return CertificateAuthority(name, public_key(key))


def subject_of(text: str) -> str:
    """A pseudonym, as a card may hold it."""
    try:
        return fields.word(text, n.MAX_SUB_CHARS, "subject")
    except Refused as refused:
        raise UsageError(refused.detail, hint="write a random word without spaces") from refused


def attribute_name(text: str) -> Attribute:
    """Parse the name of an attribute."""
    try:
        return Attribute(text)
    except ValueError as error:
        raise UsageError(
            f"{quoted(text)} is not one of {', '.join(Attribute)}", hint="write the name of an attribute"
        ) from error
