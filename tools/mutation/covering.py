"""The tests that run a line of the core, each with its seconds, and the order in which a mutant takes them.

The tests are run once, with a record of the lines that each of them runs (tools/mutation/recorder.py). The
record stays in build/mutation/. It holds until a file of edge/, or one that the tests share, changes; of a
changed file of tests its tests alone are run again.
"""

from __future__ import annotations

import ast
import json
import subprocess
import sys
import tempfile
from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Final

from edge.errors import InputError
from tools.mutation.recorder import OUTSIDE, ROOT

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from collections.abc import Set as AbstractSet

TESTS: Final = ("tests/edge", "tests/scenarios")
SHARED: Final = ("edge", "tests/conftest.py", "tests/peers", "tests/worlds", "tests/samples", "tests/vectors")
RECORD: Final = ROOT / "build" / "mutation" / "record.json"
CHEAP_S: Final = 0.2  # tests up to here come first, wherever they stand
FEW_FILES: Final = 16  # to collect as many again takes as long as a mutant's tests
BUDGET_S: Final = 6.0  # of the tests of one mutant, under the record; without it they take half as long


@dataclass(frozen=True, slots=True)
class TestRecord:
    """One run of the tests. `lines`: by file and line, the tests that run it; `seconds`: of each test."""

    __test__ = False

    lines: Mapping[str, Mapping[int, AbstractSet[str]]]
    seconds: Mapping[str, float]

    def of_lines(self, file: str, lines: AbstractSet[int]) -> set[str]:
        """The tests that run any of these lines; OUTSIDE if an import does."""
        return {test for line, tests in self.lines.get(file, {}).items() if line in lines for test in tests}

    def of_file(self, file: str) -> set[str]:
        """The tests that run any line of this file."""
        return {test for tests in self.lines.get(file, {}).values() for test in tests}

    def without(self, files: AbstractSet[str]) -> TestRecord:
        """This record without the tests of these files."""
        gone = {test for test in self.seconds if test.partition("::")[0] in files}
        return TestRecord(
            {
                file: {line: tests - gone for line, tests in lines.items()}
                for file, lines in self.lines.items()
            },
            {test: seconds for test, seconds in self.seconds.items() if test not in gone},
        )

    def joined(self, other: TestRecord) -> TestRecord:
        """The tests of both records."""
        lines: dict[str, dict[int, AbstractSet[str]]] = defaultdict(dict)
        for one in (self, other):
            for file, each in one.lines.items():
                for line, tests in each.items():
                    lines[file][line] = lines[file].get(line, frozenset()) | tests
        return TestRecord(lines, {**self.seconds, **other.seconds})


def parse_record(text: str) -> TestRecord:
    """The record that tools/mutation/recorder.py or `written` made."""
    told = json.loads(text)
    names = list(told["seconds"])
    return TestRecord(
        {
            file: {int(line): frozenset(names[number] for number in tests) for line, tests in lines.items()}
            for file, lines in told["lines"].items()
        },
        told["seconds"],
    )


def written(ran: TestRecord) -> dict[str, object]:
    """The record as parse_record() reads it."""
    numbers = {test: number for number, test in enumerate(ran.seconds)}
    lines = {
        file: {line: sorted(numbers[test] for test in tests) for line, tests in each.items()}
        for file, each in ran.lines.items()
    }
    return {"seconds": dict(ran.seconds), "lines": lines}


def record(paths: Sequence[str]) -> TestRecord:
    """Run these tests and record their lines. Raises InputError if one fails."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.json")
        words = [sys.executable, "-m", "tools.mutation.recorder", str(report), *paths]
        if subprocess.run(words, cwd=ROOT, check=False, stdout=2).returncode:
            raise InputError("the tests fail without a mutant", hint="make the tests pass first")
        return parse_record(report.read_text("utf-8"))


def kept_record(file: Path = RECORD) -> TestRecord:
    """The record of this checkout's tests: the kept one as far as it holds. Raises InputError."""
    shared, digests = digest_of(SHARED, but="test_*.py"), test_digests()
    kept, ran, known = {}, TestRecord({}, {}), {}
    if file.exists():
        kept = json.loads(file.read_text("utf-8"))
    if kept.get("shared") == shared:
        ran, known = parse_record(json.dumps(kept["record"])), kept["files"]
    changed = {name for name in {*digests, *known} if digests.get(name) != known.get(name)}
    if not changed:
        return ran
    if paths := sorted(changed & set(digests)):
        ran = ran.without(changed).joined(record(paths if known else TESTS))
    file.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"shared": shared, "files": digests, "record": written(ran)})
    file.write_text(text, "utf-8")
    return ran


