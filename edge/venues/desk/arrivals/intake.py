"""Imports a list of arrivals: checks its signature, then reads it in pieces; in force as a whole or not."""

from __future__ import annotations

import hashlib
import os
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, BinaryIO, Final

from edge.errors import InputError, StorageFault
from edge.files.untrusted_folder import open_file
from edge.formats.list_in_use import FewerError, check_replacement
from edge.formats.text_encoding import text_lines, text_pieces
from edge.venues.desk.arrivals import minisign
from edge.venues.desk.arrivals.arrivals import MAX_FILE_BYTES, MAX_LINE_CHARS, read_csv, read_json
from edge.venues.desk.arrivals.store import ArrivalsFile, Build, TooManyMistakesError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
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
    name: str,
    source: BinaryIO,
    intake: Intake,
    *,
    watch: Callable[[int, int], None],
    signature: str = "",
    accept_fewer: bool = False,
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
        accept_fewer: whether an operator agrees that more than half of the bookings go.

    Raises:
        FewerError: more than half of the bookings would be gone.
        InputError: it is not a list, has nothing usable, is too large, or its signature is wrong.
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
            is_csv = name.lower().endswith(".csv")
            return _import(copy, intake, watch, is_csv=is_csv, accept_fewer=accept_fewer)
    except TooManyMistakesError as error:
        raise InputError(
            f"{name}: {len(error.mistakes)} lines are wrong, beginning with {error.mistakes[0]}",
            hint="check that the file is a list of arrivals",
        ) from error
    except FewerError as error:
        raise FewerError(f"{name}: {error.message}", question=f"{name}: {error.question}") from error
    except InputError as error:
        raise InputError(f"{name}: {error.message}", hint=error.hint) from error


def _import(
    copy: _Copy, intake: Intake, watch: Callable[[int, int], None], *, is_csv: bool, accept_fewer: bool
) -> Imported:
    build = Build(intake.folder, intake.digests, intake.sealer(), adult_age=intake.adult_age)
    try:
        pieces = text_pieces(_chunks(copy, watch))
        lines = text_lines(pieces, limit=MAX_LINE_CHARS)
        imported = build.take(read_csv(lines) if is_csv else read_json(pieces))
        in_use = _in_use(intake.folder)
        # Staff decide about bookings in doubt, so a list of those alone is better than none.
        usable = imported.usable if in_use else imported.bookings
        check_replacement(
            "bookings",
            in_use=in_use,
            stay=min(in_use, usable),
            usable=usable,
            accept_fewer=accept_fewer,
            because=_because(imported),
        )
        build.swap()
    finally:
        build.discard()
    return imported


def _in_use(folder: Path) -> int:
    """Number of usable bookings in force; none if the file is damaged, because a new list repairs that."""
    with closing(ArrivalsFile(folder)) as arrivals, suppress(StorageFault):
        return arrivals.count(usable=True)
    return 0


def _because(imported: Imported) -> str:
    """The first mistake, and their number if there are more."""
    wrong = [str(one) for one in imported.mistakes if not one.kept]
    if len(wrong) < 2:
        return "".join(wrong)
    return f"{len(wrong)} lines are wrong, beginning with {wrong[0]}"


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


def _chunks(copy: _Copy, watch: Callable[[int, int], None]) -> Iterator[bytes]:
    done = 0
    while chunk := copy.file.read(_CHUNK_BYTES):
        done += len(chunk)
        watch(done, copy.size)
        yield chunk


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
