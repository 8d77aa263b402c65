"""Reads the replies of a library system. A reply about another patron or item raises `WrongSubject`."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import IntEnum
from typing import TYPE_CHECKING, Final

from edge.errors import HostFault
from edge.venues.library.sip2.layouts import Sip2MessageId
from edge.venues.library.sip2.messages import Malformed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from edge.venues.library.sip2.messages import Sip2Message


class WrongSubject(Malformed):
    """A reply of the right form about another patron or item than the request."""


class Flag(IntEnum):
    """Flags against a patron, by their places in the 14 characters of a patron's status."""

    CHARGE_DENIED = 0
    RENEWAL_DENIED = 1
    RECALL_DENIED = 2
    HOLD_DENIED = 3
    CARD_LOST = 4
    TOO_MANY_CHARGED = 5
    TOO_MANY_OVERDUE = 6
    TOO_MANY_RENEWALS = 7
    TOO_MANY_CLAIMS = 8
    TOO_MANY_LOST = 9
    EXCESSIVE_FINES = 10
    EXCESSIVE_FEES = 11
    RECALL_OVERDUE = 12
    TOO_MANY_BILLED = 13


# BX of message 98, in its order.
_MESSAGES: Final = (
    "patron status", "checkout", "checkin", "block patron", "status", "resend", "login", "patron information",
    "end session", "fee paid", "item information", "item status update", "patron enable", "hold", "renew",
    "renew all",
)  # fmt: skip
_MONEY: Final = re.compile(r"[0-9]{1,9}(?:[.,][0-9]{1,3})?")
_DAY: Final = re.compile(r"[0-9]{8}")


@dataclass(frozen=True, slots=True)
class LibrarySystem:
    """A library system as message 98 describes it. `messages`: those it supports, if it lists them."""

    name: str
    institution: str
    version: str
    online: bool
    checkin: bool
    checkout: bool
    offline: bool
    timeout_ds: int  # tenths of a second, the unit of the specification
    retries: int
    messages: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Patron:
    """A patron as messages 24 and 64 describe one. LIBRARY.md section 5 lists all that is stored of it.

    `is_valid` (BL): None if the reply does not say; `owed` (BV); `kind` and `born`: from fields that are not
    in the specification.
    """

    number: str = field(repr=False)
    is_valid: bool | None
    flags: frozenset[Flag] = field(default=frozenset(), repr=False)
    owed: Decimal | None = field(default=None, repr=False)
    kind: str | None = field(default=None, repr=False)
    born: date | None = field(default=None, repr=False)
    holds_ready: int = field(default=0, repr=False)
    lines: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Circulated:
    """Result of lending or taking back one item. `lines`: the system's text for the patron."""

    done: bool
    item: str = field(repr=False)
    title: str = field(default="", repr=False)
    due: str = ""
    alert: bool = False  # for staff: it is on hold, or belongs elsewhere
    lines: tuple[str, ...] = field(default=(), repr=False)


def accepted(reply: Sip2Message) -> None:
    """Check message 94. Raises HostFault if the system refuses the login."""
    if reply.part("ok") != "1":
        raise HostFault("the library system refuses our login", hint="check [library] user and password_file")


def system(reply: Sip2Message) -> LibrarySystem:
    """The system that message 98 describes."""
    known = reply.get("BX") or ""
    return LibrarySystem(
        name=reply.get("AM") or "",
        institution=reply.get("AO") or "",
        version=reply.part("version"),
        online=reply.part("online") == "Y",
        checkin=reply.part("checkin") == "Y",
        checkout=reply.part("checkout") == "Y",
        offline=reply.part("offline") == "Y",
        timeout_ds=int(reply.part("timeout")),
        retries=int(reply.part("retries")),
        messages=tuple(name for name, said in zip(_MESSAGES, known, strict=False) if said == "Y"),
        lines=reply.all("AF"),
    )


def patron(reply: Sip2Message, asked: str, *, kind_field: str = "", birth_field: str = "") -> Patron:
    """The patron that message 24 or 64 describes. Raises WrongSubject, Malformed."""
    _about(reply, "AA", asked)
    status = reply.part("patron_status")
    said = reply.get("BL")
    if said not in ("Y", "N", "", None):
        raise Malformed("field BL: not Y or N")
    ready = reply.part("holds") if reply.code == Sip2MessageId.PATRON_INFORMATION_REPLY else ""
    return Patron(
        asked,
        is_valid=said == "Y" if said else None,
        flags=frozenset(flag for flag in Flag if status[flag] == "Y"),
        owed=_money(reply.get("BV")),
        kind=(reply.get(kind_field) or None) if kind_field else None,
        born=_day(reply.get(birth_field)) if birth_field else None,
        holds_ready=int(ready) if ready.strip() else 0,
        lines=reply.all("AF"),
    )


def circulated(reply: Sip2Message, item: str, patron: str | None = None) -> Circulated:
    """The result in message 10 or 12. `patron`: of a loan. Raises WrongSubject."""
    _about(reply, "AB", item)
    if patron is not None:
        _about(reply, "AA", patron)
    taken_back = reply.code == Sip2MessageId.CHECKIN_REPLY
    return Circulated(
        done=reply.part("ok") == "1",
        item=item,
        title=reply.get("AJ") or "",
        due=reply.get("AH") or "",
        alert=taken_back and reply.part("alert") == "Y",
        lines=reply.all("AF"),
    )


def _about(reply: Sip2Message, name: str, asked: str) -> None:
    if reply.get(name) != asked:
        what: Mapping[str, str] = {"AA": "patron", "AB": "item"}
        raise WrongSubject(
            f"message {reply.code}: names another {what[name]} than the request",
            hint=f"ask the operator of the library system whether it changes the number of a {what[name]}",
        )


def _money(said: str | None) -> Decimal | None:
    """An amount, with a point or a comma, such as 12.50 or 12,50. Raises Malformed."""
    if said is None or not said.strip():
        return None
    if not _MONEY.fullmatch(said.strip()):
        raise Malformed("field BV: not an amount of money")
    return Decimal(said.strip().replace(",", "."))


def _day(said: str | None) -> date | None:
    """A date that begins with YYYYMMDD; the rest is ignored. Raises Malformed."""
    if said is None or not said.strip():
        return None
    if not _DAY.match(said):
        raise Malformed("the date of birth is not a date")
    try:
        return date(int(said[:4]), int(said[4:6]), int(said[6:8]))
    except ValueError as err:
        raise Malformed("the date of birth is not a date") from err
