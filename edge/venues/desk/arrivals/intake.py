"""Imports a list of arrivals from a file: reads it once, in pieces, and puts it in force only as a whole."""

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
    """Target folder and conditions of lists. `signer`: None if lists need no signature."""

    folder: Path
    digests: Digests
    sealer: Callable[[], Sealer]
    adult_age: int
    signer: minisign.SignerKey | None = None


def take_list(file: Path, intake: Intake, *, watch: Callable[[int, int], None]) -> Imported:
    """Replace the list in force by this list; on an error the old list stays in force.

    Args:
        file: `*.csv`, `*.json` or `*.jsonl`, with `*.minisig` beside it if lists are signed.
        intake: target folder and conditions.
        watch: called with the bytes read so far, and the size of the file.

    Raises:
        InputError: it is not a list, its signature is wrong, or it is too large.
        StorageFault: an error of the disk.
    """
    if not is_list(file):
        raise InputError(
            f"{file.name}: the name does not end with {', '.join(FORMATS)}",
            hint="rename the file by its format",
        )
    signature = _signature(file) if intake.signer else ""
    build = Build(intake.folder, intake.digests, intake.sealer(), adult_age=intake.adult_age)
    try:
        with _opened(file) as source:
            text = _Text(source, file.name, watch)
            items = (
                read_csv(_lines(text.chunks())) if file.suffix.lower() == ".csv" else read_json(text.chunks())
            )
            imported = build.take(items)
        if intake.signer:  # over the bytes that were read: the file may have changed since
            minisign.check(signature, text.digest.digest(), intake.signer)
        build.swap()
    except TooManyMistakesError as error:
        raise InputError(
            f"{file.name}: {len(error.mistakes)} lines are wrong, beginning with {error.mistakes[0]}",
            hint="check that the file is a list of arrivals",
        ) from error
    except InputError as error:
        raise InputError(f"{file.name}: {error.message}", hint=error.hint) from error
    finally:
        build.discard()
    return imported


def is_list(file: Path) -> bool:
    """Whether the name of a file ends like that of a list."""
    return file.suffix.lower() in FORMATS


class _Text:
    """The file as pieces of text; hashes it while it is read."""

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
                    raise InputError(
                        "grows while it is read", hint="write the list under another name, then rename it"
                    )
                self.digest.update(chunk)
                self._watch(done, self._total)
                yield decoder.decode(chunk)
            yield decoder.decode(b"", final=True)
        except UnicodeDecodeError as error:
            raise InputError(f"byte {done}: not UTF-8 text", hint="save the list as UTF-8") from error


def _lines(chunks: Iterable[str]) -> Iterator[str]:
    """Lines with their ends. Raises InputError for a line that is too long."""
    rest = ""
    number = 1
    for chunk in chunks:
        *lines, rest = (rest + chunk).split("\n")
        for line in lines:
            yield f"{line}\n"
        number += len(lines)
        if len(rest) > MAX_LINE_CHARS:
            raise InputError(f"line {number}: is too long", hint="write one line for each guest")
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
        raise InputError(
            f"{path.name}: not a readable signature", hint="sign the list: minisign -S -m FILE"
        ) from error
