"""Audits the journal that the demo wrote: first as it is, then with bits flipped."""

from __future__ import annotations

import json
import random
import re
import shutil
import subprocess
import sys
from base64 import b64encode
from typing import TYPE_CHECKING, Final

from edge.app.parts.model_folders import CHECKOUT
from edge.audit.errors import JournalBroken
from edge.audit.evidence import verify
from tools.demo.door import bodies_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from tools.demo.door import DemoDoor
    from tools.demo.world import Holder

AuditFinding = tuple[str, str, str, str]  # the check, the expected outcome, the outcome, details

FLIPS: Final = 62  # checked in this process
BY_PROCESS: Final = 2  # checked by `doorward log verify`
SEED: Final = 4  # the same bits every time; any other seed does as well


def audit(
    folder: Path, door: DemoDoor, holders: Sequence[Holder], codes: Sequence[str]
) -> Iterator[AuditFinding]:
    """Three findings about a device that is switched off."""
    copy = folder / "copy.db"
    shutil.copyfile(door.journal_path, copy)
    bodies = bodies_of(copy)
    flipped = list(_flipped(copy, bodies, FLIPS + BY_PROCESS))
    whole, *broken = _verified([copy, *flipped[:BY_PROCESS]], door.key)
    detail = f"{whole['records']} records, root {str(whole['root'])[:16]}"
    yield "doorward log verify, on a copy of the journal", "intact", str(whole["result"]), detail
    found = [verdict["result"] == "broken" for verdict in broken]
    found += [_is_broken(path, door.key) for path in flipped[BY_PROCESS:]]
    detail = f"one at a time, {BY_PROCESS} of them by the command"
    yield "verifies copies, one bit flipped in each", f"{len(flipped)} found", f"{sum(found)} found", detail
    for path in flipped:
        path.unlink()
    told = _personal(folder, door, bodies, holders, codes)
    pseudonyms = all(any(holder.pseudonym.encode() in body for body in bodies) for holder in holders)
    outcome = f"found: {', '.join(told)}" if told else "pseudonyms only" if pseudonyms else "no pseudonym"
    detail = f"{len(holders)} people, {len(codes)} codes; journal, outbox and hub"
    yield "searches for names, numbers, codes and templates", "pseudonyms only", outcome, detail


def _flipped(copy: Path, bodies: Sequence[bytes], count: int) -> Iterator[Path]:
    """Copies of a journal, each with one random bit of one random record flipped."""
    rng, data = random.Random(SEED), copy.read_bytes()  # noqa: S311  no secret
    for number, body in enumerate(rng.choices(bodies, k=count)):
        touched = bytearray(data)
        touched[data.index(body) + rng.randrange(len(body))] ^= 1 << rng.randrange(8)
        path = copy.with_name(f"flipped-{number}.db")
        path.write_bytes(touched)
        yield path


def _verified(paths: Sequence[Path], key: bytes) -> list[dict[str, object]]:
    """The answer of `doorward log verify` for each journal; all run at the same time."""
    command = [sys.executable, "-m", "edge", "log", "verify", "--json", "--key", key.hex()]
    running = [
        subprocess.Popen([*command, str(path)], stdout=subprocess.PIPE, text=True, cwd=CHECKOUT)
        for path in paths
    ]
    return [json.loads(process.communicate()[0] or '{"result":"no answer"}') for process in running]


def _is_broken(path: Path, key: bytes) -> bool:
    try:
        verify(path, key=key)
    except JournalBroken:
        return True
    return False


def _personal(
    folder: Path, door: DemoDoor, bodies: Sequence[bytes], holders: Sequence[Holder], codes: Sequence[str]
) -> list[str]:
    """Personal data of these holders that is in a record, or in a file of the journal, outbox or hub."""
    state = folder / "device" / door.config.paths.state
    files = [
        *door.journal_path.parent.glob("journal.db*"),
        *state.glob("outbox.db*"),
        *folder.glob("hub.db*"),
    ]
    written = b"\n".join(path.read_bytes() for path in files)
    words = {f"{holder.name}'s {what}": data for holder in holders for what, data in holder.personal.items()}
    words |= {f"code {number}": code.encode() for number, code in enumerate(codes)}
    found = [what for what, data in words.items() if any(form in written for form in _forms(data))]
    # Three letters occur in many hashes by chance; as a separate word they do not occur in these records.
    records = b"\n".join(bodies).lower()
    return found + [holder.name for holder in holders if _as_word(holder.name).search(records)]


def _as_word(name: str) -> re.Pattern[bytes]:
    return re.compile(rb"(?<![0-9a-z])" + re.escape(name.lower().encode()) + rb"(?![0-9a-z])")


def _forms(data: bytes) -> tuple[bytes, ...]:
    return data, data.hex().encode(), b64encode(data).rstrip(b"=")
