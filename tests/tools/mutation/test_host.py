"""The files, mutants and outcomes of a run over the host's core."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.errors import InputError
from tools.mutation import host
from tools.mutation.host import chosen, core_files
from tools.mutation.mutants import Mutant, mutants

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
    assert file in core_files(["edge.trust"])
    assert {path.parts[:2] for path in core_files(["edge/trust", "edge.card"])} == {
        ("edge", "trust"),
        ("edge", "card"),
    }
    every = core_files([])
    assert file in every
    assert {path.parts[1] for path in every} == set(host.PACKAGES)


@pytest.mark.parametrize("name", ["edge", "edge.face.compare", "edge/trust/nothing.py", "../secret.py", ""])
def test_any_other_name_is_refused(name: str) -> None:
    with pytest.raises(InputError, match="is not a module of edge/"):
        core_files([name])


def test_no_mutant_is_a_line_that_only_a_type_checker_reads(tmp_path: Path) -> None:
    file = tmp_path / "a.py"
    file.write_text("if TYPE_CHECKING:\n    import a\nif READY:\n    b = 1\n", "utf-8")
    assert {mutant.line for mutant in mutants(file, whole=True)} == {1, 3, 4}
    assert {mutant.line for mutant in host.candidates(file, "")} == {3, 4}
    assert {mutant.line for mutant in host.candidates(file, "READY")} == {3}


def test_no_mutant_is_the_same_as_the_original(tmp_path: Path) -> None:
    file = tmp_path / "a.py"
    file.write_text("def f():\n    return None\n", "utf-8")
    assert host.candidates(file, "") == []


def test_a_type_is_not_mutated_and_text_of_any_script_stays_whole(tmp_path: Path) -> None:
    file = tmp_path / "a.py"
    file.write_text('a: int | None = 1\nb = "—" * 2\n', "utf-8")
    assert {mutant.source for mutant in mutants(file)} >= {'a: int | None = (2)\nb = "—" * 2\n'}
    changed = [mutant.source for mutant in mutants(file) if mutant.line == 2]
    assert 'a: int | None = 1\nb = "—" * (3)\n' in changed
    assert all("int | None" in mutant.source and "—" in mutant.source for mutant in mutants(file))
