"""`doorward log verify`: proves a journal, or says what is wrong with it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from nacl.signing import VerifyKey

from edge.audit.chain import files_of, open_chain
from edge.audit.checkpoint import open_checkpoint, origin_of
from edge.audit.errors import AnotherKey, JournalBroken, JournalIncomplete
from edge.audit.evidence import check_complete
from edge.audit.export import utc
from edge.audit.signed_note import MAX_NOTE_BYTES
from edge.cli.output import emit, fail, harmless, progress
from edge.cli.values import public_key
from edge.cli.verbs import argument, json_lines
from edge.errors import Exit, InputError

if TYPE_CHECKING:
    import argparse

    from edge.audit.chain import Chain
    from edge.audit.checkpoint import Checkpoint
    from edge.audit.evidence import Verified
    from edge.errors import EdgeError


def run(args: argparse.Namespace) -> int:
    """Print "intact" (exit 0), "incomplete" or "broken" and the cause (exit 1). Exit 2: not a journal."""
    name = " ".join(map(str, args.path))
    paths = (
        (args.path if args.path[0].is_dir() else files_of(args.path[0])) if len(args.path) == 1 else args.path
    )
    result = "broken"
    try:
        with open_chain(paths) as chain:
            files = len(chain.paths)
            chain.check_key(args.key)
            result = "not compared"  # the fault is in the note
            previous = _previous(args, chain)
            result = "broken"
            verified = chain.verify(
                key=args.key,
                previous=previous,
                watch=lambda rows, total: progress(rows, total=total, label="verifying"),
            )
    except JournalBroken as error:
        return _report(args, name, error, "another device's key" if isinstance(error, AnotherKey) else result)
    missing = None if args.part else _missing(verified)
    row: dict[str, object] = {
        "path": name,
        "result": "incomplete" if missing else "intact",
        "records": verified.size - verified.base,
        "first": verified.base,
        "erased": verified.erased,
        "files": files,
        "root": verified.root.hex(),
        "device": verified.device,
        "key": verified.key.hex(),
        "key_pinned": args.key is not None,
    }
    if verified.last is not None:
        row["checkpoint_time"] = utc(verified.last.record.time_ms)
    if missing:
        row["reason"] = missing.message
    if args.json:
        emit(row)
        return Exit.REFUSED if missing else Exit.OK
    print(f"{harmless(name)}: {row['result']}, {row['records']} records, root {verified.root.hex()[:16]}")
    if missing:
        fail(missing)
    elif verified.base:
        erased = verified.base <= verified.erased
        print(
            f"the first record is {verified.base}; "
            + ("the device erased those before it" if erased else "those before it were not asked for")
        )
    if args.key is None:
        print(f"the key is from the file; if it is the device's, pin it: --key {verified.key.hex()}")
    return Exit.REFUSED if missing else Exit.OK


def _missing(verified: Verified) -> JournalIncomplete | None:
    try:
        check_complete(verified.base, verified.erased)
    except JournalIncomplete as incomplete:
        return incomplete
    return None


def _report(args: argparse.Namespace, name: str, error: EdgeError, result: str) -> int:
    if args.json:
        emit({"path": name, "result": result, "records": None, "root": None, "reason": error.message})
    else:
        print(f"{harmless(name)}: {result}")
        fail(error)
    return Exit.REFUSED


def _previous(args: argparse.Namespace, chain: Chain) -> Checkpoint | None:
    if args.checkpoint is None:
        return None
    try:
        with args.checkpoint.open("rb") as file:
            note = file.read(MAX_NOTE_BYTES + 1)
    except OSError as err:
        raise InputError(
            f"{args.checkpoint}: {(err.strerror or 'cannot be read').lower()}", hint="check the path"
        ) from err
    return open_checkpoint(note, origin=origin_of(chain.device), key=VerifyKey(args.key or chain.key))


ARGUMENTS = (
    argument(
        "path",
        type=Path,
        nargs="+",
        help="journal file (with the closed files next to it), consecutive files, or their folder",
    ),
    argument(
        "--part",
        action="store_true",
        help="verify these files only: do not ask who removed the records before them",
    ),
    json_lines("print the result as one JSON object"),
    argument(
        "--key",
        type=public_key,
        metavar="HEX",
        help="require this public key of the device (64 hexadecimal digits)",
    ),
    argument(
        "--checkpoint",
        type=Path,
        metavar="FILE",
        help="require that the journal continues this earlier checkpoint",
    ),
)
