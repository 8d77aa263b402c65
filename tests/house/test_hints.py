"""Every error that this program raises has a hint: its own, or that of its class."""

from __future__ import annotations

import ast
import importlib
from functools import cache
from inspect import getsource, signature
from typing import TYPE_CHECKING

import pytest
from conftest import ROOT

from edge.errors import EdgeError

if TYPE_CHECKING:
    from pathlib import Path

SOURCES = sorted(path for room in ("edge", "hw", "tools") for path in (ROOT / room).rglob("*.py"))


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def is_below(name: str, known: set[str], bases: dict[str, set[str]]) -> bool:
    return name in known or any(is_below(base, known, bases) for base in bases.get(name, ()))


def error_classes() -> dict[str, str]:
    """The classes of errors of ours, each with its module."""
    bases: dict[str, set[str]] = {}
    homes: dict[str, str] = {}
    for path in SOURCES:
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.ClassDef):
                bases[node.name] = {base.id for base in node.bases if isinstance(base, ast.Name)}
                homes[node.name] = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    return {name: homes[name] for name in homes if is_below(name, {"EdgeError"}, bases)}


CLASSES = error_classes()


def without_hint(source: ast.Module) -> list[tuple[str, int]]:
    """The calls of error classes that give no hint, with the name of the class and the line."""
    return [
        (node.func.id, node.lineno)
        for node in ast.walk(source)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CLASSES
        if not any(keyword.arg in ("hint", None) for keyword in node.keywords)
    ]


def hints_itself(name: str) -> bool:
    """Whether each error of this class has a hint whatever its caller gives."""
    module = importlib.import_module(CLASSES[name])
    kind = getattr(module, name, None)
    if kind is None:  # made inside a function
        return False
    assert issubclass(kind, EdgeError)
    writes_one = "hint" not in signature(kind.__init__).parameters and "hint=" in getsource(kind)
    return bool(kind.usual_hint) or writes_one


def test_no_error_is_raised_without_a_hint() -> None:
    bare = [
        f"{path.relative_to(ROOT)}:{line}: {name}"
        for path in SOURCES
        for name, line in without_hint(tree_of(path))
        if not hints_itself(name)
    ]
    assert bare == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("raise UsageError('no')", ["UsageError"]),
        ("raise UsageError('no', hint='yes')", []),
        ("raise UsageError('no', **more)", []),
        ("raise ValueError('no')", []),
    ],
)
def test_an_error_without_a_hint_is_found_out(source: str, found: list[str]) -> None:
    assert [name for name, _ in without_hint(ast.parse(source))] == found
