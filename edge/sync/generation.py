"""The generations of a device's trust: one folder each, and a link to the current one.

    trust -> trust.d/<n>         replaced by renaming a new link over it
    trust.d/<n>                  built as trust.d/.<n>.new, flushed, loaded, renamed, and linked last

If the process is killed, the link still points to a complete generation. At worst a folder without a link
remains, which the next sync removes. REPOSITORY.md section 3.
"""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, Final

import msgspec

from edge.errors import SyncError, TrustFault
from edge.files.durable import flush, write_durably
from edge.formats.untrusted_text import UnreadableText, typed_json
from edge.sync.durable_files import share, storing
from edge.trust import generation as trust_generation

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from edge.trust.generation import Generation

GENERATION: Final = "generation.json"
# Hidden, because the loader of trust ignores hidden files.
KEPT: Final = ".targets.json"
PACKS: Final = ".packs"
MAX_KEPT_BYTES: Final = 8 << 20  # 40,000 names with their hashes


class Generations:
    """The generations of one link. Raises SyncError if there is a real folder instead of the link."""

    def __init__(self, link: Path) -> None:
        self.link = link
        self.folder = link.with_name(f"{link.name}.d")
        if link.exists() and not link.is_symlink():
            raise SyncError(
                f"{link}: a folder that was made by hand",
                hint="move this folder away, so that sync can create its own",
            )

    def in_force(self) -> Path | None:
        """The folder of the current generation; None if there is none yet."""
        try:
            target = self.link.readlink()
        except FileNotFoundError:
            return None
        folder = self.link.parent / target
        return folder if folder.is_dir() else None

    def begin(self) -> GenerationDraft:
        """Begin an empty draft of the next generation."""
        self.tidy()
        with storing(self.folder):
            number = max((*self._numbers(), 0)) + 1
            folder = self.folder / f".{number}.new"
            folder.mkdir()
        return GenerationDraft(folder, self.folder / str(number), self.in_force())

    def name(self, draft: GenerationDraft) -> Path:
        """Make a finished draft the current generation; the one before is kept, older ones are removed."""
        with storing(self.folder):
            draft.flush()
            draft.folder.rename(draft.final)
            flush(self.folder)
            fresh = self.link.with_name(f".{self.link.name}.new")
            fresh.unlink(missing_ok=True)
            fresh.symlink_to(f"{self.folder.name}/{draft.final.name}")
            fresh.replace(self.link)
            flush(self.link.parent)
        self.tidy()
        return draft.final

    def drop(self, draft: GenerationDraft) -> None:
        """Remove a failed draft."""
        shutil.rmtree(draft.folder, ignore_errors=True)

    def tidy(self) -> None:
        """Remove the remains of an interrupted sync, and all generations but the last two."""
        with storing(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            kept = self._worth_keeping()
            for entry in list(os.scandir(self.folder)):
                if entry.name not in kept and (_is_number(entry.name) or entry.name.startswith(".")):
                    shutil.rmtree(entry.path)

    def _numbers(self) -> list[int]:
        return [int(entry.name) for entry in os.scandir(self.folder) if _is_number(entry.name)]

    def _worth_keeping(self) -> set[str]:
        """The names of the current generation and the newest one before it."""
        current = self.in_force()
        if current is None or not _is_number(current.name):
            return set()
        before = [number for number in self._numbers() if number < int(current.name)]
        return {current.name, *(str(number) for number in sorted(before)[-1:])}


class GenerationDraft:
    """A generation under construction in `folder`. `before`: the current one."""

    def __init__(self, folder: Path, final: Path, before: Path | None) -> None:
        self.folder = folder
        self.final = final
        self.before = before
        self._fresh: list[Path] = []

    def keep(self, name: str) -> None:
        """Add an unchanged file of the generation before; OSError if that has none."""
        assert self.before is not None
        share(self.before / name, self.place(name))

    def take(self, name: str, file: Path) -> None:
        """Add a downloaded file under its name in a generation."""
        share(file, self.place(name))

    def write(self, name: str, data: bytes) -> None:
        """Add a small file."""
        self.place(name).write_bytes(data)

    def place(self, name: str) -> Path:
        """The path for a file of this name; creates its folder."""
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        self._fresh.append(file)
        return file

    def flush(self) -> None:
        """Flush all files to the disk, then the folders."""
        for file in self._fresh:
            flush(file)
        for folder in sorted({file.parent for file in self._fresh} | {self.folder}, reverse=True):
            flush(folder)


def read_generation(folder: Path) -> Generation | None:
    """The times at which a generation was signed and fetched; None if they cannot be read."""
    try:
        return trust_generation.parse((folder / GENERATION).read_bytes())
    except (OSError, TrustFault):
        return None


def write_generation(folder: Path, generation: Generation) -> None:
    """Write these times to a generation that is current already."""
    with storing(folder):
        write_durably(folder / GENERATION, trust_generation.encode(generation))


_kept = msgspec.json.Decoder(dict[str, str])


def read_kept(folder: Path) -> dict[str, str]:
    """Name and SHA-256 of the targets of a generation; empty if they cannot be read."""
    try:
        data = (folder / KEPT).read_bytes()
        return typed_json(data, _kept) if len(data) <= MAX_KEPT_BYTES else {}
    except (OSError, UnreadableText):
        return {}


def kept_file(kept: Mapping[str, str]) -> bytes:
    """The file that `read_kept` reads."""
    return msgspec.json.encode(dict(kept))


def _is_number(name: str) -> bool:
    return name.isascii() and name.isdigit()
