"""A list of arrivals from a file: read once, in pieces, and in force only when all of it is as it must be."""

from __future__ import annotations

import codecs
import hashlib
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Final

from edge.errors import InputError
from edge.venues.desk.arrivals import minisign
from edge.venues.desk.arrivals.arrivals import MAX_FILE_BYTES, MAX_LINE_CHARS, read_csv, read_json
from edge.venues.desk.arrivals.store import Build, TooManyMistakesError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from edge.delivery.sealed_box import Sealer
    from edge.venues.desk.arrivals.store import Imported
    from edge.venues.desk.name_digests import Digests

SIGNATURE: Final = ".minisig"
FORMATS: Final = (".csv", ".json", ".jsonl")
_CHUNK_BYTES: Final = 64 * 1024
_OPEN: Final = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOFOLLOW  # a FIFO must not wait for a writer


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """Where lists go, and what they must be. `signer`: None where whoever can write a file is believed."""

    folder: Path
    digests: Digests
    sealer: Callable[[], Sealer]
    adult_age: int
    signer: minisign.SignerKey | None = None


def take_list(file: Path, intake: Intake, *, watch: Callable[[int, int], None]) -> Imported:
    """Put this list in the place of the one before; that one stays where anything is wrong.

    Args:
        file: `*.csv`, `*.json` or `*.jsonl`, and `*.minisig` beside it where lists are signed.
        intake: where it goes.
        watch: told how many bytes were read, of how many.

    Raises:
        InputError: it is no list, not signed as it must be, or larger than any list is.
        StorageFault: the disk.
    """
    if not is_list(file):
        raise InputError(f"{file.name}: not {', '.join(FORMATS)}", hint="name a list by what is in it")
    signature = _signature(file) if intake.signer else ""
    build = Build(intake.folder, intake.digests, intake.sealer(), adult_age=intake.adult_age)
    try:
        with _opened(file) as source:
            text = _Text(source, file.name, watch)
            items = (
                read_csv(_lines(text.chunks())) if file.suffix.lower() == ".csv" else read_json(text.chunks())
            )
            imported = build.take(items)
        if intake.signer:  # of the bytes that were read, not of what the file may have become since
            minisign.check(signature, text.digest.digest(), intake.signer)
        build.swap()
    except TooManyMistakesError as error:
        raise InputError(
            f"{file.name}: {len(error.mistakes)} lines are wrong, beginning with {error.mistakes[0]}",
            hint="is this a list of arrivals?",
        ) from error
    except InputError as error:
        raise InputError(f"{file.name}: {error.message}", hint=error.hint) from error
    finally:
        build.discard()
    return imported


def is_list(file: Path) -> bool:
    """Whether a file calls itself a list of arrivals."""
    return file.suffix.lower() in FORMATS


class _Text:
    """The file as pieces of text, hashed as it is read."""

    def __init__(self, source: BinaryIO, name: str, watch: Callable[[int, int], None]) -> None:
        self.digest = hashlib.blake2b()
        self._source = source
        self._watch = watch
        self._total = os.fstat(source.fileno()).st_size
        if self._total > MAX_FILE_BYTES:
            raise InputError(f"is larger than {MAX_FILE_BYTES // 1_048_576} MB", hint=f"split {name} by day")

    def chunks(self) -> Iterator[str]:
        decoder = codecs.getincrementaldecoder("utf-8-sig")()
        done = 0
        try:
            while chunk := self._source.read(_CHUNK_BYTES):
                done += len(chunk)
                if done > MAX_FILE_BYTES:  # it grew
                    raise InputError("grows while it is read", hint="rename a list when it is whole")
                self.digest.update(chunk)
                self._watch(done, self._total)
                yield decoder.decode(chunk)
            yield decoder.decode(b"", final=True)
        except UnicodeDecodeError as error:
            raise InputError(f"byte {done}: not UTF-8 text", hint="save the list as UTF-8") from error


def _lines(chunks: Iterable[str]) -> Iterator[str]:
    """Lines with their ends, of which none is longer than any list needs."""
    rest = ""
    number = 1
    for chunk in chunks:
        *lines, rest = (rest + chunk).split("\n")
        for line in lines:
            yield f"{line}\n"
        number += len(lines)
        if len(rest) > MAX_LINE_CHARS:
            raise InputError(f"line {number}: is too long", hint="a line for each guest")
    if rest:
        yield rest


def _opened(file: Path) -> BinaryIO:
    try:
        source = os.fdopen(os.open(file, _OPEN), "rb")
    except OSError as error:
        raise InputError(f"{(error.strerror or 'cannot be read').lower()}") from error
    return source


def _signature(file: Path) -> str:
    path = file.with_name(file.name + SIGNATURE)
    try:
        with _opened(path) as source:
            return source.read(minisign.MAX_SIGNATURE_BYTES + 1)[: minisign.MAX_SIGNATURE_BYTES].decode()
    except (InputError, UnicodeDecodeError) as error:
        raise InputError(f"{path.name}: no signature that can be read", hint="minisign -S -m FILE") from error
