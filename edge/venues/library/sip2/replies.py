"""Reads the replies of a library system. A reply about another patron or item raises `WrongSubject`."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING, Final, TypeVar

from edge.card.birth_date import BirthDate
from edge.errors import HostFault
from edge.venues.library.sip2.layouts import Sip2MessageId
from edge.venues.library.sip2.messages import Malformed, UnusableField
from edge.venues.library.sip2.values import count, due, money, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from decimal import Decimal

    from edge.venues.library.sip2.messages import Sip2Message

T = TypeVar("T")


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
    timeout_ds: int | None  # tenths of a second, the unit of the specification; None: not told
    retries: int | None
    messages: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Patron:
    """A patron as messages 24 and 64 describe one. LIBRARY.md section 5 lists all that is stored of it.

    `is_valid` (BL): None if the reply does not say; `owed` (BV): negative for a credit; `kind` and `born`:
    from fields that are not in the specification. `unread`: fields whose value cannot be read, with the
    reason; `unread_flags`: flags that are neither set nor not set. A rule that needs one cannot decide.
    """

    number: str = field(repr=False)
    is_valid: bool | None
    flags: frozenset[Flag] = field(default=frozenset(), repr=False)
    owed: Decimal | None = field(default=None, repr=False)
    kind: str | None = field(default=None, repr=False)
    born: BirthDate | None = field(default=None, repr=False)
    holds_ready: int = field(default=0, repr=False)
    lines: tuple[str, ...] = field(default=(), repr=False)
    unread: Mapping[str, str] = field(default_factory=dict)
    unread_flags: frozenset[Flag] = frozenset()


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
    if not _choice(reply, "ok", "1", "0"):
        raise HostFault("the library system refuses our login", hint="check [library] user and password_file")


def system(reply: Sip2Message) -> LibrarySystem:
    """The system that message 98 describes. Raises UnusableField if it does not say whether it is online."""
    known = reply.get("BX") or ""
    return LibrarySystem(
        name=shown(reply.get("AM") or ""),
        institution=shown(reply.get("AO") or ""),
        version=shown(reply.part("version")),
        online=_choice(reply, "online", "Y", "N"),
        checkin=reply.part("checkin") == "Y",
        checkout=reply.part("checkout") == "Y",
        offline=reply.part("offline") == "Y",
        timeout_ds=count(reply.part("timeout")),
        retries=count(reply.part("retries")),
        messages=tuple(name for name, said in zip(_MESSAGES, known, strict=False) if said == "Y"),
        lines=_lines(reply),
    )


def patron(reply: Sip2Message, asked: str, *, kind_field: str = "", birth_field: str = "") -> Patron:
    """The patron that message 24 or 64 describes. Raises WrongSubject, UnusableField."""
    _about(reply, "AA", asked)
    status = reply.part("patron_status")
    said = (reply.get("BL") or "").strip().upper()
    if said not in ("Y", "N", ""):
        raise UnusableField(f"message {reply.code}: field BL is not Y or N")
    ready = reply.part("holds") if reply.code == Sip2MessageId.PATRON_INFORMATION_REPLY else ""
    unread: dict[str, str] = {}
    currency = reply.get("BH") or ""
    return Patron(
        asked,
        is_valid=said == "Y" if said else None,
        flags=frozenset(flag for flag in Flag if status[flag] in "Yy"),
        owed=_read(reply, "BV", lambda text: money(text, currency), unread),
        kind=_read(reply, kind_field, lambda text: shown(text) or None, unread),
        born=_read(reply, birth_field, BirthDate.found_in, unread),
        holds_ready=count(ready) or 0,
        lines=_lines(reply),
        unread=unread,
        unread_flags=frozenset(flag for flag in Flag if status[flag] not in "YyNn "),
    )


def circulated(reply: Sip2Message, item: str, patron: str | None = None) -> Circulated:
    """The result in message 10 or 12. `patron`: of a loan. Raises WrongSubject."""
    _about(reply, "AB", item)
    if patron is not None:
        _about(reply, "AA", patron)
    taken_back = reply.code == Sip2MessageId.CHECKIN_REPLY
    return Circulated(
        done=_choice(reply, "ok", "1", "0"),
        item=item,
        title=shown(reply.get("AJ") or ""),
        due=due(reply.get("AH") or ""),
        alert=taken_back and reply.part("alert") == "Y",
        lines=_lines(reply),
    )


def _about(reply: Sip2Message, name: str, asked: str) -> None:
    if reply.get(name) != asked:
        what: Mapping[str, str] = {"AA": "patron", "AB": "item"}
        raise WrongSubject(
            f"message {reply.code}: names another {what[name]} than the request",
            hint=f"ask the operator of the library system whether it changes the number of a {what[name]}",
        )


def _choice(reply: Sip2Message, name: str, yes: str, no: str) -> bool:
    """A fixed field that decides. Raises UnusableField for a third value."""
    said = reply.part(name)
    if said not in (yes, no):
        raise UnusableField(f"message {reply.code}: field {name} is not {yes} or {no}")
    return said == yes


def _read(reply: Sip2Message, name: str, read: Callable[[str], T | None], unread: dict[str, str]) -> T | None:
    """The value of a field that may be left out; if it cannot be read, None, and the reason in `unread`."""
    said = {value for key, value in reply.fields if key == name}
    if len(said) > 1:
        unread[name] = "has two values"
        return None
    try:
        return read(said.pop()) if said else None
    except ValueError:
        unread[name] = "cannot be read"
        return None


def _lines(reply: Sip2Message) -> tuple[str, ...]:
    """The system's texts for the patron."""
    return tuple(map(shown, reply.all("AF")))
