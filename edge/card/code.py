"""Decoder of code text to bytes, the first parser of hostile input (FORMAT.md section 2)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from edge.card.foreign import foreign_kind, looks_like_ours
from edge.card.numbers import MAX_CODE_CHARS, PREFIX
from edge.decision import Reason
from edge.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge.card.foreign import ForeignCode
    from edge.ports import Symbol

_ALPHABET: Final = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
_NO_DIGIT: Final = 0xFF
_DIGITS: Final = bytes(_ALPHABET.find(byte) & _NO_DIGIT for byte in range(256))  # -1 & 0xFF is 0xFF
_FIRST: Final = int.from_bytes(
    b"\xff\0\0" * (MAX_CODE_CHARS // 3 + 1), "little"
)  # the first digit of each group


@dataclass(frozen=True, slots=True)
class Code:
    """A text with our prefix, and its bytes; not verified yet. Its repr shows neither.

    `mended`: the engine read it from a corrected drawing (`Symbol.mended`).
    """

    text: str = field(repr=False)
    payload: bytes = field(repr=False)
    mended: bool = False


def parse_code(text: str) -> Code:
    """The code in the text of one symbol, exactly as read: a space is a digit, also at either end.

    Raises Refused: CODE_FOREIGN, with the name of its kind, for a code of another system; CODE_UNREADABLE
    for a damaged code of this format, or one of another version.
    """
    if not (text.startswith(PREFIX) or looks_like_ours(text)):
        raise Refused(Reason.CODE_FOREIGN, foreign_kind(text).name)
    return Code(text, payload_of(text, PREFIX))


def payload_of(text: str, prefix: str) -> bytes:
    """The bytes of the base45 text after `prefix`. Raises Refused(CODE_UNREADABLE)."""
    if not text.startswith(prefix):
        raise Refused(Reason.CODE_UNREADABLE, "not a code of this format")
    if len(text) > MAX_CODE_CHARS:
        raise Refused(Reason.CODE_UNREADABLE, "longer than any code of this format")
    try:
        return _from_base45(text[len(prefix) :])
    except ValueError as error:
        raise Refused(Reason.CODE_UNREADABLE, "not base45") from error


def one_code(symbols: Sequence[Symbol]) -> Code | None:
    """The only code of our format in view, or None if there is no symbol.

    Other symbols do not count: a poster before the camera must not refuse every visitor. Two codes are
    refused even if they hold the same text: a visitor holds up two phones, or a phone and a picture of it,
    and the device cannot tell whose face belongs to the code. Raises Refused(CODE_SEVERAL), and if no symbol
    is of our format, as `parse_code` does for one of them, first a damaged code of ours.
    """
    if len(symbols) <= 1:
        return _code_of(symbols[0]) if symbols else None
    codes = [code for symbol in symbols if (code := _code_or_none(symbol))]
    if not codes:
        return parse_code(_told_of(symbols))
    if len(codes) > 1:
        raise Refused(Reason.CODE_SEVERAL)
    return codes[0]


def shows_mended(symbols: Sequence[Symbol]) -> bool:
    """Whether the code that `one_code` takes was mended; False if it refuses them, or there is none."""
    try:
        code = one_code(symbols)
    except Refused:
        return False
    return code is not None and code.mended


def _told_of(symbols: Sequence[Symbol]) -> str:
    """The text, of several that are no code of ours, whose refusal is told."""
    return next((each.text for each in symbols if looks_like_ours(each.text)), symbols[0].text)


def foreign_among(symbols: Sequence[Symbol]) -> ForeignCode:
    """The kind that `one_code` refused as CODE_FOREIGN."""
    return foreign_kind(_told_of(symbols))


def _code_of(symbol: Symbol) -> Code:
    return replace(parse_code(symbol.text), mended=symbol.mended)


def _code_or_none(symbol: Symbol) -> Code | None:
    try:
        return _code_of(symbol)
    except Refused:
        return None


def _from_base45(body: str) -> bytes:
    """Strict RFC 9285, all groups at once: each is a lane of 24 bits of one large integer.

    A group is at most 91,124, so no lane runs over into the next. The code of a card takes 9 us; a
    list comprehension over its groups took 25 us of the 230 from code text to card.
    Raises ValueError for a wrong character, a digit left over, and a group too large for its bytes.
    """
    digits = body.encode("ascii").translate(_DIGITS)
    if _NO_DIGIT in digits or len(digits) % 3 == 1:
        raise ValueError("not base45")
    whole = len(digits) - len(digits) % 3
    lanes = int.from_bytes(digits[:whole], "little")
    low, middle, high = lanes & _FIRST, lanes >> 8 & _FIRST, lanes >> 16 & _FIRST
    words = (low + 45 * middle + 2_025 * high).to_bytes(whole, "little")
    if any(words[2::3]):
        raise ValueError("a group of base45 above 65535")
    payload = bytearray(whole // 3 * 2)
    payload[0::2], payload[1::2] = words[1::3], words[0::3]
    last = bytes(a + 45 * b for a, b in zip(digits[whole::2], digits[whole + 1 :: 2], strict=True))
    return bytes(payload) + last  # bytes() refuses a last group above 255
