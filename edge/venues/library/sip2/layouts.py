"""The messages of 3M SIP2 2.00 that an entrance uses: their fixed fields and their required fields.

Source: 3M Standard Interchange Protocol, document revision 2.12, which describes protocol version 2.00.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping


class Sip2MessageId(StrEnum):
    """The two digits that begin a message. Below each request stands its reply; 99 is answered by 98."""

    CHECKIN = "09"
    CHECKIN_REPLY = "10"
    CHECKOUT = "11"
    CHECKOUT_REPLY = "12"
    PATRON_STATUS = "23"
    PATRON_STATUS_REPLY = "24"
    END_SESSION = "35"
    END_SESSION_REPLY = "36"
    PATRON_INFORMATION = "63"
    PATRON_INFORMATION_REPLY = "64"
    LOGIN = "93"
    LOGIN_REPLY = "94"
    RESEND_TO_SYSTEM = "96"  # from the system: our message did not arrive whole
    RESEND_TO_US = "97"  # from us: the reply did not arrive whole
    SYSTEM_STATUS = "98"
    OUR_STATUS = "99"


@dataclass(frozen=True, slots=True)
class Fixed:
    """A field without a name, which has exactly `width` characters in each message of its kind.

    `pattern`: of the values that are sent; of a received one only what a rule reads is judged (replies.py).
    """

    name: str
    width: int
    pattern: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Sip2Layout:
    """The fields of a message of one kind. `required`: named fields that may not be missing."""

    fixed: tuple[Fixed, ...] = ()
    required: frozenset[str] = frozenset()


def _fixed(name: str, pattern: str, width: int = 1) -> Fixed:
    return Fixed(name, width, re.compile(pattern))


def _yes(name: str) -> Fixed:
    return _fixed(name, "[YN]")


def _known(name: str) -> Fixed:
    return _fixed(name, "[YNU]")


def _number(name: str, width: int) -> Fixed:
    # Blank if a system does not count; the specification allows that for the numbers of message 64.
    return _fixed(name, rf"[0-9]{{{width}}}|[ ]{{{width}}}", width)


# YYYYMMDDZZZZHHMMSS; ZZZZ is blank for local time, and ends in a letter for a zone: Z is UTC.
_MOMENT: Final = r"[0-9]{8}(    |   [A-Z])[0-9]{6}"
_DATE: Final = _fixed("date", _MOMENT, 18)
_LANGUAGE: Final = _fixed("language", "[0-9]{3}", 3)
_STATUS: Final = _fixed(
    "patron_status", "[YN ]{14}", 14
)  # N is not in the specification, but systems send it
_VERSION: Final = _fixed("version", r"[0-9]\.[0-9]{2}", 4)
_OK: Final = _fixed("ok", "[01]")

_PATRON: Final = frozenset({"AA"})
_ITEM: Final = frozenset({"AB"})

LAYOUTS: Final[Mapping[Sip2MessageId, Sip2Layout]] = {
    Sip2MessageId.CHECKIN: Sip2Layout((_yes("no_block"), _DATE, _fixed("return_date", _MOMENT, 18)), _ITEM),
    Sip2MessageId.CHECKIN_REPLY: Sip2Layout(
        (_OK, _yes("resensitize"), _known("magnetic"), _yes("alert"), _DATE), _ITEM
    ),
    Sip2MessageId.CHECKOUT: Sip2Layout(
        (_yes("renewal"), _yes("no_block"), _DATE, _fixed("due_date", _MOMENT + "|[ ]{18}", 18)),
        _PATRON | _ITEM,
    ),
    Sip2MessageId.CHECKOUT_REPLY: Sip2Layout(
        (_OK, _yes("renewal"), _known("magnetic"), _known("desensitize"), _DATE), _PATRON | _ITEM
    ),
    Sip2MessageId.PATRON_STATUS: Sip2Layout((_LANGUAGE, _DATE), _PATRON),
    Sip2MessageId.PATRON_STATUS_REPLY: Sip2Layout((_STATUS, _LANGUAGE, _DATE), _PATRON),
    Sip2MessageId.END_SESSION: Sip2Layout((_DATE,), _PATRON),
    Sip2MessageId.END_SESSION_REPLY: Sip2Layout((_yes("ended"), _DATE)),
    Sip2MessageId.PATRON_INFORMATION: Sip2Layout(
        (_LANGUAGE, _DATE, _fixed("summary", "[Y ]{10}", 10)), _PATRON
    ),
    Sip2MessageId.PATRON_INFORMATION_REPLY: Sip2Layout(
        (
            _STATUS,
            _LANGUAGE,
            _DATE,
            *(_number(name, 4) for name in ("holds", "overdue", "charged", "fines", "recalls", "waiting")),
        ),
        _PATRON,
    ),
    Sip2MessageId.LOGIN: Sip2Layout(
        (_fixed("user_code", "[0-9]"), _fixed("password_code", "[0-9]")), frozenset({"CN", "CO"})
    ),
    Sip2MessageId.LOGIN_REPLY: Sip2Layout((_OK,)),
    Sip2MessageId.RESEND_TO_SYSTEM: Sip2Layout(),
    Sip2MessageId.RESEND_TO_US: Sip2Layout(),
    Sip2MessageId.OUR_STATUS: Sip2Layout(
        (_fixed("state", "[0-2]"), _fixed("width", "[0-9]{3}", 3), _VERSION)
    ),
    Sip2MessageId.SYSTEM_STATUS: Sip2Layout(
        (
            *map(_yes, ("online", "checkin", "checkout", "renewal", "status_update", "offline")),
            _fixed("timeout", "[0-9]{3}", 3),
            _fixed("retries", "[0-9]{3}", 3),
            _DATE,
            _VERSION,
        )
    ),
}

REPLIES: Final[Mapping[Sip2MessageId, Sip2MessageId]] = {
    Sip2MessageId.CHECKIN: Sip2MessageId.CHECKIN_REPLY,
    Sip2MessageId.CHECKOUT: Sip2MessageId.CHECKOUT_REPLY,
    Sip2MessageId.PATRON_STATUS: Sip2MessageId.PATRON_STATUS_REPLY,
    Sip2MessageId.END_SESSION: Sip2MessageId.END_SESSION_REPLY,
    Sip2MessageId.PATRON_INFORMATION: Sip2MessageId.PATRON_INFORMATION_REPLY,
    Sip2MessageId.LOGIN: Sip2MessageId.LOGIN_REPLY,
    Sip2MessageId.OUR_STATUS: Sip2MessageId.SYSTEM_STATUS,
}

# Fields that say whom a message is about: a reply with two values of one would be ambiguous.
DECISIVE: Final = frozenset({"AA", "AB", "BL"})
# Fields that a sent message has at most once.
ONCE: Final = frozenset(
    {"AA", "AB", "AC", "AD", "AE", "AO", "AH", "AJ", "BL", "BV", "BX", "CC", "CN", "CO", "CP", "CQ"}
)
