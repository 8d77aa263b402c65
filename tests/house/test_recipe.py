"""The recipe of the virtual environment is one wherever it is written, and extras have the names of pyproject.toml."""

from __future__ import annotations

import os
import re
import stat
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from conftest import ROOT, tracked

HERE = "tests/house/test_recipe.py"
EXTRAS = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
OFFICE = tomllib.loads((ROOT / "tools" / "pyproject.toml").read_text("utf-8"))["project"][
    "optional-dependencies"
]
MAKES = re.compile(r"python3 -m venv (?P<options>(?:--\S+ )*)(?P<folder>\S+)")
INSTALLS = re.compile(r"\.venv/bin/pip install (?P<options>(?:-\S+ )*)'\.\[(?P<extras>[\w,]+)\]'")
NAMED = re.compile(r"(?P<ours>doorward(?:-office)?|(?<=[ '/])\.)\[(?P<extras>[a-z]+(?:,[a-z]+)*)\]")
# Libraries of a door that are no part of every installation, by the extra that brings them.
ASKED = ("pi", "keyboard", "osdp", "mqtt", "desk", "foreign")


def pages() -> dict[str, str]:
    return {
        name: (ROOT / name).read_text("utf-8")
        for name in tracked()
        if name.endswith((".md", ".py", ".sh", "Makefile")) and name != HERE and not name.startswith("tests/")
    }


def steps(pattern: re.Pattern[str]) -> dict[str, list[re.Match[str]]]:
    return {name: found for name, text in pages().items() if (found := list(pattern.finditer(text)))}


def test_each_page_makes_the_environment_of_a_checkout_with_the_same_words() -> None:
    made = {
        name: [m["options"] for m in found if m["folder"] == ".venv"] for name, found in steps(MAKES).items()
    }
    written = [options for found in made.values() for options in found]
    assert len(written) >= 2, "by hand, and again in /opt"
    assert set(written) == {"--clear --system-site-packages "}


def test_each_recipe_installs_the_same_extras_after_the_environment_is_made() -> None:
    guide = pages()["tools/guide/technician.md"]
    made = [m.end() for m in MAKES.finditer(guide) if m["folder"] == ".venv"]
    installed = list(INSTALLS.finditer(guide))
    assert len(made) == len(installed)
    assert len({(m["options"], m["extras"]) for m in installed}) == 1
    for end, m in zip(made, installed, strict=True):
        assert guide.count("\n", end, m.start()) == 1, "the next line"


@pytest.mark.parametrize("has_libcamera", [False, True])
def test_make_makes_the_environment_as_the_guide_does_on_a_pi(has_libcamera: bool, tmp_path: Path) -> None:
    """`tools/setup.sh` with a Python that has libcamera, or has none, and that only notes its arguments."""
    fake, said = tmp_path / "python3", tmp_path / "said"
    fake.write_text(
        f"#!/bin/sh\n"
        f'case "$*" in\n'
        f'*"import libcamera"*) exit {0 if has_libcamera else 1} ;;\n'
        f'"-m venv "*) echo "$*" > {said}; echo enough >&2; exit 1 ;;\n'
        f'*) exec {sys.executable} "$@" ;;\n'
        f"esac\n"
    )
    fake.chmod(fake.stat().st_mode | stat.S_IXUSR)
    done = subprocess.run(
        ["sh", str(ROOT / "tools" / "setup.sh"), str(tmp_path / "new"), "demo"],
        env={**os.environ, "PYTHON": str(fake)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "enough" in done.stderr
    option = "--system-site-packages " if has_libcamera else ""
    assert said.read_text() == f"-m venv {option}{tmp_path / 'new'}\n"


def test_every_extra_that_is_named_exists() -> None:
    known = {"doorward": set(EXTRAS), ".": set(EXTRAS), "doorward-office": set(OFFICE)}
    unknown = {
        (name, m[0])
        for name, found in steps(NAMED).items()
        for m in found
        if not set(m["extras"].split(",")) <= known[m["ours"]]
    }
    assert unknown == set()


def test_the_guide_lists_every_extra_of_a_door() -> None:
    listed = re.findall(r"^\| `(\w+)` \| ", pages()["tools/guide/technician.md"], re.MULTILINE)
    assert set(ASKED) <= set(listed)
    assert set(EXTRAS) - set(ASKED) == {"fuzz", "office", "dev"}


def test_an_error_for_a_missing_library_names_its_extra() -> None:
    named = {
        extra
        for name, text in pages().items()
        if name.startswith(("edge/", "hw/")) and name.endswith(".py")
        for extra in re.findall(r"pip install 'doorward\[(\w+)\]'", text)
    }
    assert named >= set(ASKED)
