"""Encodes and decodes SIP2 messages: strict in what is sent; of a reply only what decides is judged.

Fields that no rule reads may have any content. A reply that cannot be used raises `Malformed`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

from edge.errors import HostFault
from edge.venues.library.sip2.layouts import DECISIVE, LAYOUTS, ONCE, Sip2Layout, Sip2MessageId

if TYPE_CHECKING:
    from collections.abc import Iterator

# Message 64 with all its lists: twice the size of 100 loans of 60 bytes.
MAX_MESSAGE_BYTES: Final = 16_384
MAX_FIELDS: Final = 400
MAX_SENT_BYTES: Final = 255  # of one field, as in the specification
MAX_HEARD_CHARS: Final = 1_024  # of one field, which is cut: real systems send longer texts than 255
_PADDING: Final = b" \t\0"

_SEAL: Final = re.compile(rb"(?:AY([0-9]))?AZ([0-9A-Fa-f]{4})[ \t\0]*\Z")
_CONTROLS: Final = re.compile(r"[\x00-\x1f\x7f]")
_NAME: Final = re.compile(r"[A-Z][A-Z0-9]")
_END: Final = re.compile(rb"[\r\n]")
_CONTROL_CODES: Final = frozenset(
    {Sip2MessageId.RESEND_TO_SYSTEM, Sip2MessageId.RESEND_TO_US}
)  # without a sequence number

Encoding = Literal["utf-8", "cp850", "latin-1"]


class Malformed(HostFault):
    """An error in a message of a library system; its text never holds a value of the message."""


class UnusableField(Malformed):
    """A reply that arrived whole, about the right patron or item, with a field that cannot be used.

    The fault is the library system's own, so the rule for an offline system applies (worker.py).
    """

    usual_hint = "ask the operator of the library system what it sends in this field"


@dataclass(frozen=True, slots=True)
class Dialect:
    """The encoding of one library system. `terminator`: of sent messages; received ones may have either."""

    encoding: Encoding = "utf-8"
    terminator: Literal["\r", "\r\n"] = "\r"
    checksum: bool = True


@dataclass(frozen=True, slots=True)
class Sip2Message:
    """One message. `fixed`: values in the order of its layout; `fields`: (name, value) in their order.

    `sequence`: 0 to 9 with a checksum; messages 96 and 97 have none.
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
        """Every field of this name that is not blank."""
        return tuple(value for key, value in self.fields if key == name and value.strip())


def encode(message: Sip2Message, dialect: Dialect) -> bytes:
    """The bytes of a message with its terminator. Raises Malformed for a value that cannot be sent."""
    layout = LAYOUTS[message.code]
    _check(layout, message.fixed, message.fields)
    named = "".join(f"{name}{value}|" for name, value in message.fields)
    text = message.code + "".join(message.fixed) + named
    try:
        body = text.encode(dialect.encoding)
        longest = max((len(value.encode(dialect.encoding)) for _, value in message.fields), default=0)
    except UnicodeEncodeError as err:
        raise Malformed(
            f"message {message.code}: a value has letters that {dialect.encoding} does not have",
            hint="set [library] encoding to that of the library system",
        ) from err
    if longest > MAX_SENT_BYTES:
        raise Malformed(f"message {message.code}: a field of more than {MAX_SENT_BYTES} bytes")
    if dialect.checksum:
        if message.code not in _CONTROL_CODES:
            if message.sequence is None or not 0 <= message.sequence <= 9:
                raise Malformed(f"message {message.code}: a checksum needs a sequence number of one digit")
            body += b"AY%d" % message.sequence
        body += b"AZ"
        body += checksum(body)
    if len(body) > MAX_MESSAGE_BYTES:
        raise Malformed(f"message {message.code}: more than {MAX_MESSAGE_BYTES} bytes")
    return body + dialect.terminator.encode()


def decode(frame: bytes, dialect: Dialect) -> Sip2Message:
    """The message in these bytes, which have no terminator. Raises Malformed."""
    if len(frame) > MAX_MESSAGE_BYTES:
        raise Malformed(f"a message of more than {MAX_MESSAGE_BYTES} bytes")
    body, sequence = _checked(frame) if dialect.checksum else (frame.lstrip(_PADDING), None)
    text = body.decode(dialect.encoding, "replace")  # the number of patron and item are compared later
    try:
        code = Sip2MessageId(text[:2])
    except ValueError as err:
        raise Malformed("unknown kind of message") from err
    if dialect.checksum and (sequence is None) != (code in _CONTROL_CODES):
        raise Malformed(f"message {code}: its sequence number is missing, or not allowed")
    layout = LAYOUTS[code]
    fixed, rest = _cut(layout, code, text[2:])
    if not dialect.checksum and rest.strip() and not rest.rstrip().endswith("|"):
        raise Malformed(
            f"message {code}: no | at its end",
            hint="if the library system sends checksums, set [library] checksum = true",
        )
    fields = _fields(code, rest)
    _check_decisive(layout, code, fields)
    return Sip2Message(code, fixed, fields, sequence)


