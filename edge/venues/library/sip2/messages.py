"""SIP2 on the wire: a message to bytes and back. Strict: what is not exactly a message raises `Malformed`."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

from edge.errors import HostFault
from edge.venues.library.sip2.layouts import LAYOUTS, ONCE, Sip2Layout, Sip2MessageId

if TYPE_CHECKING:
    from collections.abc import Iterator

# Message 64 with every list that a system may add: 100 loans of 60 bytes, twice over.
MAX_MESSAGE_BYTES: Final = 16_384
MAX_FIELDS: Final = 400
MAX_SENT_BYTES: Final = 255  # of one field, as the specification has it
MAX_HEARD_BYTES: Final = 1_024  # of one field: addresses and messages out there are longer

_HEX: Final = frozenset(b"0123456789ABCDEF")
_CONTROLS: Final = re.compile(r"[\x00-\x1f\x7f]")
_NAME: Final = re.compile(r"[A-Z][A-Z0-9]")
_END: Final = re.compile(rb"[\r\n]")
_CONTROL_CODES: Final = frozenset(
    {Sip2MessageId.RESEND_TO_SYSTEM, Sip2MessageId.RESEND_TO_US}
)  # without a sequence number

Encoding = Literal["utf-8", "cp850", "latin-1"]


class Malformed(HostFault):
    """What a library system said is no message of SIP2. Says what is wrong, never what was said."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one library system writes. `terminator`: of what is sent; what is heard may end either way."""

    encoding: Encoding = "utf-8"
    terminator: Literal["\r", "\r\n"] = "\r"
    checksum: bool = True


@dataclass(frozen=True, slots=True)
class Sip2Message:
    """One message. `fixed`: values in the order of its layout; `fields`: (name, value) as they follow.

    `sequence`: 0 to 9 where there is a checksum; messages 96 and 97 have none.
    """

    code: Sip2MessageId
    fixed: tuple[str, ...] = field(default=(), repr=False)
    fields: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    sequence: int | None = None

    def part(self, name: str) -> str:
        """A fixed field by its name in the layout."""
        names = [part.name for part in LAYOUTS[self.code].fixed]
        return self.fixed[names.index(name)]

    def get(self, name: str) -> str | None:
        """The first field of this name."""
        return next((value for key, value in self.fields if key == name), None)

    def all(self, name: str) -> tuple[str, ...]:
        """Every field of this name that says something."""
        return tuple(value for key, value in self.fields if key == name and value.strip())


def encode(message: Sip2Message, dialect: Dialect) -> bytes:
    """The bytes of a message with its terminator. Raises Malformed for a value that cannot be said."""
    layout = LAYOUTS[message.code]
    _check(layout, message.fixed, message.fields)
    named = "".join(f"{name}{value}|" for name, value in message.fields)
    text = message.code + "".join(message.fixed) + named
    try:
        body = text.encode(dialect.encoding)
        longest = max((len(value.encode(dialect.encoding)) for _, value in message.fields), default=0)
    except UnicodeEncodeError as err:
        raise Malformed(
            f"message {message.code}: a value that {dialect.encoding} cannot write",
            hint="set [library] encoding to that of the library system",
        ) from err
    if longest > MAX_SENT_BYTES:
        raise Malformed(f"message {message.code}: a field of more than {MAX_SENT_BYTES} bytes")
    if dialect.checksum:
        if message.code not in _CONTROL_CODES:
            if message.sequence is None or not 0 <= message.sequence <= 9:
                raise Malformed(f"message {message.code}: a checksum wants a sequence number of one digit")
            body += b"AY%d" % message.sequence
        body += b"AZ"
        body += checksum(body)
    if len(body) > MAX_MESSAGE_BYTES:
        raise Malformed(f"message {message.code}: more than {MAX_MESSAGE_BYTES} bytes")
    return body + dialect.terminator.encode()


