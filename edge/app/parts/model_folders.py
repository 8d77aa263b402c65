"""Folders of the models, the photographs of the demo, and the packages that both come from.

In a checkout: models/built, models/photos and models/cache. Elsewhere one folder M holds the models, M/photos
and M/cache. M is $DOORWARD_MODELS, else /var/lib/doorward/models, else ~/.local/share/doorward/models.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

CHECKOUT: Final = Path(__file__).resolve().parents[3]
VARIABLE: Final = "DOORWARD_MODELS"
SYSTEM: Final = Path("/var/lib/doorward/models")
SEAL: Final = "manifest.toml"  # written last: its presence means that the models are complete


@dataclass(frozen=True, slots=True)
class ModelFolders:
    """Models of a device; photographs for the demo and the tests; archives from the registries."""

    models: Path
    photos: Path
    cache: Path

    @classmethod
    def below(cls, folder: Path) -> ModelFolders:
        """One folder that holds all three."""
        return cls(folder, folder / "photos", folder / "cache")


def model_folders() -> ModelFolders:
    """The folders that commands read models from, and that `doorward models fetch` writes them to.

    Outside a checkout a folder that holds models comes before one that may be written.
    """
    if (CHECKOUT / "pyproject.toml").is_file():
        models = CHECKOUT / "models"
        return ModelFolders(models / "built", models / "photos", models / "cache")
    if named := os.environ.get(VARIABLE):
        return ModelFolders.below(Path(named))
    places = (SYSTEM, _of_this_user())
    holding = (place for place in places if os.path.exists(place / SEAL))  # noqa: PTH110  False where it is forbidden
    writable = (place for place in places if _may_write(place))
    return ModelFolders.below(next(holding, None) or next(writable, SYSTEM))


def _of_this_user() -> Path:
    data = os.environ.get("XDG_DATA_HOME") or os.path.expanduser("~/.local/share")  # noqa: PTH111  no error without a home
    return Path(data) / "doorward" / "models"


def _may_write(folder: Path) -> bool:
    """Whether this user can write into a folder, or make it in the nearest one that exists."""
    nearest = next(place for place in (folder, *folder.parents) if os.path.exists(place))  # noqa: PTH110  likewise
    return os.access(nearest, os.W_OK | os.X_OK)
