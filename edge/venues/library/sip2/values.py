"""Reads values that library systems write in many forms: amounts of money, counts and due dates.

No standard fixes these forms: the texts here are those that real systems send.
"""

from __future__ import annotations

import re
import unicodedata
from contextlib import suppress
from datetime import datetime
from decimal import Decimal
from typing import Final

MAX_SHOWN_CHARS: Final = 255  # of a text for people: one field of the specification
_MAX_DIGITS: Final = 12  # of an amount, with its decimals
_AMOUNT: Final = re.compile(r"(?P<before>[^0-9.,]{0,8})(?P<number>[0-9.,][0-9., ']*)(?P<after>[^0-9]{0,8})")
_THOUSANDS: Final = re.compile(r"[0-9]{1,3}(?:([.,' ])[0-9]{2,3})*(?:[.,' ])[0-9]{3}")  # 2: lakhs of India
_THREE_DECIMALS: Final = frozenset({"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"})
_CREDIT: Final = frozenset("-(")
_DUE_FORMS: Final = (
    (18, "%Y%m%d    %H%M%S"), (14, "%Y%m%d%H%M%S"), (8, "%Y%m%d"),
    (19, "%Y-%m-%d %H:%M:%S"), (16, "%Y-%m-%d %H:%M"), (10, "%Y-%m-%d"),
    (19, "%Y/%m/%d %H:%M:%S"), (16, "%Y/%m/%d %H:%M"), (10, "%Y/%m/%d"),
    (19, "%d.%m.%Y %H:%M:%S"), (16, "%d.%m.%Y %H:%M"), (10, "%d.%m.%Y"),
)  # fmt: skip
_WHOLE_DAY: Final = frozenset({"00:00", "23:59"})


def money(text: str, currency: str = "") -> Decimal | None:
    """An amount that the patron owes; a credit is negative; None for a blank. Raises ValueError.

    One comma or point before three digits stands before thousands, the larger amount, unless the currency has
    three decimals.
    """
    plain = unicodedata.normalize("NFKC", text).replace("\u2212", "-").replace("\u2019", "'").strip()
    if not plain:
        return None
    plain = re.sub(r"(?<=[^\W\d_])\.", "", plain)  # kr. and Fr.
    form = _AMOUNT.fullmatch(plain)
    if form is None:
        raise ValueError("not an amount of money")
    signs = form["before"] + form["after"]
    words = re.findall(r"[^\W\d_]+", signs)
    if not all(_belongs_to_money(char) for char in signs) or len(words) > 2:
        raise ValueError("not an amount of money")
    three = not _THREE_DECIMALS.isdisjoint({currency.strip().upper(), *map(str.upper, words)})
    amount = _number(form["number"].rstrip(" "), three_decimals=three)
    return -amount if _CREDIT & set(signs) or "CR" in words else amount


def count(text: str) -> int | None:
    """A number padded with blanks or zeros; None if it is blank or no number: the system does not count."""
    bare = text.strip()
    return int(bare) if bare.isascii() and bare.isdigit() else None


def shown(text: str) -> str:
    """A text for people on one line: without control characters, cut to what a field of SIP2 may have."""
    plain = "".join(char if unicodedata.category(char) not in ("Cc", "Zl", "Zp") else " " for char in text)
    return " ".join(plain.split())[:MAX_SHOWN_CHARS]


def due(text: str) -> str:
    """A due date as 2027-01-31, with the time if it is not the end of the day; another text as it is."""
    said = shown(text)
    for source in (text.strip(), said.replace("T", " ")):
        for length, form in _DUE_FORMS:
            with suppress(ValueError):
                when = datetime.strptime(source[:length], form)  # noqa: DTZ007  local time of the library
                if source[length:].strip(
                    "0Z.: "
                ):  # a fraction or UTC may follow; digits would be another form
                    continue
                time = f"{when:%H:%M}"
                return f"{when:%Y-%m-%d}" + ("" if time in _WHOLE_DAY else f" {time}")
    return said


def _number(text: str, *, three_decimals: bool) -> Decimal:
    signs = [char for char in text if not char.isdigit()]
    if len(text) - len(signs) > _MAX_DIGITS or len(text) == len(signs):
        raise ValueError("not an amount of money")
    whole, decimals = text, ""
    if signs and signs[-1] in ".," and signs.count(signs[-1]) == 1:
        head, tail = text.rsplit(signs[-1], 1)
        one_sign = len(signs) == 1
        if not (one_sign and len(tail) == 3 and head.strip("0") and len(head) <= 3 and not three_decimals):
            whole, decimals = head, tail
    if not whole.isdigit() and whole and not _THOUSANDS.fullmatch(whole):
        raise ValueError("not an amount of money")
    digits = "".join(char for char in whole if char.isdigit())
    return Decimal(f"{digits or 0}.{decimals or 0}")


def _belongs_to_money(char: str) -> bool:
    return char in " +-()" or char.isalpha() or unicodedata.category(char) == "Sc"
