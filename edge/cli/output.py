"""What every command prints the same way: JSON Lines, errors with hints, progress on a terminal."""

from __future__ import annotations

import errno
import json
import os
import sys
from typing import TYPE_CHECKING, TypeVar

from edge.errors import EdgeError, Exit, StorageFault

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Iterator, Mapping


T = TypeVar("T")

# `doorward ... --json > FILE` met the end of its disk; what we write ourselves has faults of its own.
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}

# What str.splitlines takes for the end of a line and JSON does not escape by itself.
_LINE_ENDS = {ord(end): f"\\u{ord(end):04x}" for end in "\x85\u2028\u2029"}


def emit(row: Mapping[str, object]) -> None:
    """One JSON object on one line of standard output, flushed so that a pipe sees it at once."""
    text = json.dumps(row, ensure_ascii=False, separators=(",", ":")).translate(_LINE_ENDS)
    # A file name that is not UTF-8 becomes \udcXX escapes, which JSON allows.
    print(text.encode(errors="backslashreplace").decode(), flush=True)


def harmless(text: str) -> str:
    """A stranger's text on one line, without the control sequences that a terminal would obey."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def fail(error: EdgeError) -> None:
    """`error: ...` and, where there is one, `hint: ...` on standard error."""
    print(f"error: {harmless(error.message)}", file=sys.stderr)  # it may quote a file's name
    if error.hint:
        print(f"hint: {error.hint}", file=sys.stderr)


def run_verb(args: argparse.Namespace) -> int:
    """Run the verb that was parsed; errors we raise on purpose become two lines and an exit code."""
    try:
        code: int = args.run(args)
        print(end="", flush=True)  # and not as the interpreter ends, where nobody could catch it
    except EdgeError as error:
        fail(error)
        return error.exit_code
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except BrokenPipeError:  # `doorward ... | head`: the reader has gone, there is nobody to tell
        _drop_output()
        return Exit.OK
    except OSError as error:
        if error.errno not in _FULL:
            raise
        _drop_output()
        fail(StorageFault("standard output cannot be written: the disk is full", hint="free some space"))
        return StorageFault.exit_code
    return code


def _drop_output() -> None:
    """Send what is still in the buffer nowhere, or the interpreter fails over it once more as it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def progress(items: Iterable[T], *, total: int, label: str) -> Iterator[T]:
    """The items, with a bar on standard error while a terminal is attached there."""
    if not sys.stderr.isatty():
        yield from items
        return
    from rich.console import Console  # only a terminal pays for the import
    from rich.progress import track

    yield from track(items, total=total, description=label, console=Console(stderr=True), transient=True)
