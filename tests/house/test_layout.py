"""The house rules that a linter does not know."""

from __future__ import annotations

import ast
import re
import tomllib
from collections import defaultdict
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from conftest import ROOT, tracked

if TYPE_CHECKING:
    from collections.abc import Iterator

SOURCES = sorted(path for room in ("edge", "hw", "tools", "models") for path in (ROOT / room).rglob("*.py"))
# firmware/ shares no code with the device: the same thing has the same name at both ends of the cable.
MODULES = [*SOURCES, *sorted((ROOT / "firmware").rglob("*.py"))]
MAX_FILES = 15  # more than a reader keeps in view


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def calls(name: str) -> list[str]:
    """Files in which `name(...)` or `module.name(...)` is called, or `name` gets another name."""
    return [
        str(path.relative_to(ROOT))
        for path in SOURCES
        for node in ast.walk(tree_of(path))
        if (isinstance(node, ast.Call) and name_of(node.func) == name)
        or (isinstance(node, ast.alias) and node.name == name and node.asname)
        or (isinstance(node, ast.Assign | ast.AnnAssign) and node.value and name_of(node.value) == name)
    ]


def name_of(node: ast.expr) -> str | None:
    """The last part of a dotted name."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return None


@pytest.mark.parametrize(
    ("name", "home"),
    [
        ("Grant", "edge/policy/decide.py"),
        ("Card", "edge/trust/verify.py"),
        ("OnRecord", "edge/audit/journal.py"),
    ],
)
def test_what_opens_doors_is_made_in_one_place(name: str, home: str) -> None:
    assert calls(name) == [home]


def test_the_time_by_which_data_is_destroyed_is_made_in_one_place() -> None:
    # Beside it stands the time by which none is: UNVOUCHED.
    assert calls("VouchedTime") == ["edge/trust/time/trusted_clock.py", "edge/vouched_time.py"]


def test_a_device_makes_the_bytes_that_release_a_lock_in_one_place() -> None:
    """`tools/` makes them too, with keys of its own: for the bench and the vectors."""
    assert [file for file in calls("LinkSession") if not file.startswith("tools/")] == ["hw/door/link.py"]


def test_a_movement_is_permitted_where_it_is_recorded() -> None:
    assert callers("permit") == ["edge/doctor/strike_record.py", "edge/passage/record/recorder.py"]


def test_every_output_that_a_record_can_move_checks_the_proof() -> None:
    """Each adapter with a `release`, or with a card number for a panel, has its own check."""
    takes_proof = {
        str(path.relative_to(ROOT))
        for path in SOURCES
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.FunctionDef) and path.is_relative_to(ROOT / "hw")
        if node.name in {"release", "wiegand", "present", "set_mode"}
        if len(node.args.args) > 1  # GPIO lines that are let go take no argument
    }
    assert takes_proof - {"hw/door/strike.py"} == set(calls("ProofCheck"))


def callers(method: str) -> list[str]:
    """Files in which this method is called, each once."""
    return sorted(
        {
            str(path.relative_to(ROOT))
            for path in SOURCES
            for node in ast.walk(tree_of(path))
            if isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == method
        }
    )


def test_a_refusal_is_caught_in_one_place_of_the_passage() -> None:
    catchers = [
        str(path.relative_to(ROOT))
        for path in SOURCES
        if path.is_relative_to(ROOT / "edge" / "passage")
        and "except Refused" in path.read_text("utf-8").partition('"""')[2].partition('"""')[2]
    ]
    assert catchers == ["edge/passage/stages.py"]


def test_the_strike_is_released_by_the_passage_and_where_a_technician_agreed() -> None:
    sites = [
        str(path.relative_to(ROOT))
        for path in SOURCES
        if path.is_relative_to(ROOT / "edge")
        and re.search(r"(strike|strikes\[side\]|lock|link)\.release\(", path.read_text("utf-8"))
    ]
    assert sites == [
        "edge/doctor/door_checks.py",
        "edge/passage/lane/verifier.py",
        "edge/passage/verifier.py",
    ]


@pytest.mark.parametrize(
    ("package", "distribution"),
    [("edge", "doorward"), ("hw", "doorward"), ("models", "doorward"), ("tools", "doorward-office")],
)
def test_each_package_belongs_to_one_distribution(package: str, distribution: str) -> None:
    assert set(packages_distributions()[package]) == {distribution}


def test_tests_and_firmware_are_no_packages() -> None:
    assert not [room for room in ("tests", "firmware") if (ROOT / room / "__init__.py").exists()]


@pytest.mark.parametrize("name", ["utils", "util", "helpers", "common", "misc"])
def test_no_room_is_a_drawer(name: str) -> None:
    assert not [path for path in SOURCES if path.stem == name]


def test_every_dependency_says_why() -> None:
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    project = tomllib.loads(text)["project"]
    wanted = [
        *project["dependencies"],
        *(d for extra in project["optional-dependencies"].values() for d in extra),
    ]
    for dependency in wanted:
        if dependency.startswith("doorward["):
            continue
        lines = [line for line in text.splitlines() if f'"{dependency}"' in line]
        assert any(re.search(r'",\s+# \S.{10,}', line) for line in lines), f"{dependency} has no sentence"


def test_no_weights_and_no_photographs_are_committed() -> None:
    assert not [
        path
        for path in map(Path, tracked())
        if path.suffix in {".tflite", ".npz", ".npy", ".jpg", ".jpeg", ".bin"}
    ]


def test_no_file_names_a_place_of_one_machine() -> None:
    # Assembled here, so that this file does not find itself.
    places = re.compile("|".join(f"(?<![A-Za-z0-9_.])/{name}/[A-Za-z.]" for name in ("work", "root", "farm")))
    texts = {name: (ROOT / name).read_bytes().decode("utf-8", "replace") for name in tracked()}
    assert not [path for path, text in texts.items() if places.search(text)]


def public_types(tree: ast.Module) -> Iterator[str]:
    """Names of the classes and type aliases that a module offers."""
    for node in tree.body:
        match node:
            case ast.ClassDef(name=name):
                pass
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                pass
            case _:
                continue
        if re.fullmatch(r"[A-Z][A-Za-z0-9]*[a-z][A-Za-z0-9]*", name):
            yield name


def homes() -> dict[str, list[str]]:
    """The modules of each public class and type alias."""
    found = defaultdict(list)
    for path in SOURCES:
        for name in public_types(tree_of(path)):
            found[name].append(str(path.relative_to(ROOT)))
    return found


def stems() -> dict[str, list[str]]:
    """The modules of each folder, by the names of their files."""
    found = defaultdict(list)
    for path in SOURCES:
        if path.stem not in ("__init__", "__main__"):
            found[str(path.parent.relative_to(ROOT))].append(path.stem)
    return found


def test_a_class_name_stands_for_one_class() -> None:
    assert {name: places for name, places in homes().items() if len(places) > 1} == {}


def test_a_folder_holds_no_more_files_than_a_reader_keeps_in_view() -> None:
    assert {folder: len(names) for folder, names in stems().items() if len(names) > MAX_FILES} == {}


def test_three_files_with_one_prefix_are_a_folder() -> None:
    prefixed = defaultdict(list)
    for folder, names in stems().items():
        for name in names:
            prefixed[f"{folder}/{name.partition('_')[0]}"].append(name)
    assert {prefix: names for prefix, names in prefixed.items() if len(names) >= 3} == {}


def glossary() -> list[str]:
    """The first column of the glossary: a term, and the class that carries it."""
    lines = (ROOT / "edge" / "GLOSSARY.md").read_text("utf-8").splitlines()
    return [line.split("|")[1].strip() for line in lines if re.match(r"\| (?!term|---)", line)]


def test_every_class_of_the_glossary_is_in_the_code() -> None:
    terms = glossary()
    named = {name for term in terms for name in re.findall(r"`([A-Z]\w+)`", term)}
    assert len(named) > len(terms) // 2
    assert named - set(homes()) == set()


def test_the_glossary_has_each_term_once() -> None:
    terms = glossary()
    assert sorted(term for term in set(terms) if terms.count(term) > 1) == []


def imports() -> dict[str, set[str]]:
    """The modules of ours that each module of edge and hw imports, those for types only included."""
    names = {".".join(path.relative_to(ROOT).with_suffix("").parts): path for path in SOURCES}
    found: dict[str, set[str]] = {}
    for name, path in names.items():
        found[name] = set()
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module:
                whole = {f"{node.module}.{alias.name}" for alias in node.names} | {node.module}
                found[name] |= whole & names.keys() - {name}
    return found


def test_no_module_is_imported_by_what_it_imports() -> None:
    graph = imports()
    # Take away, again and again, the modules that import none of those that are left: a circle stays.
    while free := {name for name, wanted in graph.items() if not wanted & graph.keys()}:
        graph = {name: wanted for name, wanted in graph.items() if name not in free}
    circle = {name for name in graph if any(name in wanted for wanted in graph.values())}
    assert circle == set()