def decode(frame: bytes, dialect: Dialect) -> Sip2Message:
    """The message in these bytes, which come without their terminator. Raises Malformed."""
    if len(frame) > MAX_MESSAGE_BYTES:
        raise Malformed(f"more than {MAX_MESSAGE_BYTES} bytes in one message")
    body, sequence = _checked(frame) if dialect.checksum else (frame, None)
    try:
        text = body.decode(dialect.encoding)
    except UnicodeDecodeError as err:
        raise Malformed(
            f"bytes that are not {dialect.encoding}",
            hint="set [library] encoding to that of the library system",
        ) from err
    try:
        code = Sip2MessageId(text[:2])
    except ValueError as err:
        raise Malformed("a message of a kind that is not known here") from err
    if dialect.checksum and (sequence is None) != (code in _CONTROL_CODES):
        raise Malformed(f"message {code}: a sequence number is missing, or one too many")
    layout = LAYOUTS[code]
    fixed, rest = _cut(layout, code, text[2:])
    fields = _fields(rest)
    _check(layout, fixed, fields)
    return Sip2Message(code, fixed, fields, sequence)


def checksum(body: bytes) -> bytes:
    """Four hex digits that make the sum of all bytes, `AZ` included, and of themselves zero modulo 65536.

    It sees every single byte that changes, but not bytes that trade places, nor changes that cancel out.
    """
    return b"%04X" % (-sum(body) & 0xFFFF)


class Sip2Receiver:
    """Cuts what arrives into frames. A frame that never ends is Malformed, and then skipped to its end."""

    def __init__(self) -> None:
        self._held = bytearray()
        self._skipping = False

    def feed(self, data: bytes) -> Iterator[bytes | Malformed]:
        """The frames that are complete now, without terminators; empty ones are not told."""
        *ended, rest = _END.split(data)
        for part in ended:
            frame, self._held = bytes(self._held) + part, bytearray()
            if self._skipping:
                self._skipping = False
            elif len(frame) > MAX_MESSAGE_BYTES:
                yield _endless()
            elif frame:
                yield frame
        if not self._skipping:
            self._held += rest
            if len(self._held) > MAX_MESSAGE_BYTES:
                self._held, self._skipping = bytearray(), True
                yield _endless()


def _endless() -> Malformed:
    return Malformed(f"more than {MAX_MESSAGE_BYTES} bytes without the end of a message")


def _checked(frame: bytes) -> tuple[bytes, int | None]:
    """The body of a frame whose checksum holds, and its sequence number."""
    body, mark, digits = frame[:-6], frame[-6:-4], frame[-4:]
    if mark != b"AZ" or not _HEX.issuperset(digits):
        raise Malformed(
            "no checksum at the end of a message",
            hint="set [library] checksum = false where the system sends none",
        )
    if checksum(frame[:-4]) != digits:
        raise Malformed("a checksum that does not hold")
    if len(body) >= 5 and body[-3:-1] == b"AY" and body[-1:].isdigit():
        return body[:-3], body[-1] - ord("0")
    return body, None


def _cut(layout: Sip2Layout, code: Sip2MessageId, text: str) -> tuple[tuple[str, ...], str]:
    values, at = [], 0
    for part in layout.fixed:
        values.append(text[at : at + part.width])
        at += part.width
    if len(text) < at:
        raise Malformed(f"message {code}: ends within its fixed fields")
    return tuple(values), text[at:]


def _fields(text: str) -> tuple[tuple[str, str], ...]:
    if not text:
        return ()
    if not text.endswith("|"):
        raise Malformed("a field without its end")
    parts = text[:-1].split("|", MAX_FIELDS)
    if len(parts) > MAX_FIELDS:
        raise Malformed(f"more than {MAX_FIELDS} fields in one message")
    return tuple((part[:2], part[2:]) for part in parts)


def _check(layout: Sip2Layout, fixed: tuple[str, ...], fields: tuple[tuple[str, str], ...]) -> None:
    """What holds of a message in both directions."""
    if len(fixed) != len(layout.fixed):
        raise Malformed("not as many fixed fields as its layout has")
    for part, value in zip(layout.fixed, fixed, strict=True):
        if not part.pattern.fullmatch(value):
            raise Malformed(f"fixed field {part.name}: none of the values that it may have")
    if len(fields) > MAX_FIELDS:
        raise Malformed(f"more than {MAX_FIELDS} fields in one message")
    seen: set[str] = set()
    for name, value in fields:
        if not _NAME.fullmatch(name) or name in ("AY", "AZ"):
            raise Malformed("a field whose name is none")
        if name in ONCE and name in seen:
            raise Malformed(f"field {name} twice")
        if len(value) > MAX_HEARD_BYTES or "|" in value or _CONTROLS.search(value):
            raise Malformed(f"field {name}: too long, or with characters that no text has")
        seen.add(name)
    if missing := layout.required - seen:
        raise Malformed(f"field {min(missing)} is missing")
