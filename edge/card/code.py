"""Code text to bytes: the first thing that meets what a stranger shows (FORMAT.md section 2)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import base45

from edge.card.numbers import MAX_CODE_CHARS, PREFIX
from edge.decision import Reason
from edge.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge.ports import Symbol

_BASE45: Final = frozenset("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:")


@dataclass(frozen=True, slots=True)
class Code:
    """A text of our format, and the bytes it stands for; not yet believed. Its repr says nothing."""

    text: str = field(repr=False)
    payload: bytes = field(repr=False)


def parse_code(text: str) -> Code:
    """The text of one symbol, exactly as it was read: a space is a digit of base45, also at either end.

    Raises Refused(CODE_UNREADABLE).
    """
    if not text.startswith(PREFIX):
        raise Refused(Reason.CODE_UNREADABLE, "not a code of this format")
    if len(text) > MAX_CODE_CHARS:
        raise Refused(Reason.CODE_UNREADABLE, "longer than any code of this format")
    body = text[len(PREFIX) :]
    if not _BASE45.issuperset(body):  # the library would drop a newline at the end
        raise Refused(Reason.CODE_UNREADABLE, "not base45")
    try:
        return Code(text, base45.b45decode(body))
    except ValueError as error:
        raise Refused(Reason.CODE_UNREADABLE, "not base45") from error


def one_code(symbols: Sequence[Symbol]) -> Code | None:
    """The code in view, or None where there is no symbol at all.

    Two symbols are one too many even if they say the same: somebody holds up two phones, or a phone and a
    picture of it, and whose face belongs to the code is then anybody's guess. Raises Refused(CODE_SEVERAL),
    and Refused(CODE_UNREADABLE) where the one symbol is not of our format.
    """
    if not symbols:
        return None
    if len(symbols) > 1:
        raise Refused(Reason.CODE_SEVERAL)
    return parse_code(symbols[0].text)
