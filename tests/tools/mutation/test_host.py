"""The tests that a mutant of the host's core takes, and the mutants of a sample."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.errors import InputError
from tools.mutation import host
from tools.mutation.host import (
    BUDGET_S,
    TestRecord,
    chosen,
    core_files,
    importers,
    select_tests,
    statement_at,
)
from tools.mutation.mutants import Mutant, mutants

SOURCE = """\
LIMIT = (
    3
)

class Counter:
    most = 5

    def add(self, n):
        if n > LIMIT:
            return max(
                n,
                LIMIT,
            )
        return 0
"""
STATEMENTS = {  # line, the lines of its statement, whether a function contains it
    "a constant": (2, {1, 2, 3}, False),
    "a field of a class": (6, {6}, False),
    "the head of a function": (8, {8}, False),
    "a condition": (9, {9}, True),
    "the last line of a long statement": (12, {10, 11, 12, 13}, True),
    "the last statement": (14, {14}, True),
}


@pytest.mark.parametrize(("line", "lines", "inside"), STATEMENTS.values(), ids=STATEMENTS)
def test_a_line_belongs_to_its_whole_statement(line: int, lines: set[int], inside: bool) -> None:
    assert statement_at(SOURCE, line) == (lines, inside)


OWN, USER = "edge/card/counter.py", "edge/trust/user.py"
MIRROR, FAR, CHEAP, OTHER = (
    "tests/edge/card/a.py::a",
    "tests/edge/b.py::b",
    "tests/edge/c.py::c",
    "tests/d.py::d",
)
SOURCES = {OWN: SOURCE, USER: "from edge.card import counter\n", "edge/alone.py": "import edge.card\n"}
SECONDS = {MIRROR: 2.0, FAR: 0.2, CHEAP: 0.1, OTHER: 0.1}
RAN = TestRecord(
    {
        OWN: {9: frozenset({FAR, MIRROR, CHEAP}), 10: frozenset({FAR}), 14: frozenset()},
        USER: {1: frozenset({OTHER})},
    },
    SECONDS,
)


def test_a_mutant_takes_the_tests_of_its_line_the_mirror_folder_first_and_then_the_cheapest() -> None:
    assert select_tests(OWN, 9, SOURCES, RAN) == [MIRROR, CHEAP, FAR]
    assert select_tests(OWN, 12, SOURCES, RAN) == [FAR], "coverage counts a statement at its first line"
    assert select_tests(OWN, 14, SOURCES, RAN) == []


def test_a_line_outside_functions_takes_the_tests_of_the_module_and_of_its_importers() -> None:
    assert select_tests(OWN, 2, SOURCES, RAN) == [MIRROR, OTHER, CHEAP, FAR]


@pytest.mark.parametrize(
    ("source", "imports"),
    [
        ("import edge.card.counter", True),
        ("from edge.card.counter import Counter", True),
        ("from edge.card import numbers, counter as c", True),
        ("def f():\n    from edge.card import counter", True),
        ("from edge.card import numbers", False),
        ("from edge.card.counters import Counter", False),
        ("from edge.trust import counter", False),
    ],
)
def test_every_form_of_an_import_counts(source: str, imports: bool) -> None:
    assert importers("edge.card.counter", {"a.py": source}) == ({"a.py"} if imports else set())


def test_the_tests_of_a_mutant_stay_within_the_budget_and_are_at_least_one() -> None:
    seconds = {"a": BUDGET_S * 2, "b": BUDGET_S / 2, "c": BUDGET_S / 2, "d": 0.1}
    assert host.within_budget("abcd", seconds) == ["a"]
    assert host.within_budget("bcd", seconds) == ["b", "c"]
    assert host.within_budget("", seconds) == []


MUTANTS = [Mutant("counter", "counter", line, "1 -> 2", "") for line in range(50)]


def test_a_sample_is_fixed_by_its_seed_and_in_the_order_of_lines() -> None:
    one = chosen(MUTANTS, 12, 7)
    assert len(one) == len(set(one)) == 12
    assert one == chosen(MUTANTS, 12, 7) == sorted(one, key=lambda mutant: mutant.line)
    assert one != chosen(MUTANTS, 12, 8)
    assert chosen(MUTANTS, None, 7) == chosen(MUTANTS, 99, 7) == MUTANTS
    assert chosen([], 12, 7) == []


def test_a_module_is_named_by_its_file_or_as_in_an_import() -> None:
    file = Path("edge/trust/replay.py")
    assert core_files(["edge/trust/replay.py"]) == core_files(["edge.trust.replay"]) == [file]
    every = core_files([])
    assert file in every
    assert {path.parts[1] for path in every} == set(host.PACKAGES)


@pytest.mark.parametrize("name", ["edge.face.compare", "edge/trust/nothing.py", "../secret.py", ""])
def test_any_other_name_is_refused(name: str) -> None:
    with pytest.raises(InputError, match="is not a module of edge/"):
        core_files([name])


def test_no_mutant_is_a_line_that_only_a_type_checker_reads(tmp_path: Path) -> None:
    file = tmp_path / "a.py"
    file.write_text("if TYPE_CHECKING:\n    import a\nif READY:\n    b = 1\n", "utf-8")
    assert {mutant.line for mutant in mutants(file, whole=True)} == {1, 3, 4}
    assert {mutant.line for mutant in host.candidates(file, "")} == {3, 4}
    assert {mutant.line for mutant in host.candidates(file, "READY")} == {3}


def test_a_type_is_not_mutated_and_text_of_any_script_stays_whole(tmp_path: Path) -> None:
    file = tmp_path / "a.py"
    file.write_text('a: int | None = 1\nb = "—" * 2\n', "utf-8")
    assert {mutant.source for mutant in mutants(file)} >= {'a: int | None = (2)\nb = "—" * 2\n'}
    changed = [mutant.source for mutant in mutants(file) if mutant.line == 2]
    assert 'a: int | None = 1\nb = "—" * (3)\n' in changed
    assert all("int | None" in mutant.source and "—" in mutant.source for mutant in mutants(file))


def test_a_real_mutant_is_killed_by_the_recorded_tests_of_its_line() -> None:
    file = Path("edge/card/person.py")
    ran = host.record(["tests/edge/card/test_person.py"])
    sources = {str(file): (host.ROOT / file).read_text("utf-8")}
    whole = Mutant("person", "person", 1, "nothing", sources[str(file)])
    (gone,) = (one for one in mutants(host.ROOT / file) if "return keyed_digest" in one.change)
    tests = select_tests(str(file), gone.line, sources, ran)
    assert tests
    assert host.survives(file, whole, tests)
    assert not host.survives(file, gone, tests)
