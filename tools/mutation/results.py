"""Outcomes of mutants, kept in build/mutation/ as they come, and the reasons for survivors.

A line of JSON holds one outcome, with the digest of the mutant's source: an outcome counts as long as the
file that was mutated stays the same. A run that ended early goes on from there: `--resume` keeps what was
killed, and tries survivors without a reason again if a test has changed since.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections import Counter, defaultdict
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tools.mutation.recorder import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from tools.mutation.mutants import Mutant

FOLDER: Final = ROOT / "build" / "mutation"
REASONS: Final = ROOT / "tests" / "edge" / "mutants.toml"
LEAST_KILLED: Final = 0.95  # of the mutants that no reason explains


@dataclass(frozen=True, slots=True)
class KnownOutcome:
    """The outcome of a mutant in this run or an earlier one. `tests`: digest of all tests at that time."""

    file: str
    where: str
    line: int
    change: str
    source: str
    tests: str
    survived: bool
    test: str

    def __str__(self) -> str:
        return f"{place(Path(self.file), self.where)}:{self.line}: {self.change}"


@dataclass(frozen=True, slots=True)
class SurvivorReason:
    """One entry of tests/edge/mutants.toml. `where` and `change` are regular expressions."""

    where: re.Pattern[str]
    change: re.Pattern[str]

    def covers(self, outcome: KnownOutcome) -> bool:
        named = place(Path(outcome.file), outcome.where)
        return bool(self.where.fullmatch(named) and self.change.fullmatch(outcome.change))


def place(file: Path, where: str) -> str:
    """Package, module, class and function of a mutant, without `edge`."""
    return ".".join((*file.parts[1:-1], where))


def digest(source: str) -> str:
    """The digest of a mutant's source, as long as it need be."""
    return sha256(source.encode()).hexdigest()[:16]


def outcome_of(file: Path, mutant: Mutant, *, tests: str, survived: bool, test: str) -> KnownOutcome:
    """An outcome as it is kept."""
    source = digest(mutant.source)
    return KnownOutcome(str(file), mutant.where, mutant.line, mutant.change, source, tests, survived, test)


class OutcomeStore:
    """The outcomes of one package, in one file of JSON lines."""

    def __init__(self, package: str, folder: Path = FOLDER) -> None:
        self._file = folder / f"{package}.jsonl"

    def known(self) -> dict[tuple[str, str], KnownOutcome]:
        """The newest outcome of each file and digest of a source."""
        if not self._file.exists():
            return {}
        # a process that was killed may have left half a line
        lines = [line for line in self._file.read_text("utf-8").split("\n") if line.endswith("}")]
        return {(one.file, one.source): one for one in (KnownOutcome(**json.loads(line)) for line in lines)}

    def forget(self, files: Iterable[str]) -> None:
        """Drop the outcomes of these files."""
        gone = set(files)
        kept = [one for one in self.known().values() if one.file not in gone]
        self._file.parent.mkdir(parents=True, exist_ok=True)
        self._file.write_text("".join(map(_line, kept)), "utf-8")

    def add(self, outcome: KnownOutcome) -> None:
        """Keep this outcome."""
        with self._file.open("a", encoding="utf-8") as file:
            file.write(_line(outcome))


def _line(outcome: KnownOutcome) -> str:
    fields = {name: getattr(outcome, name) for name in KnownOutcome.__slots__}
    return json.dumps(fields, ensure_ascii=False) + "\n"


def reasons(file: Path = REASONS) -> list[SurvivorReason]:
    """The entries of tests/edge/mutants.toml. Raises KeyError for an entry without a reason."""
    entries = tomllib.loads(file.read_text("utf-8"))["mutant"]
    assert all(entry["reason"] for entry in entries)
    return [SurvivorReason(re.compile(entry["where"]), re.compile(entry["change"])) for entry in entries]


def verdict(
    found: Iterable[KnownOutcome], known: Iterable[SurvivorReason], *, is_whole: bool
) -> Iterator[str]:
    """Lines for survivors without a reason, for too few killed, and in a whole run for idle reasons."""
    known, found = list(known), list(found)
    alive = [one for one in found if one.survived]
    loose = [one for one in alive if not any(reason.covers(one) for reason in known)]
    for one in loose:
        yield f"survived: {one}" + ("" if one.test else " (no test runs it)")
    rest = len(found) - len(alive) + len(loose)
    if rest and len(loose) > (1 - LEAST_KILLED) * rest:
        yield f"killed {rest - len(loose)} of {rest} without a reason: less than {LEAST_KILLED:.0%}"
    if is_whole:
        for reason in known:
            if not any(reason.covers(one) for one in alive):
                yield f"reason without a survivor: {reason.where.pattern}: {reason.change.pattern}"


def table(found: Sequence[KnownOutcome], known: Sequence[SurvivorReason]) -> Iterator[str]:
    """A line for each file, each package and all of them: mutants, killed, explained, left."""
    groups: dict[str, Counter[str]] = defaultdict(Counter)
    for one in found:
        explained = any(reason.covers(one) for reason in known)
        became = "killed" if not one.survived else "explained" if explained else "left"
        for name in (one.file, "/".join(Path(one.file).parts[:2]), "together"):
            groups[name].update((became, "mutants"))
    for name, counts in sorted(
        groups.items(), key=lambda group: (group[0].count("/") < 2, group[0] == "together", group[0])
    ):
        yield f"{name}: " + ", ".join(
            f"{counts[word]} {word}" for word in ("mutants", "killed", "explained", "left")
        )