def is_sealed(frame: bytes) -> bool:
    """Whether these bytes end in a checksum that holds for them."""
    bare = frame.strip(_PADDING)
    seal = _SEAL.search(bare)
    return seal is not None and checksum(bare[: seal.start(2)]) == seal[2].upper()


def ends_like_sealed(frame: bytes) -> bool:
    """Whether these bytes end in the form of a checksum."""
    return _SEAL.search(frame) is not None


def checksum(body: bytes) -> bytes:
    """Four hex digits: the negative sum of all bytes, with `AZ`, modulo 65536.

    It detects a change of one byte. It does not detect bytes that trade places, or changes that cancel out.
    """
    return b"%04X" % (-sum(body) & 0xFFFF)


class Sip2Receiver:
    """Cuts received bytes into frames. A frame that is too long is Malformed, and skipped to its end."""

    def __init__(self) -> None:
        self._held = bytearray()
        self._skipping = False

    @property
    def rest(self) -> bytes:
        """The bytes after the last end of a frame."""
        return bytes(self._held)

    def end(self) -> None:
        """Drop these bytes: the caller has taken them as a frame whose end the system does not send."""
        self._held = bytearray()

    def feed(self, data: bytes) -> Iterator[bytes | Malformed]:
        """The frames that are now complete, without terminators and without empty frames."""
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
    """The body of a frame with a correct checksum, and its sequence number."""
    bare = frame.strip(_PADDING)
    seal = _SEAL.search(bare)
    if seal is None:
        raise Malformed(
            "no checksum at the end of a message",
            hint="if the library system sends none, set [library] checksum = false",
        )
    if not is_sealed(bare):
        raise Malformed("wrong checksum")
    return bare[: seal.start()], None if seal[1] is None else int(seal[1])


def _cut(layout: Sip2Layout, code: Sip2MessageId, text: str) -> tuple[tuple[str, ...], str]:
    values, at = [], 0
    for part in layout.fixed:
        values.append(text[at : at + part.width])
        at += part.width
    if len(text) < at:
        raise UnusableField(f"message {code}: ends within its fixed fields")
    return tuple(values), text[at:]


def _fields(code: Sip2MessageId, text: str) -> tuple[tuple[str, str], ...]:
    """The named fields. A part without a name, such as the rest of a text with a | in it, is no field."""
    parts = text.split("|", MAX_FIELDS + 1)
    if len(parts) > MAX_FIELDS + 1:
        raise Malformed(f"message {code}: more than {MAX_FIELDS} fields")
    bare = (_CONTROLS.sub(" ", part).lstrip() for part in parts)
    return tuple(
        (part[:2], part[2 : 2 + MAX_HEARD_CHARS])
        for part in bare
        if _NAME.fullmatch(part[:2]) and part[:2] not in ("AY", "AZ")
    )


def _check_decisive(layout: Sip2Layout, code: Sip2MessageId, fields: tuple[tuple[str, str], ...]) -> None:
    """Check the fields that say whom the reply is about. Raises Malformed."""
    said: dict[str, str] = {}
    for name, value in fields:
        if name in DECISIVE and said.setdefault(name, value) != value:
            raise UnusableField(f"message {code}: field {name} twice, with two values")
    if missing := layout.required - {name for name, _ in fields}:
        raise UnusableField(f"message {code}: field {min(missing)} is missing")


def _check(layout: Sip2Layout, fixed: tuple[str, ...], fields: tuple[tuple[str, str], ...]) -> None:
    """Check a message that is sent. Raises Malformed."""
    if len(fixed) != len(layout.fixed):
        raise Malformed("wrong number of fixed fields")
    for part, value in zip(layout.fixed, fixed, strict=True):
        if not part.pattern.fullmatch(value):
            raise Malformed(f"fixed field {part.name}: value not allowed")
    if len(fields) > MAX_FIELDS:
        raise Malformed(f"more than {MAX_FIELDS} fields in one message")
    seen: set[str] = set()
    for name, value in fields:
        if not _NAME.fullmatch(name) or name in ("AY", "AZ"):
            raise Malformed("a field has a wrong name")
        if name in ONCE and name in seen:
            raise Malformed(f"field {name} twice")
        if "|" in value or _CONTROLS.search(value):
            raise Malformed(f"field {name}: has | or control characters")
        seen.add(name)
    if missing := layout.required - seen:
        raise Malformed(f"field {min(missing)} is missing")
