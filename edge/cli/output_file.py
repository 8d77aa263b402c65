"""Output files of a command: they appear when they are complete, and only their owner can read them."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from io import TextIOWrapper
from typing import TYPE_CHECKING, BinaryIO, TextIO

from edge.errors import StorageFault
from edge.files.durable import replacing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def whole_file(out: Path) -> Iterator[BinaryIO]:
    """A file to write to; it becomes `out` if the block ends without an error. Raises StorageFault."""
    try:
        with replacing(out, mode=0o600) as file:
            yield file
    except OSError as error:
        what = (error.strerror or "cannot be written").lower()
        raise StorageFault(f"{out}: {what}", hint="choose another file: --out FILE") from error


@contextmanager
def whole_text(out: Path | None) -> Iterator[TextIO]:
    """A UTF-8 text to write to, as `whole_file`, with line ends unchanged; None means standard output."""
    if out is None:
        yield sys.stdout
        return
    with whole_file(out) as file:
        text = TextIOWrapper(file, encoding="utf-8", newline="")
        try:
            yield text
        finally:
            text.detach()  # flushes, and leaves the file to be flushed and closed