def test_digests() -> dict[str, str]:
    """The digest of each file of tests that are recorded, by its name from the root."""
    return {
        str(path.relative_to(ROOT)): sha256(path.read_bytes()).hexdigest()
        for folder in TESTS
        for path in sorted((ROOT / folder).rglob("test_*.py"))
    }


def digest_of(names: Sequence[str], *, but: str) -> str:
    """One digest of these files and folders, without files whose name matches `but`."""
    total = sha256()
    for name in names:
        for path in [ROOT / name, *sorted((ROOT / name).rglob("*"))]:
            if path.is_file() and "__pycache__" not in path.parts and not path.match(but):
                total.update(f"{path.relative_to(ROOT)}\n{sha256(path.read_bytes()).hexdigest()}\n".encode())
    return total.hexdigest()


def module_name(file: Path) -> str:
    """The name under which Python imports this file."""
    return ".".join(file.with_suffix("").parts)


@cache
def _tree(source: str) -> ast.Module:
    return ast.parse(source)


@cache
def _imports(source: str) -> frozenset[str]:
    """All that this source imports; of `from a import b` both "a" and "a.b", as b may be a module."""
    found: set[str] = set()
    for node in ast.walk(_tree(source)):
        match node:
            case ast.Import(names=names):
                found.update(each.name for each in names)
            case ast.ImportFrom(module=str(origin), names=names):
                found.update((origin, *(f"{origin}.{each.name}" for each in names)))
    return frozenset(found)


def importers(module: str, sources: Mapping[str, str]) -> set[str]:
    """The files, of `sources` by name, that import this module."""
    return {file for file, source in sources.items() if module in _imports(source)}


def statement_at(source: str, line: int) -> tuple[set[int], bool]:
    """The lines of the statement on this line, and whether a function contains it.

    Coverage counts a statement of several lines at its first one.
    """
    lines, inside = {line}, False
    for node in ast.walk(_tree(source)):
        if not isinstance(node, ast.stmt) or not node.lineno <= line <= (node.end_lineno or line):
            continue
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            inside = inside or line >= node.body[0].lineno
        elif not isinstance(node, ast.ClassDef):
            body = getattr(node, "body", None)
            last = body[0].lineno - 1 if body and isinstance(body, list) else node.end_lineno or line
            if line <= last:
                lines |= set(range(node.lineno, last + 1))
    return lines, inside


def select_tests(
    file: str, line: int, sources: Mapping[str, str], ran: TestRecord, budget_s: float = BUDGET_S
) -> list[str]:
    """The tests of a mutant on this line, in the order in which they run.

    A line outside every function, or of a function that makes a constant, is run by an import alone, so its
    mutant takes the tests that run any line of its module, or of a module that imports it. A mutant that
    imports must collect its tests again: it takes them from few files, those of the mirror folder first.
    """
    lines, inside = statement_at(sources[file], line)
    found = ran.of_lines(file, lines)
    if not inside or found == {OUTSIDE}:
        found = ran.of_file(file).union(*(ran.of_file(each) for each in importers(_module(file), sources)))
    imports = not inside or OUTSIDE in found
    mirror = f"tests/{Path(file).parent}/"
    own = f"{mirror}test_{Path(file).stem}.py"
    if imports:  # its tests may read values that the collection made
        found |= {test for test in ran.seconds if test.startswith(own)}

    def order(test: str) -> tuple[bool, bool, bool, float, str]:
        seconds = ran.seconds[test]
        is_slow = seconds > CHEAP_S and not imports
        return is_slow, not test.startswith(own), not test.startswith(mirror), seconds, test

    kept = within_budget(sorted(found - {OUTSIDE}, key=order), ran.seconds, budget_s)
    few = list(dict.fromkeys(map(_file_of, kept)))[: FEW_FILES if imports else None]
    return [test for test in kept if _file_of(test) in few]


def _file_of(test: str) -> str:
    return test.partition("::")[0]


def _module(file: str) -> str:
    return module_name(Path(file))


def within_budget(
    tests: Iterable[str], seconds: Mapping[str, float], budget_s: float = BUDGET_S
) -> list[str]:
    """The first tests that fit into `budget_s` together, and one in any case."""
    kept: list[str] = []
    spent = 0.0
    for test in tests:
        if kept and spent + seconds[test] > budget_s:
            continue
        spent += seconds[test]
        kept.append(test)
    return kept
