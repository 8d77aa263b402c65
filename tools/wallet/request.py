"""Shows the holder a venue's request: operator, attributes, purpose and retention; takes the consent."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from edge.app.parts.code_readers import luma_of, open_picture_readers, read_file, read_stream
from edge.card.attributes import Attribute
from edge.card.documents import word_of
from edge.card.numbers import REQUEST_PREFIX
from edge.decision import Reason
from edge.errors import InputError, Refused
from edge.request.code import KnownRequest, read_request

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from tools.issuing.wallet import Wallet

NEEDED: Final = "needed"  # instead of names: all attributes that the request needs
_HINTS: Final = {
    Reason.CODE_UNREADABLE: "take the picture again, with the whole code of the screen",
    Reason.CARD_MALFORMED: "ask staff, and disclose nothing: this is not a request, or a newer format",
    Reason.ISSUER_UNKNOWN: "ask staff, and disclose nothing: this wallet does not know the issuer",
    Reason.SIGNATURE_BAD: "ask staff, and disclose nothing: the code on this screen was changed",
    Reason.ISSUER_SCOPE: "ask staff, and disclose nothing: the device may not ask for so much",
    Reason.CODE_STALE: "check the clock of this phone, and take a new picture of the screen",
}


def known_request(wallet: Wallet, named: str, now: datetime) -> KnownRequest:
    """The request in a text, a picture, a file with the text, or `-`.

    Raises InputError, and Refused with a hint for the holder.
    """
    try:
        return read_request(_text(named), wallet.authorities, now=now)
    except Refused as refused:
        refused.hint = _HINTS[refused.reason]
        raise


def row_of(known: KnownRequest, wallet: Wallet) -> dict[str, object]:
    """The request as a row for a program. It holds no data of the holder."""
    request = known.request
    return {
        "site": request.site,
        "operator": known.operator,
        "vouched_by": known.authority,
        "purpose": request.purpose,
        "needed": [attribute.value for attribute in request.needed],
        "optional": [attribute.value for attribute in request.optional],
        "documents": [word_of(kind) for kind in request.documents],
        "retention_days": request.retention_days,
        "issuers": list(request.issuers),
        "nonce": known.nonce.hex(),
        "lacking": _lacking(known, wallet),
    }


def words_for(known: KnownRequest, wallet: Wallet) -> list[str]:
    """The request in plain words, one line for each part."""
    request = known.request
    lines = [
        f"{known.operator} ({request.site}) asks; certified by {known.authority}",
        f"  purpose    {request.purpose}",
        f"  needs      {_listed(request.needed) or 'nothing of you'}",
    ]
    if request.optional:
        lines.append(f"  optional   {_listed(request.optional)}: you may leave it out")
    if request.documents:
        lines.append(f"  documents  {', '.join(map(word_of, request.documents))}, linked to your card")
    if request.attributes:
        lines.append(f"  keeps it   {_kept(request.retention_days)}")
    if request.issuers:
        lines.append(f"  accepts    cards of {', '.join(request.issuers)}")
    return lines + [f"your card has no {lack}: you may be refused" for lack in _lacking(known, wallet)]


def consent(known: KnownRequest, said: str | None) -> frozenset[Attribute]:
    """The attributes that the holder agreed to, from names or NEEDED; None: none. Raises InputError."""
    chosen: set[Attribute] = set()
    for word in filter(None, (part.strip() for part in (said or "").split(","))):
        if word == NEEDED:
            chosen |= set(known.request.needed)
        elif word in list(Attribute):
            chosen.add(Attribute(word))
        else:
            raise InputError(
                f"--disclose: not an attribute, and not the word {NEEDED}",
                hint=f"use names of {', '.join(Attribute)}",
            )
    if beyond := chosen - known.request.attributes:
        raise InputError(
            f"--disclose: the request does not ask for {_listed(sorted(beyond))}", hint="leave it out"
        )
    return frozenset(chosen)


def _lacking(known: KnownRequest, wallet: Wallet) -> list[str]:
    claims = wallet.claims()
    lacking = [attribute for attribute in known.request.needed if attribute not in wallet.attributes]
    linked = {document.type for document in claims.documents}
    words = [attribute.value.replace("_", " ") for attribute in lacking]
    words += [word_of(kind) for kind in known.request.documents if kind not in linked]
    if known.request.issuers and claims.issuer not in known.request.issuers:
        words.append("issuer that counts here")
    return words


def _listed(attributes: Iterable[Attribute]) -> str:
    return ", ".join(attribute.value.replace("_", " ") for attribute in attributes)


def _kept(days: int) -> str:
    return "until your visit is over" if days == 0 else "for a day" if days == 1 else f"for {days} days"


def _text(named: str) -> str:
    if named.startswith(REQUEST_PREFIX):
        return named
    data = read_stream(sys.stdin.buffer, name="standard input") if named == "-" else read_file(Path(named))
    luma = luma_of(data, name=named)
    if luma is None:
        return data.rstrip(b"\r\n").decode("latin-1")  # a space is a digit; other data is refused later
    found = next(filter(None, (reader.read(luma) for reader in open_picture_readers())), ())
    requests = {symbol.text for symbol in found if symbol.text.startswith(REQUEST_PREFIX)}
    if len(requests) != 1:
        raise Refused(Reason.CODE_UNREADABLE, "not one request in the picture")
    return requests.pop()
