"""Paths and module names in the pages and docstrings: each of them is in this repository."""

from __future__ import annotations

import ast
import re
from pathlib import Path, PurePosixPath

import pytest
from conftest import ROOT, tracked

# A path of ours has a folder, and then an ending or a slash: `edge/card/`, `models/pad.md`, `tests/hw/test_*.py`.
QUOTED = re.compile(r"`([\w.*-]+/[\w./*-]*)`")
BARE = re.compile(r"(?<![\w`./-])((?:edge|firmware|hw|models|tests|tools)/[\w./*-]*[\w/])")
LINK = re.compile(r"\]\(([\w./-]+)\)")
TOOL = re.compile(r"python (tools/[\w/]+)")
MODULE = re.compile(r"(?<![\w/.@-])((?:edge|hw)(?:\.[A-Za-z_]\w*)+)(?![\w/])")
# Files of a user's machine, of a repository of trust, or of a build: they are in no checkout.
ELSEWHERE = re.compile(
    r"demo-out/.*|models/(built|cache|photos)/.*|edge/built\.txt"
    r"|(built|cache|photos|state|policy|revocation|sealed|\.taken|\.trying|done|refused|bona_fide)/.*"
)


def paths(text: str) -> set[str]:
    """The paths that a page names, without those of elsewhere."""
    named = {*QUOTED.findall(text), *BARE.findall(text)}
    whole = {path for path in named if path.endswith("/") or re.search(r"\.[a-z0-9]{1,5}$", path)}
    return {path for path in whole if not ELSEWHERE.fullmatch(path)} | {
        *LINK.findall(text),
        *TOOL.findall(text),
    }


def test_every_path_in_a_page_is_there() -> None:
    files = tracked()
    known = {*files, *(str(folder) for name in files for folder in PurePosixPath(name).parents)}

    def is_there(path: str, page: Path) -> bool:
        if "*" in path:
            return any(PurePosixPath(name).match(path) for name in files)
        # From the root, or from the folder of the page.
        return any(str(at.relative_to(ROOT)) in known for at in beside(path, page))

    def beside(path: str, page: Path) -> list[Path]:
        places = ((ROOT / path).resolve(), (page.parent / path).resolve())
        return [place for place in places if place.is_relative_to(ROOT)]

    pages = [ROOT / name for name in files if name.endswith(".md")]
    missing = {
        str(page.relative_to(ROOT)): gone
        for page in pages
        if (gone := sorted(path for path in paths(page.read_text("utf-8")) if not is_there(path, page)))
    }
    assert missing == {}


def test_every_module_that_a_page_names_alone_is_there() -> None:
    known = {PurePosixPath(name).name for name in tracked()}
    alone = {
        name: gone
        for name in tracked()
        if name.endswith(".md")
        if (gone := set(re.findall(r"`(\w+\.py)`", (ROOT / name).read_text("utf-8"))) - known)
    }
    assert alone == {}


def said(name: str) -> str:
    """The prose of a file: a page, or the docstrings of a module."""
    text = (ROOT / name).read_text("utf-8")
    if name.endswith(".md"):
        return text
    nodes = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    return "\n".join(
        ast.get_docstring(node) or "" for node in ast.walk(ast.parse(text)) if isinstance(node, nodes)
    )


def stands_for_something(dotted: str) -> bool:
    """Whether this is a module or package of ours, or a name in one."""
    parts = dotted.split(".")
    for end in range(len(parts), 0, -1):
        place = ROOT.joinpath(*parts[:end])
        source = place / "__init__.py" if place.is_dir() else place.with_suffix(".py")
        if source.is_file():
            return end == len(parts) or re.search(rf"\b{parts[end]}\b", source.read_text("utf-8")) is not None
    return False


def test_every_module_in_a_page_or_a_docstring_is_there() -> None:
    prose = {name: said(name) for name in tracked() if name.endswith((".md", ".py"))}
    missing = {
        name: gone
        for name, text in prose.items()
        if (
            gone := sorted(dotted for dotted in set(MODULE.findall(text)) if not stands_for_something(dotted))
        )
    }
    assert missing == {}


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("see `edge/card/FORMAT.md` 6", {"edge/card/FORMAT.md"}),
        ("in hw/sim/, and tests/hw/test_*.py", {"hw/sim/", "tests/hw/test_*.py"}),
        ("[threats](edge/THREATS.md) and `python tools/hub serve`", {"edge/THREATS.md", "tools/hub"}),
        ("`demo-out/report.html`, 1/2, `and/or`, `[strike] kind`", set()),
    ],
)
def test_a_path_is_told_from_other_text(text: str, named: set[str]) -> None:
    assert paths(text) == named


@pytest.mark.parametrize(
    ("dotted", "there"),
    [
        ("edge.policy.decide", True),
        ("edge.trust.verify.verify", True),
        ("hw.sim", True),
        ("edge.counsel", False),
        ("edge.trust.verify.no_such_name", False),
    ],
)
def test_a_module_that_is_not_there_is_found_out(dotted: str, *, there: bool) -> None:
    assert stands_for_something(dotted) is there
