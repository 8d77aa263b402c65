"""The generations of a device's trust: folders side by side, and a link that names the one in force.

    trust -> trust.d/<n>         swapped by renaming a link over it
    trust.d/<n>                  built as trust.d/.<n>.new, flushed, loaded, renamed, and only then named

A process that is killed leaves the link at a whole generation, and at worst a folder that nobody names; the
next sync removes that. REPOSITORY.md section 3.
"""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, Final

import msgspec

from edge.durable import flush, write_durably
from edge.errors import SyncError, TrustFault
from edge.sync.durable_files import share, storing
from edge.trust import generation as trust_generation

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from edge.trust.generation import Generation

GENERATION: Final = "generation.json"
# Hidden: whoever loads trust does not look at hidden files.
KEPT: Final = ".targets.json"
PACKS: Final = ".packs"
MAX_KEPT_BYTES: Final = 8 << 20  # 40,000 names with their hashes


class Generations:
    """The generations behind one link. Raises SyncError where a real folder stands in the link's place."""

    def __init__(self, link: Path) -> None:
        self.link = link
        self.folder = link.with_name(f"{link.name}.d")
        if link.exists() and not link.is_symlink():
            raise SyncError(
                f"{link}: was put there by hand", hint="move this folder away to let sync take its place"
            )

    def in_force(self) -> Path | None:
        """The folder of the generation that the link names; None where there is no such thing yet."""
        try:
            target = self.link.readlink()
        except FileNotFoundError:
            return None
        folder = self.link.parent / target
        return folder if folder.is_dir() else None

    def begin(self) -> GenerationDraft:
        """An empty generation beside the one in force."""
        self.tidy()
        with storing(self.folder):
            number = max((*self._numbers(), 0)) + 1
            folder = self.folder / f".{number}.new"
            folder.mkdir()
        return GenerationDraft(folder, self.folder / str(number), self.in_force())

    def name(self, draft: GenerationDraft) -> Path:
        """Put a finished draft in force; the generation before is kept, older ones are removed."""
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
        """Remove a draft that comes to nothing."""
        shutil.rmtree(draft.folder, ignore_errors=True)

    def tidy(self) -> None:
        """Remove what an interrupted sync has left, and all generations but the last two."""
        with storing(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            kept = self._worth_keeping()
            for entry in list(os.scandir(self.folder)):
                if entry.name not in kept and (_is_number(entry.name) or entry.name.startswith(".")):
                    shutil.rmtree(entry.path)

    def _numbers(self) -> list[int]:
        return [int(entry.name) for entry in os.scandir(self.folder) if _is_number(entry.name)]

    def _worth_keeping(self) -> set[str]:
        """The generation in force and the newest one before it."""
        current = self.in_force()
        if current is None or not _is_number(current.name):
            return set()
        before = [number for number in self._numbers() if number < int(current.name)]
        return {current.name, *(str(number) for number in sorted(before)[-1:])}


class GenerationDraft:
    """A generation that is being built in `folder`. `before`: the one in force."""

    def __init__(self, folder: Path, final: Path, before: Path | None) -> None:
        self.folder = folder
        self.final = final
        self.before = before
        self._fresh: list[Path] = []

    def keep(self, name: str) -> None:
        """A file as the generation before has it; OSError where that has none."""
        assert self.before is not None
        share(self.before / name, self.place(name))

    def take(self, name: str, file: Path) -> None:
        """A downloaded file under its name in a generation."""
        share(file, self.place(name))

    def write(self, name: str, data: bytes) -> None:
        """A small file."""
        self.place(name).write_bytes(data)

    def place(self, name: str) -> Path:
        """Where a file of this name goes; its folder is there then."""
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        self._fresh.append(file)
        return file

    def flush(self) -> None:
        """Have the disk keep all of it, names last."""
        for file in self._fresh:
            flush(file)
        for folder in sorted({file.parent for file in self._fresh} | {self.folder}, reverse=True):
            flush(folder)


def read_generation(folder: Path) -> Generation | None:
    """When a generation was signed and fetched; None where that cannot be read any more."""
    try:
        return trust_generation.parse((folder / GENERATION).read_bytes())
    except (OSError, TrustFault):
        return None


def write_generation(folder: Path, generation: Generation) -> None:
    """The same for a generation that is in force already."""
    with storing(folder):
        write_durably(folder / GENERATION, trust_generation.encode(generation))


def read_kept(folder: Path) -> dict[str, str]:
    """Name and SHA-256 of the targets that a generation is made of; empty where that cannot be read."""
    try:
        data = (folder / KEPT).read_bytes()
        return msgspec.json.decode(data, type=dict[str, str]) if len(data) <= MAX_KEPT_BYTES else {}
    except (OSError, ValueError, RecursionError):
        return {}


def kept_file(kept: Mapping[str, str]) -> bytes:
    """What `read_kept` reads."""
    return msgspec.json.encode(dict(kept))


def _is_number(name: str) -> bool:
    return name.isascii() and name.isdigit()
