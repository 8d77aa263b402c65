"""Decodes the bytes of an imported file, and splits the text into lines.

Spreadsheets and property systems write UTF-8 with and without a byte order mark, and UTF-16 ("Unicode text").
An old code page, such as windows-1252, is refused: its bytes have no mark, and a guess would change names.
"""

from __future__ import annotations

import codecs
import io
from itertools import chain
from typing import TYPE_CHECKING, Final

from edge.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_HEAD_BYTES: Final = 4  # two characters of UTF-16
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def text_of(data: bytes) -> str:
    """The text of a whole file, without a byte order mark. Raises InputError with the line."""
    return "".join(text_pieces([data]))


def text_pieces(chunks: Iterable[bytes]) -> Iterator[str]:
    """The text of a file that comes in pieces, without a byte order mark. Raises InputError with the line."""
    source = iter(chunks)
    head = b""
    for chunk in source:
        head += chunk
        if len(head) >= _HEAD_BYTES:
            break
    encoding, mark = _encoding(head)
    codec = codecs.getincrementaldecoder(encoding)()
    ends = _LineEnds()
    for chunk in chain((head[len(mark) :],), source):
        yield ends.counted(_decoded(codec, chunk, encoding, ends))
    yield _decoded(codec, b"", encoding, ends, final=True)


def text_lines(pieces: Iterable[str], *, limit: int) -> Iterator[str]:
    """The lines of a text with their ends: LF, CRLF or CR. Raises InputError above `limit` characters."""
    rest = ""
    number = 1
    for piece in pieces:
        held = "\r" if piece.endswith("\r") else ""  # its LF may begin the next piece
        lines = list(io.StringIO(rest + piece.removesuffix("\r"), newline=""))
        rest = (lines.pop() if lines and not lines[-1].endswith(("\r", "\n")) else "") + held
        yield from lines
        number += len(lines)
        if len(rest) > limit:
            raise InputError(f"line {number}: is too long", hint="write one line for each entry")
    yield from io.StringIO(rest, newline="")


class _LineEnds:
    """The number of the line that follows the decoded text."""

    def __init__(self) -> None:
        self._feeds = self._returns = 0

    def counted(self, text: str) -> str:
        self._feeds += text.count("\n")
        self._returns += text.count("\r")
        return text

    @property
    def line(self) -> int:
        return 1 + max(self._feeds, self._returns)  # a file has one kind of line end


def _encoding(head: bytes) -> tuple[str, bytes]:
    """The encoding of a file that begins with these bytes, and its mark."""
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return encoding, mark
    # A list begins with a letter or a bracket, of which one byte in UTF-16 is zero.
    if len(head) >= 2 and (head[0] == 0) != (head[1] == 0):
        return ("utf-16-be" if head[0] == 0 else "utf-16-le"), b""
    return "utf-8", b""


def _decoded(
    codec: codecs.IncrementalDecoder, chunk: bytes, encoding: str, ends: _LineEnds, *, final: bool = False
) -> str:
    try:
        return codec.decode(chunk, final)
    except UnicodeDecodeError as error:
        ends.counted(error.object[: error.start].decode(encoding))
        raise InputError(
            f"line {ends.line}: is not {encoding[:6].rstrip('-').upper()} text",
            hint='save the file as "CSV UTF-8"',
        ) from error
