"""The folder of the models: in a checkout, and on a machine without one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from conftest import ROOT

from edge.app.parts import model_folders as places
from edge.app.parts.model_folders import ModelFolders, model_folders

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def system(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine without a checkout; /var/lib/doorward/models is in a folder of the test."""
    monkeypatch.setattr(places, "CHECKOUT", tmp_path)
    monkeypatch.setattr(places, "SYSTEM", tmp_path / "system" / "models")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.delenv("DOORWARD_MODELS", raising=False)
    return tmp_path / "system" / "models"


def hold_models(folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "manifest.toml").touch()


def test_a_checkout_keeps_its_models_whatever_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOORWARD_MODELS", "/elsewhere")
    models = ROOT / "models"
    assert model_folders() == ModelFolders(models / "built", models / "photos", models / "cache")


def test_a_named_folder_comes_before_all_others(
    system: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hold_models(system)
    monkeypatch.setenv("DOORWARD_MODELS", str(tmp_path / "named"))
    assert model_folders() == ModelFolders.below(tmp_path / "named")


def test_a_user_who_may_write_there_uses_the_folder_of_the_system(system: Path) -> None:
    assert model_folders() == ModelFolders.below(system)


def test_models_of_the_user_are_found_where_the_system_has_none(system: Path, tmp_path: Path) -> None:
    hold_models(tmp_path / "data" / "doorward" / "models")
    assert model_folders().models == tmp_path / "data" / "doorward" / "models"
    hold_models(system)
    assert model_folders().models == system


def test_a_user_who_may_not_write_there_uses_a_folder_at_home(system: Path, tmp_path: Path) -> None:
    system.parent.touch()  # a file, below which root cannot make a folder either
    assert model_folders().models == tmp_path / "data" / "doorward" / "models"
