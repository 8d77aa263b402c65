"""The usual journal of several files, written once for each module of tests, and a copy for each test."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from samples.journals import CHAIN, write_chain


@pytest.fixture(scope="session")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pristine")
    write_chain(folder, CHAIN)
    return folder


@pytest.fixture
def folder(pristine: Path, tmp_path: Path) -> Path:
    """A copy that a test may change."""
    return Path(shutil.copytree(pristine, tmp_path / "copy"))
