"""Tries mutants in forked processes of one process that has imported all modules and collected all tests.

A child gives the mutant's code to the functions that are there (tools/mutation/code_swap.py), which takes
milliseconds. Where that is not enough it forgets the modules of this checkout, not the libraries, and imports
them again with the mutant in place of its module: half a second.

A test that starts another process does not see the mutant there.
"""

from __future__ import annotations

import gc
import importlib.util
import os
import resource
import shutil
import signal
import sys
import tempfile
import traceback
from contextlib import suppress
from dataclasses import dataclass
from importlib.abc import MetaPathFinder
from importlib.machinery import SourceFileLoader
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn

import pytest
from hypothesis import given
from hypothesis.strategies import booleans

from tools.mutation import code_swap
from tools.mutation.recorder import OPTIONS, ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from importlib.machinery import ModuleSpec
    from types import CodeType, FunctionType

    from tools.mutation.mutants import Mutant

# Processor time that a test may take, for mutants that loop for ever: five times its own and 3 s;
# and true time, for those that wait for ever: a machine may be busy with other work.
IMPORT_S: Final = 1.0  # of the modules and tests of a mutant that needs them anew
SPARE_CPU_S: Final = 3
SPARE_S: Final = 20
TIMES_CPU: Final = 5
TIMES: Final = 20
MEMORY: Final = 6 << 30  # bytes, for mutants that fill a list for ever
WORKERS: Final = 3 * (os.cpu_count() or 1)  # more than processors, as some mutants wait for ever
# Without a report of the values in a failed assertion: it takes longer than the test.
QUICK: Final = (*OPTIONS, "--assert=plain", "--tb=no", "-p", "no:faulthandler")
CALM: Final = {"HYPOTHESIS_PROFILE": "mutant", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}


@dataclass(frozen=True, slots=True)
class Trial:
    """A mutant of a file, with its tests. `is_live`: whether code that no import runs holds the change."""

    file: Path
    mutant: Mutant
    tests: Sequence[str]
    is_live: bool


@dataclass(frozen=True, slots=True)
class TrialOutcome:
    """Whether all tests passed on the mutant; if not, the test that did not."""

    trial: Trial
    survived: bool
    test: str = ""


class MutantLoader(SourceFileLoader):
    """Compiles a mutant in place of the file."""

    def __init__(self, name: str, path: str, source: str) -> None:
        super().__init__(name, path)
        self._source = source

    def get_code(self, fullname: str) -> CodeType:  # noqa: ARG002  of the interface
        return compile(self._source, self.path, "exec", dont_inherit=True)


class MutantFinder(MetaPathFinder):
    """Finds one module as a mutant, and no other."""

    def __init__(self, file: Path, source: str) -> None:
        self._name, self._file = ".".join(file.with_suffix("").parts), str(ROOT / file)
        self._source = source

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,  # noqa: ARG002  of the interface
        target: object = None,  # noqa: ARG002
    ) -> ModuleSpec | None:
        if fullname != self._name:
            return None
        loader = MutantLoader(fullname, self._file, self._source)
        return importlib.util.spec_from_file_location(fullname, self._file, loader=loader)


class TestWatch:
    """Limits and notes each test of a child, and ends the child at the first failure; a plugin of pytest."""

    __test__ = False

    def __init__(self, folder: Path, seconds: Mapping[str, float]) -> None:
        self._note, self._seconds = folder / "test", seconds

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        self._note.write_text(item.nodeid, "utf-8")
        _limit_time(self._seconds.get(item.nodeid, 0.0))
        return (yield)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            os._exit(pytest.ExitCode.TESTS_FAILED)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            os._exit(pytest.ExitCode.TESTS_FAILED)


class TrialTests:
    """Keeps the tests of a trial, in its order, where a child collects again; a plugin of pytest.

    The values in the name of a test may be the mutant's: then all tests of that function are kept.
    """

    __test__ = False

    def __init__(self, tests: Sequence[str]) -> None:
        self._places = {test: place for place, test in enumerate(tests)}

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        lost = self._places.keys() - {item.nodeid for item in items}
        renamed = {test.partition("[")[0]: self._places[test] for test in lost}
        places = {item.nodeid: renamed.get(item.nodeid.partition("[")[0]) for item in items} | self._places
        items[:] = [item for item in items if places[item.nodeid] is not None]
        items.sort(key=lambda item: places[item.nodeid] or 0)


