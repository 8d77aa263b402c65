"""The quantizer of the models, imported from the archives that manifest.toml pins."""

from __future__ import annotations

import pytest
from conftest import ROOT

from models import fetch, manifest, quantise


@pytest.fixture(scope="session")
def quantizer() -> None:
    page = manifest.load(ROOT / "models" / "manifest.toml")
    packages = {key: page.packages[key] for key in page.quantizer.packages}
    cache = ROOT / "models" / "cache"
    if fetch.missing_packages(packages, cache):
        pytest.skip("the packages are not fetched: make models")
    quantise.add_archives([cache / package.archive for package in packages.values()])
