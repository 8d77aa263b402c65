"""Runs tests in a process of its own, on a mutant or with a record of the lines that each test runs.

    python -m tools.mutation.child mutant MODULE SOURCE NODE_ID...
    python -m tools.mutation.child record REPORT PATH...

It must import no module of edge itself: a mutant replaces its module at the first import.
"""

from __future__ import annotations

import importlib.util
import json
import resource
import sys
import time
from collections import defaultdict
from importlib.abc import MetaPathFinder
from importlib.machinery import SourceFileLoader
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import coverage
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from importlib.machinery import ModuleSpec
    from types import CodeType

ROOT: Final = Path(__file__).resolve().parents[2]
# Processor time, for mutants that loop for ever: twelve times the tests of one mutant.
CPU_LIMIT_S: Final = 120
OPTIONS: Final = ("-q", "-p", "no:cacheprovider", "--hypothesis-seed=0")


class MutantLoader(SourceFileLoader):
    """Compiles a mutant in place of the file."""

    def __init__(self, name: str, path: str, source: str) -> None:
        super().__init__(name, path)
        self._source = source

    def get_code(self, fullname: str) -> CodeType:  # noqa: ARG002  of the interface
        return compile(self._source, self.path, "exec", dont_inherit=True)


class MutantFinder(MetaPathFinder):
    """Finds one module as a mutant, and no other."""

    def __init__(self, name: str, source: str) -> None:
        self._name, self._source = name, source

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,  # noqa: ARG002  of the interface
        target: object = None,  # noqa: ARG002
    ) -> ModuleSpec | None:
        if fullname != self._name:
            return None
        file = str(ROOT / Path(*fullname.split("."))) + ".py"
        loader = MutantLoader(fullname, file, self._source)
        return importlib.util.spec_from_file_location(fullname, file, loader=loader)


class LineRecorder:
    """The lines of edge that each test runs, and its seconds; a plugin of pytest."""

    def __init__(self) -> None:
        self.coverage = coverage.Coverage(data_file=None, source=[str(ROOT / "edge")], config_file=False)
        self.seconds: dict[str, float] = {}

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        self.coverage.switch_context(item.nodeid)
        began = time.perf_counter()
        try:
            return (yield)
        finally:
            self.seconds[item.nodeid] = time.perf_counter() - began
            self.coverage.switch_context("")

    def report(self) -> dict[str, Any]:
        """`seconds` by test, and `lines`: by file and line, the numbers of the tests that run it."""
        numbers = {test: number for number, test in enumerate(self.seconds)}
        data = self.coverage.get_data()
        lines: dict[str, dict[int, list[int]]] = defaultdict(dict)
        for file in data.measured_files():
            for line, tests in data.contexts_by_lineno(file).items():
                lines[str(Path(file).relative_to(ROOT))][line] = [numbers[test] for test in tests if test]
        return {"seconds": self.seconds, "lines": lines}


def main(words: list[str]) -> int:
    """Run the tests; the exit code is that of pytest."""
    match words:
        case ["mutant", module, source, *tests]:
            resource.setrlimit(resource.RLIMIT_CPU, (CPU_LIMIT_S, CPU_LIMIT_S))
            sys.meta_path.insert(0, MutantFinder(module, source))
            return pytest.main([*OPTIONS, "-x", *tests])
        case ["record", report, *paths]:
            recorder = LineRecorder()
            recorder.coverage.start()
            code = pytest.main([*OPTIONS, *paths], plugins=[recorder])
            recorder.coverage.stop()
            Path(report).write_text(json.dumps(recorder.report()), "utf-8")
            return code
    raise SystemExit(__doc__)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
