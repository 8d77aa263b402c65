"""Imports a list of arrivals: checks its signature, then reads it in pieces; in force as a whole or not."""

from __future__ import annotations

import codecs
import hashlib
import os
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, BinaryIO, Final

from edge.errors import InputError, StorageFault
from edge.files.untrusted_folder import open_file
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """Target folder and conditions of lists. `signer`: None if lists need no signature."""

    folder: Path
    digests: Digests
    sealer: Callable[[], Sealer]
    adult_age: int
    signer: minisign.SignerKey | None = None


def take_list(
    name: str, source: BinaryIO, intake: Intake, *, watch: Callable[[int, int], None], signature: str = ""
) -> Imported:
    """Replace the list in force by this list; on an error the old list stays in force.

    The signature is checked before a byte is parsed, and for the parsed bytes: a copy of them is made first,
    because the writer may have the file open still.

    Args:
        name: of the file, which tells its format: `*.csv`, `*.json` or `*.jsonl`.
        source: the list.
        intake: target folder and conditions.
        watch: called with the bytes read so far, and the size of the list.
        signature: the text of its `.minisig`.

    Raises:
        InputError: it is not a list, its signature is wrong, or it is too large.
        StorageFault: an error of the disk.
    """
    if not is_list(name):
        raise InputError(
            f"{name}: the name does not end with {', '.join(FORMATS)}", hint="rename the file by its format"
        )
    try:
        with _copied(source, intake.folder) as copy:
            if intake.signer:
                minisign.check(signature, copy.digest, intake.signer)
            return _import(copy, intake, watch, is_csv=name.lower().endswith(".csv"))
    except TooManyMistakesError as error:
        raise InputError(
            f"{name}: {len(error.mistakes)} lines are wrong, beginning with {error.mistakes[0]}",
            hint="check that the file is a list of arrivals",
        ) from error
    except InputError as error:
        raise InputError(f"{name}: {error.message}", hint=error.hint) from error


def _import(copy: _Copy, intake: Intake, watch: Callable[[int, int], None], *, is_csv: bool) -> Imported:
    build = Build(intake.folder, intake.digests, intake.sealer(), adult_age=intake.adult_age)
    try:
        chunks = _chunks(copy, watch)
        imported = build.take(read_csv(_lines(chunks)) if is_csv else read_json(chunks))
        build.swap()
    finally:
        build.discard()
    return imported


def is_list(name: str) -> bool:
    """Whether the name of a file ends like that of a list."""
    return name.lower().endswith(FORMATS)


def opened_list(file: Path, *, signed: bool) -> tuple[BinaryIO, str]:
    """A list that an operator names, and its signature; empty if lists need none. Raises InputError."""
    signature = ""
    if signed:
        with _opened(file.with_name(file.name + SIGNATURE)) as source:
            signature = read_signature(source)
    return _opened(file), signature


def read_signature(source: BinaryIO) -> str:
    """The text of a `.minisig`, as far as one can be long."""
    return source.read(minisign.MAX_SIGNATURE_BYTES).decode(errors="replace")


@dataclass(frozen=True, slots=True)
class _Copy:
    """A list that no other process can change: a file of this process without a name."""

    file: BinaryIO
    size: int
    digest: bytes


@contextmanager
def _copied(source: BinaryIO, folder: Path) -> Iterator[_Copy]:
    """The list in a private file on the disk, because a board has less memory than the largest list."""
    if os.fstat(source.fileno()).st_size > MAX_FILE_BYTES:
        raise InputError(f"is larger than {MAX_FILE_BYTES >> 20} MB", hint="split the list by day")
    digest, size = hashlib.blake2b(), 0
    with _disk(folder), ExitStack() as stack:
        file = stack.enter_context(TemporaryFile(dir=folder))
        while chunk := source.read(_CHUNK_BYTES):
            size += len(chunk)
            if size > MAX_FILE_BYTES:
                raise InputError(
                    "grows while it is read", hint="write the list under another name, then rename it"
                )
            digest.update(chunk)
            file.write(chunk)
        file.seek(0)
        kept = stack.pop_all()
    with kept:
        yield _Copy(file, size, digest.digest())


@contextmanager
def _disk(folder: Path) -> Iterator[None]:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as error:
        what = (error.strerror or "cannot be used").lower()
        raise StorageFault(
            f"{folder}: a list cannot be copied: {what}", hint="free some space, and check the disk"
        ) from error


def _chunks(copy: _Copy, watch: Callable[[int, int], None]) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder("utf-8-sig")()
    done = 0
    try:
        while chunk := copy.file.read(_CHUNK_BYTES):
            done += len(chunk)
            watch(done, copy.size)
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
        folder = os.open(file.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            return open_file(file.name, folder)
        finally:
            os.close(folder)
    except (OSError, ValueError) as error:
        why = (getattr(error, "strerror", None) or "is not a file name").lower()
        raise InputError(f"{file}: {why}", hint="name a plain file") from error