class ForkRunner:
    """Runs trials instead of the tests that were collected; a plugin of pytest."""

    def __init__(
        self, trials: Iterable[Trial], seconds: Mapping[str, float], tell: Callable[[TrialOutcome], None]
    ) -> None:
        self._trials, self._seconds, self._tell = trials, seconds, tell
        self._items: dict[str, pytest.Item] = {}
        self._functions: Mapping[code_swap.Place, list[FunctionType]] = {}
        self._codes: dict[Path, CodeType] = {}

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        if session.testsfailed:
            raise session.Failed("the tests cannot be collected")
        self._items = {item.nodeid: item for item in session.items}
        self._functions = code_swap.live_functions()
        _let_hypothesis_read()
        gc.collect()
        gc.freeze()  # pages of memory stay shared with the children
        self._run(session.config)
        return True

    def _run(self, config: pytest.Config) -> None:
        waiting = iter(self._trials)
        running: dict[int, tuple[Trial, Path]] = {}
        try:
            while True:
                while len(running) < WORKERS and (trial := next(waiting, None)):
                    folder = Path(tempfile.mkdtemp(prefix="m"))
                    if not (pid := os.fork()):
                        self._child(trial, folder, config)
                    running[pid] = trial, folder
                if not running:
                    return
                pid, status = os.wait()
                if pid in running:
                    self._tell(self._ended(*running.pop(pid), pid, status))
        finally:
            for pid, (_, folder) in running.items():
                _end_group(pid)
                os.waitpid(pid, 0)
                shutil.rmtree(folder, ignore_errors=True)

    def _ended(self, trial: Trial, folder: Path, pid: int, status: int) -> TrialOutcome:
        _end_group(pid)
        note = folder / "test"
        test = note.read_text("utf-8") if note.exists() else "import"
        shutil.rmtree(folder, ignore_errors=True)
        code = os.waitstatus_to_exitcode(status)
        if code not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED) and code >= 0:
            raise RuntimeError(f"pytest itself failed on {trial.file}: {trial.mutant}: {code}, {test}")
        return TrialOutcome(trial, code == pytest.ExitCode.OK, test if code else "")

    def _child(self, trial: Trial, folder: Path, config: pytest.Config) -> NoReturn:
        code: int = pytest.ExitCode.INTERNAL_ERROR
        try:
            os.setpgid(0, 0)
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            _limit_time(IMPORT_S)
            resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            os.environ["TMPDIR"] = os.environ["PYTEST_DEBUG_TEMPROOT"] = tempfile.tempdir = str(folder)
            captured = config.pluginmanager.getplugin("capturemanager")
            captured.stop_global_capturing()
            null = os.open(os.devnull, os.O_RDWR)
            for stream in range(3):
                os.dup2(null, stream)
            tests = self._swapped_tests(trial, config)
            if tests is None:
                tests = _imported_tests(trial)
            else:
                captured.start_global_capturing()
            watch = TestWatch(folder, self._seconds)
            try:
                code = tests(watch)
            except BaseException:  # noqa: BLE001  a mutant that ends the process
                code = pytest.ExitCode.TESTS_FAILED
        except BaseException:  # noqa: BLE001  the parent raises it
            (folder / "test").write_text(traceback.format_exc(), "utf-8")
        finally:
            os._exit(code)

    def _swapped_tests(self, trial: Trial, config: pytest.Config) -> Callable[[TestWatch], int] | None:
        """Runs the collected tests, on functions with the mutant's code; None if that is not enough."""
        items = [self._items[test] for test in trial.tests if test in self._items]  # an id may be an address
        path = ROOT / trial.file
        original = compile(path.read_text("utf-8"), str(path), "exec", dont_inherit=True)
        mutant = compile(trial.mutant.source, str(path), "exec", dont_inherit=True)
        if not trial.is_live or not code_swap.swap(original, mutant, self._functions):
            return None

        def run(watch: TestWatch) -> int:
            config.pluginmanager.register(watch)
            for item, after in zip(items, [*items[1:], None], strict=True):
                config.hook.pytest_runtest_protocol(item=item, nextitem=after)
            return pytest.ExitCode.OK

        return run


def _imported_tests(trial: Trial) -> Callable[[TestWatch], int]:
    """Collects the tests again, which import the mutant, and runs them."""
    _forget_modules()
    sys.meta_path.insert(0, MutantFinder(trial.file, trial.mutant.source))
    files = dict.fromkeys(test.partition("::")[0] for test in trial.tests)

    def run(watch: TestWatch) -> int:
        return pytest.main([*QUICK, *files], plugins=[watch, TrialTests(trial.tests)])

    return run


def _limit_time(seconds: float) -> None:
    """Limit what comes next, which takes so long without a mutant."""
    spent = resource.getrusage(resource.RUSAGE_SELF)
    most = int(spent.ru_utime + spent.ru_stime + SPARE_CPU_S + TIMES_CPU * seconds) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (most, resource.RLIM_INFINITY))
    signal.setitimer(signal.ITIMER_REAL, SPARE_S + TIMES * seconds)


def _end_group(pid: int) -> None:
    """End the processes that tests of this child left behind."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def _let_hypothesis_read() -> None:
    """Let Hypothesis read the constants of all modules now, once, which every child would do."""
    given(booleans())(lambda _: None)()


def _forget_modules() -> None:
    """Let the next import read every module of this checkout again, these of the tool excepted."""
    ours = [
        name
        for name, module in list(sys.modules.items())
        if name not in ("__main__", "tools") and not name.startswith("tools.mutation")
        for paths in [[getattr(module, "__file__", None) or "", *getattr(module, "__path__", ())]]
        if any(path.startswith(f"{ROOT}/") and "/.venv/" not in path for path in paths)
    ]
    for name in ours:
        del sys.modules[name]


def run(trials: Iterable[Trial], seconds: Mapping[str, float], tell: Callable[[TrialOutcome], None]) -> int:
    """Try these mutants, and tell each outcome as it comes. The exit code is that of pytest."""
    os.environ.update(CALM)
    sys.dont_write_bytecode = False  # or each child would compile all that it imports
    tests = sorted({test.partition("::")[0] for test in seconds if test})
    return pytest.main([*QUICK, *tests], plugins=[ForkRunner(trials, seconds, tell)])
