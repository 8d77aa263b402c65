"""Pages that are made from tables: the files of the repository are up to date."""

from __future__ import annotations

import pytest
from conftest import ROOT

from tools.manual.cli import page_texts

TEXTS = page_texts()


@pytest.mark.parametrize("name", TEXTS)
def test_a_page_is_written_from_its_table(name: str) -> None:
    assert (ROOT / name).read_text("utf-8") == TEXTS[name], "run: python tools/manual pages"
