"""The house rules that a linter does not know."""

from __future__ import annotations

import ast
import re
import subprocess
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SOURCES = sorted(path for room in ("edge", "hw", "tools", "models") for path in (ROOT / room).rglob("*.py"))


def calls(name: str) -> list[str]:
    """Files in which `name(...)` is called."""
    return [
        str(path.relative_to(ROOT))
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name
    ]


@pytest.mark.parametrize(
    ("name", "home"), [("Grant", "edge/policy/decide.py"), ("Card", "edge/trust/verify.py")]
)
def test_what_opens_doors_is_made_in_one_place(name: str, home: str) -> None:
    assert calls(name) == [home]


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


def test_only_edge_and_hw_are_packages() -> None:
    distributions = packages_distributions()
    assert set(distributions["edge"]) == {"doorward"}
    assert set(distributions["hw"]) == {"doorward"}
    assert not [
        room for room in ("tools", "tests", "models", "firmware") if (ROOT / room / "__init__.py").exists()
    ]


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
        line = next(line for line in text.splitlines() if f'"{dependency}"' in line)
        assert re.search(r'",\s+# \S.{10,}', line), f"{dependency} has no sentence"


def tracked() -> list[Path]:
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listing.returncode:
        pytest.skip("not a git checkout")
    return [ROOT / name for name in listing.stdout.decode().split("\0") if name and (ROOT / name).is_file()]


def test_no_weights_and_no_photographs_are_committed() -> None:
    assert not [
        path for path in tracked() if path.suffix in {".tflite", ".npz", ".npy", ".jpg", ".jpeg", ".bin"}
    ]


def test_no_file_names_a_place_of_one_machine() -> None:
    # Assembled here, so that this file does not find itself.
    places = re.compile("|".join(f"(?<![A-Za-z0-9_.])/{name}/[A-Za-z.]" for name in ("work", "root", "farm")))
    texts = {path: path.read_bytes().decode("utf-8", "replace") for path in tracked()}
    assert not [path for path, text in texts.items() if places.search(text)]
