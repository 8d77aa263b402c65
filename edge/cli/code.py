"""`doorward code read`: what codes are in these pictures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from edge import app
from edge.cli.output import emit, fail, progress
from edge.errors import Exit, InputError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Sequence

    from edge.ports import CodeReader, Pixels, Symbol


def configure(parser: argparse.ArgumentParser) -> None:
    """`read IMAGE...` lists the codes in pictures, whatever they say."""
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    read = verbs.add_parser("read", help="list the codes in pictures; believes nothing")
    read.add_argument("images", type=Path, nargs="+", metavar="IMAGE")
    read.add_argument("--engine", choices=app.READERS, help="this engine alone; left out: all, best first")
    read.add_argument("--json", action="store_true", help="one JSON object a picture")
    read.set_defaults(run=_read)


def _read(args: argparse.Namespace) -> int:
    readers = app.open_picture_readers(args.engine)
    code = Exit.OK
    for path in progress(args.images, total=len(args.images), label="reading"):
        try:
            symbols = _first(readers, app.read_luma(path))
        except InputError as error:
            fail(error)
            code = Exit.USAGE
            if args.json:
                emit({"file": str(path), "codes": [], "error": error.message})
            continue
        if args.json:
            emit({"file": str(path), "codes": [_row(symbol) for symbol in symbols]})
        else:
            _tell(path, symbols)
    return code


def _first(readers: Iterable[CodeReader], luma: Pixels) -> tuple[Symbol, ...]:
    """What the first reader finds that finds anything."""
    return next(filter(None, (reader.read(luma) for reader in readers)), ())


def _row(symbol: Symbol) -> dict[str, str]:
    return {"text": symbol.text, "payload_hex": symbol.payload.hex(), "engine": symbol.engine}


def _tell(path: Path, symbols: Sequence[Symbol]) -> None:
    if not symbols:
        print(f"{path}: no code")
    for symbol in symbols:
        print(f"{path}: {_harmless(symbol.text)} ({symbol.engine})")


def _harmless(text: str) -> str:
    """A stranger's text on one line, without the control sequences that a terminal would obey."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
