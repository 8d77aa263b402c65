"""The version of this program, by the files beside its package."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING

import pytest

from edge.version import software_version, version_beside

if TYPE_CHECKING:
    from pathlib import Path


def test_the_version_is_that_of_the_distribution() -> None:
    assert software_version() == version("doorward")


@pytest.mark.parametrize(
    ("name", "text", "expect"),
    [
        ("doorward-1.2.3.dist-info/METADATA", "", "1.2.3"),
        ("doorward_office-9.9.dist-info/METADATA", "", "0"),
        ("pyproject.toml", '[build-system]\nrequires = []\n[project]\nversion = "0.7"  # here\n', "0.7"),
        ("pyproject.toml", "[project]\n", "0"),
        ("README.md", "", "0"),
    ],
)
def test_the_files_beside_the_package_name_the_version(
    tmp_path: Path, name: str, text: str, expect: str
) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text(text)
    assert version_beside(tmp_path / "edge") == expect
